"""Which open orders cannot be filled: more units sold than all readings together have left."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from syncd.domain.identity import Sku, SourceName
from syncd.domain.rules import Combine


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What open orders ask of one SKU at the places of one source, in base units.

    `left` is what its readings have (reading − committed), `ordered` what orders took that they cannot
    contain yet.
    """

    source: SourceName
    left: int
    ordered: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Oversold:
    """A SKU of which more units are on order than there are; `last_order_at` is the newest such order."""

    sku: Sku
    ordered: int
    left: int
    orders: int
    last_order_at: datetime

    @property
    def short(self) -> int:
        """Units that cannot be delivered."""
        return self.ordered - max(0, self.left)


def claimed(claims: Iterable[Claim], combine: Combine) -> Claim | None:
    """The claim that counts when several sources have the SKU; None when there is none.

    Sources that add up (`sum`) fill an order together. Alternatives (`first`, `min`) describe the same
    units, and the one that has most left decides, because an alarm must be certain.
    """
    rows = list(claims)
    if not rows:
        return None
    if combine is not Combine.SUM:
        return max(rows, key=lambda row: row.left - row.ordered)
    return Claim(
        source=rows[0].source,
        left=sum(row.left for row in rows),
        ordered=sum(row.ordered for row in rows),
    )


def is_oversold(claim: Claim) -> bool:
    """Whether orders are open and take more than is left: the SKU's net is below zero because of them."""
    return claim.ordered > 0 and claim.left < claim.ordered


def by_shortage(found: Mapping[Sku, Oversold]) -> tuple[Oversold, ...]:
    """The worst first."""
    return tuple(sorted(found.values(), key=lambda row: (-row.short, row.sku)))
