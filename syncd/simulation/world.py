"""What is true: units on the shelf, the two shops that sell them, their buyers, restocks and carriers."""

from collections.abc import Callable, Iterable
from functools import partial
from random import Random

from syncd.domain.guard import UNUSUAL_FACTOR, UNUSUAL_UNITS
from syncd.ports.sandbox import SimulatedShop
from syncd.simulation.books import Books
from syncd.simulation.demand import (
    DAY,
    HOUR,
    RESTOCKED_AFTER,
    Article,
    Buyer,
    Demand,
    Side,
)
from syncd.simulation.merchant import Merchant
from syncd.simulation.tally import Tally
from syncd.simulation.timeline import Timeline
from syncd.simulation.trace import Trace

COLLECTED_AT = 16 * HOUR
"""When the carrier comes every day."""
PACKED_WITHIN = 4 * HOUR


def opening_stock(seed: int, articles: Iterable[Article]) -> dict[str, int]:
    """What lies on the shelf at the beginning: somewhere between two restocks.

    Never so little that syncd, which knows nothing of earlier days, would hold the next delivery for a person
    as unusually large: nobody releases a plan here.
    """
    dice = Random(f"stock/{seed}")  # noqa: S311 - repeatable, no cryptography
    return {
        article.sku: max(_least(article.lot), round(dice.random() * article.lot))
        for article in articles
    }


def _least(lot: int) -> int:
    return -(-lot // UNUSUAL_FACTOR) if lot > UNUSUAL_UNITS else 1


def _nobody(_: str) -> None:
    """Nobody is told."""


class World:
    """Two shops that sell from one shelf.

    `left` is what the shelf has after all that was sold; below zero are units sold that are not there, which
    the next restock must fill.
    """

    def __init__(
        self, demand: Demand, shop: SimulatedShop, stock: dict[str, int], timeline: Timeline,
        trace: Trace, books: Books,
    ) -> None:  # fmt: skip
        self.shop = shop
        self.merchant = Merchant(counters=dict(stock), moved=self._moved)
        self.timeline = timeline
        self.tally = Tally()
        self.left = dict(stock)
        self.orders: dict[str, tuple[str, int]] = {}
        """Every order of TikTok: its SKU and units."""
        self.stock_moved: Callable[[str], None] = _nobody
        """Told the SKU of every change of the merchant's stock, as its webhooks are."""
        self.changed: Callable[[str], None] = _nobody
        """Told the SKU where the change came from the merchant's own business."""
        self.orders_moved: Callable[[], None] = lambda: None
        """Told of everything that happens to orders of TikTok."""
        self._trace = trace
        self._books = books
        self._articles = {article.sku: article for article in demand.articles}
        self._restocking: set[str] = set()
        self._shelved: list[tuple[float, str]] = []
        for buyer in demand.buyers:
            timeline.at(buyer.at, partial(self._arrive, buyer))
        timeline.at(COLLECTED_AT, self._collect)

    def book(self, order: str) -> None:
        """The merchant's own system, or an app, takes an order off the merchant's stock."""
        sku, units = self.orders[order]
        self._trace.note(f"order {order} of {units} {sku} is booked")
        self._books.taken_off(sku, units, self.timeline.time)
        self.merchant.change(sku, -units, self.timeline.time)

    def adjust(self, key: str, sku: str, units: int) -> int:
        """Syncd writes back; what the counter shows then."""
        if key not in self.merchant.answered:
            self._trace.note(f"write-back {units:+} {sku}")
            self._books.taken_off(sku, -units, self.timeline.time)
        return self.merchant.adjust(key, sku, units, self.timeline.time)

    def overwrite(self, sku: str, units: int) -> None:
        """An app sets what TikTok shows."""
        self._trace.note(f"an app sets {sku} to {units}")
        self.shop.put(sku, units)

    def _moved(self, sku: str) -> None:
        self.stock_moved(sku)

    def _arrive(self, buyer: Buyer) -> None:
        """One buyer tries to buy what he wants, all of it or nothing."""
        sku, units, left = buyer.sku, buyer.units, self.left[buyer.sku]
        taken = self._own(sku, units) if buyer.side is Side.OWN else self._tiktok(sku, units)
        became = "sold" if taken else "refused"
        self._trace.note(f"{buyer.side} buyer of {units} {sku}: {became}, {left} left")
        if not taken:
            self.tally.turned_away(units, left=left)
            return
        self.tally.sold(buyer.side, units, left=left)
        self.left[sku] = left - units
        if left - units < self._articles[sku].basket and sku not in self._restocking:
            self._restocking.add(sku)
            self.timeline.after(RESTOCKED_AFTER, partial(self._restock, sku))

    def _own(self, sku: str, units: int) -> bool:
        if not self.merchant.sell(sku, units, self.timeline.time):
            return False
        self.changed(sku)
        return True

    def _tiktok(self, sku: str, units: int) -> bool:
        order = self.shop.buy(sku, units)
        if order is None:
            return False
        self.orders[order] = (sku, units)
        self._books.ordered(sku, units, self.timeline.time)
        self._shelved.append((self.timeline.time, order))
        self.orders_moved()
        return True

    def _restock(self, sku: str) -> None:
        self._restocking.discard(sku)
        lot = self._articles[sku].lot
        self._trace.note(f"{lot} of {sku} come in")
        self.left[sku] += lot
        self.merchant.change(sku, lot, self.timeline.time)
        self.changed(sku)

    def _collect(self) -> None:
        """The carrier takes what was packed."""
        until = self.timeline.time - PACKED_WITHIN
        going = [order for at, order in self._shelved if at <= until]
        self._shelved = [(at, order) for at, order in self._shelved if at > until]
        for order in going:
            self.shop.ship(order)
        if going:
            self._trace.note(f"{len(going)} orders leave")
            self.orders_moved()
        self.timeline.after(DAY, self._collect)
