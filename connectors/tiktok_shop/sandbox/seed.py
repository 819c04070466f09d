"""How a shop is described in a file: JSON or CSV in, a filled shop out, every mistake named with its place."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from connectors.tiktok_shop.sandbox.prices import check_amount
from connectors.tiktok_shop.sandbox.replies import Refused
from connectors.tiktok_shop.sandbox.seed_csv import SeedError, read_csv
from connectors.tiktok_shop.sandbox.state import (
    PRODUCT_STATUSES,
    RETURN,
    SALES,
    Identity,
    Level,
    Product,
    Shop,
    Sku,
    SkuState,
    Warehouse,
)
from connectors.transport.simulation.fields import FieldError, Fields

MAIN = "7068517275539719942"
EAST = "7068517275539719943"
RETURNS = "7068517275539719941"
FIRST_PRODUCT = 1729592969712207008
FIRST_SKU = 1729592969712307013
BORN = 1_700_000_000
TOP_KEYS = ("app_key", "app_secret", "auth_code", "shop", "warehouses", "products", "orders")
OTHER_SHOPS = ("shopify",)
"""Keys of a seed that describe other simulated shops."""
SHOP_KEYS = ("id", "name", "region", "code", "cipher", "currency")
WAREHOUSE_KEYS = ("id", "name", "type")
PRODUCT_KEYS = (
    "id",
    "title",
    "status",
    "price_locked",
    "fbt",
    "combo",
    "create_time",
    "update_time",
    "skus",
)
SKU_KEYS = ("id", "seller_sku", "price", "stock", "locked")
DEFAULT_WAREHOUSES = (
    Warehouse(RETURNS, "Returns", RETURN),
    Warehouse(MAIN, "Main"),
    Warehouse(EAST, "East"),
)
MOST_SKUS = 1000

Raw = Mapping[str, object]


def read_seed(path: Path) -> Raw:
    """The raw description in a JSON or CSV file; SeedError tells what is wrong and where."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeError) as error:
        raise SeedError(f"{path}: cannot be read: {error}") from None
    if path.suffix.lower() == ".csv":
        return read_csv(text, str(path))
    try:
        raw = json.loads(text)
    except json.JSONDecodeError as error:
        raise SeedError(f"{path}:{error.lineno}:{error.colno}: no JSON: {error.msg}") from None
    if not isinstance(raw, dict):
        raise SeedError(f"{path}: expected an object with products")
    return cast("Raw", raw)


def build_shop(raw: Raw, where: str) -> Shop:
    """A shop as described; SeedError tells what is wrong and where. Orders are left to the caller."""
    try:
        return _build(raw)
    except FieldError as error:
        raise SeedError(f"{where}: {str(error).removeprefix('seed.')}") from None


def _build(raw: Raw) -> Shop:
    given = Fields(raw, "seed", (*TOP_KEYS, *OTHER_SHOPS))
    shop = Shop(_identity(given), _warehouses(given))
    if not shop.sales_warehouses():
        raise FieldError("seed.warehouses: a shop needs a sales warehouse")
    numbers = _Numbers()
    for n, value in enumerate(given.rows("products")):
        where = f"seed.products[{n}]"
        product = _product(shop, Fields(value, where, PRODUCT_KEYS), n, numbers)
        if product.id in shop.products:
            raise FieldError(f"{where}.id: product id {product.id} is used twice")
        shop.add_product(product)
    return shop


class _Numbers:
    """Deterministic ids for what has none, and a watch over SKU ids that were given."""

    def __init__(self) -> None:
        self._used: set[str] = set()
        self._next = FIRST_SKU

    def sku_id(self, given: Fields) -> str:
        if "id" in given:
            sku_id = given.text("id")
            if sku_id in self._used:
                raise FieldError(f"{given.where}.id: SKU id {sku_id} is used twice")
        else:
            while str(self._next) in self._used:
                self._next += 1
            sku_id = str(self._next)
        self._used.add(sku_id)
        return sku_id


def _identity(given: Fields) -> Identity:
    usual = Identity()
    shop = Fields(given.raw("shop") or {}, "seed.shop", SHOP_KEYS)
    return Identity(
        app_key=given.text("app_key", usual.app_key),
        app_secret=given.text("app_secret", usual.app_secret),
        auth_code=given.text("auth_code", usual.auth_code),
        shop_id=shop.text("id", usual.shop_id),
        name=shop.text("name", usual.name),
        region=shop.text("region", usual.region),
        code=shop.text("code", usual.code),
        cipher=shop.text("cipher", usual.cipher),
        currency=shop.text("currency", usual.currency),
    )


def _warehouses(given: Fields) -> list[Warehouse]:
    if "warehouses" not in given:
        return list(DEFAULT_WAREHOUSES)
    found: dict[str, Warehouse] = {}
    for n, value in enumerate(given.rows("warehouses")):
        row = Fields(value, f"seed.warehouses[{n}]", WAREHOUSE_KEYS)
        warehouse_id = row.text("id")
        if warehouse_id in found:
            raise FieldError(f"{row.where}.id: warehouse id {warehouse_id} is used twice")
        kind = row.choice("type", (SALES, RETURN), SALES)
        found[warehouse_id] = Warehouse(warehouse_id, row.text("name", warehouse_id), kind)
    return list(found.values())


def _product(shop: Shop, given: Fields, number: int, numbers: _Numbers) -> Product:
    created = given.whole("create_time", BORN + number)
    product = Product(
        id=given.text("id", str(FIRST_PRODUCT + number)),
        title=given.text("title", f"Product {number + 1}"),
        number=number,
        create_time=created,
        update_time=given.whole("update_time", created),
        status=given.choice("status", PRODUCT_STATUSES, "ACTIVATE"),
        price_locked=given.flag("price_locked", default=False),
        fbt=given.flag("fbt", default=False),
        combo=given.flag("combo", default=False),
    )
    rows = given.rows("skus")
    if not rows or len(rows) > MOST_SKUS:
        raise FieldError(f"{given.where}.skus: a product has 1 to {MOST_SKUS} SKUs")
    for n, value in enumerate(rows):
        row = Fields(value, f"{given.where}.skus[{n}]", SKU_KEYS)
        sku_id = numbers.sku_id(row)
        state = SkuState(_price(shop, row), _stock(shop, row))
        seller_sku = row.text("seller_sku", f"SKU-{number + 1}-{n + 1}")
        product.skus.append(Sku(sku_id, product.id, seller_sku, state, row.whole("locked", 0)))
    return product


def _price(shop: Shop, given: Fields) -> str:
    currency = shop.identity.currency
    value = given.raw("price")
    if value is None:
        return "1000" if currency in ("JPY", "IDR", "VND") else "10.00"
    try:
        return check_amount(str(value) if isinstance(value, int) else value, currency)
    except Refused as refusal:
        raise FieldError(f"{given.where}.price: {refusal.message}, found {value!r}") from None


def _stock(shop: Shop, given: Fields) -> dict[str, Level]:
    """Available units by warehouse; a bare number goes to the first sales warehouse."""
    sales = [warehouse.id for warehouse in shop.sales_warehouses()]
    value = given.raw("stock")
    if value is None:
        return {warehouse_id: Level(0) for warehouse_id in sales}
    if not isinstance(value, dict):
        return {sales[0]: Level(given.whole("stock"))}
    names = {warehouse.name: warehouse.id for warehouse in shop.sales_warehouses()}
    row = Fields(value, f"{given.where}.stock", [*sales, *names])
    levels = {names.get(name, name): Level(row.whole(name)) for name in row.given()}
    if not levels:
        raise FieldError(f"{given.where}.stock: a SKU needs a warehouse")
    return levels
