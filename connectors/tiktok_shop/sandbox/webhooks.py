"""Webhooks of the simulated platform: the subscription calls, and which events of the shop are told."""

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlsplit

from connectors.tiktok_shop.sandbox.calls import Call, World
from connectors.tiktok_shop.sandbox.replies import invalid

LONGEST_ADDRESS = 255
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
ORDER, CANCELLATION, PRODUCT_STATUS = 1, 11, 5
DEAUTHORIZATION = 6
INVENTORY_TOPICS = {"INVENTORY_CHANGED": 68, "INVENTORY_CHANGED_BY_SHOP": 71}
SELLER_LEVEL = "INVENTORY_CHANGED"
"""Told of the seller, not of a shop."""
SELLER_ID = "7494000000000000001"
TOPICS = (
    "ORDER_STATUS_CHANGE",
    "RECIPIENT_ADDRESS_UPDATE",
    "PACKAGE_UPDATE",
    "PRODUCT_STATUS_CHANGE",
    "SELLER_DEAUTHORIZATION",
    "UPCOMING_AUTHORIZATION_EXPIRATION",
    "CANCELLATION_STATUS_CHANGE",
    "RETURN_STATUS_CHANGE",
    "REVERSE_STATUS_UPDATE",
    "NEW_CONVERSATION",
    "NEW_MESSAGE",
    "NEW_MESSAGE_LISTENER",
    "PRODUCT_INFORMATION_CHANGE",
    "PRODUCT_CREATION",
    "PRODUCT_CATEGORY_CHANGE",
    "PRODUCT_AUDIT_STATUS_CHANGE",
    "INVOICE_STATUS_CHANGE",
)
"""What the call takes (fact sheet 3.8); inventory topics are set in Partner Center, here at /control."""

Data = dict[str, object]


def listed(world: World, _call: Call) -> Data:
    """Answer `GET /event/202309/webhooks`."""
    rows = [
        {"event_type": topic, "address": each.address, "create_time": each.created,
         "update_time": each.updated}
        for topic, each in world.post.addresses.items() if topic in TOPICS
    ]  # fmt: skip
    return {"webhooks": rows, "total_count": len(rows)}


def put(world: World, call: Call) -> Data:
    """Answer `PUT /event/202309/webhooks`: one topic to one address."""
    topic = _topic(call)
    address = call.text("address") or ""
    if not address or len(address) > LONGEST_ADDRESS:
        raise invalid("Invalid parameter: address must have 1 to 255 characters")
    if not is_loopback(address):
        raise invalid("Invalid parameter: the sandbox sends to loopback addresses only")
    world.post.subscribe(topic, address, world.now())
    return {}


def delete(world: World, call: Call) -> Data:
    """Answer `DELETE /event/202309/webhooks`; succeeds also when there was none."""
    world.post.unsubscribe(_topic(call))
    return {}


def is_loopback(address: str) -> bool:
    """Whether the simulated platform may send there."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return False
    return parts.scheme == "http" and parts.hostname in LOOPBACK and port != 0


def _topic(call: Call) -> str:
    topic = call.text("event_type")
    if topic not in TOPICS:
        raise invalid("Invalid parameter: event_type is unknown")
    return topic


class Crier:
    """Tells what the journal notes, as the platform's webhooks do."""

    def __init__(self, world: World) -> None:
        self._world = world

    def noticed(self, entry: Mapping[str, object]) -> None:
        """One entry of the journal."""
        kind = entry["kind"]
        if kind == "order":
            self._order(entry)
        elif kind == "edit" and entry.get("field") == "stock":
            self._stock(str(entry["sku_id"]), str(entry["by"]), entry)
        elif kind == "edit" and entry.get("field") == "product":
            self._product(str(entry["product_id"]))
        elif kind == "request":
            self._writes(entry)

    def deauthorized(self) -> None:
        """The seller took the authorization back."""
        self._tell("SELLER_DEAUTHORIZATION", DEAUTHORIZATION, {"message": "deauthorized"})

    def _order(self, entry: Mapping[str, object]) -> None:
        order = self._world.shop.orders[str(entry["order_id"])].live
        cancelled = order.status == "CANCELLED"
        data = {
            "order_id": order.id,
            "order_status": "CANCEL" if cancelled else order.status,
            "is_on_hold_order": order.status == "ON_HOLD",
            "update_time": order.update_time,
        }
        self._tell("ORDER_STATUS_CHANGE", ORDER, data)
        if cancelled:
            self._tell(
                "CANCELLATION_STATUS_CHANGE", CANCELLATION,
                {"order_id": order.id, "cancel_id": f"9{order.id}",
                 "cancel_status": "CANCELLATION_REQUEST_COMPLETE", "create_time": order.update_time},
            )  # fmt: skip
        source = "order_canceled" if cancelled else "order_created"
        for sku_id in dict.fromkeys(line.sku_id for line in order.lines):
            self._stock(sku_id, source, entry)

    def _writes(self, entry: Mapping[str, object]) -> None:
        applied = entry.get("applied")
        if not isinstance(applied, list):
            return
        for sku_id in dict.fromkeys(
            str(row["sku_id"]) for row in applied if "quantity" in row and "sku_id" in row
        ):
            self._stock(sku_id, "api_sync", entry)

    def _stock(self, sku_id: str, source: str, entry: Mapping[str, object]) -> None:
        sku = self._world.shop.skus[sku_id]
        live = sku.state.live
        moment = datetime.fromtimestamp(self._world.now(), UTC).isoformat()
        key = f"{entry['seq']}-{sku_id}"
        data = {
            "event_id": key,
            "occurred_at": moment,
            "product_id": sku.product_id,
            "sku_id": sku_id,
            "quantity_snapshot_after_change": {
                "total_quantity": live.available + live.committed,
                "total_available_quantity": live.available,
                "total_committed_quantity": live.committed,
            },
            "change_detail": [
                {"idempotency_key": key, "trigger_source": source, "occurred_at": moment}
            ],
        }
        for topic, number in INVENTORY_TOPICS.items():
            self._tell(topic, number, data)

    def _product(self, product_id: str) -> None:
        self._tell(
            "PRODUCT_STATUS_CHANGE", PRODUCT_STATUS,
            {"product_id": int(product_id), "status": "PRODUCT_STATUS_CHANGED",
             "update_time": int(self._world.now())},
        )  # fmt: skip

    def _tell(self, topic: str, number: int, data: Mapping[str, object]) -> None:
        world = self._world
        whose = {"shop_id": world.shop.identity.shop_id}
        if topic == SELLER_LEVEL:
            whose = {"seller_id": SELLER_ID}
        world.post.announce(
            topic, number, data, whose=whose, now=world.now(), raw_now=world.clock.raw()
        )
