"""The small calls of the simulated API around the goods: shops, warehouses and promotions."""

from connectors.tiktok_shop.sandbox.calls import Call, World
from connectors.tiktok_shop.sandbox.replies import Refused, invalid
from connectors.tiktok_shop.sandbox.state import RETURN, Product

ACTIVITY_ID = "7136104329798256386"
ACTIVITY_TYPES = (
    "FIXED_PRICE",
    "DIRECT_DISCOUNT",
    "FLASHSALE",
    "SHIPPING_DISCOUNT",
    "BUY_MORE_SAVE_MORE",
    "GIFT_WITH_PURCHASE",
    "BUY_X_GET_Y",
)
ACTIVITY_STATUSES = ("DRAFT", "NOT_START", "ONGOING", "EXPIRED", "DEACTIVATED", "NOT_EFFECTIVE")
ACTIVITY_MISSING = 36009004
DAY = 86_400

Data = dict[str, object]


def shops(world: World, _call: Call) -> Data:
    """Answer `GET /authorization/202309/shops`."""
    identity = world.shop.identity
    return {
        "shops": [
            {
                "id": identity.shop_id,
                "name": identity.name,
                "region": identity.region,
                "seller_type": "LOCAL",
                "cipher": identity.cipher,
                "code": identity.code,
            }
        ]
    }


def warehouses(world: World, _call: Call) -> Data:
    """Answer `GET /logistics/202309/warehouses`; the return warehouse comes first."""
    known = sorted(world.shop.warehouses.values(), key=lambda each: each.type != RETURN)
    sales = world.shop.sales_warehouses()
    return {
        "warehouses": [
            {
                "id": warehouse.id,
                "entity_id": warehouse.id,
                "name": warehouse.name,
                "type": warehouse.type,
                "sub_type": "DOMESTIC_WAREHOUSE",
                "effect_status": "ENABLED",
                "is_default": warehouse == sales[0],
                "address": {
                    "region": "United States",
                    "region_code": world.shop.identity.region,
                    "state": "Nowhere",
                    "city": "Nowhere",
                    "distict": "Nowhere",
                    "full_address": f"1 {warehouse.name} Road, Nowhere",
                },
            }
            for warehouse in known
        ]
    }


def search_activities(world: World, call: Call) -> Data:
    """Answer `POST /promotion/202309/activities/search`; all locked products share one activity."""
    status, kind = call.text("status"), call.text("activity_type")
    if status and status not in ACTIVITY_STATUSES:
        raise invalid(f"Invalid parameter: status {status} is unknown")
    if kind and kind not in ACTIVITY_TYPES:
        raise invalid(f"Invalid parameter: activity_type {kind} is unknown")
    matches = status in (None, "", "ONGOING") and kind in (None, "", "FIXED_PRICE")
    found = [{"id": ACTIVITY_ID, **_activity(world)}] if matches and _locked(world) else []
    return {"activities": found, "total_count": len(found), "next_page_token": ""}


def activity(world: World, call: Call) -> Data:
    """Answer `GET /promotion/202309/activities/{id}`."""
    locked = _locked(world)
    if call.ids["activity_id"] != ACTIVITY_ID or not locked:
        raise Refused(ACTIVITY_MISSING, "The activity does not exist")
    currency = world.shop.identity.currency
    return {
        "activity_id": ACTIVITY_ID,
        **_activity(world),
        "products": [
            {
                "id": product.id,
                "quantity_limit": -1,
                "quantity_per_user": -1,
                "skus": [
                    {
                        "id": sku.id,
                        "activity_price": {"amount": sku.state.live.price, "currency": currency},
                        "quantity_limit": -1,
                        "quantity_per_user": -1,
                    }
                    for sku in product.skus
                ],
            }
            for product in locked
        ],
    }


def _locked(world: World) -> list[Product]:
    return [each for each in world.shop.products.values() if each.price_locked]


def _activity(world: World) -> Data:
    now = int(world.now())
    return {
        "title": "Sandbox promotion",
        "activity_type": "FIXED_PRICE",
        "product_level": "VARIATION",
        "duration_type": "NORMAL",
        "status": "ONGOING",
        "begin_time": now - DAY,
        "end_time": now + DAY,
        "create_time": now - 2 * DAY,
        "update_time": now - DAY,
    }
