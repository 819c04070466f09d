"""How a change lies in columns, the same for plans and for attempts."""

from syncd.domain.change import Cause, Change, Field
from syncd.domain.identity import ListingId, ListingRef, ProductId, Sku, WarehouseId
from syncd.ledger.connection import Row

COLUMNS = "sku, seller_sku, product_id, listing_id, warehouse_id, field, before, after, currency, cause, reason"
KEY = "product_id = :product AND listing_id = :listing AND warehouse_id = :warehouse AND field = :field"


def columns(change: Change) -> tuple[object, ...]:
    """The values of `COLUMNS`."""
    return (
        change.sku,
        change.seller_sku,
        change.ref.product_id,
        change.ref.listing_id,
        change.warehouse_id or "",
        change.field.value,
        change.before,
        change.after,
        change.currency,
        change.cause.value,
        change.reason,
    )


def key(change: Change) -> dict[str, object]:
    """The parameters of `KEY`."""
    return {
        "product": change.ref.product_id,
        "listing": change.ref.listing_id,
        "warehouse": change.warehouse_id or "",
        "field": change.field.value,
    }


def change_of(row: Row) -> Change:
    """The change of a row that has `COLUMNS`."""
    return Change(
        sku=Sku(row.sku),
        seller_sku=row.seller_sku,
        ref=ListingRef(ProductId(row.product_id), ListingId(row.listing_id)),
        field=Field(row.field),
        before=row.before,
        after=row.after,
        cause=Cause(row.cause),
        reason=row.reason,
        warehouse_id=WarehouseId(row.warehouse_id) if row.warehouse_id else None,
        currency=row.currency,
    )
