"""What safety stock a SKU needs by its own sales: the numbers, their ranking, and the line that sets it."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from syncd.domain.adaptive import expected
from syncd.domain.identity import ChannelName, Sku
from syncd.domain.poisson import quantile

YOUNG = timedelta(days=7)
"""Sales of less time than this tell no rate that a mapping should be changed for."""
SHORTEST = timedelta(days=1)
"""Sales of less time count as those of a day: those of one hour are not those of every hour."""
LEAST = 1
"""What is left of a fixed safety stock where nothing sold elsewhere."""
FEW = 5
"""Fewer units sold than this say little of a rate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sales:
    """Units of one component in a span of time: what channels' orders took, and what was sold elsewhere.

    `own`: those of `ordered` that the listing itself sold, which the shop lowered with the sale. `need`:
    units of it in one unit of the listing's stock (more than 1 for kits).
    """

    ordered: int
    elsewhere: int
    own: int = 0
    need: int = 1

    @property
    def news(self) -> int:
        """Units that the listing has to hear of: everything but what it sold itself."""
        return self.ordered - self.own + self.elsewhere


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """How long a sale is unknown: to the channel, and (None: nobody can tell) to the source's own shop."""

    channel: timedelta
    own_shop: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """The safety stock one SKU needs on one channel, beside the one it has; base units, kits for a kit.

    `for_channel` covers what sells beside the listing while it does not know of it, `for_own_shop` what
    the own shop sells while it does not know of the channel's orders. `known`: whether sales were seen
    for long enough to tell a rate; where not, `proposed` changes from day to day. `refused`: the most
    sales that `proposed` can have refused in the span although a unit was left. `adaptive`: the share of
    moments of a rule that follows the sales, and its `at_most`; for such a rule the numbers are its
    `at_least`.
    """

    sku: Sku
    ordered_per_day: float
    elsewhere_per_day: float
    units: int
    present: int
    adaptive: str
    at_most: int
    for_channel: int
    for_own_shop: int
    proposed: int
    refused: int
    known: bool = True

    @property
    def differs(self) -> bool:
        """Whether another number is proposed than there is: never for what does not sell."""
        return self.units > 0 and self.proposed != self.present

    @property
    def changes(self) -> bool:
        """Whether something should be written: what is known well enough to be."""
        return self.known and self.differs

    @property
    def few(self) -> bool:
        """Whether too little was sold to tell a rate."""
        return 0 < self.units < FEW

    @property
    def rank(self) -> tuple[bool, bool, float, Sku]:
        """Changed ones first, those that need more before those that need less, the fastest first."""
        pace = self.ordered_per_day + self.elsewhere_per_day
        apart = abs(self.proposed - self.present)
        return (not self.changes, self.proposed < self.present, -pace * apart, self.sku)

    @property
    def line(self) -> str:
        """The entry of `rules` that sets it."""
        safety = str(self.proposed)
        if self.adaptive:
            most = max(self.at_most, self.proposed)
            safety = f"{{adaptive: {self.adaptive}, at_least: {self.proposed}, at_most: {most}}}"
        return (
            f"- {{match: {json.dumps(self.sku, ensure_ascii=False)}, stock: {{safety: {safety}}}}}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelAdvice:
    """The advice for one channel. `news` tells how long sales stay unknown, `remarks` what to make of it.

    `rows` are those that differ or were asked for, the most important first; the others are counted.
    """

    channel: ChannelName
    news: tuple[str, ...]
    remarks: tuple[str, ...]
    rows: tuple[Advice, ...]
    unchanged: int
    unsold: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AdviceView:
    """Advice for every channel by what sold in the last `days`; `quantile` is the share of all moments."""

    at: datetime
    days: float
    quantile: str
    channels: tuple[ChannelAdvice, ...]


def needed(units: int, span: timedelta, exposure: timedelta | None, share: Decimal) -> int:
    """Units that cover a share of all times of this length, at the rate of so many units in the span."""
    if exposure is None:
        return 0
    return quantile(expected(units, span, exposure), share)


def advised(sales: Sales, span: timedelta, exposure: Exposure, share: Decimal) -> tuple[int, int]:
    """Units (or kits) that a component needs for the channel, and for the source's own shop."""
    here = needed(sales.news, span, exposure.channel, share)
    own = needed(sales.elsewhere, span, exposure.own_shop, share)
    return -(-here // sales.need), -(-own // sales.need)


def lowered(needs: int, present: int) -> int:
    """A fixed safety stock of so many units, which is never lowered to none.

    The first sale elsewhere comes unannounced, and `safety: 0` is warned of.
    """
    return max(needs, min(LEAST, present))
