"""What trying a shop out on one listing showed, as facts with names that stay."""

from dataclasses import dataclass
from enum import StrEnum

QUANTITY_MEANS = "quantity_means"
ZERO = "zero"
VISIBLE_AFTER = "visible_after"
LARGEST_BATCH = "largest_batch"
"""The most SKUs one write was seen to take; learned from every write, not only from trials."""
TRIED = (QUANTITY_MEANS, ZERO, VISIBLE_AFTER, LARGEST_BATCH)


class QuantityMeans(StrEnum):
    """What a written quantity is taken for."""

    AVAILABLE = "available"
    TOTAL = "total"
    UNDECIDED = "undecided"
    """Nothing of the SKU was sold and unshipped, so that both readings give the same number."""


class ZeroAnswer(StrEnum):
    """What the shop says to a quantity of 0."""

    ALLOWED = "allowed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """The outcome of one trial. None: not found out.

    `visible_after` is in seconds, from the shop's answer to the first reading that showed the number.
    `left_at` is what the listing's warehouse showed at the end, `restored` whether that is as it was.
    """

    quantity_means: QuantityMeans | None
    zero: ZeroAnswer | None
    visible_after: float | None
    before: int
    left_at: int | None
    restored: bool
    remark: str = ""


def quantity_means(written: int, available: int, committed: int) -> QuantityMeans | None:
    """What a number meant that reads back like this; None when it fits neither meaning."""
    if not committed:
        return QuantityMeans.UNDECIDED if available == written else None
    if available == written:
        return QuantityMeans.AVAILABLE
    return QuantityMeans.TOTAL if available + committed == written else None


def first_step(available: int, kept: int, *, zero_wanted: bool) -> int | None:
    """The number to try: one less than shown, so that a trial never offers more than there is.

    `kept` is what the warehouse must keep for campaigns and creators. None: the listing is not fit,
    because it would have to show 0 and nobody asked for that.
    """
    least = max(kept, 0 if zero_wanted else 1)
    return available - 1 if available - 1 >= least else None
