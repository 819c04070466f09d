"""Knows what a variant and its level mean: which count, which number is the quantity, which price is the price.

The values of a row are made here and only here, so that a full reading and a reading of changes write the same
text for the same state.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

from connectors.shopify.options import ShopifyOptions
from connectors.shopify.shop import ShopFacts
from connectors.shopify.wire import Item, Level, Line, Product, Quantity, Variant
from connectors.tabular.form import UNTRACKED, RowForm
from connectors.tabular.rows import RowParser, Unbelievable
from syncd.domain.stock import Basis, Reading, Reject

HELD = "?"
"""Begins a quantity that is not known any more; the reason follows."""
DEACTIVATED = f"{HELD}deactivated at this location"
GIFT_CARD = "gift card"
BUNDLE = "bundle"
_STOCK_KEYS: Mapping[Basis, tuple[str, ...]] = {
    Basis.AVAILABLE: ("sku", "location", "quantity", "price", "currency", "cost"),
    Basis.ON_HAND: ("sku", "location", "quantity", "committed", "price", "currency", "cost"),
}
_PRICE_KEYS = ("sku", "price", "currency", "cost")


@dataclass(frozen=True, slots=True)
class Told:
    """What all rows of one variant share, as text; `mark` stands for a quantity that is none."""

    sku: str
    mark: str
    price: str
    currency: str
    cost: str


class RowRules:
    """The options of a source, applied."""

    def __init__(self, options: ShopifyOptions, facts: ShopFacts) -> None:
        self._options = options
        self._facts = facts
        self._statuses = frozenset(options.statuses)
        self.stocked = options.stock != "none"
        basis = options.basis or Basis.AVAILABLE
        self._state = basis.value
        self._on_hand = basis is Basis.ON_HAND
        self.keys = _STOCK_KEYS[basis] if self.stocked else _PRICE_KEYS
        counted = self._on_hand and options.committed is None
        self._parser = RowParser(RowForm(untracked=True, counts_committed=counted), self.keys)

    def out(self, product: Product | Line) -> str:
        """Why the variants of a product do not count; empty when they do."""
        if product["isGiftCard"]:
            return GIFT_CARD
        status = product["status"].lower()
        return "" if status in self._statuses else status

    def bundled(self, variant: Variant | Line) -> bool:
        """Whether the stock of a variant is that of its components and must not count twice.

        Its price is its own, so a source of prices reads it like any other.
        """
        return variant["requiresComponents"] and self.stocked

    def told(self, variant: Variant | Line, item: Item) -> Told:
        """What the rows of a variant share."""
        price, currency = self._price(variant)
        goes_on = variant["inventoryPolicy"] == "CONTINUE"
        untracked = not item["tracked"] or (
            goes_on and self._options.continue_selling == "untracked"
        )
        cost = item["unitCost"]
        known = cost is not None and cost["currencyCode"] == currency
        return Told(
            sku=variant["sku"] or "",
            mark=UNTRACKED if untracked else "",
            price=price,
            currency=currency,
            cost=cost["amount"] if cost is not None and known else "",
        )

    def stock_row(self, told: Told, location: str, level: Level | Line) -> tuple[str, ...]:
        """The values of a variant at a location."""
        return self.marked_row(told, location, told.mark, level["quantities"])

    def marked_row(
        self, told: Told, location: str, mark: str, quantities: list[Quantity]
    ) -> tuple[str, ...]:
        """The same, with `mark` instead of the quantity where there is one."""
        units = committed = ""
        for each in quantities:
            if each["name"] == self._state:
                units = str(each["quantity"])
            elif each["name"] == "committed":
                committed = str(each["quantity"])
        if mark:
            units, committed = mark, ""
        if self._on_hand:
            return (told.sku, location, units, committed, told.price, told.currency, told.cost)
        return (told.sku, location, units, told.price, told.currency, told.cost)

    @staticmethod
    def price_row(told: Told) -> tuple[str, ...]:
        """The values of a variant where only prices are read."""
        return (told.sku, told.price, told.currency, told.cost)

    def parse(self, position: int, values: tuple[str, ...]) -> Reading | Reject:
        """Judge one row."""
        reason = ""
        if self.stocked and values[2].startswith(HELD):
            reason = values[2].removeprefix(HELD)
            values = (*values[:2], "", *values[3:])
        try:
            reading = self._parser.reading(values)
        except Unbelievable as found:
            return Reject(
                at=self.locate(position), sku=found.sku, location=found.location, reason=str(found)
            )
        return replace(reading, note=reason) if reason else reading

    def locate(self, variant: int) -> str:
        """Where a variant is edited."""
        return f"https://admin.shopify.com/store/{self._options.handle}/variants/{variant}"

    def page_of(self, product: int, variant: int) -> str:
        """The same, where its product is known."""
        store = f"https://admin.shopify.com/store/{self._options.handle}"
        return f"{store}/products/{product}/variants/{variant}"

    def _price(self, variant: Variant | Line) -> tuple[str, str]:
        if self._options.country is not None:
            seen = variant.get("contextualPricing")
            return (seen["price"]["amount"], seen["price"]["currencyCode"]) if seen else ("", "")
        before = variant["compareAtPrice"]
        if self._options.price == "compare_at" and before and _positive(before):
            return before, self._facts.currency
        return variant["price"], self._facts.currency


def _positive(amount: str) -> bool:
    """Null and 0.00 both mean that nothing is reduced (fact sheet 4)."""
    try:
        return Decimal(amount) > 0
    except InvalidOperation:
        return True
