"""What a simulated shop holds: products, variants, items, their levels at locations, and time stamps."""

from bisect import insort
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import RLock

PARTS = ("available", "committed", "reserved", "damaged", "safety_stock", "quality_control")
"""The states that make up `on_hand`."""
STATES = (*PARTS, "on_hand", "incoming")
PRODUCT_STATUSES = ("ACTIVE", "DRAFT", "ARCHIVED", "UNLISTED")
POLICIES = ("DENY", "CONTINUE")


def gid(kind: str, number: int) -> str:
    """The global id of a record."""
    return f"gid://shopify/{kind}/{number}"


def stamp(moment: float) -> str:
    """Unix seconds as GraphQL writes them: UTC, whole seconds."""
    return datetime.fromtimestamp(int(moment), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who the shop and its app are."""

    domain: str = "sandbox-shop.myshopify.com"
    name: str = "Sandbox Shop"
    number: int = 548380009
    currency: str = "USD"
    taxes_included: bool = False
    timezone: str = "America/New_York"
    client_id: str = "sandbox-client-id"
    client_secret: str = "shpss_sandbox_secret"  # noqa: S105 - made up
    token: str = "shpat_sandbox_token"  # noqa: S105 - made up


class Location:
    """A place that holds stock; its own time stamp does not follow its levels."""

    __slots__ = ("active", "fulfils_online", "levels", "name", "number", "service", "updated_at")

    def __init__(self, number: int, name: str, updated_at: int) -> None:
        self.number = number
        self.name = name
        self.active = True
        self.service = False
        self.fulfils_online = True
        self.updated_at = updated_at
        self.levels: list[Level] = []

    @property
    def gid(self) -> str:
        """The global id."""
        return gid("Location", self.number)


class Level:
    """Units of one item at one location, by state."""

    __slots__ = (
        "active",
        "available",
        "changed",
        "committed",
        "created_at",
        "item",
        "location",
        "others",
        "updated_at",
    )

    def __init__(self, item: "Item", location: Location, available: int, now: int) -> None:
        self.item = item
        self.location = location
        self.active = True
        self.available = available
        self.committed = 0
        self.others: dict[str, int] | None = None
        self.changed: dict[str, int] | None = None
        self.created_at = self.updated_at = now

    @property
    def gid(self) -> str:
        """The global id: the number is that of the location, only the query part names the item."""
        number = self.location.number + 100_000
        return f"gid://shopify/InventoryLevel/{number}?inventory_item_id={self.item.number}"

    def units(self, state: str) -> int:
        """Units in one state; those of a bundle follow from its components."""
        bundle = self.item.variant.components
        if bundle:
            whole = min(_sets(part, need, self.location) for part, need in bundle)
            return whole if state in {"available", "on_hand"} else 0
        if state == "on_hand":
            return sum(self.units(part) for part in PARTS)
        if state == "available":
            return self.available
        if state == "committed":
            return self.committed
        return (self.others or {}).get(state, 0)

    def put(self, state: str, units: int, now: int) -> None:
        """Set one state; `on_hand` is set by moving `available`. Stamps the state and the level."""
        if state == "on_hand":
            state, units = "available", self.available + units - self.units("on_hand")
        if state == "available":
            self.available = units
        elif state == "committed":
            self.committed = units
        else:
            self.others = {**(self.others or {}), state: units}
        self.changed = {**(self.changed or {}), state: now}
        if state in PARTS:
            self.changed["on_hand"] = now
        self.updated_at = now

    def changed_at(self, state: str) -> int:
        """When that state last changed."""
        return (self.changed or {}).get(state, self.created_at)


class Item:
    """What is counted; its time stamp follows the record, never its levels."""

    __slots__ = ("cost", "levels", "number", "tracked", "updated_at", "variant")

    def __init__(self, number: int, variant: "Variant", now: int) -> None:
        self.number = number
        self.variant = variant
        self.tracked = True
        self.cost: str | None = None
        self.levels: list[Level] = []
        self.updated_at = now

    @property
    def gid(self) -> str:
        """The global id."""
        return gid("InventoryItem", self.number)

    def level_at(self, location: Location) -> Level | None:
        """The level at that location, active or not."""
        return next((each for each in self.levels if each.location is location), None)


@dataclass(frozen=True, slots=True)
class CountryPrice:
    """What one country's price list says of a variant."""

    price: str
    currency: str
    compare_at: str | None = None


class Variant:
    """What is sold."""

    __slots__ = (
        "barcode",
        "compare_at",
        "components",
        "country_prices",
        "item",
        "number",
        "policy",
        "price",
        "product",
        "sku",
        "title",
        "updated_at",
    )

    def __init__(self, number: int, product: "Product", sku: str | None, now: int) -> None:
        self.number = number
        self.product = product
        self.sku = sku
        self.title = "Default Title"
        self.barcode: str | None = None
        self.price = "0.00"
        self.compare_at: str | None = None
        self.policy = "DENY"
        self.components: tuple[tuple[Variant, int], ...] = ()
        self.country_prices: Mapping[str, CountryPrice] = {}
        self.updated_at = now
        self.item: Item

    @property
    def gid(self) -> str:
        """The global id."""
        return gid("ProductVariant", self.number)


class Product:
    """A page of the shop with its variants; its time stamp follows all of them, their stock too."""

    __slots__ = ("gift_card", "number", "status", "title", "updated_at", "variants")

    def __init__(self, number: int, title: str, now: int) -> None:
        self.number = number
        self.title = title
        self.status = "ACTIVE"
        self.gift_card = False
        self.updated_at = now
        self.variants: list[Variant] = []

    @property
    def gid(self) -> str:
        """The global id."""
        return gid("Product", self.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """As much of an order as tells who brought it in."""

    number: int
    name: str
    source_name: str
    app: str | None
    created_at: int
    tags: tuple[str, ...] = ()

    @property
    def gid(self) -> str:
        """The global id."""
        return gid("Order", self.number)


@dataclass(slots=True)
class Shop:
    """Everything one shop holds; take `lock` around whatever must be seen or changed as one.

    Lists are sorted by number, because records are only ever added with the next one.
    """

    identity: Identity
    locations: list[Location] = field(default_factory=list)
    products: list[Product] = field(default_factory=list)
    variants: list[Variant] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    items: dict[int, Item] = field(default_factory=dict)
    countries: dict[str, str] = field(default_factory=dict)
    skus: Counter[str | None] = field(default_factory=Counter)
    next_number: int = 1_000_001
    installed: bool = True
    lock: RLock = field(default_factory=RLock)

    def number(self) -> int:
        """A fresh id."""
        self.next_number += 1
        return self.next_number

    def add_location(self, name: str, now: int) -> Location:
        """A new, empty location."""
        location = Location(self.number(), name, now)
        self.locations.append(location)
        return location

    def add_product(self, title: str, now: int) -> Product:
        """A new product without variants."""
        product = Product(self.number(), title, now)
        self.products.append(product)
        return product

    def add_variant(self, product: Product, sku: str | None, now: int) -> Variant:
        """A new variant with its inventory item, stocked nowhere."""
        variant = Variant(self.number(), product, sku, now)
        variant.item = Item(self.number(), variant, now)
        self.items[variant.item.number] = variant.item
        product.variants.append(variant)
        self.variants.append(variant)
        self.skus[sku] += 1
        return variant

    def name_variant(self, variant: Variant, sku: str | None) -> None:
        """Give a variant another SKU."""
        self.skus[variant.sku] -= 1
        self.skus[sku] += 1
        variant.sku = sku

    def others_with(self, sku: str | None) -> int:
        """How many more variants bear that SKU."""
        return max(0, self.skus[sku] - 1) if sku else 0

    def add_level(self, item: Item, location: Location, available: int, now: int) -> Level:
        """Stock the item at that location."""
        level = Level(item, location, available, now)
        insort(item.levels, level, key=lambda each: each.location.number)
        insort(location.levels, level, key=lambda each: each.item.number)
        return level

    def remove_variant(self, variant: Variant) -> None:
        """Forget a variant, its item and levels; an emptied product goes too."""
        self.variants.remove(variant)
        self.skus[variant.sku] -= 1
        del self.items[variant.item.number]
        for level in variant.item.levels:
            level.location.levels.remove(level)
        variant.product.variants.remove(variant)
        if not variant.product.variants:
            self.products.remove(variant.product)

    def location_named(self, name: str) -> Location | None:
        """The location of that name, number or global id."""
        for location in self.locations:
            if name in {location.name, location.gid, str(location.number)}:
                return location
        return None


def _sets(part: Variant, need: int, location: Location) -> int:
    level = part.item.level_at(location)
    return max(0, level.available // need) if level is not None and level.active else 0
