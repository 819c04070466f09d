"""What Shopify answers to whoever changes its stock: whose stock it is, and what was moved."""

from pydantic import TypeAdapter
from typing_extensions import TypedDict

from connectors.shopify.wire import Connection, Gid, Product, UserError


class OwnLevel(TypedDict):
    """Whether an item is stocked at a location."""

    isActive: bool


class OwnedItem(TypedDict):
    """An inventory item at one location; None where it was never stocked."""

    id: Gid
    tracked: bool
    inventoryLevel: OwnLevel | None


class Owner(TypedDict):
    """A variant whose stock may be adjusted."""

    id: Gid
    sku: str | None
    requiresComponents: bool
    product: Product
    inventoryItem: OwnedItem


class OwnersData(TypedDict):
    """Answers OWNERS."""

    productVariants: Connection[Owner]


class Moved(TypedDict):
    """One state that an adjustment moved; what it came to may be unknown."""

    name: str
    quantityAfterChange: int | None


class Adjustments(TypedDict):
    """What an adjustment moved."""

    changes: list[Moved]


class AdjustPayload(TypedDict):
    """The outcome of an adjustment."""

    inventoryAdjustmentGroup: Adjustments | None
    userErrors: list[UserError]


class AdjustData(TypedDict):
    """Answers ADJUST."""

    inventoryAdjustQuantities: AdjustPayload


OWNERS_DATA: TypeAdapter[OwnersData] = TypeAdapter(OwnersData)
ADJUST_DATA: TypeAdapter[AdjustData] = TypeAdapter(AdjustData)
