"""What people do to the simulated shop at the control endpoint: buy, ship, cancel, and edit by hand."""

from dataclasses import dataclass

from connectors.tiktok_shop.sandbox.calls import World
from connectors.tiktok_shop.sandbox.ordering import (
    ORDER_STATUSES,
    OUT_OF_STOCK,
    move,
    move_line,
    place,
)
from connectors.tiktok_shop.sandbox.prices import check_amount
from connectors.tiktok_shop.sandbox.products import switch_status
from connectors.tiktok_shop.sandbox.promotions import ACTIVITY_TYPES
from connectors.tiktok_shop.sandbox.replies import Refused
from connectors.tiktok_shop.sandbox.state import (
    PRODUCT_STATUSES,
    Level,
    Order,
    Promotion,
    Shop,
    Sku,
    SkuState,
)
from connectors.tiktok_shop.sandbox.webhooks import INVENTORY_TOPICS, TOPICS, is_loopback
from connectors.tiktok_shop.sandbox.wishes import find_sku, find_warehouse, read_wish
from connectors.transport.simulation.fields import FieldError, Fields

SKU_KEYS = ("sku", "sku_id", "seller_sku")
STOCK_KEYS = (*SKU_KEYS, "warehouse_id", "available", "by")
SETTERS = ("manual_adjustment", "api_sync", "system_auto_replenish")
"""Trigger sources of those who set stock (fact sheet 6)."""
PRICE_KEYS = (*SKU_KEYS, "price")
PRODUCT_KEYS = ("status", "price_locked", "promotion", "fbt", "combo", "title", "locked")
PROMOTION_KEYS = ("title", "type", "begin_time", "end_time")
LINE_STATUS_KEYS = ("status", "update_time")
STATUS_KEYS = ("status", "reason", "update_time")


def place_order(world: World, body: object) -> object:
    """`POST /control/orders`: somebody buys."""
    wish = read_wish(world.shop, body, "order", world.now(), taking=True)
    if wish.id is not None and wish.id in world.shop.orders:
        raise FieldError(f"order.id: there is an order {wish.id} already")
    order = place(world, wish)
    return _told(order)


def move_order(world: World, order_id: str, body: object) -> object:
    """`POST /control/orders/{id}/status`: an order is paid, packed, shipped, cancelled."""
    if order_id not in world.shop.orders:
        raise KeyError(f"order {order_id}")
    given = Fields(body, "order", STATUS_KEYS)
    status = given.choice("status", ORDER_STATUSES)
    reason = given.text("reason") if "reason" in given else None
    if reason == OUT_OF_STOCK and status != "CANCELLED":
        raise FieldError("order.reason: out_of_stock goes with status CANCELLED only")
    at = given.whole("update_time") if "update_time" in given else None
    order = move(world, order_id, status, reason=reason, at=at)
    return _told(order)


def move_order_line(world: World, order_id: str, number: str, body: object) -> object:
    """`POST /control/orders/{id}/lines/{number}/status`: one line goes its own way; lines count from 0."""
    if order_id not in world.shop.orders:
        raise KeyError(f"order {order_id}")
    if number not in map(str, range(len(world.shop.orders[order_id].live.lines))):
        raise KeyError(f"line {number} of order {order_id}")
    given = Fields(body, "order", LINE_STATUS_KEYS)
    status = given.choice("status", ORDER_STATUSES)
    at = given.whole("update_time") if "update_time" in given else None
    order = move_line(world, order_id, int(number), status, at=at)
    return _told(order)


def _told(order: Order) -> dict[str, object]:
    return {"id": order.id, "order_id": order.id, "status": order.status}


@dataclass(frozen=True, slots=True, kw_only=True)
class StockEdit:
    """Somebody sets the available units of one SKU in one warehouse; `by` is what the platform calls that."""

    sku: Sku
    warehouse_id: str
    available: int
    by: str

    def is_so(self) -> bool:
        """Whether the shop shows that already."""
        return self.sku.state.live.stock[self.warehouse_id].available == self.available

    def make(self, world: World) -> dict[str, object]:
        """Set it, and tell the journal."""
        live = self.sku.state.live
        level = Level(self.available, live.stock[self.warehouse_id].committed)
        world.change(self.sku, live.with_levels({self.warehouse_id: level}))
        world.shop.product_of(self.sku).update_time = int(world.now())
        edit: dict[str, object] = {
            "sku_id": self.sku.id,
            "seller_sku": self.sku.seller_sku,
            "warehouse_id": self.warehouse_id,
            "available": self.available,
            "by": self.by,
        }
        world.journal.add("edit", world.now(), field="stock", **edit)
        return edit


def read_stock_edit(shop: Shop, given: Fields, by: str) -> StockEdit:
    """What `STOCK_KEYS` say; FieldError for a SKU or warehouse that there is not."""
    sku = find_sku(shop, given)
    stock = sku.state.live.stock
    warehouse_id = find_warehouse(shop, given) if "warehouse_id" in given else next(iter(stock))
    if warehouse_id not in stock:
        raise FieldError(
            f"{given.where}.warehouse_id: {sku.seller_sku!r} is not kept in {warehouse_id} "
            f"(but in {', '.join(stock)})"
        )
    return StockEdit(
        sku=sku, warehouse_id=warehouse_id, available=given.whole("available"),
        by=given.choice("by", SETTERS, by),
    )  # fmt: skip


def edit_stock(world: World, body: object) -> object:
    """`POST /control/stock`: a human sets the available units of one warehouse, or whoever `by` names."""
    given = Fields(body, "stock", STOCK_KEYS)
    return read_stock_edit(world.shop, given, by="manual_adjustment").make(world)


def edit_price(world: World, body: object) -> object:
    """`POST /control/price`: a human sets a price, promotion or not."""
    given = Fields(body, "price", PRICE_KEYS)
    sku = find_sku(world.shop, given)
    try:
        amount = check_amount(given.text("price"), world.shop.identity.currency)
    except Refused as refusal:
        raise FieldError(f"price.price: {refusal.message}") from None
    world.change(sku, SkuState(amount, sku.state.live.stock))
    world.shop.product_of(sku).update_time = int(world.now())
    edit: dict[str, object] = {"sku_id": sku.id, "seller_sku": sku.seller_sku, "price": amount}
    world.journal.add("edit", world.now(), field="price", **edit)
    return edit


def edit_product(world: World, product_id: str, body: object) -> object:
    """`POST /control/products/{id}`: status, promotion lock, kind, and units locked by a campaign."""
    product = world.shop.products.get(product_id)
    if product is None:
        raise KeyError(f"product {product_id}")
    given = Fields(body, "product", PRODUCT_KEYS)
    status = given.choice("status", PRODUCT_STATUSES) if "status" in given else None
    flags = {name: given.flag(name) for name in ("price_locked", "fbt", "combo") if name in given}
    title = given.text("title") if "title" in given else product.title
    locked = _locks(given, [sku.id for sku in product.skus])
    if given.has("promotion"):
        product.promotion = _promotion(given.raw("promotion"))
    for name, value in flags.items():
        setattr(product, name, value)
    product.title = title
    for sku in product.skus:
        sku.locked = locked.get(sku.id, sku.locked)
    if status is not None:
        switch_status(world, product, status, audited=False)
    product.update_time = int(world.now())
    world.journal.add("edit", world.now(), field="product", product_id=product_id, now=body)
    return {"id": product.id, "status": product.status, "price_locked": product.price_locked}


def _promotion(raw: object) -> Promotion | None:
    """A promotion of one product; null takes it out."""
    if raw is None:
        return None
    given = Fields(raw, "product.promotion", PROMOTION_KEYS)
    begin = given.whole("begin_time")
    return Promotion(
        given.text("title", "Promotion"),
        given.choice("type", ACTIVITY_TYPES, "FIXED_PRICE"),
        begin,
        given.whole("end_time", least=begin + 1),
    )


def set_redirect(world: World, body: object) -> object:
    """`POST /control/redirect`: where the authorize page sends the seller back to, as Partner Center has it."""
    given = Fields(body, "redirect", ("address",))
    address = given.text("address")
    if not is_loopback(address):
        raise FieldError("redirect.address: the sandbox sends to loopback addresses only")
    world.grants.redirect = address
    return {"address": address}


def set_webhook(world: World, body: object) -> object:
    """`POST /control/webhooks`: a topic to an address, inventory ones too, as Partner Center does."""
    given = Fields(body, "webhook", ("topic", "address"))
    topic = given.choice("topic", (*TOPICS, *INVENTORY_TOPICS))
    address = given.text("address")
    if not is_loopback(address):
        raise FieldError("webhook.address: the sandbox sends to loopback addresses only")
    world.post.subscribe(topic, address, world.now())
    return world.post.as_dict()


def _locks(given: Fields, sku_ids: list[str]) -> dict[str, int]:
    """Campaign-locked units by SKU id; a bare number holds for every SKU of the product."""
    if "locked" not in given:
        return {}
    if not isinstance(given.raw("locked"), dict):
        return dict.fromkeys(sku_ids, given.whole("locked"))
    rows = Fields(given.raw("locked"), "product.locked", sku_ids)
    return {sku_id: rows.whole(sku_id) for sku_id in sku_ids if sku_id in rows}
