"""Positions now and at a past moment, and what moved them: the past is the present with movements undone."""

# ruff: noqa: S608 - statements are put together from constants and question marks only

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from syncd.domain.errors import UsageError
from syncd.domain.identity import LocationName, Place, RunId, Sku, SourceName
from syncd.domain.stock import Position, State
from syncd.ledger.base import StorePart
from syncd.ledger.columns import micros, moment, moment_or_none
from syncd.ledger.connection import Connection, Row
from syncd.ledger.database import chunks, marks
from syncd.ledger.order_rows import LINES_LAST
from syncd.ports.records import Movement

_POSITIONS = (
    "SELECT i.sku, s.name AS source, l.name AS location, p.*, n.locator, n.origin "
    "FROM item i CROSS JOIN location l JOIN source s ON s.id = l.source_id "
    "CROSS JOIN position p ON p.location_id = l.id AND p.item_id = i.id "
    "LEFT JOIN snapshot n ON n.id = p.snapshot_id "
)
# a run may read a source twice; its movements then bear the time of the last reading
_MOVEMENTS = (
    "SELECT i.sku, s.name AS source, l.name AS location, m.*, r.key AS run, r.started_at, "
    "n.recorded_at, n.locator, n.origin FROM item i CROSS JOIN movement m ON m.item_id = i.id "
    "JOIN location l ON l.id = m.location_id JOIN source s ON s.id = l.source_id "
    "LEFT JOIN run r ON r.id = m.run_id LEFT JOIN snapshot n ON n.id = "
    "(SELECT MAX(id) FROM snapshot WHERE source_id = l.source_id AND run_id = m.run_id) "
)


class HistoryStore(StorePart):
    """Positions and movements."""

    def positions(self, skus: Iterable[Sku]) -> Mapping[Sku, Sequence[Position]]:
        """Current positions; SKUs without any are absent."""
        found: dict[Sku, list[Position]] = {}
        with self._database.read() as connection:
            for part in chunks(skus):
                for row in _position_rows(connection, part):
                    found.setdefault(Sku(row.sku), []).append(_position(row))
        return found

    def positions_at(
        self, skus: Iterable[Sku], moment: datetime
    ) -> Mapping[Sku, Sequence[Position]]:
        """Positions as the ledger knew them at a past moment.

        Quantity, committed, price, cost, state and missing are undone movement by movement; the counting
        time of a position that moved since is not known any more and is None. UsageError for a moment
        before the oldest movement that retention left.
        """
        found: dict[Sku, list[Position]] = {}
        with self._database.read() as connection:
            _refuse_forgotten(connection, moment)
            for part in chunks(skus):
                undone = _later_movements(connection, part, moment)
                for row in _position_rows(connection, part):
                    if row.born_at <= micros(moment):
                        later = undone.get((row.item_id, row.location_id), [])
                        found.setdefault(Sku(row.sku), []).append(_undo(_position(row), later))
        return found

    def movements(self, sku: Sku, limit: int) -> Sequence[Movement]:
        """What changed of a SKU, newest first."""
        with self._database.read() as connection:
            rows = connection.exec_driver_sql(
                _MOVEMENTS
                + "WHERE i.sku = ? ORDER BY m.run_id DESC, s.name, l.name, m.kind LIMIT ?",
                (sku, limit),
            )
            return tuple(_movement(row) for row in rows)

    def quantity_maxima(self, skus: Iterable[Sku], since: datetime) -> Mapping[Sku, int]:
        """The largest quantity at any place each SKU had since then and no longer has.

        Only values that were replaced count, so that a suspicious jump does not become its own
        precedent in the next run. SKUs without an earlier movement are absent.
        """
        found: dict[Sku, int] = {}
        with self._database.read() as connection:
            for part in chunks(skus):
                rows = connection.exec_driver_sql(
                    "SELECT i.sku, MAX(CAST(m.before AS INTEGER)) AS most FROM item i "
                    "CROSS JOIN movement m ON m.item_id = i.id JOIN run r ON r.id = m.run_id "
                    f"WHERE i.sku IN ({marks(part)}) AND m.kind = 'quantity' "
                    "AND m.before IS NOT NULL AND r.started_at >= ? GROUP BY i.sku",
                    (*part, micros(since)),
                )
                found.update({Sku(row.sku): int(row.most) for row in rows})
        return found

    def prune(self, movements_before: datetime, runs_before: datetime) -> int:
        """Forget movements of runs before one moment and reports, plans and attempts before another.

        With the reports go readings that neither a movement nor a position bears witness of any more; with the
        movements go bookings that are done, of orders that have left or were cancelled, moves
        between sources and listings that are over, and, not before `LINES_LAST`, order lines that no reading
        can miss any more. A line that was cancelled for want of stock stays.

        Answers how many movements went. The present never depends on one; `positions_at` refuses
        moments before the limit.
        """
        with self._database.write() as connection:
            gone = connection.exec_driver_sql(
                "DELETE FROM movement WHERE run_id IN (SELECT id FROM run WHERE started_at < ?)",
                (micros(movements_before),),
            ).rowcount
            connection.exec_driver_sql(
                "INSERT INTO ledger_state (id, history_from) VALUES (1, ?) ON CONFLICT (id) "
                "DO UPDATE SET history_from = MAX(COALESCE(history_from, 0), excluded.history_from)",
                (micros(movements_before),),
            )
            connection.exec_driver_sql(_FORGET_BOOKINGS, {"before": micros(movements_before)})
            for statement in _FORGET_MOVES:
                connection.exec_driver_sql(statement, {"before": micros(movements_before)})
            lines_before = min(movements_before, self._clock.now() - LINES_LAST)
            connection.exec_driver_sql(_FORGET_LINES, {"before": micros(lines_before)})
            for statement in _FORGET_RUNS:
                connection.exec_driver_sql(statement, {"before": micros(runs_before)})
        return gone


_OLD = "(SELECT id FROM run WHERE started_at < :before)"
_OLD_PLANS = (
    f"SELECT id FROM plan WHERE run_id IN {_OLD} "
    "AND id NOT IN (SELECT plan_id FROM approval WHERE until >= :before)"
)
_FORGET_MOVES = (
    (
        "DELETE FROM booking WHERE order_id = '' AND stored_at < :before "
        "AND (contained OR state = 'dropped') AND EXISTS (SELECT 1 FROM escrow_move m "
        "WHERE m.id = CAST(booking.line_id AS INTEGER) AND m.ended_at < :before)"
    ),
    (
        "DELETE FROM escrow_move WHERE ended_at < :before AND NOT EXISTS (SELECT 1 FROM booking b "
        "WHERE b.channel_id = escrow_move.channel_id AND b.order_id = '' "
        "AND b.line_id = CAST(escrow_move.id AS TEXT))"
    ),
)
_FORGET_BOOKINGS = (
    "DELETE FROM booking WHERE stored_at < :before AND effect IN ('deduct', 'restore') "
    "AND (state = 'dropped' OR (state = 'done' AND (contained OR effect = 'restore'))) "
    "AND NOT EXISTS (SELECT 1 FROM order_line o WHERE o.channel_id = booking.channel_id "
    "AND o.order_id = booking.order_id AND o.line_id = booking.line_id "
    "AND (o.booking_step > 0 OR (o.left_at IS NULL AND o.state <> 'CANCELLED')))"
)
# what a row still has to be corrected by is known by the time of its count
_FORGET_LINES = (
    "DELETE FROM order_line WHERE created_at < :before AND updated_at < :before "
    "AND NOT own AND NOT out_of_stock AND (platform_fulfilled OR (state = 'CANCELLED' AND left_at IS NULL) "
    "OR left_at < MIN(:before, COALESCE((SELECT MIN(p.counted_at) FROM position p "
    "INDEXED BY position_counted WHERE p.counted_at IS NOT NULL AND p.missing_step = 0), :before))) "
    "AND NOT EXISTS (SELECT 1 FROM booking b WHERE b.channel_id = order_line.channel_id "
    "AND b.order_id = order_line.order_id AND b.line_id = order_line.line_id)"
)
_FORGET_RUNS = (
    f"DELETE FROM approval WHERE plan_id IN ({_OLD_PLANS})",
    f"DELETE FROM plan_row WHERE plan_id IN ({_OLD_PLANS})",
    f"DELETE FROM plan WHERE id IN ({_OLD_PLANS})",
    # the newest attempt of a key says what was sent last, whatever its age
    (
        f"DELETE FROM change WHERE run_id IN {_OLD} AND EXISTS (SELECT 1 FROM change c "
        "WHERE c.channel_id = change.channel_id AND c.product_id = change.product_id "
        "AND c.listing_id = change.listing_id AND c.warehouse_id = change.warehouse_id "
        "AND c.field = change.field AND c.id > change.id)"
    ),
    "DELETE FROM drift WHERE last_seen < :before",
    "DELETE FROM move WHERE at < :before",
    "UPDATE run SET document = NULL WHERE started_at < :before",
    # a reading is needed by the positions that it read last and by the movements that it found
    (
        f"DELETE FROM snapshot WHERE run_id IN {_OLD} "
        "AND id NOT IN (SELECT snapshot_id FROM source_state WHERE snapshot_id IS NOT NULL) "
        "AND id NOT IN (SELECT snapshot_id FROM position) "
        "AND run_id NOT IN (SELECT run_id FROM movement)"
    ),
    (
        "DELETE FROM run WHERE started_at < :before AND finished_at IS NOT NULL "
        "AND NOT EXISTS (SELECT 1 FROM snapshot WHERE run_id = run.id) "
        "AND NOT EXISTS (SELECT 1 FROM plan WHERE run_id = run.id) "
        "AND NOT EXISTS (SELECT 1 FROM change WHERE run_id = run.id)"
    ),
)


def _position_rows(connection: Connection, skus: Sequence[str]) -> Iterable[Row]:
    return connection.exec_driver_sql(
        _POSITIONS + f"WHERE i.sku IN ({marks(skus)}) ORDER BY i.sku, s.name, l.name", tuple(skus)
    )


def _later_movements(
    connection: Connection, skus: Sequence[str], after: datetime
) -> dict[tuple[int, int], list[Row]]:
    """Movements since then by position, newest first."""
    rows = connection.exec_driver_sql(
        _MOVEMENTS + f"WHERE i.sku IN ({marks(skus)}) "
        "AND COALESCE(n.recorded_at, r.started_at) > ? ORDER BY m.run_id DESC",
        (*skus, micros(after)),
    )
    found: dict[tuple[int, int], list[Row]] = {}
    for row in rows:
        found.setdefault((row.item_id, row.location_id), []).append(row)
    return found


def _refuse_forgotten(connection: Connection, asked: datetime) -> None:
    limit = connection.exec_driver_sql("SELECT history_from FROM ledger_state").scalar()
    if limit is not None and micros(asked) < limit:
        raise UsageError(
            f"the ledger remembers no movements before {moment(limit):%Y-%m-%d %H:%M} UTC "
            "(retention.movements)"
        )


def _origin(locator: str | None, origin: str | None, line: int | None) -> str:
    if locator is None or not line:
        return origin or ""
    return locator.replace("{line}", str(line))


def _position(row: Row) -> Position:
    return Position(
        sku=Sku(row.sku),
        place=Place(SourceName(row.source), LocationName(row.location)),
        state=State(row.state),
        quantity=row.quantity,
        committed=row.committed,
        price=None if row.price is None else Decimal(row.price),
        currency=row.currency,
        cost=None if row.cost is None else Decimal(row.cost),
        counted_at=moment_or_none(row.counted_at),
        reason=row.reason,
        since=moment(row.since),
        born_at=moment(row.born_at),
        missing_since=moment_or_none(row.missing_since),
        origin=_origin(row.locator, row.origin, row.line),
    )


def _movement(row: Row) -> Movement:
    return Movement(
        run=RunId(row.run or ""),
        at=moment(row.recorded_at or row.started_at),
        sku=Sku(row.sku),
        place=Place(SourceName(row.source), LocationName(row.location)),
        kind=row.kind,
        before=row.before,
        after=row.after,
        origin=_origin(row.locator, row.origin, row.line),
    )


def _undo(position: Position, later: Sequence[Row]) -> Position:
    for row in later:
        position = _UNDO[row.kind](position, row.before)
    if not later:
        return position
    return replace(position, counted_at=None, origin="")


def _undo_money(position: Position, before: str | None) -> Position:
    price, _, currency = (before or "").partition(" ")
    if not price:
        return replace(position, price=None)
    return replace(position, price=Decimal(price), currency=currency or None)


def _undo_state(position: Position, before: str | None) -> Position:
    state, _, reason = (before or State.KNOWN.value).partition(": ")
    return replace(position, state=State(state), reason=reason)


def _number(text: str | None) -> int | None:
    return None if text is None else int(text)


_UNDO: Mapping[str, Callable[[Position, str | None], Position]] = {
    "quantity": lambda position, before: replace(position, quantity=_number(before)),
    "committed": lambda position, before: replace(position, committed=_number(before)),
    "cost": lambda position, before: replace(
        position, cost=None if before is None else Decimal(before)
    ),
    "price": _undo_money,
    "state": _undo_state,
    "missing": lambda position, before: replace(
        position, missing_since=None if before is None else datetime.fromisoformat(before)
    ),
}
