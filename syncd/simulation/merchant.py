"""The merchant's own shop: one counter per SKU, its buyers, restocks, and how it books what TikTok sold."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from syncd.simulation.demand import Article


def _nobody(sku: str) -> None:
    """Nobody is told."""
    del sku


@dataclass
class Merchant:
    """What the merchant's system shows. Counters change one unit at a time and may fall below zero by bookings.

    `version` grows with every change, so that a reader can tell that nothing happened.
    """

    counters: dict[str, int]
    version: int = 0
    changed_at: dict[str, float] = field(default_factory=dict)
    booked: dict[str, int] = field(default_factory=dict)
    """How often each order of TikTok was taken off a counter."""
    answered: dict[str, int] = field(default_factory=dict)
    """What each key of a write-back left on its counter: a repeated key changes nothing."""
    moved: Callable[[str], None] = _nobody
    """Told the SKU of every change, as a webhook would."""

    @classmethod
    def stocked(cls, articles: Iterable[Article], units: Mapping[str, int]) -> "Merchant":
        """A shop whose shelves hold these units."""
        return cls(counters={article.sku: units[article.sku] for article in articles})

    def sell(self, sku: str, at: float) -> bool:
        """A buyer takes one unit, if the counter has one: check and deduction are one step."""
        if self.counters[sku] <= 0:
            return False
        self.change(sku, -1, at)
        return True

    def change(self, sku: str, units: int, at: float) -> None:
        """Move a counter, whoever does it."""
        self.counters[sku] += units
        self.version += 1
        self.changed_at[sku] = at
        self.moved(sku)

    def book(self, order: str, sku: str, at: float) -> None:
        """Take an order of TikTok off the counter; it is already sold, so the counter may become a debt."""
        self.booked[order] = self.booked.get(order, 0) + 1
        self.change(sku, -1, at)

    def adjust(self, key: str, sku: str, units: int, at: float) -> int:
        """Move a counter once by key, as a write-back does; what the counter shows after that."""
        if key not in self.answered:
            self.answered[key] = self.counters[sku] + units
            self.change(sku, units, at)
        return self.answered[key]
