"""Shopify's own product and inventory exports, as they are: which column is what, which rows mean nothing."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from connectors.csv_file.columns import BadHeader
from connectors.tabular.form import UNTRACKED
from syncd.domain.stock import Basis

NOT_STOCKED = "not stocked"
_SUFFIX = re.compile(r"\s*\((not editable|current|new|do not edit)\)\s*$", re.IGNORECASE)


class Preset(Protocol):
    """How rows of an export become values."""

    @property
    def keys(self) -> tuple[str, ...]:
        """What the values of a row are."""
        ...

    @property
    def width(self) -> int:
        """Fields of a row."""
        ...

    def rows(self, row: Sequence[str]) -> Iterator[tuple[str, ...]]:
        """The values of a row, location by location; nothing for a row without stock."""
        ...


@dataclass(frozen=True, slots=True)
class ProductsExport:
    """The product export: one row per variant, and rows that only hold another picture."""

    keys: tuple[str, ...]
    width: int
    sku: int
    quantity: int | None
    tracker: int | None
    price: int | None
    cost: int | None

    def rows(self, row: Sequence[str]) -> Iterator[tuple[str, ...]]:
        """A variant's values; Shopify puts an apostrophe before a SKU that begins with a zero."""
        sku, price = row[self.sku], _at(row, self.price)
        quantity, tracker = _at(row, self.quantity), _at(row, self.tracker)
        if not (sku or price or quantity):
            return
        if self.tracker is not None and not tracker:
            quantity = UNTRACKED
        yield (sku.removeprefix("'"), quantity, price, _at(row, self.cost))


@dataclass(frozen=True, slots=True)
class InventoryExport:
    """The inventory export with one row per SKU and location."""

    keys: tuple[str, ...]
    width: int
    sku: int
    location: int
    quantity: int
    committed: int | None

    def rows(self, row: Sequence[str]) -> Iterator[tuple[str, ...]]:
        """The values of a row; a location that does not stock the SKU says nothing."""
        quantity = row[self.quantity].strip()
        if quantity.casefold() == NOT_STOCKED:
            return
        values = (row[self.sku].removeprefix("'"), row[self.location], quantity)
        yield values if self.committed is None else (*values, _at(row, self.committed))


@dataclass(frozen=True, slots=True)
class WideInventoryExport:
    """The older inventory export with a column per location."""

    keys: tuple[str, ...]
    width: int
    sku: int
    locations: tuple[tuple[str, int], ...]

    def rows(self, row: Sequence[str]) -> Iterator[tuple[str, ...]]:
        """One row per location that stocks the SKU."""
        for name, index in self.locations:
            quantity = row[index].strip()
            if quantity.casefold() != NOT_STOCKED:
                yield (row[self.sku].removeprefix("'"), name, quantity)


def _at(row: Sequence[str], index: int | None) -> str:
    return "" if index is None else row[index].strip()


def preset_of(form: str, header: Sequence[str], basis: Basis | None) -> Preset:
    """The preset of a header; BadHeader when it is not that export."""
    if form == "shopify_products":
        return _products(header)
    return _inventory(header, basis or Basis.AVAILABLE)


def _find(header: Sequence[str], *names: str) -> int | None:
    folded = [_SUFFIX.sub("", name).casefold() for name in header]
    for name in names:
        if name in folded:
            return folded.index(name)
    return None


def _products(header: Sequence[str]) -> Preset:
    sku = _find(header, "variant sku", "sku")
    if sku is None or _find(header, "handle", "url handle", "title") is None:
        raise BadHeader("this is no Shopify product export: it has no Handle and Variant SKU")
    quantity = _find(header, "variant inventory qty", "inventory quantity")
    tracker = _find(header, "variant inventory tracker", "inventory tracker")
    return ProductsExport(
        ("sku", "quantity", "price", "cost"),
        len(header),
        sku,
        quantity,
        tracker,
        _find(header, "variant price", "price"),
        _find(header, "cost per item"),
    )


def _inventory(header: Sequence[str], basis: Basis) -> Preset:
    sku = _find(header, "sku")
    if sku is None or _find(header, "handle", "title") is None:
        raise BadHeader("this is no Shopify inventory export: it has no Handle and SKU")
    location = _find(header, "location")
    if location is None:
        return _wide(header, sku)
    wanted = "available" if basis is Basis.AVAILABLE else "on hand"
    current = _current(header, wanted)
    if current is None:
        raise BadHeader(f"this inventory export has no column {wanted!r}, which `basis` asks for")
    if basis is Basis.AVAILABLE:
        return InventoryExport(
            ("sku", "location", "quantity"), len(header), sku, location, current, None
        )
    committed = _find(header, "committed")
    return InventoryExport(
        ("sku", "location", "quantity", "committed"), len(header), sku, location, current, committed
    )


def _current(header: Sequence[str], wanted: str) -> int | None:
    """The column with the present number: newer exports also have an empty `(new)` one."""
    for index, name in enumerate(header):
        if name.casefold().startswith(f"{wanted} (current") or name.casefold() == wanted:
            return index
    for index, name in enumerate(header):
        folded = name.casefold()
        if folded.startswith(wanted) and "(new)" not in folded:
            return index
    return None


_FIXED = re.compile(
    r"handle|title|option[123] (name|value)|sku|hs code|coo|bin name", re.IGNORECASE
)


def _wide(header: Sequence[str], sku: int) -> Preset:
    places = tuple(
        (name, index) for index, name in enumerate(header) if name and not _FIXED.fullmatch(name)
    )
    if not places:
        raise BadHeader("this inventory export names no location")
    return WideInventoryExport(("sku", "location", "quantity"), len(header), sku, places)
