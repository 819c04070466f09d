"""A small world whose only source is written back, for tests of bookings."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from syncd.domain.identity import DEFAULT_LOCATION, LocationName, Place, Sku
from syncd.domain.orders import OrdersMode, OrdersPolicy
from syncd.domain.stock import Basis
from syncd.domain.write_back import Booking, BookingState, Effect
from syncd.engine.cycle import Task, run_cycle
from syncd.engine.setup import EngineSetup, Mode, Trigger
from tests.fakes.shopfloor import SHOP, STOCK, Shopfloor, within
from tests.fakes.written_source import WrittenSource

WRITE_BACK = OrdersPolicy(mode=OrdersMode.WRITE_BACK)


class Counter(Shopfloor):
    """The floor, with a source that orders are taken off."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, orders=WRITE_BACK, basis=Basis.AVAILABLE)
        self.mode = Mode.APPLY
        self.stock_of = self.source = WrittenSource(STOCK, self.clock.now())

    def stocked(self, **quantities: int) -> None:
        """The source has so many units, and the shop shows them after a cycle."""
        self.stock_of.set(**quantities)
        for sku in quantities:
            self.shop.list_sku(sku, W1=0)
        self.cycle()

    def cycle_later(self, seconds: float = 10.0) -> None:
        """Some time goes by, then a cycle reads, books and publishes."""
        self.clock.advance(seconds)
        self.source.as_of = self.clock.now()
        self.cycle()

    def publish(self) -> None:
        """A cycle that reads no source, as a daemon's."""
        task = Task(trigger=Trigger.BY_HAND, word="test", sources=(), channels=[SHOP], send=True)
        run_cycle(self.engine(), task, lambda report: report.status().value)

    def engine(self) -> EngineSetup:
        """As on the floor, in this mode."""
        return replace(super().engine(), mode=self.mode)

    def reading_only(self) -> OrdersPolicy:
        """What the source's `orders` may say instead."""
        return within(timedelta(minutes=15))

    def at(self, location: str) -> Place:
        """A place of the source."""
        return Place(STOCK, LocationName(location))

    def left(self, sku: str) -> int:
        """What the source has."""
        return self.stock_of.quantity(sku, DEFAULT_LOCATION)

    def bookings(self, sku: str) -> list[tuple[Effect, BookingState]]:
        """What was booked of a SKU, oldest first."""
        return [(item.id.effect, item.state) for item in self.rows(sku)]

    def rows(self, sku: str) -> list[Booking]:
        """The bookings of a SKU, oldest first."""
        return list(reversed(self.ledger.bookings(Sku(sku), 100)))
