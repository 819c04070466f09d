"""The queries of the simulated API: what each root field answers, and which scope it asks for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from connectors.shopify.sandbox.bulk import BulkJobs
from connectors.shopify.sandbox.calls import CANDIDATES, SUPPORTED, Call, number_of
from connectors.shopify.sandbox.catalogue_fields import (
    ITEM_SEARCH,
    PRODUCT_SEARCH,
    TIMES,
    VARIANT_SEARCH,
    Arguments,
    by_number,
    shop_fields,
)
from connectors.shopify.sandbox.paging import Place, Rows
from connectors.shopify.sandbox.search import Misread, Searchable, compile_search
from connectors.shopify.sandbox.state import Product, Variant, gid
from connectors.shopify.sandbox.subscriptions import Subscriptions

SCOPES: Mapping[str, frozenset[str]] = {
    "productVariants": frozenset({"read_products"}),
    "productVariant": frozenset({"read_products"}),
    "products": frozenset({"read_products"}),
    "product": frozenset({"read_products"}),
    "priceLists": frozenset({"read_products"}),
    "productVariantsCount": frozenset({"read_products"}),
    "productsCount": frozenset({"read_products"}),
    "inventoryItems": frozenset({"read_inventory", "read_products"}),
    "inventoryItem": frozenset({"read_inventory", "read_products"}),
    "inventoryLevels": frozenset({"read_inventory"}),
    "inventoryLevel": frozenset({"read_inventory"}),
    "locations": frozenset({"read_locations", "read_inventory"}),
    "location": frozenset({"read_locations", "read_inventory"}),
    "orders": frozenset({"read_orders"}),
    "ordersCount": frozenset({"read_orders"}),
    "inventoryAdjustQuantities": frozenset({"write_inventory"}),
    "inventorySetQuantities": frozenset({"write_inventory"}),
}
"""One of these is needed; a field that is not named here is open to all."""
ORDER_SEARCH = {
    "created_at": Searchable("time", lambda order: order.created_at),
    "id": Searchable("number", lambda order: order.number),
    "name": Searchable("text", lambda order: order.name),
    "source_name": Searchable("text", lambda order: order.source_name),
}


@dataclass(frozen=True, slots=True)
class Backstage:
    """What stands behind the queries beside the shop itself."""

    bulk: BulkJobs
    subscriptions: Subscriptions


def _search(rows: Rows[object], query: object) -> list[object]:
    """All records that a search finds, for counts."""
    keep = compile_search(str(query or ""), rows.fields, lambda _: None)
    return [each for each in rows.records if keep is None or keep(each)]


class Queries:
    """Answers root fields; connections come as rows that are paged elsewhere."""

    def __init__(self, backstage: Backstage) -> None:
        self._backstage = backstage
        self.plain: Mapping[str, Callable[[Arguments, Call], object]] = {
            "shop": lambda _, call: shop_fields(call.world.shop),
            "currentAppInstallation": lambda _, call: {
                "id": gid("AppInstallation", 1),
                "accessScopes": [{"handle": scope} for scope in sorted(call.scopes)],
            },
            "publicApiVersions": lambda *_: _versions(),
            "location": _location,
            "product": _product,
            "productVariant": _variant,
            "inventoryItem": lambda arguments, call: call.world.shop.items.get(
                number_of(arguments["id"], "InventoryItem")
            ),
            "productsCount": lambda _, call: _count(len(call.world.shop.products)),
            "productVariantsCount": lambda _, call: _count(len(call.world.shop.variants)),
            "ordersCount": lambda arguments, call: _count(
                len(_search(self.rows("orders", arguments, call), arguments.get("query")))
            ),
            "bulkOperation": lambda arguments, call: backstage.bulk.poll(
                number_of(arguments["id"], "BulkOperation"), call
            ),
            "node": self._node,
        }

    def rows(self, name: str, arguments: Arguments, call: Call) -> Rows[object]:
        """The records behind a connection of the root."""
        shop = call.world.shop
        sets: Mapping[str, tuple[Sequence[object], Mapping[str, Searchable]]] = {
            "products": (shop.products, PRODUCT_SEARCH),
            "productVariants": (shop.variants, VARIANT_SEARCH),
            "inventoryItems": (list(shop.items.values()), ITEM_SEARCH),
            "orders": (shop.orders, ORDER_SEARCH),
            "bulkOperations": (self._backstage.bulk.jobs(), self._backstage.bulk.SEARCH),
            "webhookSubscriptions": (self._backstage.subscriptions.all(), {}),
            "priceLists": (_price_lists(call), {}),
            "locations": (_locations(arguments, call), TIMES),
        }
        records, fields = sets[name]
        by_id: Callable[..., Place] = by_number
        if name in {"bulkOperations", "webhookSubscriptions"}:
            by_id = _by_gid
        place = SORTS.get((name, str(arguments.get("sortKey"))), by_id)
        if place is not by_id:
            records = sorted(records, key=place)
        return Rows(records, place, fields)

    def is_connection(self, name: str) -> bool:
        """Whether the root field is paged."""
        return name not in self.plain

    def _node(self, arguments: Arguments, call: Call) -> object:
        """Any record by its global id; null for what is not there."""
        kind = str(arguments["id"]).removeprefix("gid://shopify/").partition("/")[0]
        name = {"ProductVariant": "productVariant", "BulkOperation": "bulkOperation"}
        name |= {"Product": "product", "InventoryItem": "inventoryItem", "Location": "location"}
        return self.plain[name[kind]](arguments, call) if kind in name else None


SORTS: Mapping[tuple[str, str], Callable[..., Place]] = {
    ("products", "UPDATED_AT"): lambda product: (product.updated_at, product.number),
    ("products", "TITLE"): lambda product: (product.title, product.number),
    ("productVariants", "SKU"): lambda variant: (variant.sku or "", variant.number),
    ("productVariants", "TITLE"): lambda variant: (variant.title, variant.number),
    ("orders", "CREATED_AT"): lambda order: (order.created_at, order.number),
    ("locations", "NAME"): lambda location: (location.name, location.number),
}


def report(call: Call, path: Sequence[object], query: str) -> Callable[[Misread], object]:
    """Where a search notes what it did not understand: `extensions.search` of the answer."""

    def note(misread: Misread) -> None:
        warning = {"field": misread.field, "message": misread.message, "code": misread.code}
        for entry in call.searches:
            if entry["path"] == list(path) and isinstance(entry["warnings"], list):
                entry["warnings"].append(warning)
                return
        call.searches.append({"path": list(path), "query": query, "warnings": [warning]})

    return note


def _by_gid(row: Mapping[str, object]) -> Place:
    return (str(row["id"]),)


def _count(number: int) -> dict[str, object]:
    return {"count": number, "precision": "EXACT"}


def _versions() -> list[dict[str, object]]:
    known = [*((name, True) for name in SUPPORTED), *((name, False) for name in CANDIDATES)]
    return [
        {"handle": name, "displayName": _display(name), "supported": supported}
        for name, supported in known
    ]


def _display(version: str) -> str:
    year, _, month = version.partition("-")
    return f"{date(int(year), int(month), 1):%B %Y}" if month else version


def _locations(arguments: Arguments, call: Call) -> list[object]:
    """Inactive ones and those of fulfilment services are shown on demand only."""
    return [
        each
        for each in call.world.shop.locations
        if (each.active or arguments.get("includeInactive"))
        and (not each.service or arguments.get("includeLegacy"))
    ]


def _location(arguments: Arguments, call: Call) -> object:
    shop = call.world.shop
    if arguments.get("id") is None:
        return next((each for each in shop.locations if each.active), None)
    wanted = number_of(arguments["id"], "Location")
    return next((each for each in shop.locations if each.number == wanted), None)


def _product(arguments: Arguments, call: Call) -> Product | None:
    wanted = number_of(arguments["id"], "Product")
    return next((each for each in call.world.shop.products if each.number == wanted), None)


def _variant(arguments: Arguments, call: Call) -> Variant | None:
    wanted = number_of(arguments["id"], "ProductVariant")
    return next((each for each in call.world.shop.variants if each.number == wanted), None)


def _price_lists(call: Call) -> list[object]:
    return [
        PriceList(n, f"Prices for {country}", currency)
        for n, (country, currency) in enumerate(sorted(call.world.shop.countries.items()), start=1)
    ]


@dataclass(frozen=True, slots=True)
class PriceList:
    """The price list of one country."""

    number: int
    name: str
    currency: str

    @property
    def gid(self) -> str:
        """The global id."""
        return gid("PriceList", self.number)
