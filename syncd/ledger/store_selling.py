"""What the ledger tells of sales: order lines, what readings lost, and how long news of them took."""

# ruff: noqa: S608 - statements are put together from constants and question marks only

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from syncd.domain.delay import Passage
from syncd.domain.identity import ChannelName, LocationName, Place, Sku, SourceName
from syncd.domain.orders import OrderLine
from syncd.domain.selling import StockMove
from syncd.ledger.base import StorePart
from syncd.ledger.columns import micros, micros_or_none, moment, moment_or_none
from syncd.ledger.connection import Connection, Row
from syncd.ledger.database import chunks, marks
from syncd.ledger.dirty import mark_selected
from syncd.ledger.names import ID_OF_CHANNEL, channel_id
from syncd.ledger.order_rows import TAKES_UNITS, line_of, select_by_keys
from syncd.ports.selling import OrderAges, Sold, Withheld

_HINTED = timedelta(hours=1)
"""A webhook may wait so long for the reading that it asked for."""
_DUE = "FROM listing WHERE channel_id = :channel AND safety_until <= :now"
_ANY_DUE = f"SELECT 1 FROM listing WHERE channel_id = {ID_OF_CHANNEL} AND safety_until <= ? LIMIT 1"
_DROPPED = "o.state = 'CANCELLED' AND o.left_at IS NULL"
_OF_LINE = "b.channel_id = o.channel_id AND b.order_id = o.order_id AND b.line_id = o.line_id"
# where a line was ever to be taken off by us, what became of that says whether a reading contained it: one
# taken off and given back between two readings was in none
_TOLD = (
    f"CASE WHEN EXISTS (SELECT 1 FROM booking b WHERE {_OF_LINE} AND b.effect = 'deduct') "
    "THEN EXISTS (SELECT 1 FROM booking b JOIN location l ON l.id = b.location_id "
    "LEFT JOIN booking r ON r.channel_id = b.channel_id AND r.order_id = b.order_id "
    "AND r.line_id = b.line_id AND r.item_id = b.item_id AND r.location_id = b.location_id "
    "AND r.effect = 'restore' AND r.state = 'done' "
    f"WHERE {_OF_LINE} AND b.effect = 'deduct' AND b.state IN ('done', 'sent', 'unknown', 'person') "
    "AND (r.id IS NULL OR EXISTS (SELECT 1 FROM run u CROSS JOIN snapshot n "
    "ON n.source_id = l.source_id AND n.run_id = u.id "
    "WHERE u.started_at BETWEEN COALESCE(b.tried_at, b.stored_at) AND r.confirmed_at))) "
    "ELSE o.entered_at IS NOT NULL END"
)
_KEY = "SELECT channel_id, order_id, line_id FROM order_line INDEXED BY"
# when the goods of a line left says nothing where its units are written back
_SINCE = (
    select_by_keys(
        f"{_KEY} order_line_by_creation WHERE created_at >= ? "
        f"UNION {_KEY} order_line_in_play WHERE {TAKES_UNITS} AND NOT written AND left_at >= ?"
    )
    + "WHERE NOT o.platform_fulfilled"
)
_OF_SKUS = " AND (bound_sku IN ({}) OR bound_sku IS NULL)"
_IN_ORDER = " ORDER BY o.channel_id, o.order_id, o.line_id"
_ENTERED = (
    "SELECT entered_at - created_at FROM order_line INDEXED BY order_line_by_creation "
    "WHERE created_at >= ? AND entered_at IS NOT NULL ORDER BY created_at DESC LIMIT ?"
)
_LEFT = (
    "SELECT left_at - created_at FROM order_line INDEXED BY order_line_in_play "
    f"WHERE {TAKES_UNITS} AND NOT written AND left_at >= ? ORDER BY left_at DESC LIMIT ?"
)
_WRITTEN = (
    "SELECT b.confirmed_at - o.created_at FROM booking b JOIN order_line o "
    "ON o.channel_id = b.channel_id AND o.order_id = b.order_id AND o.line_id = b.line_id "
    "WHERE b.effect = 'deduct' AND b.state = 'done' AND b.confirmed_at >= ? "
    "ORDER BY b.id DESC LIMIT ?"
)
_MOVES = (
    "SELECT i.sku, s.name AS source, l.name AS location, m.run_id, "
    "MAX(COALESCE((SELECT MAX(n.recorded_at) FROM snapshot n WHERE n.source_id = l.source_id "
    "AND n.run_id = m.run_id), r.started_at)) AS at, "
    "MAX(COALESCE((SELECT MAX(n.as_of) FROM snapshot n WHERE n.source_id = l.source_id "
    "AND n.run_id = m.run_id), r.started_at)) AS as_of, "
    "SUM((CAST(m.after AS INTEGER) - CAST(m.before AS INTEGER)) "
    "* CASE m.kind WHEN 'committed' THEN -1 ELSE 1 END) AS units, "
    "MAX(CASE m.kind WHEN 'quantity' THEN CAST(m.before AS INTEGER) END) AS was, "
    "MAX(CASE m.kind WHEN 'quantity' THEN CAST(m.after AS INTEGER) END) AS now "
    "FROM item i CROSS JOIN location l JOIN source s ON s.id = l.source_id "
    "CROSS JOIN movement m ON m.item_id = i.id AND m.location_id = l.id AND m.run_id >= ? "
    "LEFT JOIN run r ON r.id = m.run_id "
    "WHERE m.kind IN ('quantity', 'committed') AND m.before IS NOT NULL AND m.after IS NOT NULL "
)
_HOUR = _HINTED // timedelta(microseconds=1)
# of each change caused by a source, the last reading of every location that moved its SKU before it was
# sent, and the first webhook that waited for that reading
_CAME_BY = (
    "WITH came AS (SELECT c.id, c.verified_at, c.intent_at, l.source_id, "
    "(SELECT m.run_id FROM movement m WHERE m.item_id = i.id AND m.location_id = l.id "
    "AND m.run_id <= c.run_id AND m.kind IN ('quantity', 'committed') AND m.before IS NOT NULL "
    "ORDER BY m.run_id DESC LIMIT 1) AS moved_by "
    "FROM change c JOIN item i ON i.sku = c.sku CROSS JOIN location l "
    "WHERE c.id IN ({marks}) AND c.cause = 'source') "
    "SELECT came.*, s.name AS source, n.as_of, "
    "(SELECT MIN(COALESCE(d.sent_at, d.received_at)) FROM delivery d WHERE d.receiver = s.name "
    f"AND d.received_at BETWEEN n.recorded_at - {_HOUR} AND n.recorded_at "
    "AND (d.handled_at IS NULL OR d.handled_at >= n.recorded_at)) AS told "
    "FROM came JOIN source s ON s.id = came.source_id JOIN snapshot n ON n.id = "
    "(SELECT MAX(id) FROM snapshot WHERE source_id = came.source_id AND run_id = came.moved_by) "
    "WHERE n.recorded_at <= came.intent_at ORDER BY came.moved_by"
)


class SellingStore(StorePart):
    """How fast things sell, and what is withheld for it."""

    def lines_since(
        self, moment: datetime, skus: Collection[Sku] | None = None
    ) -> Sequence[OrderLine]:
        """Lines of all channels that were created or left since then, of at most some hundred `skus` only."""
        since = micros(moment)
        with self._database.read() as connection:
            rows = connection.exec_driver_sql(
                f"{_SINCE}{'' if skus is None else _OF_SKUS.format(marks(list(skus)))}{_IN_ORDER}",
                (since, since, *(skus or ())),
            )
            return tuple(line_of(row) for row in rows)

    def sold(self, skus: Iterable[Sku], since: datetime) -> Sequence[Sold]:
        """What orders created since then took of these SKUs."""
        found: list[Sold] = []
        with self._database.read() as connection:
            for part in chunks(skus):
                rows = connection.exec_driver_sql(
                    "SELECT c.name AS channel, o.sku, "
                    f"SUM(CASE WHEN {_DROPPED} THEN 0 ELSE o.units END) AS units, "
                    f"SUM(CASE WHEN {_DROPPED} AND {_TOLD} THEN o.units ELSE 0 END) AS dropped "
                    "FROM order_line o "
                    f"JOIN channel c ON c.id = o.channel_id WHERE o.sku IN ({marks(part)}) "
                    "AND o.created_at >= ? AND NOT o.platform_fulfilled GROUP BY c.name, o.sku",
                    (*part, micros(since)),
                )
                found.extend(
                    Sold(
                        channel=ChannelName(row.channel),
                        sku=Sku(row.sku),
                        units=row.units,
                        dropped=row.dropped,
                    )
                    for row in rows
                )
        return found

    def stock_moves(
        self, skus: Iterable[Sku], since: datetime
    ) -> Mapping[Sku, Sequence[StockMove]]:
        """What readings since then changed in quantities of these SKUs, oldest first."""
        found: dict[Sku, list[StockMove]] = {}
        with self._database.read() as connection:
            first = _first_run(connection, since)
            for part in chunks(() if first is None else skus):
                rows = connection.exec_driver_sql(
                    f"{_MOVES} AND i.sku IN ({marks(part)}) "
                    "GROUP BY i.id, l.id, m.run_id ORDER BY m.run_id",
                    (first, *part),
                )
                for row in rows:
                    found.setdefault(Sku(row.sku), []).append(_move(row))
        return found

    def passages(self, channel: ChannelName, since: datetime, limit: int) -> Sequence[Passage]:
        """How news travelled to the quantities of a channel that were read back since then."""
        with self._database.read() as connection:
            changes = connection.exec_driver_sql(
                f"SELECT id FROM change INDEXED BY change_by_time WHERE channel_id = {ID_OF_CHANNEL} "
                "AND intent_at >= ? AND field = 'quantity' AND verdict = 'verified' "
                "ORDER BY intent_at DESC LIMIT ?",
                (channel, micros(since), limit),
            )
            ids = changes.scalars().all()
            return (*_from_sources(connection, ids), *_from_orders(connection, ids))

    def order_ages(self, since: datetime, limit: int) -> OrderAges:
        """How old the latest orders were when they entered, when their goods left, when they were booked."""
        with self._database.read() as connection:
            entered, left, written = (
                connection.exec_driver_sql(statement, (micros(since), limit)).scalars().all()
                for statement in (_ENTERED, _LEFT, _WRITTEN)
            )
        return OrderAges(
            entered=tuple(timedelta(microseconds=age) for age in entered),
            left=tuple(timedelta(microseconds=age) for age in left),
            written=tuple(timedelta(microseconds=age) for age in written),
        )

    def heard_since(self, receiver: str, moment: datetime) -> bool:
        """Whether a webhook came to a source or channel since then."""
        with self._database.read() as connection:
            return bool(
                connection.exec_driver_sql(
                    "SELECT EXISTS (SELECT 1 FROM delivery WHERE receiver = ? AND received_at >= ?)",
                    (receiver, micros(moment)),
                ).scalar()
            )

    def first_run_at(self) -> datetime | None:
        """When the oldest run began that is remembered."""
        with self._database.read() as connection:
            return moment_or_none(
                connection.exec_driver_sql("SELECT MIN(started_at) FROM run").scalar()
            )

    def remember_withheld(self, channel: ChannelName, rows: Sequence[Withheld]) -> None:
        """What is withheld of listings in their published state."""
        if not rows:
            return
        with self._database.write() as connection:
            number = channel_id(connection, channel)
            connection.exec_driver_sql(
                "UPDATE listing SET safety = :units, safety_until = :until "
                "WHERE channel_id = :channel AND product_id = :product AND listing_id = :listing",
                [
                    {
                        "channel": number,
                        "product": row.ref.product_id,
                        "listing": row.ref.listing_id,
                        "units": row.units,
                        "until": micros_or_none(row.until),
                    }
                    for row in rows
                ],
            )

    def next_withheld_at(self, channel: ChannelName) -> datetime | None:
        """When less has to be withheld of a listing next; None when of none."""
        with self._database.read() as connection:
            return moment_or_none(
                connection.exec_driver_sql(
                    "SELECT MIN(safety_until) FROM listing "
                    f"WHERE channel_id = {ID_OF_CHANNEL} AND safety_until IS NOT NULL",
                    (channel,),
                ).scalar()
            )

    def mark_withheld_due(self, channel: ChannelName, now: datetime) -> int:
        """Mark SKUs dirty of which less has to be withheld by now.

        The dirty mark remembers it from then on, until a plan finds nothing left to do.
        """
        with self._database.read() as connection:
            if connection.exec_driver_sql(_ANY_DUE, (channel, micros(now))).first() is None:
                return 0  # a cycle that marks nothing writes nothing
        with self._database.write() as connection:
            number = channel_id(connection, channel)
            place: dict[str, object] = {"channel": number, "now": micros(now)}
            due = connection.exec_driver_sql(f"SELECT COUNT(*) {_DUE}", place).scalar() or 0
            if due:
                mark_selected(connection, number, f"SELECT item_id {_DUE}", {"now": micros(now)})
                connection.exec_driver_sql(
                    "UPDATE listing SET safety_until = NULL "
                    "WHERE channel_id = :channel AND safety_until <= :now",
                    place,
                )
            return int(due)


def _first_run(connection: Connection, since: datetime) -> int | None:
    found = connection.exec_driver_sql(
        "SELECT id FROM run WHERE started_at >= ? ORDER BY started_at, id LIMIT 1", (micros(since),)
    ).scalar()
    return None if found is None else int(found)


def _move(row: Row) -> StockMove:
    return StockMove(
        place=Place(SourceName(row.source), LocationName(row.location)),
        run=str(row.run_id),
        at=moment(row.at),
        as_of=moment(row.as_of),
        units=row.units,
        before=row.was,
        after=row.now,
    )


def _from_sources(connection: Connection, ids: Sequence[int]) -> Iterator[Passage]:
    """Per change caused by a source the reading that brought it: the last one that moved its SKU."""
    rows = connection.exec_driver_sql(_CAME_BY.replace("{marks}", marks(ids)), tuple(ids))
    latest = {row.id: row for row in rows}
    for row in latest.values():
        yield Passage(
            source=SourceName(row.source),
            began_at=moment(row.as_of if row.told is None else row.told),
            verified_at=moment(row.verified_at),
            told=row.told is not None,
        )


def _from_orders(connection: Connection, ids: Sequence[int]) -> Iterator[Passage]:
    """Per change caused by orders the newest order of its SKU before it was sent."""
    rows = connection.exec_driver_sql(
        "SELECT c.verified_at, (SELECT MAX(o.created_at) FROM order_line o WHERE o.sku = c.sku "
        "AND o.created_at <= c.intent_at) AS ordered_at FROM change c "
        f"WHERE c.id IN ({marks(ids)}) AND c.cause = 'orders'",
        tuple(ids),
    )
    for row in rows:
        if row.ordered_at is not None:
            yield Passage(
                source=None, began_at=moment(row.ordered_at),
                verified_at=moment(row.verified_at), told=True,
            )  # fmt: skip
