"""The merchant's own shop: one counter per SKU that buyers, restocks and bookings move."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Merchant:
    """What the merchant's system shows. Only a booking moves a counter below zero.

    `moved` is told the SKU of every change; `version` grows with it, so that a reader can tell that nothing
    happened. `answered` holds what each key of a write-back left: a repeated key changes nothing.
    """

    counters: dict[str, int]
    moved: Callable[[str], None]
    version: int = 0
    changed_at: dict[str, float] = field(default_factory=dict)
    answered: dict[str, int] = field(default_factory=dict)
    prices: dict[str, str] = field(default_factory=dict)
    shut_until: float = 0.0
    """Until then nobody can reach the merchant's system."""

    def sell(self, sku: str, units: int, at: float) -> bool:
        """A buyer takes so many units, if the counter has them: check and deduction are one step."""
        if self.counters[sku] < units:
            return False
        self.change(sku, -units, at)
        return True

    def change(self, sku: str, units: int, at: float) -> None:
        """Move a counter, whoever does it."""
        self.counters[sku] += units
        self.version += 1
        self.changed_at[sku] = at
        self.moved(sku)

    def reprice(self, sku: str, price: str, at: float) -> None:
        """Ask another price, a decimal."""
        self.prices[sku] = price
        self.version += 1
        self.changed_at[sku] = at
        self.moved(sku)

    def adjust(self, key: str, sku: str, units: int, at: float) -> int:
        """Move a counter once by key; what it shows after that."""
        if key not in self.answered:
            self.answered[key] = self.counters[sku] + units
            self.change(sku, units, at)
        return self.answered[key]
