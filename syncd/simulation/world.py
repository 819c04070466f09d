"""What is true: units on the shelf, the two shops that sell them, their buyers, restocks and carriers."""

from collections.abc import Callable
from functools import partial
from random import Random

from syncd.ports.sandbox import SimulatedShop
from syncd.simulation.demand import DAY, HOUR, RESTOCKED_AFTER, Article, Buyer, Demand, Side
from syncd.simulation.merchant import Merchant
from syncd.simulation.tally import Tally
from syncd.simulation.timeline import Timeline

COLLECTED_AT = 16 * HOUR
"""When the carrier comes every day."""
PACKED_WITHIN = 4 * HOUR


def opening_stock(seed: int, articles: "list[Article] | tuple[Article, ...]") -> dict[str, int]:
    """What lies on the shelf at the beginning: somewhere between two restocks."""
    dice = Random(f"stock/{seed}")  # noqa: S311 - repeatable, no cryptography
    return {article.sku: max(1, round(dice.random() * article.lot)) for article in articles}


class World:
    """Two shops that sell from one shelf.

    `left` is what the shelf has after all that was sold; below zero are units sold that are not there, which
    the next restock must fill.
    """

    def __init__(
        self, demand: Demand, shop: SimulatedShop, merchant: Merchant, timeline: Timeline, tally: Tally
    ) -> None:
        self.shop = shop
        self.merchant = merchant
        self.timeline = timeline
        self.tally = tally
        self.left = dict(merchant.counters)
        self.orders: dict[str, str] = {}
        """Every order of TikTok, and its SKU."""
        self.orders_version = 0
        self.stirred: Callable[[], None] = lambda: None
        """Told of everything that happened to orders of TikTok."""
        self._lots = {article.sku: article.lot for article in demand.articles}
        self._restocking: set[str] = set()
        self._shelved: list[tuple[float, str]] = []
        for buyer in demand.buyers:
            timeline.at(buyer.at, partial(self._arrive, buyer))
        timeline.at(COLLECTED_AT, self._collect)

    def _arrive(self, buyer: Buyer) -> None:
        """One buyer tries to buy one unit."""
        sku, left = buyer.sku, self.left[buyer.sku]
        taken = self._own(sku) if buyer.side is Side.OWN else self._tiktok(sku)
        if not taken:
            self.tally.turned_away(left=left)
            return
        self.tally.sold(buyer.side, left=left)
        self.left[sku] = left - 1
        if left <= 1 and sku not in self._restocking:
            self._restocking.add(sku)
            self.timeline.after(RESTOCKED_AFTER, partial(self._restock, sku))

    def _own(self, sku: str) -> bool:
        return self.merchant.sell(sku, self.timeline.time)

    def _tiktok(self, sku: str) -> bool:
        order = self.shop.buy(sku, 1)
        if order is None:
            return False
        self.orders[order] = sku
        self._shelved.append((self.timeline.time, order))
        self._stir()
        return True

    def _stir(self) -> None:
        self.orders_version += 1
        self.stirred()

    def _restock(self, sku: str) -> None:
        self._restocking.discard(sku)
        self.left[sku] += self._lots[sku]
        self.merchant.change(sku, self._lots[sku], self.timeline.time)

    def _collect(self) -> None:
        """The carrier takes what was packed."""
        until = self.timeline.time - PACKED_WITHIN
        going = [order for at, order in self._shelved if at <= until]
        self._shelved = [(at, order) for at, order in self._shelved if at > until]
        for order in going:
            self.shop.ship(order)
        if going:
            self._stir()
        self.timeline.after(DAY, self._collect)
