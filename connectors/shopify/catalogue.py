"""Knows which document answers which question about variants and levels, and leaves no nested page unread."""

from collections.abc import Iterator, Sequence
from typing import cast

from connectors.shopify.calls import Admin, Listing, Question
from connectors.shopify.options import ShopifyOptions
from connectors.shopify.queries import (
    COUNTS,
    ITEM,
    ITEMS,
    LEVELS,
    LOCATION_LEVELS,
    MOST_NODES,
    PRICES,
    PRODUCT_VARIANTS,
    PRODUCTS,
    VARIANTS,
)
from connectors.shopify.wire import (
    COUNTS_DATA,
    ITEM_DATA,
    ITEMS_DATA,
    LEVELS_DATA,
    LOCATION_LEVELS_DATA,
    PRODUCT_VARIANTS_DATA,
    PRODUCTS_DATA,
    VARIANTS_DATA,
    Level,
    LevelsData,
    LocatedLevel,
    LocationLevelsData,
    PageInfo,
    Product,
    ProductVariantsData,
    StockedItem,
    TouchedItem,
    WholeVariant,
)
from syncd.domain.errors import SourceUnavailable

NESTED_LEVELS = 10
"""Levels asked for together with a variant; the few items with more are asked again."""
SIBLINGS = 50
"""Variants of one item asked for at once; today there is one (fact sheet 2.2)."""


class Catalogue:
    """The records of a shop, whole."""

    def __init__(self, admin: Admin, options: ShopifyOptions, locations: int) -> None:
        self._admin = admin
        self._stocked = options.stock != "none"
        self._levels = max(1, min(NESTED_LEVELS, locations))
        self._pricing: dict[str, object] = {
            "country": options.country,
            "priced": options.country is not None,
        }

    def count(self) -> int:
        """How many variants the shop has, whatever their status; 0 where Shopify does not say."""
        counts = self._admin.ask(Question(document=COUNTS, answer=COUNTS_DATA))
        count = counts["productVariantsCount"]
        return 0 if count is None else count["count"]

    def variants(self, search: str | None) -> Iterator[list[WholeVariant]]:
        """Pages of variants with all their levels (without any where only prices are read)."""
        variables = {"query": search, **self._pricing}
        if self._stocked:
            variables["levels"] = self._levels
        listing = Listing(
            question=Question(
                document=VARIANTS if self._stocked else PRICES,
                variables=variables,
                answer=VARIANTS_DATA,
            ),
            page_info=lambda data: data["productVariants"]["pageInfo"],
        )
        for data in self._admin.pages(listing):
            yield [self._whole(variant) for variant in data["productVariants"]["nodes"]]

    def of_product(self, product: str) -> list[WholeVariant]:
        """All variants of a product with their levels; none once it is gone."""
        variables = {"id": product, "levels": self._levels, **self._pricing}
        listing = Listing(
            question=Question(
                document=PRODUCT_VARIANTS, variables=variables, answer=PRODUCT_VARIANTS_DATA
            ),
            page_info=_of_product,
        )
        found: list[WholeVariant] = []
        for data in self._admin.pages(listing):
            if data["product"] is not None:
                found += map(self._whole, data["product"]["variants"]["nodes"])
        return found

    def of_item(self, item: str) -> list[WholeVariant]:
        """All variants of an inventory item with its levels; none once it is gone."""
        variables = {
            "itemId": item,
            "levels": self._levels,
            "variants": SIBLINGS,
            **self._pricing,
        }
        question = Question(document=ITEM, variables=variables, answer=ITEM_DATA)
        found = self._admin.ask(question)["inventoryItem"]
        if found is None:
            return []
        if found["variants"]["pageInfo"]["hasNextPage"]:
            raise SourceUnavailable(f"{item} has more than {SIBLINGS} variants, which is too many")
        return [
            self._whole(cast("WholeVariant", {**variant, "inventoryItem": found}))
            for variant in found["variants"]["nodes"]
        ]

    def levels_at(self, location: str, search: str) -> Iterator[list[LocatedLevel]]:
        """Pages of a location's levels that a search finds, deactivated ones too."""
        variables = {"locationId": location, "query": search, "variants": 1, **self._pricing}
        listing = Listing(
            question=Question(
                document=LOCATION_LEVELS, variables=variables, answer=LOCATION_LEVELS_DATA
            ),
            page_info=_of_location,
        )
        for data in self._admin.pages(listing):
            if data["location"] is not None:
                yield data["location"]["inventoryLevels"]["nodes"]

    def products(self, search: str) -> Iterator[list[Product]]:
        """Pages of products that a search finds."""
        listing = Listing(
            question=Question(document=PRODUCTS, variables={"query": search}, answer=PRODUCTS_DATA),
            page_info=lambda data: data["products"]["pageInfo"],
        )
        for data in self._admin.pages(listing):
            yield data["products"]["nodes"]

    def items(self, search: str) -> Iterator[list[TouchedItem]]:
        """Pages of inventory items that a search finds; a change of stock is no change of its item."""
        variables = {"query": search, "variants": 1}
        listing = Listing(
            question=Question(document=ITEMS, variables=variables, answer=ITEMS_DATA),
            page_info=lambda data: data["inventoryItems"]["pageInfo"],
        )
        for data in self._admin.pages(listing):
            yield data["inventoryItems"]["nodes"]

    def _whole(self, variant: WholeVariant) -> WholeVariant:
        """The same with the levels that did not fit on the page."""
        item = variant["inventoryItem"]
        levels = item.get("inventoryLevels")
        if levels is None or not levels["pageInfo"]["hasNextPage"]:
            return variant
        done: StockedItem = {
            **item,
            "inventoryLevels": {
                "pageInfo": {"hasNextPage": False, "endCursor": None},
                "nodes": self._all_levels(item["id"]),
            },
        }
        return {**variant, "inventoryItem": done}

    def _all_levels(self, item: str) -> list[Level]:
        listing = Listing(
            question=Question(document=LEVELS, variables={"itemId": item}, answer=LEVELS_DATA),
            page_info=_of_item,
            most=MOST_NODES,
        )
        found: list[Level] = []
        for data in self._admin.pages(listing):
            if data["inventoryItem"] is not None:
                found += data["inventoryItem"]["inventoryLevels"]["nodes"]
        return found


def sku_search(skus: Sequence[str]) -> str:
    """The search for variants with one of these SKUs; it ignores case, so the finds must be compared."""
    return " OR ".join(f"sku:'{_escaped(sku)}'" for sku in skus)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")


def _of_product(data: ProductVariantsData) -> PageInfo | None:
    product = data["product"]
    return None if product is None else product["variants"]["pageInfo"]


def _of_item(data: LevelsData) -> PageInfo | None:
    item = data["inventoryItem"]
    return None if item is None else item["inventoryLevels"]["pageInfo"]


def _of_location(data: LocationLevelsData) -> PageInfo | None:
    location = data["location"]
    return None if location is None else location["inventoryLevels"]["pageInfo"]
