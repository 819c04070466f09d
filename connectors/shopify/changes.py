"""A reading of changes: what Shopify's searches by `updated_at` find, one row for every variant and location.

Each kind of change leaves its mark elsewhere: stock on the level, price and SKU on the variant, status on the
product, tracking and cost on the item (fact sheet 2.4). Results come in no order and several searches may find
the same row, so everything is gathered first; what was read last counts.
"""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Lock
from typing import TypeVar

from connectors.shopify.admission import Admission, levels_of
from connectors.shopify.catalogue import Catalogue, sku_search
from connectors.shopify.queries import changed_since
from connectors.shopify.reading import BATCH
from connectors.shopify.rows import DEACTIVATED, HELD, Told
from connectors.shopify.tally import moment_of
from connectors.shopify.wire import (
    Level,
    LocatedLevel,
    Product,
    TouchedItem,
    WholeVariant,
    number_of,
)
from syncd.ports.source import RawBatch

T = TypeVar("T")

PARALLEL = 4
"""Locations read at once; they share the bucket of points."""
LARGEST = 50_000
"""Rows; a reading of more changes is no cheaper than one of everything."""
MOST_SINGLE = 100
"""Products or items read one by one; more of them are read with everything else."""
FOLLOWS = timedelta(seconds=5)
"""So long after its stock a product is marked as changed; later marks have another cause."""
SKUS = 40
"""SKUs asked for in one search."""


class ReadWhole(Exception):  # noqa: N818 - reads as a state
    """Changes alone do not tell enough, or are too many: everything must be read. The message says why."""


class Changes:
    """Gathers the rows that changed.

    `left_out` holds the products that did not count when last looked at, None when nobody knows.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        admission: Admission,
        locations: Mapping[str, str],
        left_out: frozenset[int] | None,
    ) -> None:
        self._catalogue = catalogue
        self._admission = admission
        self._locations = locations
        self._left_out = left_out
        self._back: set[int] = set()
        self._search = ""
        self._rows: dict[tuple[int, str], tuple[str, ...]] = {}
        self._shared: set[str] = set()
        self._whole: set[int] = set()
        self._product_seen: dict[int, str] = {}
        self._item_seen: dict[int, str] = {}
        self._lock = Lock()

    def gather(self, since: datetime) -> None:
        """Read it all; ReadWhole when everything must be read instead."""
        self._search = changed_since(since)
        self._read_locations()
        for page in self._catalogue.variants(self._search):
            for variant in page:
                self._take(variant)
        self._read_products()
        self._read_items()
        self._look_for_duplicates()

    def batches(self) -> Iterator[RawBatch]:
        """The rows gathered."""
        rows = list(self._rows.items())
        for start in range(0, len(rows), BATCH):
            part = rows[start : start + BATCH]
            yield RawBatch([key[0] for key, _ in part], [values for _, values in part])

    def left_out(self) -> frozenset[int]:
        """The products that do not count now, as far as is known."""
        return frozenset(((self._left_out or set()) | self._admission.left_out) - self._back)

    def _read_locations(self) -> None:
        """All locations, some at a time; the first error ends all."""
        with ThreadPoolExecutor(max_workers=PARALLEL, thread_name_prefix="shopify") as pool:
            futures = [
                pool.submit(self._read_location, *named) for named in self._locations.items()
            ]
            try:
                for future in futures:
                    future.result()
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                raise

    def _read_location(self, location: str, name: str) -> None:
        for page in self._catalogue.levels_at(location, self._search):
            with self._lock:
                for level in page:
                    self._take_level(level, name)

    def _take_level(self, level: LocatedLevel, name: str) -> None:
        """One row of every variant of the item."""
        admission, item = self._admission, level["item"]
        admission.tally.seen(level["updatedAt"])
        _later(self._item_seen, number_of(item["id"]), level["updatedAt"])
        if item["variants"]["pageInfo"]["hasNextPage"]:
            for whole in self._catalogue.of_item(item["id"]):
                self._take(whole)
            return
        for variant in item["variants"]["nodes"]:
            product = number_of(variant["product"]["id"])
            for updated in (level["updatedAt"], variant["updatedAt"]):
                _later(self._product_seen, product, updated)
            why = admission.product(variant["product"])
            told = admission.variant(variant, item, product, why)
            if told is not None:
                self._ask_later(told, item["duplicateSkuCount"])
                self._put_level(number_of(variant["id"]), told, name, level)

    def _take(self, variant: WholeVariant) -> None:
        """All rows of a variant."""
        told = self._admission.whole(variant)
        number, item = number_of(variant["id"]), variant["inventoryItem"]
        self._whole.add(number)
        product = number_of(variant["product"]["id"])
        _later(self._product_seen, product, variant["updatedAt"])
        for level in levels_of(variant):
            _later(self._product_seen, product, level["updatedAt"])
        if told is None:
            return
        self._ask_later(told, item["duplicateSkuCount"])
        if not self._admission.rules.stocked:
            self._put(number, "", self._admission.rules.price_row(told))
            return
        for level in levels_of(variant):
            self._admission.tally.seen(level["updatedAt"])
            name = self._locations.get(level["location"]["id"])
            if name is not None:
                self._put_level(number, told, name, level)

    def _put_level(self, number: int, told: Told, name: str, level: Level) -> None:
        """The row of a level; one that was switched off lately is no longer known, others say nothing."""
        rules = self._admission.rules
        if level["isActive"]:
            self._put(number, name, rules.stock_row(told, name, level))
        elif level["updatedAt"] >= self._since() and _switched(level):
            self._put(number, name, rules.marked_row(told, name, DEACTIVATED, []))

    def _put(self, number: int, name: str, values: tuple[str, ...]) -> None:
        self._rows[number, name] = values
        if len(self._rows) > LARGEST:
            raise ReadWhole(f"more than {LARGEST} rows changed")

    def _since(self) -> str:
        """The moment of the search, as Shopify writes it."""
        return self._search.split("'")[1]

    def _ask_later(self, told: Told, others: int) -> None:
        """Whether a variant that did not change has the same SKU."""
        if others:
            self._shared.add(told.sku)

    def _read_products(self) -> None:
        """Products that began or ceased to count: their other variants bear no mark of it."""
        turned = [
            product
            for page in self._catalogue.products(self._search)
            for product in page
            if self._turned(product)
        ]
        for product in _few(turned, "products"):
            for variant in self._catalogue.of_product(product["id"]):
                if self._admission.rules.out(variant["product"]):
                    self._hold(variant)
                else:
                    self._take(variant)

    def _turned(self, product: Product) -> bool:
        """Whether it may have begun or ceased to count."""
        number = number_of(product["id"])
        out = bool(self._admission.product(product))
        if self._left_out is not None:
            turned = out is not (number in self._left_out)
            if turned and not out:
                self._back.add(number)
            return turned
        if out:
            raise ReadWhole(
                "a product that does not count was edited, and whether it counted before is not known"
            )
        seen = self._product_seen.get(number)
        return seen is None or moment_of(product["updatedAt"]) > moment_of(seen) + FOLLOWS

    def _hold(self, variant: WholeVariant) -> None:
        """A variant whose product ceased to count keeps its last number, which then raises nothing."""
        rules, number = self._admission.rules, number_of(variant["id"])
        told = rules.told(variant, variant["inventoryItem"])
        if not rules.stocked or not told.sku.strip() or rules.bundled(variant):
            return
        reason = f"{HELD}its product is {rules.out(variant['product'])}"
        for level in levels_of(variant):
            name = self._locations.get(level["location"]["id"])
            if name is not None and level["isActive"]:
                self._put(number, name, rules.marked_row(told, name, reason, []))

    def _read_items(self) -> None:
        """Items whose tracking or cost changed; that concerns their rows at every location."""
        touched = [
            item["id"]
            for page in self._catalogue.items(self._search)
            for item in page
            if not self._is_read(item)
        ]
        for item in _few(touched, "inventory items"):
            for variant in self._catalogue.of_item(item):
                self._take(variant)

    def _is_read(self, item: TouchedItem) -> bool:
        """Whether all was read already, or only a level moved, should that move its item too."""
        self._admission.tally.seen(item["updatedAt"])
        if item["updatedAt"] <= self._item_seen.get(number_of(item["id"]), ""):
            return True
        return all(number_of(each["id"]) in self._whole for each in item["variants"]["nodes"])

    def _look_for_duplicates(self) -> None:
        """Shopify's search ignores case and may be late; what it finds is compared."""
        skus = sorted(self._shared)
        for start in range(0, len(skus), SKUS):
            part = frozenset(skus[start : start + SKUS])
            for page in self._catalogue.variants(sku_search(sorted(part))):
                for variant in page:
                    if variant["sku"] in part:
                        self._admission.whole(variant)


def _few(found: list[T], what: str) -> list[T]:
    if len(found) > MOST_SINGLE:
        raise ReadWhole(f"{len(found)} {what} changed on their own")
    return found


def _later(known: dict[int, str], number: int, updated: str) -> None:
    known[number] = max(known.get(number, ""), updated)


def _switched(level: Level) -> bool:
    """Whether the level itself changed last and not one of its numbers.

    Apps write numbers to locations that never stocked an item; that makes inactive levels (fact sheet 2.6),
    which are none of our rows.
    """
    stamps = (each.get("updatedAt") for each in level["quantities"])
    return all(stamp is None or stamp < level["updatedAt"] for stamp in stamps)
