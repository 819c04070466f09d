"""How a table writes its values: which columns there are, number marks, and the form of a SKU."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

KEYS = ("sku", "location", "quantity", "committed", "price", "currency", "cost", "counted_at")
"""What a row can say, in the order in which the values of a row are kept."""
UNTRACKED = "untracked"
"""How a quantity is written that the shop does not track, where `RowForm.untracked` allows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SkuRule:
    """How SKUs are brought into form; nothing is changed unless it is asked for."""

    trim: bool = False
    upper: bool = False
    pad: int = 0

    @property
    def as_written(self) -> bool:
        """Whether SKUs are taken as they stand."""
        return not (self.trim or self.upper or self.pad)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowForm:
    """What a row's texts mean. `fractions` is reject or down; a time without zone needs `zone`.

    `marks_declared`: somebody said what . and , mean, so that `1.000` is no riddle.
    """

    sku: SkuRule = SkuRule()
    decimal: str = "."
    thousands: str | None = None
    marks_declared: bool = True
    fractions: str = "reject"
    counts_committed: bool = True
    untracked: bool = False
    zone: ZoneInfo | None = None
    zone_key: str = "counted_at_timezone"
