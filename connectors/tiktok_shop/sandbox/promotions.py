"""The promotions of the simulated shop: what locks a product's price, and how the API tells of it."""

from collections.abc import Iterator
from dataclasses import dataclass

from connectors.tiktok_shop.sandbox.calls import Call, World
from connectors.tiktok_shop.sandbox.paging import last_of, token_of
from connectors.tiktok_shop.sandbox.replies import Refused, invalid
from connectors.tiktok_shop.sandbox.state import Product, Promotion

ACTIVITY_ID = 7136104329798256386
ACTIVITY_TYPES = (
    "FIXED_PRICE",
    "DIRECT_DISCOUNT",
    "FLASHSALE",
    "SHIPPING_DISCOUNT",
    "BUY_MORE_SAVE_MORE",
    "GIFT_WITH_PURCHASE",
    "BUY_X_GET_Y",
)
LOCKING = ACTIVITY_TYPES[:3]
ACTIVITY_STATUSES = ("DRAFT", "NOT_START", "ONGOING", "EXPIRED", "DEACTIVATED", "NOT_EFFECTIVE")
ACTIVITY_MISSING = 36009004
DAY = 86_400
MOST_PER_PAGE = 100
USUAL_PAGE = 50

Data = dict[str, object]


@dataclass(frozen=True, slots=True)
class _Activity:
    """One promotion and the products in it."""

    id: str
    promotion: Promotion
    products: tuple[Product, ...]


def is_locked(world: World, product: Product) -> bool:
    """Whether a promotion forbids a new price now."""
    promotion = product.promotion
    if promotion is None or promotion.activity_type not in LOCKING:
        return product.price_locked
    running = promotion.begin_time <= world.now() < promotion.end_time
    return product.price_locked or running


def search_activities(world: World, call: Call) -> Data:
    """Answer `POST /promotion/202309/activities/search`, which is paged in its body."""
    status, kind = call.text("status"), call.text("activity_type")
    if status and status not in ACTIVITY_STATUSES:
        raise invalid(f"Invalid parameter: status {status} is unknown")
    if kind and kind not in ACTIVITY_TYPES:
        raise invalid(f"Invalid parameter: activity_type {kind} is unknown")
    size = call.moment("page_size") or USUAL_PAGE
    if size > MOST_PER_PAGE:
        raise invalid(f"Invalid parameter: page_size must be at most {MOST_PER_PAGE}")
    found = [
        {"id": each.id, **_described(world, each)}
        for each in _activities(world)
        if status in {None, "", _status(world, each)}
        and kind in {None, "", each.promotion.activity_type}
    ]
    begin = int(last_of(call.text("page_token") or "") or 0)
    more = begin + size < len(found)
    return {
        "activities": found[begin : begin + size],
        "total_count": len(found),
        "next_page_token": token_of(str(begin + size)) if more else "",
    }


def activity(world: World, call: Call) -> Data:
    """Answer `GET /promotion/202309/activities/{id}`."""
    for each in _activities(world):
        if each.id == call.ids["activity_id"]:
            return {
                "activity_id": each.id,
                **_described(world, each),
                "products": [_product(world, product) for product in each.products],
            }
    raise Refused(ACTIVITY_MISSING, "The activity does not exist")


def _activities(world: World) -> Iterator[_Activity]:
    """All locked products share one activity; one with its own promotion has its own."""
    products = world.shop.products.values()
    locked = tuple(each for each in products if each.price_locked)
    now = int(world.now())
    if locked:
        shared = Promotion("Sandbox promotion", "FIXED_PRICE", now - DAY, now + DAY)
        yield _Activity(str(ACTIVITY_ID), shared, locked)
    for product in products:
        if product.promotion is not None:
            number = str(ACTIVITY_ID + 1 + product.number)
            yield _Activity(number, product.promotion, (product,))


def _status(world: World, each: _Activity) -> str:
    now = world.now()
    if now < each.promotion.begin_time:
        return "NOT_START"
    return "ONGOING" if now < each.promotion.end_time else "EXPIRED"


def _described(world: World, each: _Activity) -> Data:
    promotion = each.promotion
    return {
        "title": promotion.title,
        "activity_type": promotion.activity_type,
        "product_level": "VARIATION",
        "duration_type": "NORMAL",
        "status": _status(world, each),
        "begin_time": promotion.begin_time,
        "end_time": promotion.end_time,
        "create_time": promotion.begin_time - DAY,
        "update_time": promotion.begin_time,
    }


def _product(world: World, product: Product) -> Data:
    currency = world.shop.identity.currency
    return {
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
