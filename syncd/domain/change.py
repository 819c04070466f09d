"""One difference to publish: data that can be shown, stored, compared and judged, never a closure."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from syncd.domain.identity import ListingRef, Sku, WarehouseId
from syncd.domain.money import Money, exponent


class Field(StrEnum):
    """What a change sets."""

    QUANTITY = "quantity"
    PRICE = "price"


class Cause(StrEnum):
    """Why a value differs: the guard limits every cause but orders that lower, and an adaptive safety.

    `safety`: nothing but an adaptive safety stock moved since the listing was published. `escrow`: the
    listing shows units that it owns, because a source gave them up.
    """

    ORDERS = "orders"
    SOURCE = "source"
    DRIFT = "drift"
    SAFETY = "safety"
    ESCROW = "escrow"


class Lane(IntEnum):
    """Order of sending: what sells what is gone comes first, the bulk comes last."""

    TO_ZERO = 0
    DECREASE = 1
    LOW_STOCK = 2
    INCREASE = 3
    PRICE = 4
    RECONCILE = 5


LOW_STOCK_UNITS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Set one field of one listing (for quantity: in one warehouse) from `before` to `after`.

    Quantities are listing units; prices are minor units of `currency`. `before` is what the channel shows.
    """

    sku: Sku
    seller_sku: str
    ref: ListingRef
    field: Field
    before: int | None
    after: int
    cause: Cause
    reason: str
    warehouse_id: WarehouseId | None = None
    currency: str | None = None

    @property
    def lane(self) -> Lane:
        """Where the change stands in the send order."""
        if self.field is Field.PRICE:
            return Lane.PRICE
        if self.after == 0:
            return Lane.TO_ZERO
        if self.before is not None and self.after < self.before:
            return Lane.DECREASE
        return Lane.LOW_STOCK if (self.before or 0) < LOW_STOCK_UNITS else Lane.INCREASE

    @property
    def raises(self) -> bool:
        """Whether more units are offered than before."""
        return self.field is Field.QUANTITY and (self.before is None or self.after > self.before)

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What is set: product, listing, warehouse, field."""
        return (
            self.ref.product_id,
            self.ref.listing_id,
            self.warehouse_id or "",
            self.field.value,
        )

    def shown(self, value: int | None) -> int | str | None:
        """`before` or `after` as a report shows it: an integer, or a price in major units."""
        if value is None or self.field is Field.QUANTITY or self.currency is None:
            return value
        return Money(value, self.currency).text()

    def row(self) -> tuple[str, str, str, str, str]:
        """The row as the plan's digest sees it; no times, no words."""
        places = 0 if self.currency is None else exponent(self.currency)
        return (
            f"{self.ref.product_id}/{self.ref.listing_id}/{self.warehouse_id or ''}",
            f"{self.field.value}:{self.currency or ''}:{places}",
            "" if self.before is None else str(self.before),
            str(self.after),
            self.sku,
        )
