"""The order calls of the simulated API: search with its paging and filters, orders by id; one row per unit."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from connectors.tiktok_shop.sandbox.calls import Call, World
from connectors.tiktok_shop.sandbox.ordering import CANCELLED, ORDER_STATUSES
from connectors.tiktok_shop.sandbox.paging import last_of, token_of
from connectors.tiktok_shop.sandbox.replies import invalid
from connectors.tiktok_shop.sandbox.state import Order, OrderLine

MOST_IDS = 50
MOST_WAREHOUSES = 100
SORT_FIELDS = ("create_time", "update_time")
WITHOUT_ADDRESS = frozenset({"UNPAID", "ON_HOLD"})
PACKAGE_STATUS = {
    "AWAITING_COLLECTION": "PROCESSING",
    "IN_TRANSIT": "FULFILLING",
    "DELIVERED": "FULFILLING",
    "COMPLETED": "COMPLETED",
    "CANCELLED": "CANCELLED",
}

Data = dict[str, object]


@dataclass(frozen=True, slots=True)
class Filter:
    """Which orders a search wants."""

    status: str | None
    created: tuple[int | None, int | None]
    updated: tuple[int | None, int | None]
    warehouses: frozenset[str]

    @classmethod
    def of(cls, call: Call) -> "Filter":
        """Read the body of a search."""
        status = call.text("order_status") or None
        if status is not None and status not in ORDER_STATUSES:
            raise invalid(f"Invalid parameter: order_status {status} is unknown")
        return cls(
            status,
            (call.moment("create_time_ge"), call.moment("create_time_lt")),
            (call.moment("update_time_ge"), call.moment("update_time_lt")),
            frozenset(call.texts("warehouse_ids", MOST_WAREHOUSES)),
        )

    def wants(self, order: Order) -> bool:
        """Whether the search should find this order."""
        return (
            self.status in (None, order.status)
            and _within(order.create_time, self.created)
            and _within(order.update_time, self.updated)
            and (not self.warehouses or order.warehouse_id in self.warehouses)
        )


def search(world: World, call: Call) -> Data:
    """Answer `POST /order/202309/orders/search`."""
    size = call.page_size()
    field, descending = _sorting(call.query)
    edge = _edge(call.query.get("page_token", ""))
    wanted = Filter.of(call)
    keyed = sorted(
        (
            ((_key(order, field), order.id), order)
            for order in _indexed(world, wanted)
            if wanted.wants(order)
        ),
        key=lambda pair: pair[0],
        reverse=descending,
    )
    rest = keyed
    if edge is not None:
        rest = [pair for pair in keyed if (pair[0] < edge if descending else pair[0] > edge)]
    page = rest[:size]
    return {
        "orders": [_order_row(world, order) for _, order in page],
        "total_count": len(keyed),
        "next_page_token": token_of("{}:{}".format(*page[-1][0])) if len(rest) > size else "",
    }


def by_ids(world: World, call: Call) -> Data:
    """Answer `GET /order/{version}/orders`; ids come comma-joined or as a JSON list."""
    ids = _ids(call.query.get("ids", ""))
    if not ids or len(ids) > MOST_IDS:
        raise invalid(f"Invalid parameter: ids must hold 1 to {MOST_IDS} order ids")
    found = (world.shop.orders.get(each) for each in dict.fromkeys(ids))
    return {"orders": [_order_row(world, each.live) for each in found if each is not None]}


def _within(value: int, bounds: tuple[int | None, int | None]) -> bool:
    low, high = bounds
    return (low is None or value >= low) and (high is None or value < high)


def _sorting(query: Mapping[str, str]) -> tuple[str, bool]:
    field = query.get("sort_field") or "create_time"
    order = query.get("sort_order") or "DESC"
    if field not in SORT_FIELDS:
        raise invalid(f"Invalid parameter: sort_field must be one of {', '.join(SORT_FIELDS)}")
    if order not in ("ASC", "DESC"):
        raise invalid("Invalid parameter: sort_order must be ASC or DESC")
    return field, order == "DESC"


def _indexed(world: World, wanted: Filter) -> list[Order]:
    now, since = world.now(), wanted.updated[0]
    shop = world.shop
    holders = shop.orders.values() if since is None else shop.orders_updated(since)
    seen = (holder.seen(now) for holder in holders)
    return [order for order in seen if order is not None]


def _key(order: Order, field: str) -> int:
    return order.create_time if field == "create_time" else order.update_time


def _edge(token: str) -> tuple[int, str] | None:
    """The key of the last row that was answered; None for the first page."""
    last = last_of(token)
    if last is None:
        return None
    moment, _, order_id = last.partition(":")
    if not moment.isdecimal():
        raise invalid("Invalid parameter: page_token is invalid")
    return int(moment), order_id


def _ids(text: str) -> list[str]:
    if text.startswith("["):
        try:
            listed = json.loads(text)
        except ValueError:
            raise invalid("Invalid parameter: ids is no valid list") from None
        return [str(each) for each in listed]
    return [each for each in text.split(",") if each]


def _order_row(world: World, order: Order) -> Data:
    row: Data = {
        "id": order.id,
        "status": order.status,
        "create_time": order.create_time,
        "update_time": order.update_time,
        "warehouse_id": order.warehouse_id,
        "fulfillment_type": order.fulfillment_type,
        "shipping_type": "TIKTOK",
        "delivery_type": "HOME_DELIVERY",
        "is_on_hold_order": order.status == "ON_HOLD",
        "is_sample_order": False,
        "is_cod": False,
        "is_buyer_request_cancel": False,
        "order_type": "NORMAL",
        "line_items": _line_items(world, order),
        "packages": [{"id": _package(order)}] if any(map(order.packed_at, order.lines)) else [],
        "payment": _payment(world, order),
        **_buyer(order),
    }
    times = ("paid_time", "rts_time", "collection_time", "delivery_time", "cancel_time")
    for name in (*times, "cancel_reason", "cancellation_initiator"):
        if getattr(order, name) is not None:
            row[name] = getattr(order, name)
    return row


def _line_items(world: World, order: Order) -> list[Data]:
    units = [line for line in order.lines for _ in range(line.units)]
    return [_line_item(world, order, line, order.first_item + n) for n, line in enumerate(units)]


def _line_item(world: World, order: Order, line: OrderLine, item_id: int) -> Data:
    sku = world.shop.skus[line.sku_id]
    item: Data = {
        "id": str(item_id),
        "product_id": sku.product_id,
        "product_name": world.shop.product_of(sku).title,
        "sku_id": sku.id,
        "seller_sku": sku.seller_sku,
        "sku_name": "Default",
        "sku_type": "NORMAL",
        "display_status": order.status_of(line),
        "currency": world.shop.identity.currency,
        "sale_price": line.price,
        "original_price": line.price,
        "seller_discount": "0",
        "platform_discount": "0",
        "is_gift": False,
    }
    status, packed_at = order.status_of(line), order.packed_at(line)
    if packed_at:
        item["package_id"] = _package(order)
        item["package_status"] = PACKAGE_STATUS.get(status, "TO_FULFILL")
        item["rts_time"] = packed_at
        item["tracking_number"] = f"SBX{order.id}"
    if status == CANCELLED:
        item["cancel_reason"] = order.cancel_reason
        item["cancel_user"] = order.cancellation_initiator
    return item


def _package(order: Order) -> str:
    return str(int(order.id[-18:]) + 10**17) if order.id.isdecimal() else f"package-{order.id}"


def _payment(world: World, order: Order) -> Data:
    total = str(sum((Decimal(line.price) * line.units for line in order.lines), Decimal(0)))
    return {
        "currency": world.shop.identity.currency,
        "sub_total": total,
        "total_amount": total,
        "original_total_product_price": total,
        "shipping_fee": "0",
        "seller_discount": "0",
        "platform_discount": "0",
        "tax": "0",
    }


def _buyer(order: Order) -> Data:
    """Made-up personal data: whoever keeps any of it has a leak to find."""
    digits = order.id[-4:]
    buyer: Data = {
        "user_id": f"70000000000000{digits}",
        "buyer_email": f"buyer-{digits}@example.invalid",
        "buyer_nickname": f"Nickname Buyer{digits}",
        "buyer_message": f"Please ring twice {digits}",
        "payment_method_name": "Credit card",
    }
    if order.status not in WITHOUT_ADDRESS:
        buyer["recipient_address"] = {
            "name": f"Jane Buyer{digits}",
            "first_name": "Jane",
            "last_name": f"Buyer{digits}",
            "phone_number": f"(+1)555-010-{digits}",
            "full_address": f"{digits} Invented Street, Nowhere, 00000",
            "address_line1": f"{digits} Invented Street",
            "postal_code": "00000",
            "region_code": "US",
        }
    return buyer
