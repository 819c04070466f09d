"""Bookings: each effect on a source once, with its key before it is sent and its outcome after."""

# ruff: noqa: S608 - statements are put together from constants and question marks only

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from syncd.domain.deducting import Decision, Step
from syncd.domain.identity import ChannelName, Sku, SourceName
from syncd.domain.orders import OrderLine
from syncd.domain.write_back import Booking
from syncd.ledger.base import StorePart
from syncd.ledger.booking_rows import (
    SELECT,
    SELECT_WAITING,
    booking_of,
    change,
    select_by_values,
    store,
)
from syncd.ledger.columns import micros, micros_or_none, moment, moment_or_none
from syncd.ledger.connection import Connection
from syncd.ledger.database import chunks, marks
from syncd.ledger.fences import require_fence
from syncd.ledger.names import ID_OF_CHANNEL, ID_OF_NAMED_CHANNEL, channel_id, known_source
from syncd.ledger.order_rows import SELECT_TO_BOOK, line_of
from syncd.ledger.source_states import state_of
from syncd.ports.bookings import LineToBook, WrittenOrder

LineKey = tuple[ChannelName, str, str]
LINES = 150
"""Order lines per question; each takes three parameters."""

_WAITING = "state IN ('new', 'sent', 'unknown')"
_AT_SOURCES = (
    "location_id IN (SELECT l.id FROM location l JOIN source s "
    "ON s.id = l.source_id WHERE s.name IN ({}))"
)
_LOOKED_AT = (
    "UPDATE order_line SET booking_step = :step, "
    "written = CASE WHEN booking_step = 2 THEN :written ELSE written END "
    "WHERE channel_id = :channel AND order_id = :order AND line_id = :line AND state = :state "
    "AND updated_at = :updated AND left_at IS :left"
)


class BookingStore(StorePart):
    """What is written into sources."""

    def written_since(self) -> Mapping[SourceName, datetime]:
        """Since when each source is written back; absent while it is not."""
        with self._database.read() as connection:
            rows = connection.exec_driver_sql(
                "SELECT s.name, t.written_since FROM source s JOIN source_state t "
                "ON t.source_id = s.id WHERE t.written_since IS NOT NULL"
            )
            return {SourceName(row.name): moment(row.written_since) for row in rows}

    def begin_writing(self, source: SourceName) -> None:
        """From now on the source is written back; a source that is already keeps its moment."""
        with self._database.write() as connection:
            connection.exec_driver_sql(
                "UPDATE source_state SET written_since = COALESCE(written_since, ?) "
                "WHERE source_id = ?",
                (micros(self._clock.now()), state_of(connection, source).source_id),
            )

    def end_writing(self, source: SourceName) -> None:
        """The source is no longer written back."""
        with self._database.write() as connection:
            connection.exec_driver_sql(
                "UPDATE source_state SET written_since = NULL WHERE source_id = ?",
                (known_source(connection, source),),
            )

    def lines_to_book(self, channel: ChannelName, limit: int) -> Sequence[LineToBook]:
        """Lines that are new or moved since they were looked at, oldest first."""
        with self._database.read() as connection:
            rows = connection.exec_driver_sql(
                f"{SELECT_TO_BOOK}WHERE o.booking_step > 0 AND o.channel_id = {ID_OF_NAMED_CHANNEL} "
                "AND (o.left_at IS NULL OR o.left_at >= (SELECT MIN(written_since) FROM source_state)) "
                "ORDER BY o.created_at, o.order_id, o.line_id LIMIT :limit",
                {"channel": channel, "limit": limit},
            ).all()
            found = [(line_of(row), Step(row.booking_step)) for row in rows]
            known = _bookings_of(connection, [line for line, _ in found])
        return tuple(
            LineToBook(line=line, step=step, known=known.get(_key(line), ()))
            for line, step in found
        )

    def book(self, channel: ChannelName, decisions: Iterable[Decision]) -> None:
        """Store what was decided, in one transaction; a booking that exists already stays as it is.

        A line that moved since it was looked at is looked at again.
        """
        with self._database.write() as connection:
            number = channel_id(connection, channel)
            for decision in decisions:
                for booking in decision.added:
                    store(connection, booking)
                for before, after in decision.changed:
                    change(connection, before, after)
                connection.exec_driver_sql(_LOOKED_AT, _looked_at(number, decision))

    def add_bookings(self, bookings: Iterable[Booking]) -> None:
        """Store bookings that belong to no order line; those that exist already stay as they are."""
        with self._database.write() as connection:
            for booking in bookings:
                channel_id(connection, booking.id.channel)
                store(connection, booking)

    def bookings_of(self, lines: Iterable[OrderLine]) -> Mapping[LineKey, Sequence[Booking]]:
        """The bookings of these lines by channel, order and line; lines without any are absent."""
        with self._database.read() as connection:
            return _bookings_of(connection, lines)

    def due_bookings(
        self, channel: ChannelName, sources: Iterable[SourceName], now: datetime, limit: int
    ) -> Sequence[Booking]:
        """What is to be sent to these sources now, oldest first: new ones, and those in doubt."""
        named = sorted(sources)
        if not named:
            return ()
        with self._database.read() as connection:
            rows = connection.exec_driver_sql(
                f"{SELECT_WAITING}WHERE b.{_WAITING} AND b.channel_id = {ID_OF_CHANNEL} AND b.due_at <= ? "
                f"AND s.name IN ({marks(named)}) ORDER BY b.id LIMIT ?",
                (channel, micros(now), *named, limit),
            )
            return tuple(booking_of(row) for row in rows)

    def next_booking_at(
        self, channel: ChannelName, sources: Iterable[SourceName]
    ) -> datetime | None:
        """When a booking for one of these sources is due next, be it in the past; None when none waits."""
        named = sorted(sources)
        with self._database.read() as connection:
            return moment_or_none(
                connection.exec_driver_sql(
                    f"SELECT MIN(due_at) FROM booking WHERE {_WAITING} AND channel_id = {ID_OF_CHANNEL} "
                    f"AND {_AT_SOURCES.format(marks(named))}",
                    (channel, *named),
                ).scalar()
            )

    def waiting_bookings(self, channel: ChannelName, sources: Iterable[SourceName]) -> int:
        """How many bookings for these sources are still to be made, due now or later."""
        named = sorted(sources)
        with self._database.read() as connection:
            found = connection.exec_driver_sql(
                f"SELECT COUNT(*) FROM booking WHERE {_WAITING} AND channel_id = {ID_OF_CHANNEL} "
                f"AND {_AT_SOURCES.format(marks(named))}",
                (channel, *named),
            ).scalar()
        return int(found or 0)

    def record_booking(
        self, channel: ChannelName, fence: int, before: Booking, after: Booking
    ) -> bool:
        """Durable before it is sent, and again when it was answered; False when it changed meanwhile.

        LeaseLost when the fencing number is not the current one: what was sent then stays in doubt.
        """
        with self._database.write() as connection:
            require_fence(connection, channel, fence)
            return change(connection, before, after)

    def postpone_bookings(self, channel: ChannelName, source: SourceName, until: datetime) -> None:
        """The source could not be reached: nothing of it is due earlier."""
        with self._database.write() as connection:
            connection.exec_driver_sql(
                f"UPDATE booking SET due_at = MAX(due_at, :until) WHERE {_WAITING} "
                "AND channel_id = :channel AND location_id IN "
                "(SELECT id FROM location WHERE source_id = :source)",
                {
                    "until": micros(until),
                    "channel": channel_id(connection, channel),
                    "source": known_source(connection, source),
                },
            )

    def confirmations(self, source: SourceName) -> int:
        """How many bookings the source has confirmed: a reading begun now contains all of them."""
        with self._database.read() as connection:
            found = connection.exec_driver_sql(
                "SELECT confirmations FROM source_state WHERE source_id = ?",
                (known_source(connection, source),),
            ).scalar()
        return int(found or 0)

    def open_bookings(self, limit: int) -> Sequence[Booking]:
        """Everything that is not done or dropped, on all channels: what a person must settle first."""
        return self._selected(
            "WHERE b.state NOT IN ('done', 'dropped') "
            "ORDER BY b.state NOT IN ('refused', 'person'), b.id LIMIT :limit",
            {"limit": limit},
        )

    def bookings(self, sku: Sku, limit: int) -> Sequence[Booking]:
        """The latest bookings of a SKU, newest first."""
        return self._selected(
            "WHERE b.item_id = (SELECT id FROM item WHERE sku = :sku) ORDER BY b.id DESC LIMIT :limit",
            {"sku": sku, "limit": limit},
        )

    def booking(self, key: str) -> Booking | None:
        """A booking by its key, or by a beginning of at least 8 digits that only one has."""
        if len(key) < 8:  # noqa: PLR2004 - as for plans
            return None
        found = self._selected(
            "WHERE b.key >= :key AND b.key < :end LIMIT 2", {"key": key, "end": f"{key}g"}
        )
        return found[0] if len(found) == 1 else None

    def settle_booking(self, before: Booking, settled: Booking) -> bool:
        """A person said what became of it; False when it changed since it was looked at."""
        with self._database.write() as connection:
            return change(connection, before, settled)

    def written_orders(self) -> Sequence[WrittenOrder]:
        """Open orders in readings that are below zero: sold more often than the units were there."""
        with self._database.read() as connection:
            rows = connection.exec_driver_sql(_BELOW_ZERO)
            return tuple(
                WrittenOrder(
                    channel=ChannelName(row.channel), order_id=row.order_id, sku=Sku(row.sku),
                    source=SourceName(row.source), units=-row.delta,
                    created_at=moment(row.created_at),
                )
                for row in rows
            )  # fmt: skip

    def _selected(self, condition: str, parameters: dict[str, object]) -> Sequence[Booking]:
        with self._database.read() as connection:
            rows = connection.exec_driver_sql(f"{SELECT}{condition}", parameters)
            return tuple(booking_of(row) for row in rows)


_BELOW_ZERO = (
    "SELECT c.name AS channel, b.order_id, i.sku, s.name AS source, b.delta, o.created_at "
    "FROM position p INDEXED BY position_below_zero "
    "CROSS JOIN booking b INDEXED BY ix_booking_item_id ON b.item_id = p.item_id "
    "AND b.location_id = p.location_id AND b.effect = 'deduct' AND b.contained "
    "CROSS JOIN order_line o ON o.channel_id = b.channel_id AND o.order_id = b.order_id "
    "AND o.line_id = b.line_id JOIN channel c ON c.id = b.channel_id JOIN item i ON i.id = b.item_id "
    "JOIN location l ON l.id = b.location_id JOIN source s ON s.id = l.source_id "
    "WHERE o.left_at IS NULL AND o.state <> 'CANCELLED' AND p.quantity < 0 ORDER BY b.id"
)


def _key(line: OrderLine) -> LineKey:
    return (line.channel, line.order_id, line.line_id)


def _bookings_of(
    connection: Connection, lines: Iterable[OrderLine]
) -> dict[LineKey, list[Booking]]:
    found: dict[LineKey, list[Booking]] = {}
    for part in chunks(dict.fromkeys(map(_key, lines)), LINES):
        keys = ", ".join(["((SELECT id FROM channel WHERE name = ?), ?, ?)"] * len(part))
        rows = connection.exec_driver_sql(
            f"{select_by_values(keys)}ORDER BY b.id",
            tuple(value for key in part for value in key),
        )
        for row in rows:
            booking = booking_of(row)
            name = booking.id
            found.setdefault((name.channel, name.order_id, name.line_id), []).append(booking)
    return found


def _looked_at(channel: int, decision: Decision) -> dict[str, object]:
    line = decision.line
    return {
        "channel": channel,
        "order": line.order_id,
        "line": line.line_id,
        "step": int(decision.step),
        "written": decision.written_whole,
        "state": line.state.value,
        "updated": micros(line.updated_at),
        "left": micros_or_none(line.left_at),
    }
