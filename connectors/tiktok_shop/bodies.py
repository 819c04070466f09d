"""Knows the request bodies of TikTok Shop; each is serialised once, because the bytes sent are signed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Json = str | int | Sequence["Json"] | Mapping[str, "Json"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductFilter:
    """What a product search is narrowed to; times are unix seconds, both ends included."""

    status: str | None = None
    seller_skus: Sequence[str] = ()
    sku_ids: Sequence[str] = ()
    update_time_ge: int | None = None
    update_time_le: int | None = None
    create_time_ge: int | None = None
    create_time_le: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFilter:
    """What an order search is narrowed to; times are unix seconds, `lt` excluded."""

    order_status: str | None = None
    create_time_ge: int | None = None
    create_time_lt: int | None = None
    update_time_ge: int | None = None
    update_time_lt: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StockWrite:
    """The absolute available quantity of one SKU in every warehouse assigned to it, by warehouse id."""

    sku_id: str
    quantities: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceWrite:
    """The price of one SKU: decimal text in major units.

    `amount` for local sellers, `sale_price` for cross-border ones (fact sheet, section 8).
    """

    sku_id: str
    currency: str
    amount: str | None = None
    sale_price: str | None = None


def product_search(wanted: ProductFilter) -> bytes:
    """Body of the product search."""
    return _compact(
        {
            "status": wanted.status,
            "seller_skus": wanted.seller_skus or None,
            "sku_ids": wanted.sku_ids or None,
            "create_time_ge": wanted.create_time_ge,
            "create_time_le": wanted.create_time_le,
            "update_time_ge": wanted.update_time_ge,
            "update_time_le": wanted.update_time_le,
        }
    )


def order_search(wanted: OrderFilter) -> bytes:
    """Body of the order search."""
    return _compact(
        {
            "order_status": wanted.order_status,
            "create_time_ge": wanted.create_time_ge,
            "create_time_lt": wanted.create_time_lt,
            "update_time_ge": wanted.update_time_ge,
            "update_time_lt": wanted.update_time_lt,
        }
    )


def inventory_search(*, product_ids: Sequence[str] = (), sku_ids: Sequence[str] = ()) -> bytes:
    """Body of the inventory search: at most 100 products or 600 SKUs, not both."""
    return _compact({"product_ids": product_ids or None, "sku_ids": sku_ids or None})


def inventory_update(skus: Sequence[StockWrite]) -> bytes:
    """Body of the inventory update of one product."""
    return _compact(
        {
            "skus": [
                {
                    "id": sku.sku_id,
                    "inventory": [
                        {"warehouse_id": warehouse, "quantity": quantity}
                        for warehouse, quantity in sku.quantities.items()
                    ],
                }
                for sku in skus
            ]
        }
    )


def price_update(skus: Sequence[PriceWrite]) -> bytes:
    """Body of the price update of one product."""
    return _compact({"skus": [{"id": sku.sku_id, "price": _price(sku)} for sku in skus]})


def product_ids(ids: Sequence[str]) -> bytes:
    """Body of activate and deactivate: at most 20 products."""
    return _compact({"product_ids": ids})


def webhook(topic: str, address: str | None = None) -> bytes:
    """Body of PUT and, without an address, DELETE of a webhook; an address has at most 255 characters."""
    return _compact({"address": address, "event_type": topic})


def _price(sku: PriceWrite) -> Mapping[str, Json]:
    return _present({"amount": sku.amount, "currency": sku.currency, "sale_price": sku.sale_price})


def _present(fields: Mapping[str, Json | None]) -> Mapping[str, Json]:
    return {name: value for name, value in fields.items() if value is not None}


def _compact(fields: Mapping[str, Json | None]) -> bytes:
    return json.dumps(_present(fields), separators=(",", ":"), ensure_ascii=False).encode()
