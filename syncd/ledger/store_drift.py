"""Drift as it was seen and judged, and what it is judged by: moves told by the shop, our writes, orders."""

# ruff: noqa: S608 - statements are put together from constants and question marks only

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from syncd.domain.drifting import Drift, Move, Mover, OwnWrite
from syncd.domain.identity import ChannelName, ListingId, ListingRef, ProductId, Sku
from syncd.domain.orders import OrderLine
from syncd.domain.outcome import Verdict
from syncd.ledger.base import StorePart
from syncd.ledger.columns import micros, micros_or_none, moment, moment_or_none
from syncd.ledger.connection import Connection, Row
from syncd.ledger.database import chunks
from syncd.ledger.dirty import mark_selected
from syncd.ledger.names import ID_OF_NAMED_CHANNEL, channel_id, known_channel
from syncd.ledger.order_rows import SELECT_OF_LISTING, line_of

_OF_LISTING = "channel_id = :channel AND product_id = :product AND listing_id = :listing"
_MOVE = (
    "INSERT INTO move (channel_id, product_id, listing_id, mover, at, units) "
    "SELECT channel_id, product_id, listing_id, :mover, :at, :units FROM listing "
    f"WHERE {_OF_LISTING} ON CONFLICT DO UPDATE SET mover = excluded.mover, at = excluded.at, "
    "units = excluded.units WHERE excluded.at >= at"
)
_TOUCHED = f"SELECT item_id FROM listing WHERE {_OF_LISTING} AND status <> 'gone'"
# one write: what was about to be sent at one moment, in all its warehouses
_WRITES = (
    "SELECT MAX(c.id) AS number, c.intent_at, MAX(COALESCE(c.outcome_at, c.intent_at)) "
    "AS until, SUM(c.sent) AS units, MAX(c.verified_at IS NOT NULL) AS verified, "
    "MAX(c.acknowledged) AS acknowledged, COUNT(*) AS places, "
    "(SELECT COUNT(*) FROM listing g JOIN listing_stock t ON t.listing_id = g.id "
    "WHERE g.channel_id = c.channel_id AND g.product_id = c.product_id "
    "AND g.listing_id = c.listing_id) AS warehouses FROM change c "
    f"WHERE {_OF_LISTING.replace('channel_id', 'c.channel_id')} AND c.field = 'quantity' "
    f"AND c.verdict NOT IN ('{Verdict.REJECTED}', '{Verdict.SKIPPED}') "
    "GROUP BY c.intent_at ORDER BY 1 DESC LIMIT :limit"
)
_DRIFT = (
    "INSERT INTO drift (channel_id, product_id, listing_id, sku, change_id, ours, ours_at, shown, "
    "places, mover, moved_at, first_seen, last_seen, verified, decided, counted) VALUES (:channel, "
    ":product, :listing, :sku, :write, :ours, :ours_at, :shown, :places, :mover, :moved_at, "
    ":first_seen, :last_seen, :verified, :decided, 0) ON CONFLICT DO UPDATE SET "
    "last_seen = MAX(last_seen, excluded.last_seen), decided = MAX(decided, excluded.decided), "
    f"moved_at = CASE WHEN mover = '{Mover.UNKNOWN}' THEN excluded.moved_at ELSE moved_at END, "
    f"mover = CASE WHEN mover = '{Mover.UNKNOWN}' THEN excluded.mover ELSE mover END"
)
_SELECT = (
    "SELECT d.*, (SELECT MIN(c.verified_at) FROM change c WHERE c.channel_id = d.channel_id "
    "AND c.product_id = d.product_id AND c.listing_id = d.listing_id AND c.field = 'quantity' "
    "AND c.id > d.change_id AND c.intent_at >= d.first_seen) AS set_back_at FROM drift d "
    f"WHERE d.channel_id = {ID_OF_NAMED_CHANNEL} AND "
)


class DriftStore(StorePart):
    """Listings that show other numbers than we sent."""

    def record_moves(self, channel: ChannelName, moves: Iterable[Move]) -> None:
        """Remember who moved the stock of listings, and mark their SKUs dirty."""
        rows = [
            {
                **_key(move.ref),
                "mover": move.mover.value,
                "at": micros(move.at),
                "units": move.units,
            }
            for move in moves
        ]
        if not rows:
            return
        with self._database.write() as connection:
            number = channel_id(connection, channel)
            connection.exec_driver_sql(_MOVE, [{**row, "channel": number} for row in rows])
            for row in rows:
                mark_selected(connection, number, _TOUCHED, row)

    def moves(self, channel: ChannelName, refs: Iterable[ListingRef]) -> Mapping[ListingRef, Move]:
        """The newest move of each listing that the shop told of."""
        found: dict[ListingRef, Move] = {}
        with self._database.read() as connection:
            number = known_channel(connection, channel)
            for ref in refs:
                row = connection.exec_driver_sql(
                    f"SELECT * FROM move WHERE {_OF_LISTING}", {**_key(ref), "channel": number}
                ).first()
                if row is not None:
                    found[ref] = Move(
                        ref=ref, mover=Mover(row.mover), at=moment(row.at), units=row.units
                    )
        return found

    def own_writes(
        self, channel: ChannelName, refs: Iterable[ListingRef], limit: int
    ) -> Mapping[ListingRef, Sequence[OwnWrite]]:
        """The latest quantities sent to each listing and not refused, newest first."""
        with self._database.read() as connection:
            number = known_channel(connection, channel)
            return {ref: _writes(connection, number, ref, limit) for ref in refs}

    def listing_lines(
        self, channel: ChannelName, ref: ListingRef, since: datetime
    ) -> Sequence[OrderLine]:
        """Order lines of a listing that were updated since then."""
        with self._database.read() as connection:
            rows = connection.exec_driver_sql(
                SELECT_OF_LISTING + "WHERE o.channel_id = :channel AND o.product_id = :product "
                "AND o.listing_id = :listing AND o.updated_at >= :since",
                {
                    **_key(ref),
                    "channel": known_channel(connection, channel),
                    "since": micros(since),
                },
            )
            return tuple(line_of(row) for row in rows)

    def record_drift(self, channel: ChannelName, drifts: Iterable[Drift]) -> None:
        """Keep these; the same value after the same write again only moves `last_seen`."""
        rows = [_values(drift) for drift in drifts]
        if not rows:
            return
        with self._database.write() as connection:
            number = channel_id(connection, channel)
            connection.exec_driver_sql(_DRIFT, [{**row, "channel": number} for row in rows])

    def undecided_drift(self, channel: ChannelName) -> Sequence[Drift]:
        """Drift that orders may still explain."""
        return self._drift(channel, "NOT d.decided ORDER BY d.id", {})

    def decide_drift(
        self, channel: ChannelName, theirs: Iterable[int], explained: Iterable[int]
    ) -> None:
        """By their numbers: those that no order explains, and those that are forgotten."""
        with self._database.write() as connection:
            number = channel_id(connection, channel)
            for statement, numbers in (
                ("UPDATE drift SET decided = 1 WHERE channel_id = ? AND id = ?", theirs),
                ("DELETE FROM drift WHERE channel_id = ? AND id = ?", explained),
            ):
                for part in chunks((number, each) for each in numbers):
                    connection.exec_driver_sql(statement, part)

    def drift(
        self, channel: ChannelName, since: datetime, sku: Sku | None = None
    ) -> Sequence[Drift]:
        """Decided drift last seen since then, of one SKU or all, newest first."""
        condition = "d.decided AND d.last_seen >= :since"
        if sku is not None:
            condition += " AND d.sku = :sku"
        parameters: dict[str, object] = {"since": micros(since), "sku": sku}
        return self._drift(
            channel, f"{condition} ORDER BY d.first_seen DESC, d.id DESC", parameters
        )

    def count_drift(self, channel: ChannelName, ref: ListingRef) -> None:
        """All drift of a listing led to a stop and counts no more."""
        with self._database.write() as connection:
            connection.exec_driver_sql(
                f"UPDATE drift SET counted = 1 WHERE {_OF_LISTING}",
                {**_key(ref), "channel": channel_id(connection, channel)},
            )

    def _drift(
        self, channel: ChannelName, condition: str, parameters: dict[str, object]
    ) -> Sequence[Drift]:
        with self._database.read() as connection:
            rows = connection.exec_driver_sql(
                _SELECT + condition, {**parameters, "channel": channel}
            )
            return tuple(_drift(channel, row) for row in rows)


def _key(ref: ListingRef) -> dict[str, object]:
    return {"product": ref.product_id, "listing": ref.listing_id}


def _writes(
    connection: Connection, channel: int | None, ref: ListingRef, limit: int
) -> Sequence[OwnWrite]:
    rows = connection.exec_driver_sql(_WRITES, {**_key(ref), "channel": channel, "limit": limit})
    return tuple(
        OwnWrite(
            number=row.number,
            at=moment(row.intent_at),
            until=moment(row.until),
            units=row.units if row.places == row.warehouses else None,
            verified=bool(row.verified),
            acknowledged=bool(row.acknowledged),
        )
        for row in rows
    )


def _values(drift: Drift) -> dict[str, object]:
    return {
        **_key(drift.ref),
        "sku": drift.sku,
        "write": drift.write,
        "ours": drift.ours,
        "ours_at": micros(drift.ours_at),
        "shown": drift.shown,
        "places": drift.places,
        "mover": drift.mover.value,
        "moved_at": micros_or_none(drift.moved_at),
        "first_seen": micros(drift.first_seen),
        "last_seen": micros(drift.last_seen),
        "verified": drift.verified,
        "decided": drift.decided,
    }


def _drift(channel: ChannelName, row: Row) -> Drift:
    return Drift(
        number=row.id,
        channel=channel,
        sku=Sku(row.sku),
        ref=ListingRef(ProductId(row.product_id), ListingId(row.listing_id)),
        write=row.change_id,
        ours=row.ours,
        ours_at=moment(row.ours_at),
        shown=row.shown,
        places=row.places,
        mover=Mover(row.mover),
        moved_at=moment_or_none(row.moved_at),
        first_seen=moment(row.first_seen),
        last_seen=moment(row.last_seen),
        verified=bool(row.verified),
        decided=bool(row.decided),
        counted=bool(row.counted),
        set_back_at=moment_or_none(row.set_back_at),
    )
