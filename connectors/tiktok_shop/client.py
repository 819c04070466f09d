"""Knows which endpoint does what at TikTok Shop, and its limits; answers as wire models."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Self

from pydantic import SecretStr

from connectors.tiktok_shop import bodies
from connectors.tiktok_shop.bodies import OrderFilter, PriceWrite, ProductFilter, StockWrite
from connectors.tiktok_shop.calls import Call, SignedCalls, reading, writing
from connectors.tiktok_shop.wire import (
    InventoryData,
    Nothing,
    OrdersData,
    Product,
    ProductsData,
    Shop,
    ShopsData,
    Warehouse,
    WarehousesData,
    Webhook,
    WebhooksData,
    WriteData,
)
from connectors.transport.pacing import Lane
from connectors.transport.retrying import Traffic

SHOPS = reading("GET", "/authorization/202309/shops", shop_cipher=False)
WAREHOUSES = reading("GET", "/logistics/202309/warehouses")
SEARCH_PRODUCTS = reading("POST", "/product/202502/products/search")
PRODUCT = reading("GET", "/product/202309/products/{product_id}")
SEARCH_INVENTORY = reading("POST", "/product/202309/inventory/search")
UPDATE_INVENTORY = writing("POST", "/product/202309/products/{product_id}/inventory/update")
UPDATE_PRICES = writing("POST", "/product/202309/products/{product_id}/prices/update")
ACTIVATE = writing("POST", "/product/202309/products/activate")
DEACTIVATE = writing("POST", "/product/202309/products/deactivate")
SEARCH_ORDERS = reading("POST", "/order/202309/orders/search")
WEBHOOKS = reading("GET", "/event/202309/webhooks")
PUT_WEBHOOK = reading("PUT", "/event/202309/webhooks")
"""Saying the same again has no further effect, so it is repeated as a reading is."""
DELETE_WEBHOOK = reading("DELETE", "/event/202309/webhooks")

PAGE_SIZE = 100
"""The most rows a page of products or orders may have."""
INVENTORY_PRODUCTS = 100
INVENTORY_SKUS = 600
STATUS_PRODUCTS = 20
"""The most products one activate or deactivate takes."""


class TikTokClient:
    """The calls syncd makes, for one authorized shop. Every method raises what SignedCalls.send does."""

    def __init__(self, calls: SignedCalls, cipher: SecretStr | None = None) -> None:
        self._calls = calls
        self._cipher = cipher

    def with_shop(self, cipher: SecretStr) -> Self:
        """The same client for this shop; pace, counters and clock stay shared."""
        return type(self)(self._calls, cipher)

    def authorized_shops(self) -> Sequence[Shop]:
        """The shops the token covers, with their ciphers."""
        return self._calls.send(Call(endpoint=SHOPS), ShopsData).shops

    def warehouses(self) -> Sequence[Warehouse]:
        """All warehouses of the shop, return warehouses too."""
        call = Call(endpoint=WAREHOUSES, cipher=self._cipher)
        return self._calls.send(call, WarehousesData).warehouses

    def search_products(
        self,
        wanted: ProductFilter,
        *,
        page_token: str = "",
        page_size: int = PAGE_SIZE,
        lane: Lane = Lane.BULK,
    ) -> ProductsData:
        """One page of products; past 10,000 results ApiRefused of class SEARCH_CAP: slice by time."""
        call = Call(
            endpoint=SEARCH_PRODUCTS,
            query=_page(page_size, page_token),
            body=bodies.product_search(wanted),
            cipher=self._cipher,
            lane=lane,
        )
        return self._calls.send(call, ProductsData)

    def product(self, product_id: str, *, lane: Lane = Lane.NORMAL) -> Product:
        """One product in full; ApiRefused of class MAPPING if there is none."""
        call = Call(
            endpoint=PRODUCT, values={"product_id": product_id}, cipher=self._cipher, lane=lane
        )
        return self._calls.send(call, Product)

    def search_inventory(
        self,
        *,
        product_ids: Sequence[str] = (),
        sku_ids: Sequence[str] = (),
        lane: Lane = Lane.NORMAL,
    ) -> InventoryData:
        """Live stock of at most 100 products or 600 SKUs; ValueError for more, both or neither."""
        if bool(product_ids) == bool(sku_ids):
            raise ValueError("ask for products or for SKUs")
        if len(product_ids) > INVENTORY_PRODUCTS or len(sku_ids) > INVENTORY_SKUS:
            raise ValueError("too many ids for one inventory search")
        call = Call(
            endpoint=SEARCH_INVENTORY,
            body=bodies.inventory_search(product_ids=product_ids, sku_ids=sku_ids),
            cipher=self._cipher,
            lane=lane,
        )
        return self._calls.send(call, InventoryData)

    def update_inventory(
        self, product_id: str, skus: Sequence[StockWrite], *, lane: Lane = Lane.NORMAL
    ) -> WriteData:
        """Set available stock of SKUs of one product; look at `errors` for those refused alone."""
        call = Call(
            endpoint=UPDATE_INVENTORY,
            values={"product_id": product_id},
            body=bodies.inventory_update(skus),
            cipher=self._cipher,
            lane=lane,
        )
        return self._calls.send(call, WriteData)

    def update_prices(
        self, product_id: str, skus: Sequence[PriceWrite], *, lane: Lane = Lane.NORMAL
    ) -> WriteData:
        """Set prices of SKUs of one product; as far as is documented all are taken or none."""
        call = Call(
            endpoint=UPDATE_PRICES,
            values={"product_id": product_id},
            body=bodies.price_update(skus),
            cipher=self._cipher,
            lane=lane,
        )
        return self._calls.send(call, WriteData)

    def activate(self, product_ids: Sequence[str]) -> WriteData:
        """Put at most 20 products on sale again, after a new audit."""
        call = Call(endpoint=ACTIVATE, body=bodies.product_ids(product_ids), cipher=self._cipher)
        return self._calls.send(call, WriteData)

    def deactivate(self, product_ids: Sequence[str]) -> WriteData:
        """Take at most 20 products off sale."""
        call = Call(
            endpoint=DEACTIVATE,
            body=bodies.product_ids(product_ids),
            cipher=self._cipher,
            lane=Lane.URGENT,
        )
        return self._calls.send(call, WriteData)

    def search_orders(
        self, wanted: OrderFilter, *, page_token: str = "", lane: Lane = Lane.URGENT
    ) -> OrdersData:
        """One page of orders, those updated first coming first, so that a cursor only grows.

        Urgent by default: nothing may be written before the orders are known.
        """
        order = {"sort_field": "update_time", "sort_order": "ASC"}
        call = Call(
            endpoint=SEARCH_ORDERS,
            query={**_page(PAGE_SIZE, page_token), **order},
            body=bodies.order_search(wanted),
            cipher=self._cipher,
            lane=lane,
        )
        return self._calls.send(call, OrdersData)

    def webhooks(self) -> Sequence[Webhook]:
        """The topics that the shop sends, and where to."""
        return self._calls.send(Call(endpoint=WEBHOOKS, cipher=self._cipher), WebhooksData).webhooks

    def put_webhook(self, topic: str, address: str) -> None:
        """Have a topic sent to this address; look with `webhooks` whether it was taken."""
        body = bodies.webhook(topic, address)
        self._calls.send(Call(endpoint=PUT_WEBHOOK, body=body, cipher=self._cipher), Nothing)

    def delete_webhook(self, topic: str) -> None:
        """Have a topic no longer sent; succeeds also when it was not."""
        body = bodies.webhook(topic)
        self._calls.send(Call(endpoint=DELETE_WEBHOOK, body=body, cipher=self._cipher), Nothing)

    def server_now(self) -> datetime:
        """The shop's time, aware, in UTC, exact to a second."""
        return self._calls.server_clock.now()

    def clock_offset(self) -> timedelta | None:
        """The shop's time less ours; None before the first answer."""
        return self._calls.server_clock.offset()

    def traffic(self) -> Traffic:
        """Requests sent, throttled and retried so far."""
        return self._calls.traffic()


def _page(size: int, token: str) -> dict[str, str]:
    page = {"page_size": str(size)}
    return {**page, "page_token": token} if token else page
