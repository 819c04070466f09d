"""What the engine asks of the ledger about bookings: made once, sent under the lease, settled, looked at."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from syncd.domain.deducting import Decision, Step
from syncd.domain.identity import ChannelName, Sku, SourceName
from syncd.domain.orders import OrderLine
from syncd.domain.write_back import Booking


@dataclass(frozen=True, slots=True, kw_only=True)
class LineToBook:
    """An order line that is to be looked at, and the bookings it has."""

    line: OrderLine
    step: Step
    known: Sequence[Booking]


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenOrder:
    """Units of an open order that the reading of a SKU below zero contains already."""

    channel: ChannelName
    order_id: str
    sku: Sku
    source: SourceName
    units: int
    created_at: datetime


class BookingLedger(Protocol):
    """Bookings: what syncd writes into sources."""

    def written_since(self) -> Mapping[SourceName, datetime]:
        """Since when each source is written back; absent while it is not."""
        ...

    def begin_writing(self, source: SourceName) -> None:
        """From now on the source is written back; a source that is already keeps its moment."""
        ...

    def end_writing(self, source: SourceName) -> None:
        """The source is no longer written back."""
        ...

    def lines_to_book(self, channel: ChannelName, limit: int) -> Sequence[LineToBook]:
        """Lines that are new or moved since they were looked at, oldest first.

        Lines that left before any source was written back are not among them: the merchant booked those.
        """
        ...

    def book(self, channel: ChannelName, decisions: Iterable[Decision]) -> None:
        """Store what was decided, in one transaction; a booking that exists already stays as it is.

        A line that moved since it was looked at is looked at again.
        """
        ...

    def add_bookings(self, bookings: Iterable[Booking]) -> None:
        """Store bookings that belong to no order line; those that exist already stay as they are."""
        ...

    def bookings_of(
        self, lines: Iterable[OrderLine]
    ) -> Mapping[tuple[ChannelName, str, str], Sequence[Booking]]:
        """The bookings of these lines by channel, order and line; lines without any are absent."""
        ...

    def due_bookings(
        self, channel: ChannelName, sources: Iterable[SourceName], now: datetime, limit: int
    ) -> Sequence[Booking]:
        """What is to be sent to these sources now, oldest first: new ones, and those in doubt."""
        ...

    def next_booking_at(
        self, channel: ChannelName, sources: Iterable[SourceName]
    ) -> datetime | None:
        """When a booking for one of these sources is due next, be it in the past; None when none waits."""
        ...

    def waiting_bookings(self, channel: ChannelName, sources: Iterable[SourceName]) -> int:
        """How many bookings for these sources are still to be made, due now or later."""
        ...

    def record_booking(
        self, channel: ChannelName, fence: int, before: Booking, after: Booking
    ) -> bool:
        """Durable before it is sent, and again when it was answered; False when it changed meanwhile.

        LeaseLost when the fencing number is not the current one: what was sent then stays in doubt. One
        that is done counts as contained by every reading begun from now on.
        """
        ...

    def postpone_bookings(self, channel: ChannelName, source: SourceName, until: datetime) -> None:
        """The source could not be reached: nothing of it is due earlier."""
        ...

    def confirmations(self, source: SourceName) -> int:
        """How many bookings the source has confirmed: a reading begun now contains all of them."""
        ...

    def open_bookings(self, limit: int) -> Sequence[Booking]:
        """Everything that is not done or dropped, on all channels: what a person must settle first."""
        ...

    def bookings(self, sku: Sku, limit: int) -> Sequence[Booking]:
        """The latest bookings of a SKU, newest first."""
        ...

    def booking(self, key: str) -> Booking | None:
        """A booking by its key, or by a beginning of at least 8 digits that only one has."""
        ...

    def settle_booking(self, before: Booking, settled: Booking) -> bool:
        """A person said what became of it; False when it changed since it was looked at."""
        ...

    def written_orders(self) -> Sequence[WrittenOrder]:
        """Open orders in readings that are below zero: sold more often than the units were there."""
        ...
