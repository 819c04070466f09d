"""Escrow in the ledger: what listings own, what is exposed before a number is sent, and units on their way."""

# ruff: noqa: S608 - statements are put together from constants and question marks only

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from syncd.domain.escrow import Step
from syncd.domain.identity import ChannelName, ListingRef, LocationName, Place, Sku, SourceName
from syncd.ledger.base import StorePart
from syncd.ledger.columns import micros, micros_or_none
from syncd.ledger.connection import Connection
from syncd.ledger.database import chunks, marks
from syncd.ledger.escrow_moving import Mover
from syncd.ledger.escrow_rows import OF_LISTING, SELECT, SELECT_MOVES, SOLD, held_of, move_of
from syncd.ledger.fences import require_fence
from syncd.ledger.names import ID_OF_CHANNEL, channel_id, known_channel, name_items
from syncd.ledger.order_rows import TAKES_UNITS
from syncd.ports.escrow import Held, Move, NewMove, Totals

REFS = 300
_OPEN = (
    "INSERT INTO escrow_account (channel_id, product_id, listing_id, item_id, need, booked, granted, "
    "exposed, lands_until, lowered_from) SELECT :channel, :product, :listing, id, :need, :booked, 0, 0, "
    ":lands_until, 0 FROM item WHERE sku = :sku ON CONFLICT DO NOTHING"
)
_TAKE_OVER = (
    f"UPDATE order_line SET own = 1 WHERE {OF_LISTING} AND {TAKES_UNITS} AND left_at IS NULL"
)
_BEGIN = (
    f"UPDATE escrow_account AS a SET opened_at = :now, granted = {SOLD}, exposed = {SOLD}, "
    f"zero_at = NULL, lowered_from = 0 WHERE {OF_LISTING} AND opened_at IS NULL"
)
_SETTLE = (
    "UPDATE escrow_account SET exposed = MIN(exposed, :settle), zero_at = :zero, "
    f"lowered_from = CASE WHEN :zero IS NULL THEN 0 ELSE lowered_from END WHERE {OF_LISTING}"
)
_NOTE = f"UPDATE escrow_account SET zero_at = :zero WHERE {OF_LISTING}"
_EXPOSE = (
    f"UPDATE escrow_account AS a SET exposed = MAX(exposed, {SOLD}) + :units, zero_at = NULL, "
    "lowered_from = 0, lands_until = MAX(lands_until, :lands_until) "
    f"WHERE {OF_LISTING} AND opened_at IS NOT NULL AND MAX(exposed, {SOLD}) + :units <= granted"
)
_LOWER = f"UPDATE escrow_account SET lowered_from = MAX(lowered_from, :units) WHERE {OF_LISTING}"
_DOUBT = (
    "UPDATE escrow_account SET lands_until = MAX(lands_until, :lands_until), zero_at = NULL "
    f"WHERE {OF_LISTING}"
)
_ANY_OPEN = (
    f"SELECT EXISTS (SELECT 1 FROM escrow_move WHERE channel_id = {ID_OF_CHANNEL} "
    "AND ended_at IS NULL)"
)
_TOTALS = (
    "SELECT COUNT(*) AS listings, COALESCE(SUM(granted), 0) AS granted, "
    "COALESCE(SUM(opened_at IS NULL OR lowered_from > 0), 0) AS counted, "
    "COALESCE((SELECT SUM(units) FROM order_line INDEXED BY order_line_own WHERE own "
    f"AND channel_id = :channel AND {TAKES_UNITS}), 0) AS sold, "
    "COALESCE((SELECT SUM(units) FROM escrow_move WHERE channel_id = :channel "
    "AND ended_at IS NULL AND effect = 'allot'), 0) AS coming, "
    "(SELECT COUNT(*) FROM escrow_account a JOIN listing g ON g.channel_id = a.channel_id "
    "AND g.product_id = a.product_id AND g.listing_id = a.listing_id AND g.status = 'gone' "
    "WHERE a.channel_id = :channel AND a.granted > 0) AS gone "
    "FROM escrow_account WHERE channel_id = :channel"
)
_MOVING = (
    "SELECT i.sku, s.name AS source, l.name AS location, SUM(CASE "
    "WHEN b.effect = 'allot' AND b.state NOT IN ('refused', 'dropped') THEN b.delta "
    "WHEN b.effect = 'return' AND b.state = 'done' THEN b.delta ELSE 0 END) AS delta "
    "FROM booking b INDEXED BY booking_of_moves JOIN item i ON i.id = b.item_id "
    "JOIN location l ON l.id = b.location_id JOIN source s ON s.id = l.source_id "
    "WHERE b.order_id = '' AND NOT b.contained AND b.state <> 'dropped' AND b.item_id IN "
    "(SELECT id FROM item WHERE sku IN ({})) GROUP BY i.sku, s.name, l.name"
)


class EscrowStore(StorePart):
    """Accounts and moves."""

    def escrow_accounts(
        self, skus: Iterable[Sku], refs: Iterable[tuple[ChannelName, ListingRef]]
    ) -> Sequence[Held]:
        """The accounts of all channels that own units of these SKUs, and those of these listings."""
        found: dict[tuple[ChannelName, ListingRef], Held] = {}
        with self._database.read() as connection:
            if not connection.exec_driver_sql(
                "SELECT EXISTS (SELECT 1 FROM escrow_account)"
            ).scalar():
                return ()
            for names in chunks(skus):
                query = f"WHERE a.item_id IN (SELECT id FROM item WHERE sku IN ({marks(names)}))"
                found.update(_selected(connection, query, tuple(names)))
            for part in chunks(refs, REFS):
                keys = ", ".join(["((SELECT id FROM channel WHERE name = ?), ?, ?)"] * len(part))
                query = f"WHERE (a.channel_id, a.product_id, a.listing_id) IN (VALUES {keys})"
                values = [(name, ref.product_id, ref.listing_id) for name, ref in part]
                found.update(_selected(connection, query, sum(values, ())))
        return tuple(found.values())

    def escrowed(self, channel: ChannelName) -> Sequence[Held]:
        """Every account of a channel."""
        with self._database.read() as connection:
            number = known_channel(connection, channel)
            return tuple(_selected(connection, "WHERE a.channel_id = ?", (number,)).values())

    def escrow_totals(self, channel: ChannelName) -> Totals:
        """What a channel owns as a whole."""
        with self._database.read() as connection:
            number = known_channel(connection, channel)
            row = connection.exec_driver_sql(_TOTALS, {"channel": number}).one()
        return Totals(
            listings=row.listings,
            owned=row.granted - row.sold,
            coming=row.coming,
            counted=row.counted,
            gone=row.gone,
        )

    def open_escrow(self, channel: ChannelName, fence: int, accounts: Iterable[Held]) -> None:
        """Keep new accounts; one that a listing has already stays as it is."""
        with self._database.write() as connection:
            require_fence(connection, channel, fence)
            for held in accounts:
                name_items(connection, [held.account.sku])
                values = {
                    **_of(connection, channel, held.ref),
                    "sku": held.account.sku,
                    "need": held.account.need,
                    "booked": held.booked,
                    "lands_until": micros(held.account.lands_until),
                }
                connection.exec_driver_sql(_OPEN, values)

    def note_escrow(
        self, channel: ChannelName, fence: int, steps: Iterable[tuple[ListingRef, Step]]
    ) -> None:
        """What steps say of accounts. An account that opens takes over its listing's open order lines."""
        with self._database.write() as connection:
            require_fence(connection, channel, fence)
            for ref, step in steps:
                self._note(connection, _of(connection, channel, ref), step)

    def _note(self, connection: Connection, listing: dict[str, object], step: Step) -> None:
        zero = micros_or_none(step.note_zero)
        if step.closes:
            connection.exec_driver_sql(f"DELETE FROM escrow_account WHERE {OF_LISTING}", listing)
        if step.opens:
            connection.exec_driver_sql(_TAKE_OVER, listing)
            connection.exec_driver_sql(_BEGIN, {**listing, "now": micros(self._clock.now())})
        if step.settle is not None:
            connection.exec_driver_sql(_SETTLE, {**listing, "settle": step.settle, "zero": zero})
        elif zero is not None:
            connection.exec_driver_sql(_NOTE, {**listing, "zero": zero})

    def expose(
        self, channel: ChannelName, fence: int, raised: Iterable[tuple[ListingRef, int]],
        lowered: Iterable[tuple[ListingRef, int]], lands_until: datetime,
    ) -> frozenset[ListingRef]:  # fmt: skip
        """Durable before these numbers are sent; answers which of the raised ones are covered."""
        covered: set[ListingRef] = set()
        with self._database.write() as connection:
            require_fence(connection, channel, fence)
            lands = micros(lands_until)
            for ref, units in raised:
                values = {**_of(connection, channel, ref), "units": units, "lands_until": lands}
                if connection.exec_driver_sql(_EXPOSE, values).rowcount == 1:
                    covered.add(ref)
            for ref, units in lowered:
                values = {**_of(connection, channel, ref), "units": units}
                connection.exec_driver_sql(_LOWER, values)
        return frozenset(covered)

    def doubt_escrow(
        self, channel: ChannelName, fence: int, refs: Iterable[ListingRef], lands_until: datetime
    ) -> None:
        """What was sent to these listings by a process that died may still land until then."""
        with self._database.write() as connection:
            require_fence(connection, channel, fence)
            for ref in refs:
                values = {**_of(connection, channel, ref), "lands_until": micros(lands_until)}
                connection.exec_driver_sql(_DOUBT, values)

    def move_escrow(self, channel: ChannelName, fence: int, moves: Iterable[NewMove]) -> int:
        """Store moves, with their bookings; answers how many. More than is spare is never given back."""
        with self._database.write() as connection:
            require_fence(connection, channel, fence)
            mover = self._mover(connection, channel)
            return sum(mover.begin(move) for move in moves)

    def end_moves(self, channel: ChannelName, fence: int) -> int:
        """Credit what sources gave; answers how many moves came to their end."""
        with self._database.read() as connection:
            if not connection.exec_driver_sql(_ANY_OPEN, (channel,)).scalar():
                return 0
        with self._database.write() as connection:
            require_fence(connection, channel, fence)
            return self._mover(connection, channel).end()

    def _mover(self, connection: Connection, channel: ChannelName) -> Mover:
        number = channel_id(connection, channel)
        return Mover(connection, channel, number, micros(self._clock.now()))

    def moving(self, skus: Iterable[Sku]) -> Mapping[Sku, Mapping[Place, int]]:
        """Base units by which moves change places beyond what readings contain; only SKUs on the move."""
        found: dict[Sku, dict[Place, int]] = {}
        with self._database.read() as connection:
            for names in chunks(skus):
                rows = connection.exec_driver_sql(_MOVING.format(marks(names)), tuple(names))
                for row in rows:
                    place = Place(SourceName(row.source), LocationName(row.location))
                    found.setdefault(Sku(row.sku), {})[place] = row.delta
        return found

    def granted_base(self, sku: Sku) -> int:
        """Base units that all accounts of a SKU were granted."""
        with self._database.read() as connection:
            found = connection.exec_driver_sql(
                "SELECT SUM(granted * need) FROM escrow_account "
                "WHERE item_id = (SELECT id FROM item WHERE sku = ?)",
                (sku,),
            ).scalar()
        return int(found or 0)

    def escrow_moves(self, sku: Sku, limit: int) -> Sequence[Move]:
        """The latest moves of a SKU, newest first."""
        with self._database.read() as connection:
            rows = connection.exec_driver_sql(
                f"{SELECT_MOVES}WHERE m.item_id = (SELECT id FROM item WHERE sku = ?) "
                "ORDER BY m.id DESC LIMIT ?",
                (sku, limit),
            )
            return tuple(move_of(row) for row in rows)


def _selected(
    connection: Connection, condition: str, values: tuple[object, ...]
) -> dict[tuple[ChannelName, ListingRef], Held]:
    rows = connection.exec_driver_sql(f"{SELECT}{condition}", values)
    held = [held_of(row) for row in rows]
    return {(item.channel, item.ref): item for item in held}


def _of(connection: Connection, channel: ChannelName, ref: ListingRef) -> dict[str, object]:
    number = channel_id(connection, channel)
    return {"channel": number, "product": ref.product_id, "listing": ref.listing_id}
