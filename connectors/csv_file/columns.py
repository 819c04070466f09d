"""Which column says what: by the mapping, by usual names, or by the names of Shopify's exports."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connectors.csv_file.options import Columns
from connectors.tabular.form import KEYS

CANDIDATES = (",", ";", "\t", "|")
USUAL = {
    "sku": ("sku", "variant sku", "seller sku", "seller_sku", "article", "article number", "item",
            "item number", "item no", "item_no", "artikel", "artikelnummer", "product code", "code"),
    "location": ("location", "warehouse", "location name", "warehouse name", "lager", "lagerort"),
    "quantity": ("quantity", "qty", "stock", "stock quantity", "available", "available quantity",
                 "on hand", "on_hand", "onhand", "quantity on hand", "bestand", "menge", "inventory"),
    "committed": ("committed", "allocated", "reserved", "committed quantity", "allocated quantity"),
    "price": ("price", "unit price", "sale price", "selling price", "preis", "variant price"),
    "currency": ("currency", "currency code", "währung"),
    "cost": ("cost", "unit cost", "cost price", "cost per item", "purchase price", "einkaufspreis"),
    "counted_at": ("counted_at", "counted at", "count date", "date counted", "stocktake"),
}  # fmt: skip


class BadHeader(Exception):  # noqa: N818 - a reason
    """The header does not say what is needed; the message says what to write."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where each key stands in a row, and how many fields a row has."""

    keys: tuple[str, ...]
    indices: tuple[int, ...]
    width: int
    delimiter: str


def find_layout(line: str, columns: Columns, delimiter: str | None) -> Layout:
    """The layout of a file by its header line; BadHeader otherwise."""
    failures: list[BadHeader] = []
    found: list[Layout] = []
    for candidate in (delimiter,) if delimiter else CANDIDATES:
        header = header_of(line, candidate)
        if delimiter is None and len(header) < 2:  # noqa: PLR2004 - a table has two columns
            continue
        try:
            found.append(layout_of(header, columns, candidate))
        except BadHeader as reason:
            failures.append(reason)
    if found:
        return max(found, key=lambda layout: (len(layout.keys), layout.width))
    if failures:
        raise failures[0]
    raise BadHeader(f"the header {line[:80]!a} has one column only; set `delimiter`")


def header_of(line: str, delimiter: str) -> list[str]:
    """The names of a header line."""
    try:
        return [name.strip() for name in next(csv.reader([line], delimiter=delimiter), [])]
    except csv.Error as error:
        raise BadHeader(f"the header {line[:80]!a} cannot be read: {error}") from error


def layout_of(header: Sequence[str], columns: Columns, delimiter: str) -> Layout:
    """Match every key to a column."""
    where: dict[str, int] = {}
    for key in KEYS:
        wanted = getattr(columns, key)
        index = _named(header, key, wanted) if wanted else _usual(header, key, columns)
        if index is not None:
            where[key] = index
    _require(where, header)
    keys = tuple(key for key in KEYS if key in where)
    return Layout(keys, tuple(where[key] for key in keys), len(header), delimiter)


def _named(header: Sequence[str], key: str, wanted: str) -> int:
    count = header.count(wanted)
    if count == 0:
        raise BadHeader(f"columns.{key} names {wanted!r}, but the header is: {_shown(header)}")
    if count > 1:
        raise BadHeader(f"the header has the column {wanted!r} {count} times")
    return header.index(wanted)


def _usual(header: Sequence[str], key: str, columns: Columns) -> int | None:
    taken = {getattr(columns, other) for other in KEYS}
    matches = [
        index
        for index, name in enumerate(header)
        if name not in taken and name.casefold() in USUAL[key]
    ]
    if len(matches) > 1:
        names = " and ".join(repr(header[index]) for index in matches)
        raise BadHeader(
            f"{names} could both be the {key}; write columns: {{{key}: {header[matches[0]]}}}"
        )
    return matches[0] if matches else None


def _require(where: Mapping[str, int], header: Sequence[str]) -> None:
    if "sku" not in where:
        raise BadHeader(
            f"no column is the SKU; write columns: {{sku: …}}; the header is: {_shown(header)}"
        )
    if "quantity" not in where and "price" not in where:
        raise BadHeader(
            "no column is a quantity or a price; write columns: {quantity: …}; "
            f"the header is: {_shown(header)}"
        )


def _shown(header: Sequence[str]) -> str:
    text = ", ".join(ascii(name)[1:-1] for name in header[:20])
    return text + (" …" if len(header) > 20 else "")  # noqa: PLR2004 - enough to recognise it
