"""Turns the lines of a bulk file into rows: products, their variants, and per variant its levels.

A level line may name the variant or the inventory item as its parent; Shopify does not say which. The item is
in the level's own id, so it is taken from there.
"""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import IO

from pydantic import ValidationError

from connectors.shopify.admission import Admission
from connectors.shopify.parents import Parents
from connectors.shopify.reading import BATCH
from connectors.shopify.rows import Told
from connectors.shopify.wire import LINE, Line, number_of
from syncd.domain.errors import SourceUnavailable
from syncd.ports.source import RawBatch

Row = tuple[int, tuple[str, ...]]
"""The number of a variant, and the values of one of its rows."""

_BETWEEN = "\0"
_OF_ITEM = "inventory_item_id="
_LEVEL = "gid://shopify/InventoryLevel/"
_ITEM = "gid://shopify/InventoryItem/"
_VARIANT = "gid://shopify/ProductVariant/"
_PRODUCT = "gid://shopify/Product/"
_NOTHING = ""
"""Stands for a variant that does not count."""


class BulkLines:
    """Reads one file; `locations` are those to read, with the names of their rows."""

    def __init__(self, file: IO[bytes], admission: Admission, locations: Mapping[str, str]) -> None:
        self._file = file
        self._admission = admission
        self._tally = admission.tally
        self._rules = admission.rules
        self._locations = locations
        self._products = Parents()
        self._items = Parents()
        self._at = 0
        self._variants_due = 0
        self._levels_due = 0

    def batches(self) -> Iterator[RawBatch]:
        """Every row; SourceUnavailable for a file that cannot be what Shopify wrote."""
        with self._products, self._items:
            lines = iter(self._file)
            while chunk := list(islice(lines, BATCH)):
                yield self._batch(chunk)
        self._require_all()

    def _batch(self, chunk: list[bytes]) -> RawBatch:
        positions: list[int] = []
        values: list[tuple[str, ...]] = []
        read = LINE.validator.validate_json
        for text in chunk:
            self._at += 1
            try:
                found = self._row(read(text))
            except (ValidationError, KeyError):
                raise SourceUnavailable(
                    f"line {self._at} of Shopify's bulk file is none of those asked for; nothing of it is used"
                ) from None
            if found is not None:
                positions.append(found[0])
                values.append(found[1])
        return RawBatch(positions, values)

    def _row(self, line: Line) -> Row | None:
        gid = line["id"]
        if gid.startswith(_LEVEL):
            return self._level(line)
        if gid.startswith(_VARIANT):
            return self._variant(line)
        if gid.startswith(_PRODUCT):
            self._product(line)
        return None

    def _product(self, line: Line) -> None:
        count = line["variantsCount"]
        self._variants_due += 0 if count is None else count["count"]
        self._products.put(number_of(line["id"]), self._admission.product(line))

    def _variant(self, line: Line) -> Row | None:
        """Remember a variant; its row where only prices are read."""
        self._variants_due -= 1
        item, product = line["inventoryItem"], number_of(line["parent"])
        why = self._products.get(product)
        if why is None:
            raise _orphan(line)
        told = self._admission.variant(line, item, product, why)
        number = number_of(line["id"])
        if not self._rules.stocked:
            return None if told is None else (number, self._rules.price_row(told))
        count = item.get("locationsCount")
        self._levels_due += 0 if count is None else count["count"]
        self._items.put(number_of(item["id"]), _packed(number, told))
        return None

    def _level(self, line: Line) -> Row | None:
        self._levels_due -= 1
        self._tally.seen(line["updatedAt"])
        name = self._locations.get(line["location"]["id"])
        if name is None or not line["isActive"]:
            return None
        packed = self._items.get(_item_of(line))
        if packed is None:
            raise _orphan(line)
        if packed == _NOTHING:
            return None
        number, mark, price, currency, cost, sku = packed.split(_BETWEEN, 5)
        told = Told(sku, mark, price, currency, cost)
        return int(number), self._rules.stock_row(told, name, line)

    def _require_all(self) -> None:
        """Nested connections that were cut off leave no trace but that something is missing."""
        if self._variants_due > 0:
            raise SourceUnavailable(
                f"Shopify's bulk file lacks {self._variants_due} variants that its products have; it is read "
                "again next time"
            )
        if self._levels_due > 0:
            raise SourceUnavailable(
                f"Shopify's bulk file lacks {self._levels_due} inventory levels that its items have; it is "
                "read again next time"
            )


def _packed(number: int, told: Told | None) -> str:
    if told is None:
        return _NOTHING
    return _BETWEEN.join((str(number), told.mark, told.price, told.currency, told.cost, told.sku))


def _item_of(line: Line) -> int:
    """The number of a level's item; KeyError where nothing tells it."""
    _, found, number = line["id"].partition(_OF_ITEM)
    if found and number.isascii() and number.isdigit():
        return int(number)
    if line["parent"].startswith(_ITEM):
        return number_of(line["parent"])
    raise KeyError(line["id"])


def _orphan(line: Line) -> SourceUnavailable:
    what = f"names a parent before it describes it ({line['id'][:80]!a})"
    return SourceUnavailable(f"Shopify's bulk file {what}; nothing of it is used")
