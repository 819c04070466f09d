"""The product calls of the simulated API: search, detail, activate, deactivate; knows each version's fields."""

from bisect import bisect_right
from collections.abc import Callable

from connectors.tiktok_shop.sandbox.calls import Call, World
from connectors.tiktok_shop.sandbox.paging import last_of, token_of
from connectors.tiktok_shop.sandbox.replies import Refused, invalid
from connectors.tiktok_shop.sandbox.state import PRODUCT_STATUSES, Product, Sku

TOO_MANY_RESULTS = 12052180
PRODUCT_MISSING = 12052260
STATUS_FORBIDS = 12052901
MOST_FILTERED = 10
MOST_AT_ONCE = 20
OLD_VERSION = "202309"

TIME_FILTERS: dict[str, Callable[[Product, int], bool]] = {
    "create_time_ge": lambda product, bound: product.create_time >= bound,
    "create_time_le": lambda product, bound: product.create_time <= bound,
    "update_time_ge": lambda product, bound: product.update_time >= bound,
    "update_time_le": lambda product, bound: product.update_time <= bound,
}

Data = dict[str, object]


def search(world: World, call: Call) -> Data:
    """Answer `POST /product/{version}/products/search`."""
    size = call.page_size()
    last = last_of(call.query.get("page_token", ""))
    found = _matching(world, call)
    if len(found) > world.behaviour.search_cap:
        raise Refused(TOO_MANY_RESULTS, "The search result exceeds the maximum, add filters")
    begin = 0 if last is None else bisect_right(found, _number(last), key=lambda each: each.number)
    page = found[begin : begin + size]
    more = begin + size < len(found)
    version = call.ids["version"]
    return {
        "products": [_summary(world, product, version) for product in page],
        "total_count": len(found),
        "next_page_token": token_of(str(page[-1].number)) if more else "",
    }


def detail(world: World, call: Call) -> Data:
    """Answer `GET /product/202309/products/{id}`."""
    product = product_named(world, call.ids["product_id"])
    now = world.now()
    price: Data = {"unit_price": ""}
    return {
        **_basics(world, product),
        "audit": {"status": _audit(product)},
        "description": f"<p>{product.title}</p>",
        "category_chains": [
            {"id": "600001", "parent_id": "0", "local_name": "Sundries", "is_leaf": True}
        ],
        "main_images": [],
        "is_cod_allowed": False,
        "product_types": ["COMBINED_PRODUCT"] if product.combo else [],
        "skus": [_sku_row(world, sku, now, extra_price=price) for sku in product.skus],
    }


def activate(world: World, call: Call) -> Data:
    """Answer `POST /product/202309/products/activate`."""
    return _switch(
        world, call, to="ACTIVATE", allowed=("ACTIVATE", "PENDING", "SELLER_DEACTIVATED")
    )


def deactivate(world: World, call: Call) -> Data:
    """Answer `POST /product/202309/products/deactivate`."""
    allowed = ("ACTIVATE", "PENDING", "SELLER_DEACTIVATED")
    return _switch(world, call, to="SELLER_DEACTIVATED", allowed=allowed)


def product_named(world: World, product_id: str) -> Product:
    """The product of a path; refused when the shop has none of this id."""
    product = world.shop.products.get(product_id)
    if product is None:
        raise Refused(PRODUCT_MISSING, "The product does not exist")
    product.settle(world.now())
    return product


def switch_status(world: World, product: Product, to: str, *, audited: bool = True) -> None:
    """Move a product to a status; activating passes the audit that takes `audit` seconds."""
    product.update_time = int(world.now())
    product.audited_at = None
    if audited and to == "ACTIVATE" and world.behaviour.audit > 0:
        product.status, product.audited_at = "PENDING", world.now() + world.behaviour.audit
    else:
        product.status = to


def _switch(world: World, call: Call, *, to: str, allowed: tuple[str, ...]) -> Data:
    ids = call.texts("product_ids", MOST_AT_ONCE)
    if not ids:
        raise invalid("Invalid parameter: product_ids is required")
    errors: list[Data] = []
    for product_id in ids:
        product = world.shop.products.get(product_id)
        if call.sabotage is not None and call.sabotage.hits(product_id):
            errors.append(_error(product_id, call.sabotage.code, call.sabotage.message))
        elif product is None:
            errors.append(_error(product_id, PRODUCT_MISSING, "The product does not exist"))
        elif product.settle(world.now()) not in allowed:
            text = f"The product status {product.status} does not allow this operation"
            errors.append(_error(product_id, STATUS_FORBIDS, text))
        elif product.status != to:
            switch_status(world, product, to)
            call.applied.append({"product_id": product_id, "status": product.status})
    return {"errors": errors} if errors else {}


def _error(product_id: str, code: int, message: str) -> Data:
    return {"code": code, "message": message, "detail": {"product_id": product_id}}


def _matching(world: World, call: Call) -> list[Product]:
    """The products a search wants, oldest first; every filter must agree."""
    found = _candidates(world, call)
    status = call.text("status") or "ALL"
    if status not in ("ALL", *PRODUCT_STATUSES):
        raise invalid(f"Invalid parameter: status {status} is unknown")
    if status != "ALL":
        now = world.now()
        found = [product for product in found if product.settle(now) == status]
    for key, keep in TIME_FILTERS.items():
        bound = call.moment(key)
        if bound is not None:
            found = [product for product in found if keep(product, bound)]
    return found


def _number(last: str) -> int:
    if not last.isdecimal():
        raise invalid("Invalid parameter: page_token is invalid")
    return int(last)


def _candidates(world: World, call: Call) -> list[Product]:
    shop = world.shop
    seller_skus = call.texts("seller_skus", MOST_FILTERED)
    sku_ids = call.texts("sku_ids", MOST_FILTERED)
    if not seller_skus and not sku_ids:
        return list(shop.products.values())
    skus = [sku for name in seller_skus for sku in shop.by_seller_sku.get(name, ())]
    if sku_ids:
        named = [shop.skus[each] for each in sku_ids if each in shop.skus]
        skus = [sku for sku in named if sku in skus] if seller_skus else named
    found = {sku.product_id: shop.product_of(sku) for sku in skus}
    return sorted(found.values(), key=lambda product: product.number)


def _basics(world: World, product: Product) -> Data:
    return {
        "id": product.id,
        "title": product.title,
        "status": product.settle(world.now()),
        "create_time": product.create_time,
        "update_time": product.update_time,
    }


def _summary(world: World, product: Product, version: str) -> Data:
    now = world.now()
    old = version == OLD_VERSION
    full = version == "202502"
    summary = _basics(world, product)
    summary["sales_regions"] = [world.shop.identity.region]
    summary["skus"] = [_sku_row(world, sku, now, status=full) for sku in product.skus]
    if not old:
        summary["audit"] = {"status": _audit(product)}
        summary["is_not_for_sale"] = False
    if full:
        summary["has_draft"] = False
    return summary


def _sku_row(
    world: World, sku: Sku, now: float, *, status: bool = True, extra_price: Data | None = None
) -> Data:
    state = sku.seen(now)
    price: Data = {
        "currency": world.shop.identity.currency,
        "sale_price": state.price,
        "tax_exclusive_price": state.price,
    }
    row: Data = {
        "id": sku.id,
        "seller_sku": sku.seller_sku,
        "price": {**price, **(extra_price or {})},
        "inventory": [
            {"warehouse_id": warehouse_id, "quantity": level.available}
            for warehouse_id, level in state.stock.items()
        ],
    }
    if status:
        off = world.shop.product_of(sku).status == "SELLER_DEACTIVATED"
        row["status_info"] = (
            {"status": "DEACTIVATED", "deactivation_source": "SELLER"}
            if off
            else {"status": "NORMAL"}
        )
    return row


def _audit(product: Product) -> str:
    if product.status in ("DRAFT", "PENDING", "FAILED"):
        return {"DRAFT": "NONE", "PENDING": "AUDITING", "FAILED": "FAILED"}[product.status]
    return "APPROVED"
