"""What Shopify answers, as far as it is read: every field is checked, and what nobody asked for is ignored.

The shapes are dicts, not objects, because a line of a bulk file is checked in half the time that the standard
library needs to read it.
"""

from typing import Annotated, Generic, NotRequired, TypeVar

from pydantic import Field, TypeAdapter
from typing_extensions import TypedDict

N = TypeVar("N")
Gid = Annotated[str, Field(pattern=r"^gid://shopify/[A-Za-z]+/[0-9]{1,18}(\?[^\s]*)?$")]
"""A global id; the number in it fits 64 bits and is what the admin's addresses show."""


class Ref(TypedDict):
    """A record by its global id."""

    id: Gid


class PageInfo(TypedDict):
    """Whether a connection goes on."""

    hasNextPage: bool
    endCursor: str | None


class Connection(TypedDict, Generic[N]):
    """One page of records."""

    pageInfo: PageInfo
    nodes: list[N]


class MoneyV2(TypedDict):
    """An amount as text, with its currency."""

    amount: str
    currencyCode: str


class Quantity(TypedDict):
    """The units of one state; `updatedAt` may be unknown."""

    name: str
    quantity: int
    updatedAt: NotRequired[str | None]


class Level(TypedDict):
    """The stock of one item at one location."""

    id: Gid
    isActive: bool
    updatedAt: str
    location: Ref
    quantities: list[Quantity]


class Pricing(TypedDict):
    """The price that one country sees."""

    price: MoneyV2
    compareAtPrice: MoneyV2 | None


class Product(TypedDict):
    """What decides whether the variants of a product count."""

    id: Gid
    status: str
    isGiftCard: bool
    updatedAt: str


class Item(TypedDict):
    """The inventory item behind a variant."""

    id: Gid
    tracked: bool
    duplicateSkuCount: int
    updatedAt: str
    unitCost: MoneyV2 | None


class Variant(TypedDict):
    """A variant, apart from its product and item."""

    id: Gid
    sku: str | None
    price: str
    compareAtPrice: str | None
    inventoryPolicy: str
    requiresComponents: bool
    updatedAt: str
    contextualPricing: NotRequired[Pricing]


class OwnedVariant(Variant):
    """A variant with its product."""

    product: Product


class StockedItem(Item):
    """An item with its levels; absent where only prices are read."""

    inventoryLevels: NotRequired[Connection[Level]]


class WholeVariant(OwnedVariant):
    """A variant with everything."""

    inventoryItem: StockedItem


class SoldItem(Item):
    """An item with its variants."""

    variants: Connection[OwnedVariant]


class WholeItem(SoldItem):
    """An item with everything."""

    inventoryLevels: Connection[Level]


class LocatedLevel(Level):
    """A level with its item, when a location was asked for its levels."""

    item: SoldItem


class TouchedItem(TypedDict):
    """An item that changed, and whose it is."""

    id: Gid
    updatedAt: str
    variants: Connection[Ref]


class LocationNode(TypedDict):
    """A location of the shop."""

    id: Gid
    name: str
    isActive: bool
    isFulfillmentService: bool
    fulfillsOnlineOrders: bool


class VariantsData(TypedDict):
    """Answers VARIANTS and PRICES."""

    productVariants: Connection[WholeVariant]


class VariantList(TypedDict):
    """The variants of a product."""

    variants: Connection[WholeVariant]


class ProductVariantsData(TypedDict):
    """Answers PRODUCT_VARIANTS; None once the product is gone."""

    product: VariantList | None


class LevelList(TypedDict):
    """Levels of an item, or of a location."""

    inventoryLevels: Connection[Level]


class LevelsData(TypedDict):
    """Answers LEVELS; None once the item is gone."""

    inventoryItem: LevelList | None


class LocatedLevels(TypedDict):
    """The levels of a location."""

    inventoryLevels: Connection[LocatedLevel]


class LocationLevelsData(TypedDict):
    """Answers LOCATION_LEVELS; None once the location is gone."""

    location: LocatedLevels | None


class ItemData(TypedDict):
    """Answers ITEM; None once the item is gone."""

    inventoryItem: WholeItem | None


class ItemsData(TypedDict):
    """Answers ITEMS."""

    inventoryItems: Connection[TouchedItem]


class ProductsData(TypedDict):
    """Answers PRODUCTS."""

    products: Connection[Product]


class LocationsData(TypedDict):
    """Answers LOCATIONS."""

    locations: Connection[LocationNode]


class Count(TypedDict):
    """How many records there are."""

    count: int


class CountsData(TypedDict):
    """Answers COUNTS."""

    productVariantsCount: Count | None
    productsCount: Count | None


class ShopNode(TypedDict):
    """The shop itself."""

    name: str
    myshopifyDomain: str
    currencyCode: str


class Scope(TypedDict):
    """One permission."""

    handle: str


class Installation(TypedDict):
    """What the app may do."""

    accessScopes: list[Scope]


class ApiVersion(TypedDict):
    """A version of the API, and whether it is served."""

    handle: str
    supported: bool


class ShopData(TypedDict):
    """Answers SHOP."""

    shop: ShopNode
    currentAppInstallation: Installation
    publicApiVersions: list[ApiVersion]


class OrderApp(TypedDict):
    """The app that brought an order in."""

    name: str


class OrderNode(TypedDict):
    """Where an order came from; nothing of its buyer."""

    name: str
    createdAt: str
    sourceName: str | None
    tags: list[str]
    app: OrderApp | None


class OrdersData(TypedDict):
    """Answers ORDERS."""

    orders: Connection[OrderNode]


class Bulk(TypedDict):
    """A bulk operation; numbers are text because they may be large."""

    id: Gid
    status: str
    errorCode: str | None
    objectCount: Annotated[str, Field(pattern=r"^[0-9]{1,15}$")]
    url: str | None


class UserError(TypedDict):
    """Why a mutation was not done."""

    message: str
    code: NotRequired[str | None]


class BulkPayload(TypedDict):
    """The outcome of starting or cancelling a bulk operation."""

    bulkOperation: Bulk | None
    userErrors: list[UserError]


class BulkRunData(TypedDict):
    """Answers BULK_RUN."""

    bulkOperationRunQuery: BulkPayload


class BulkCancelData(TypedDict):
    """Answers BULK_CANCEL."""

    bulkOperationCancel: BulkPayload


class BulkStatusData(TypedDict):
    """Answers BULK_STATUS."""

    bulkOperation: Bulk | None


class StockedCounts(Item):
    """An item in a bulk file, with how many locations stock it."""

    locationsCount: NotRequired[Count | None]


class Line(TypedDict, total=False):
    """One line of a bulk file: a product, a variant, a component or a level, told apart by its id."""

    id: Gid
    parent: Annotated[Gid, Field(alias="__parentId")]
    updatedAt: str
    status: str
    isGiftCard: bool
    variantsCount: Count | None
    sku: str | None
    price: str
    compareAtPrice: str | None
    inventoryPolicy: str
    requiresComponents: bool
    contextualPricing: Pricing
    inventoryItem: StockedCounts
    isActive: bool
    location: Ref
    quantities: list[Quantity]


LINE: TypeAdapter[Line] = TypeAdapter(Line)
VARIANTS_DATA: TypeAdapter[VariantsData] = TypeAdapter(VariantsData)
PRODUCT_VARIANTS_DATA: TypeAdapter[ProductVariantsData] = TypeAdapter(ProductVariantsData)
LEVELS_DATA: TypeAdapter[LevelsData] = TypeAdapter(LevelsData)
LOCATION_LEVELS_DATA: TypeAdapter[LocationLevelsData] = TypeAdapter(LocationLevelsData)
ITEM_DATA: TypeAdapter[ItemData] = TypeAdapter(ItemData)
ITEMS_DATA: TypeAdapter[ItemsData] = TypeAdapter(ItemsData)
PRODUCTS_DATA: TypeAdapter[ProductsData] = TypeAdapter(ProductsData)
LOCATIONS_DATA: TypeAdapter[LocationsData] = TypeAdapter(LocationsData)
COUNTS_DATA: TypeAdapter[CountsData] = TypeAdapter(CountsData)
SHOP_DATA: TypeAdapter[ShopData] = TypeAdapter(ShopData)
ORDERS_DATA: TypeAdapter[OrdersData] = TypeAdapter(OrdersData)
BULK_RUN_DATA: TypeAdapter[BulkRunData] = TypeAdapter(BulkRunData)
BULK_STATUS_DATA: TypeAdapter[BulkStatusData] = TypeAdapter(BulkStatusData)
BULK_CANCEL_DATA: TypeAdapter[BulkCancelData] = TypeAdapter(BulkCancelData)


def number_of(gid: str) -> int:
    """The number in a global id, as `legacyResourceId` gives it."""
    return int(gid.partition("?")[0].rpartition("/")[2])
