"""Decides for each variant whether it counts, and tells the tally why not: the same however it was read."""

from connectors.shopify.rows import BUNDLE, RowRules, Told
from connectors.shopify.tally import Tally
from connectors.shopify.wire import Item, Level, Line, Product, Variant, WholeVariant, number_of


class Admission:
    """The door of one reading. `left_out` gathers the products that do not count, by number."""

    def __init__(self, rules: RowRules, tally: Tally) -> None:
        self.rules = rules
        self.tally = tally
        self.left_out: set[int] = set()

    def product(self, product: Product | Line) -> str:
        """Why the variants of a product do not count; empty when they do."""
        self.tally.seen(product["updatedAt"])
        why = self.rules.out(product)
        if why:
            self.left_out.add(number_of(product["id"]))
        return why

    def variant(self, variant: Variant | Line, item: Item, product: int, why: str) -> Told | None:
        """What the rows of a variant share; None when it does not count.

        `why` is what `product` said of the product of that number.
        """
        self.tally.seen(variant["updatedAt"])
        self.tally.seen(item["updatedAt"])
        if not why and self.rules.bundled(variant):
            why = BUNDLE
        if why:
            self.tally.left_out(why)
            return None
        told, number = self.rules.told(variant, item), number_of(variant["id"])
        if not told.sku.strip():
            self.tally.blank(product, number)
            return None
        if item["duplicateSkuCount"]:
            self.tally.shared(told.sku, product, number)
        return told

    def whole(self, variant: WholeVariant) -> Told | None:
        """The same for a variant that comes with its product and item."""
        product = variant["product"]
        why = self.product(product)
        return self.variant(variant, variant["inventoryItem"], number_of(product["id"]), why)


def levels_of(variant: WholeVariant) -> list[Level]:
    """Its levels; none where only prices are read."""
    levels = variant["inventoryItem"].get("inventoryLevels")
    return [] if levels is None else levels["nodes"]
