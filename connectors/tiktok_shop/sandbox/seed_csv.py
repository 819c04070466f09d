"""The short way to describe a shop: a table with one row for each SKU and warehouse."""

import csv
import io
from collections.abc import Mapping

SMALLEST_ID = 10
COLUMNS = ("seller_sku", "product", "price", "quantity", "warehouse", "status")
USUAL_WAREHOUSES = {"Main": "7068517275539719942", "East": "7068517275539719943"}
FIRST_OWN_WAREHOUSE = 7068517275539719950
RETURNS = {"id": "7068517275539719941", "name": "Returns", "type": "RETURN_WAREHOUSE"}

Raw = dict[str, object]


class SeedError(ValueError):
    """A seed does not describe a shop; the message names the place."""


def read_csv(text: str, name: str) -> Raw:
    """Turn the table into the description that a JSON seed holds."""
    reader = csv.DictReader(io.StringIO(text, newline=""), restkey="more")
    columns = list(reader.fieldnames or ())
    if "seller_sku" not in columns:
        raise SeedError(f"{name}:1: the header needs a column seller_sku")
    unknown = [each for each in columns if each not in COLUMNS]
    if unknown:
        raise SeedError(f"{name}:1: unknown column {unknown[0]!r} (known: {', '.join(COLUMNS)})")
    table = _Table()
    try:
        for row in reader:
            table.take(row, f"{name}:{reader.line_num}")
    except csv.Error as error:
        raise SeedError(f"{name}:{reader.line_num}: {error}") from None
    return table.raw()


class _Table:
    """Products and warehouses as they show up, row by row."""

    def __init__(self) -> None:
        self._products: dict[str, Raw] = {}
        self._skus: dict[tuple[str, str], Raw] = {}
        self._warehouses: dict[str, str] = {}

    def take(self, row: Mapping[str | None, str | list[str] | None], where: str) -> None:
        """Take in one row."""
        if "more" in row:
            raise SeedError(f"{where}: the row has more values than the header")
        cells = {str(key): value for key, value in row.items() if isinstance(value, str)}
        seller_sku = cells.get("seller_sku", "")
        if not seller_sku:
            raise SeedError(f"{where}: seller_sku is empty")
        product = self._product(cells.get("product") or seller_sku, cells.get("status", ""), where)
        sku = self._sku(product, seller_sku, cells.get("price", ""), where)
        stock = sku["stock"]
        assert isinstance(stock, dict)  # noqa: S101 - made so in _sku
        warehouse = cells.get("warehouse") or "Main"
        self._name_warehouse(warehouse)
        if warehouse in stock:
            raise SeedError(f"{where}: {seller_sku!r} has a row for {warehouse!r} already")
        stock[warehouse] = _quantity(cells.get("quantity") or "0", where)

    def raw(self) -> Raw:
        """The description of the whole table."""
        warehouses = [{"id": number, "name": name} for name, number in self._warehouses.items()]
        raw: Raw = {"products": list(self._products.values())}
        if warehouses:
            raw["warehouses"] = [RETURNS, *warehouses]
        return raw

    def _product(self, title: str, status: str, where: str) -> Raw:
        product = self._products.setdefault(title, {"title": title, "skus": []})
        if status and product.setdefault("status", status) != status:
            raise SeedError(f"{where}: product {title!r} has two statuses")
        return product

    def _sku(self, product: Raw, seller_sku: str, price: str, where: str) -> Raw:
        key = (str(product["title"]), seller_sku)
        sku = self._skus.get(key)
        if sku is None:
            sku = self._skus[key] = {"seller_sku": seller_sku, "stock": {}}
            skus = product["skus"]
            assert isinstance(skus, list)  # noqa: S101 - made so in _product
            skus.append(sku)
        if price and sku.setdefault("price", price) != price:
            raise SeedError(f"{where}: {seller_sku!r} has two prices")
        return sku

    def _name_warehouse(self, name: str) -> None:
        if name not in self._warehouses:
            is_id = name.isdecimal() and len(name) >= SMALLEST_ID
            fresh = str(FIRST_OWN_WAREHOUSE + len(self._warehouses))
            self._warehouses[name] = name if is_id else USUAL_WAREHOUSES.get(name, fresh)


def _quantity(text: str, where: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise SeedError(f"{where}: quantity {text!r} is no whole number from 0 on")
    return int(text)
