"""The inventory calls of the simulated API: absolute available stock, all warehouses at once, errors by SKU."""

from collections.abc import Mapping

from connectors.tiktok_shop.sandbox.calls import Call, World, objects
from connectors.tiktok_shop.sandbox.products import product_named
from connectors.tiktok_shop.sandbox.replies import Refused, invalid
from connectors.tiktok_shop.sandbox.state import Level, Product, Sku

TOO_MANY_PRODUCTS = 12019120
TOO_MANY_SKUS = 12019015
STATUS_FORBIDS = 12019113
CHECK_FAILED = 12052990
SKU_FOREIGN = 12052557
SKU_TWICE = 12052553
STOCK_INVALID = 12019024
STOCK_OUTSIDE = 12052055
WAREHOUSE_MISSING = 12052533
WAREHOUSE_UNKNOWN = 12052097
WAREHOUSE_TWICE = 12052555
FBT = 12052144
COMBO = 12052708
CAMPAIGN_LOCK = 12052393
MOST_PRODUCTS = 100
MOST_SKUS = 600
MOST_UNITS = 99_999
WRITABLE = frozenset({"ACTIVATE", "SELLER_DEACTIVATED"})

Data = dict[str, object]
Problem = tuple[int, str, str]
"""Code, message and warehouse id (or nothing)."""


def search(world: World, call: Call) -> Data:
    """Answer `POST /product/202309/inventory/search`; SKU ids win over product ids."""
    sku_ids, product_ids = call.texts("sku_ids"), call.texts("product_ids")
    if len(sku_ids) > MOST_SKUS:
        raise Refused(TOO_MANY_SKUS, f"More than {MOST_SKUS} sku_ids")
    if len(product_ids) > MOST_PRODUCTS:
        raise Refused(TOO_MANY_PRODUCTS, f"More than {MOST_PRODUCTS} product_ids")
    if not sku_ids and not product_ids:
        raise invalid("Invalid parameter: product_ids or sku_ids is required")
    products: dict[str, list[Sku]] = {}
    for sku in _wanted(world, sku_ids, product_ids):
        if world.shop.product_of(sku).status != "DELETED":
            products.setdefault(sku.product_id, []).append(sku)
    return {
        "inventory": [
            {"product_id": product_id, "skus": [_sku_row(world, sku) for sku in skus]}
            for product_id, skus in products.items()
        ]
    }


def update(world: World, call: Call) -> Data:
    """Answer `POST /product/202309/products/{id}/inventory/update`."""
    product = product_named(world, call.ids["product_id"])
    if product.status not in WRITABLE:
        raise Refused(STATUS_FORBIDS, f"The product status {product.status} does not allow this")
    rows = call.objects("skus")
    ids = [row.get("id") for row in rows]
    if not all(isinstance(each, str) and each for each in ids):
        raise invalid("Invalid parameter: skus.id is required")
    if len(set(ids)) < len(ids):
        raise Refused(SKU_TWICE, "Duplicate SKU ids in the request")
    errors: list[Data] = []
    for row in rows:
        sku_id = str(row["id"])
        if call.sabotage is not None and call.sabotage.hits(sku_id):
            errors.append(_scripted(sku_id, call.sabotage.code, call.sabotage.message))
            continue
        problems = _update_sku(world, call, product, row)
        if problems:
            errors.append(_error(sku_id, problems))
    return {"errors": errors} if errors else {}


def _wanted(world: World, sku_ids: list[str], product_ids: list[str]) -> list[Sku]:
    if sku_ids:
        known = dict.fromkeys(each for each in sku_ids if each in world.shop.skus)
        return [world.shop.skus[each] for each in known]
    products = (world.shop.products.get(each) for each in dict.fromkeys(product_ids))
    return [sku for product in products if product is not None for sku in product.skus]


def _sku_row(world: World, sku: Sku) -> Data:
    state = sku.seen(world.now())
    distribution: Data = {"in_shop_inventory": {"quantity": max(0, state.available - sku.locked)}}
    if sku.locked:
        reserved = min(sku.locked, state.available)
        distribution["campaign_inventory"] = [
            {"campaign_name": "Sandbox campaign", "quantity": reserved}
        ]
    return {
        "id": sku.id,
        "seller_sku": sku.seller_sku,
        "total_available_quantity": state.available,
        "total_committed_quantity": state.committed,
        "total_available_inventory_distribution": distribution,
        "warehouse_inventory": [
            {
                "warehouse_id": warehouse_id,
                "available_quantity": level.available,
                "committed_quantity": level.committed,
            }
            for warehouse_id, level in state.stock.items()
        ],
    }


def _update_sku(
    world: World, call: Call, product: Product, row: Mapping[str, object]
) -> list[Problem]:
    sku = world.shop.skus.get(str(row["id"]))
    if sku is None or sku.product_id != product.id:
        return [(SKU_FOREIGN, "The SKU does not belong to the product", "")]
    wanted = _quantities(sku, row)
    if isinstance(wanted, list):
        return wanted
    problems = _problems(world, product, sku, wanted)
    if not problems:
        _apply(world, call, product, sku, wanted)
    return problems


def _quantities(sku: Sku, row: Mapping[str, object]) -> dict[str, int] | list[Problem]:
    """Quantity by warehouse, or what is wrong with the list."""
    wanted: dict[str, int] = {}
    assigned = list(sku.state.live.stock)
    for entry in objects(row, "inventory"):
        warehouse_id = entry.get("warehouse_id") or (assigned[0] if len(assigned) == 1 else "")
        quantity = entry.get("quantity")
        if not isinstance(warehouse_id, str):
            raise invalid("Invalid parameter: warehouse_id must be a string")
        if not isinstance(quantity, int) or isinstance(quantity, bool):
            raise invalid("Invalid parameter: quantity must be an integer")
        if warehouse_id in wanted:
            return [(WAREHOUSE_TWICE, "Duplicate warehouse", warehouse_id)]
        wanted[warehouse_id] = quantity
    return wanted


def _problems(world: World, product: Product, sku: Sku, wanted: Mapping[str, int]) -> list[Problem]:
    if product.fbt:
        return [(FBT, "Stock of a platform warehouse cannot be edited", each) for each in wanted]
    if product.combo:
        return [(COMBO, "Stock of a combined listing cannot be edited", "")]
    assigned = sku.state.live.stock
    found = [
        (WAREHOUSE_UNKNOWN, "The warehouse does not exist", each)
        for each in wanted
        if each not in assigned
    ]
    found += [
        (WAREHOUSE_MISSING, "All warehouses of the SKU must be given", each)
        for each in assigned
        if each not in wanted
    ]
    found += [
        problem
        for warehouse_id, quantity in wanted.items()
        if (problem := _bound(world, warehouse_id, quantity)) is not None
    ]
    if not found and sum(wanted.values()) < sku.locked:
        return [(CAMPAIGN_LOCK, "Stock may not fall below the units locked by a campaign", "")]
    return found


def _bound(world: World, warehouse_id: str, quantity: int) -> Problem | None:
    if quantity > MOST_UNITS:
        return (STOCK_OUTSIDE, f"The quantity must be at most {MOST_UNITS}", warehouse_id)
    if quantity < 0 or (quantity == 0 and world.behaviour.zero == "refuse"):
        return (STOCK_INVALID, "The stock value is invalid", warehouse_id)
    return None


def _apply(world: World, call: Call, product: Product, sku: Sku, wanted: Mapping[str, int]) -> None:
    live = sku.state.live
    levels = {each: Level(n, live.stock[each].committed) for each, n in wanted.items()}
    world.change(sku, live.with_levels(levels))
    product.update_time = int(world.now())
    for warehouse_id, quantity in wanted.items():
        call.applied.append(
            {
                "sku_id": sku.id,
                "seller_sku": sku.seller_sku,
                "warehouse_id": warehouse_id,
                "quantity": quantity,
                "before": live.stock[warehouse_id].available,
            }
        )


def _error(sku_id: str, problems: list[Problem]) -> Data:
    extra: list[Data] = []
    for code, message, warehouse_id in problems:
        entry: Data = {"code": code, "message": message}
        if warehouse_id:
            entry["warehouse_id"] = warehouse_id
        extra.append(entry)
    detail: Data = {"sku_id": sku_id, "extra_errors": extra}
    return {"code": CHECK_FAILED, "message": "Check failed", "detail": detail}


def _scripted(sku_id: str, code: int, message: str) -> Data:
    extra = [] if code == CHECK_FAILED else [(code, message, "")]
    return _error(sku_id, extra)
