"""When the shop's own promotions forbid a new price, and until when it has to wait."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from syncd.domain.identity import ProductId


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """A promotion that runs now or soon, and the products whose prices it locks as a whole."""

    title: str
    begins: datetime
    ends: datetime
    products: frozenset[ProductId]


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceLock:
    """No price of this product may change from `begins` to `ends`."""

    product: ProductId
    title: str
    begins: datetime
    ends: datetime

    @property
    def reason(self) -> str:
        """What an operator reads where a price waits."""
        return (
            f"waits for the end of the promotion “{self.title}” at {self.ends:%Y-%m-%d %H:%M} UTC"
        )


def price_locks(promotions: Iterable[Promotion], now: datetime) -> tuple[PriceLock, ...]:
    """For each product the lock that is in force or comes next.

    Promotions that follow each other without a gap are one lock, because no price fits between them.
    """
    locks: dict[ProductId, PriceLock] = {}
    for promotion in sorted(promotions, key=lambda row: (row.begins, row.ends)):
        if promotion.ends > now:
            _lock(locks, promotion)
    return tuple(locks[product] for product in sorted(locks))


def _lock(locks: dict[ProductId, PriceLock], promotion: Promotion) -> None:
    for product in promotion.products:
        known = locks.get(product)
        if known is None:
            locks[product] = PriceLock(
                product=product, title=promotion.title, begins=promotion.begins,
                ends=promotion.ends,
            )  # fmt: skip
        elif promotion.begins <= known.ends < promotion.ends:
            locks[product] = replace(known, title=promotion.title, ends=promotion.ends)
