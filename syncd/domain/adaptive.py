"""How many units must not be offered so that a SKU that sells this fast is not sold twice."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from syncd.domain.duration import written
from syncd.domain.identity import Sku
from syncd.domain.poisson import quantile
from syncd.domain.rules import Adaptive, Component, ListingRule
from syncd.domain.selling import Sale

WINDOW = timedelta(minutes=10)
"""The time over which the present rate of sales is taken, unless news travels slower than half of it."""
NEAR = 5
"""Units are withheld once a SKU has this many times as many or fewer: before, nobody can sell it out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """What was sold of a SKU beside a listing within the window that ends now, and how late it hears of it.

    The window is longer than usual where news is slow: a rate must be taken over at least twice the time
    that it is used for.
    """

    now: datetime
    exposure: timedelta
    sales: Sequence[Sale] = ()

    @property
    def window(self) -> timedelta:
        """Length of the window."""
        return window(self.exposure)

    @property
    def units(self) -> int:
        """Units sold in it."""
        return sum(sale.units for sale in self.recent())

    def recent(self) -> list[Sale]:
        """The sales that count, oldest first."""
        begin = self.now - self.window
        return sorted((sale for sale in self.sales if sale.at > begin), key=lambda sale: sale.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Withholding:
    """Units to withhold now (base units; kits for a kit), and why.

    `near`: they are withheld while so many or fewer can be sold. `until`: when they would be fewer if
    nothing more is sold; None where they cannot be.
    """

    units: int
    near: int
    until: datetime | None
    why: str


def window(exposure: timedelta) -> timedelta:
    """The time over which sales are counted for this exposure."""
    return max(WINDOW, 2 * exposure)


def expected(units: int, over: timedelta, exposure: timedelta) -> Fraction:
    """Units that sell within the exposure, at the rate of so many units over some time."""
    microsecond = timedelta(microseconds=1)
    return Fraction(units * (exposure // microsecond), over // microsecond)


def percent(share: Decimal) -> str:
    """A share as it is written in the mapping."""
    return f"{(share * 100).normalize():f}%"


def withhold(rule: ListingRule, adaptive: Adaptive, paces: Mapping[Sku, Pace]) -> Withholding:
    """What an adaptive safety stock amounts to for a listing, by the paces of its components."""
    needed = {
        part: _needed(adaptive, part, paces[part.sku].units, paces[part.sku])
        for part in rule.components
    }
    decisive = max(rule.components, key=lambda part: needed[part])
    units = _bounded(rule, adaptive, needed[decisive])
    falls = [
        moment
        for part in rule.components
        if (moment := _falls_below(adaptive, part, paces[part.sku], units)) is not None
    ]
    return Withholding(
        units=units,
        near=NEAR * units,
        until=max(falls) if falls and units > rule.stock.safety else None,
        why=_why(adaptive, paces[decisive.sku]),
    )


def _bounded(rule: ListingRule, adaptive: Adaptive, units: int) -> int:
    return max(rule.stock.safety, min(units, adaptive.at_most))


def _needed(adaptive: Adaptive, part: Component, sold: int, pace: Pace) -> int:
    """Whole kits (or units) that cover what sells of a component within the exposure."""
    mean = expected(sold, pace.window, pace.exposure)
    return -(-quantile(mean, adaptive.quantile) // part.need)


def _falls_below(adaptive: Adaptive, part: Component, pace: Pace, units: int) -> datetime | None:
    """When enough sales have left the window for this component to need fewer; None if it does now."""
    sales = pace.recent()
    left = [sum(sale.units for sale in sales)]
    for sale in sales:
        left.append(left[-1] - sale.units)
    gone = bisect_left(left, True, key=lambda sold: _needed(adaptive, part, sold, pace) < units)
    return sales[gone - 1].at + pace.window if 0 < gone <= len(sales) else None


def _why(adaptive: Adaptive, pace: Pace) -> str:
    minutes = Decimal(pace.window // timedelta(seconds=1)) / 60
    return (
        f"adaptive, {pace.units / minutes:.1f}/min, {written(pace.exposure)}, "
        f"{percent(adaptive.quantile)}"
    )
