"""The sample shop and its stock file: what a first look at syncd is shown; generated, always the same."""

from collections.abc import Iterator
from dataclasses import dataclass

from connectors.tiktok_shop.sandbox.seed import EAST, MAIN

Raw = dict[str, object]

COLOURS = (
    "RED", "BLUE", "GREEN", "BLACK", "WHITE", "GREY", "NAVY", "SAND", "ROSE", "MINT",
    "PLUM", "RUST", "TEAL", "LIME", "CORAL", "OLIVE", "PEACH", "LILAC", "STONE", "AMBER",
)  # fmt: skip
SIZES = ("XS", "S", "M", "L", "XL")
SCENTS = ("CEDAR", "CITRUS", "FIG", "VANILLA")
MUGS = 68
HATS = 20
CANDLES = 20
LOCATIONS = {"Main": MAIN, "East": EAST}
KITS = {
    "KIT-1": {"MUG-001": 1, "CANDLE-01-CEDAR": 2},
    "KIT-2": {"TEE-BLACK-M": 1, "HAT-01-BLACK": 1},
    "KIT-3": {"MUG-002": 2, "SOCK": 3},
}
"""Kit SKU to its parts; the stock file knows the parts only."""
PACKS = {"SOCK-6PK": ("SOCK", 6)}
"""Pack SKU to the single item and how many of it."""
LOCKED_SKUS = ("MUG-003", "HAT-02-BLACK")
"""Base SKUs whose products are in a promotion: their price cannot be changed."""
FBT_SKU = "LAMP-FBT"
DELETED_SKU = "MUG-OLD"
DRAFT_SKU = "MUG-NEXT"
ORPHANS = ("POSTER-A1", "POSTER-A2")
"""Listings without a row in the stock file."""
NEAR_MISS = ("tee-red-m ", "TEE-RED-M")
"""How the shop writes a SKU, and how the stock file does."""
MISMATCH_EVERY = 5
PRICE_MISMATCH_EVERY = 23
HEADER = ("SKU", "Qty", "Allocated", "Location", "Price", "Currency")
OPEN_ORDERS = (
    ("MUG-010", 2, "AWAITING_SHIPMENT", 7_200),
    ("HAT-05-BLACK", 1, "ON_HOLD", 1_800),
    ("TEE-BLUE-L", 3, "UNPAID", 900),
    ("CANDLE-03-FIG", 1, "AWAITING_COLLECTION", 86_400),
    ("SOCK", 4, "AWAITING_SHIPMENT", 10_800),
)
"""Open orders of the sample shop, all at Main: SKU, units, status, age in seconds."""
BAD_ROWS = (
    ("MUG-011", "n/a", "0", "Main", "9.50", "USD"),
    ("", "5", "0", "Main", "9.50", "USD"),
    ("MUG-012", "7"),
    ("MUG-013", "1.2E+02", "0", "East", "9.50", "USD"),
    ("MUG-014", "999", "0", "Main", "9.50", "USD"),
)
"""Rows no import may swallow: no number, no SKU, ragged, scientific notation, and a second one for a SKU."""
REPLACED = frozenset({("MUG-011", "Main"), ("MUG-012", "Main"), ("MUG-013", "East")})
"""Good rows that a bad one stands in for."""


@dataclass(frozen=True, slots=True)
class Item:
    """A base SKU that the stock file knows."""

    sku: str
    product: str
    number: int
    price_cents: int

    def price(self) -> str:
        """What the shop shows."""
        return f"{self.price_cents // 100}.{self.price_cents % 100:02d}"

    def on_hand(self, location: str) -> int:
        """Units on the shelf, as the stock file says."""
        spread = self.number * (37 if location == "Main" else 53)
        return 8 + spread % (90 if location == "Main" else 60)

    def allocated(self, location: str) -> int:
        """Units set aside for other customers, as the stock file says."""
        return (self.number + len(location)) % 4

    def sellable(self, location: str) -> int:
        """What is left to sell after allocations and the open orders of this shop."""
        open_units = sum(
            units for sku, units, *_ in OPEN_ORDERS if sku == self.sku and location == "Main"
        )
        return max(0, self.on_hand(location) - self.allocated(location) - open_units)

    def shown(self, location: str) -> int:
        """What the shop shows: the same for four SKUs of five."""
        sellable = self.sellable(location)
        if self.number % MISMATCH_EVERY or self.sku in LOCKED_SKUS:
            return sellable
        return max(0, sellable + (-1 if self.number % 2 else 2))


def sample_seed() -> Raw:
    """The sample shop as a seed file would describe it."""
    items = {item.sku: item for item in _items()}
    products: dict[str, list[Raw]] = {}
    for item in items.values():
        products.setdefault(item.product, []).append(_listed(item))
    rows: list[Raw] = [
        {"title": title, "skus": skus, "price_locked": _locked(skus)}
        for title, skus in products.items()
    ]
    rows += _specials(items)
    orders = [
        {"seller_sku": sku, "units": units, "status": status, "age": age, "warehouse_id": MAIN}
        for sku, units, status, age in OPEN_ORDERS
    ]
    shipped = {"seller_sku": "MUG-020", "units": 1, "status": "IN_TRANSIT", "age": 200_000}
    return {"products": rows, "orders": [*orders, shipped]}


def sample_stock_rows() -> list[tuple[str, ...]]:
    """The stock file: header and rows, with a few rows that are wrong on purpose."""
    rows: list[tuple[str, ...]] = [HEADER]
    for item in _items():
        dearer = item.number % PRICE_MISMATCH_EVERY == 0 or item.sku in LOCKED_SKUS
        raised = 50 if dearer else 0
        price = Item(item.sku, item.product, item.number, item.price_cents + raised).price()
        for location in LOCATIONS:
            if (item.sku, location) not in REPLACED:
                on_hand, allocated = str(item.on_hand(location)), str(item.allocated(location))
                rows.append((item.sku, on_hand, allocated, location, price, "USD"))
    return rows + list(BAD_ROWS)


def _items() -> Iterator[Item]:
    for number, (sku, product, cents) in enumerate(_catalogue(), start=1):
        yield Item(sku, product, number, cents)


def _catalogue() -> Iterator[tuple[str, str, int]]:
    for n, colour in enumerate(COLOURS):
        for size in SIZES:
            yield f"TEE-{colour}-{size}", f"T-shirt {colour.title()}", 1499 + 100 * (n % 4)
    for n in range(1, MUGS + 1):
        yield f"MUG-{n:03d}", f"Mug No. {n}", 950 + 25 * (n % 6)
    for n in range(1, HATS + 1):
        for colour in COLOURS[:4]:
            yield f"HAT-{n:02d}-{colour}", f"Hat No. {n}", 1999 + 50 * (n % 5)
    for n in range(1, CANDLES + 1):
        for scent in SCENTS:
            yield f"CANDLE-{n:02d}-{scent}", f"Candle No. {n}", 1250 + 75 * (n % 3)
    yield "SOCK", "Socks", 499


def _listed(item: Item) -> Raw:
    near, proper = NEAR_MISS
    return {
        "seller_sku": near if item.sku == proper else item.sku,
        "price": item.price(),
        "stock": {warehouse: item.shown(name) for name, warehouse in LOCATIONS.items()},
    }


def _locked(skus: list[Raw]) -> bool:
    return any(sku["seller_sku"] in LOCKED_SKUS for sku in skus)


def _specials(items: dict[str, Item]) -> list[Raw]:
    """Listings beside the plain goods: kits, packs, and those that cannot or must not be written."""
    kits = [_listing(f"Gift set {sku}", sku, "24.90", _kit_stock(items, sku)) for sku in KITS]
    packs = [
        _listing(f"Pack {sku}", sku, "24.99", _pack_stock(items[base], units))
        for sku, (base, units) in PACKS.items()
    ]
    others = [
        {**_listing("Lamp, shipped by the platform", FBT_SKU, "39.00", [12, 0]), "fbt": True},
        {**_listing("Mug, no longer sold", DELETED_SKU, "9.50", [0, 0]), "status": "DELETED"},
        {**_listing("Mug, coming soon", DRAFT_SKU, "9.50", [5, 5]), "status": "DRAFT"},
        *(_listing(f"Poster {sku[-2:]}", sku, "12.00", [3, 1]) for sku in ORPHANS),
    ]
    return [*kits, *packs, *others]


def _listing(title: str, sku: str, price: str, units: list[int]) -> Raw:
    stock = dict(zip(LOCATIONS.values(), units, strict=True))
    return {"title": title, "skus": [{"seller_sku": sku, "price": price, "stock": stock}]}


def _kit_stock(items: dict[str, Item], kit: str) -> list[int]:
    return [
        min(items[part].sellable(location) // need for part, need in KITS[kit].items())
        for location in LOCATIONS
    ]


def _pack_stock(item: Item, units: int) -> list[int]:
    return [item.sellable(location) // units for location in LOCATIONS]
