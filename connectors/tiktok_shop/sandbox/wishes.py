"""How an order is written down, by a seed file or at the control endpoint."""

from connectors.tiktok_shop.sandbox.ordering import ORDER_STATUSES, Wish
from connectors.tiktok_shop.sandbox.state import Shop, Sku
from connectors.transport.simulation.fields import FieldError, Fields

LINE_KEYS = ("sku", "sku_id", "seller_sku", "units")
WISH_KEYS = (
    *LINE_KEYS,
    "id",
    "lines",
    "status",
    "warehouse_id",
    "create_time",
    "update_time",
    "age",
    "oversell",
)


def read_wish(shop: Shop, value: object, where: str, now: float, *, taking: bool) -> Wish:
    """Read one order; `age` is seconds before now, in place of create_time and update_time."""
    given = Fields(value, where, WISH_KEYS)
    created = int(now - given.number("age", least=0)) if "age" in given else None
    if "create_time" in given:
        created = given.whole("create_time")
    updated = given.whole("update_time") if "update_time" in given else None
    if updated is None and ("age" in given or not taking):
        updated = created
    if "lines" in given:
        rows = given.rows("lines")
        lines = [
            _line(shop, Fields(row, f"{where}.lines[{n}]", LINE_KEYS)) for n, row in enumerate(rows)
        ]
    else:
        lines = [_line(shop, given)]
    if not lines:
        raise FieldError(f"{where}.lines: an order needs a line")
    return Wish(
        id=given.text("id") if "id" in given else None,
        lines=lines,
        status=given.choice("status", ORDER_STATUSES, "AWAITING_SHIPMENT"),
        warehouse_id=find_warehouse(shop, given) if "warehouse_id" in given else None,
        create_time=created,
        update_time=updated,
        oversell=given.flag("oversell", default=False),
        taking=taking,
    )


def find_sku(shop: Shop, given: Fields) -> Sku:
    """The SKU named by `sku` (id or seller SKU), `sku_id` or `seller_sku`."""
    for key in ("sku_id", "seller_sku", "sku"):
        if key in given:
            name = given.text(key)
            sku = shop.find_sku(name)
            if sku is None:
                raise FieldError(f"{given.where}.{key}: the shop has no SKU {name!r}")
            return sku
    raise FieldError(f"{given.where}: needs seller_sku or sku_id")


def find_warehouse(shop: Shop, given: Fields) -> str:
    """The id of the warehouse that `warehouse_id` names by id or by name."""
    name = given.text("warehouse_id")
    for warehouse in shop.warehouses.values():
        if name in (warehouse.id, warehouse.name):
            return warehouse.id
    raise FieldError(f"{given.where}.warehouse_id: the shop has no warehouse {name!r}")


def _line(shop: Shop, given: Fields) -> tuple[Sku, int]:
    return find_sku(shop, given), given.whole("units", 1, least=1)
