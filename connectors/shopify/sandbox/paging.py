"""Pages of a connection: cursors that name a place in the order, so that records may come and go meanwhile."""

import json
from base64 import b64decode, b64encode
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from connectors.shopify.sandbox.refusals import bad_request
from connectors.shopify.sandbox.search import Keep, Searchable

MOST = 250
R = TypeVar("R")
Place = tuple[int | str, ...]


@dataclass(frozen=True, slots=True)
class Rows(Generic[R]):
    """The records behind a connection, in the order of `place`, and what a search may name of them."""

    records: Sequence[R]
    place: Callable[[R], Place]
    fields: Mapping[str, Searchable]
    keep: Keep | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a connection."""

    nodes: list[object]
    cursors: list[str]
    has_next: bool


def cut_page(rows: Rows[R], arguments: Mapping[str, object], keep: Keep | None) -> Page:
    """The page that `first`, `after` and `reverse` ask for; the simulated shop pages forward only."""
    size = page_size(arguments)
    records = rows.records
    backwards = bool(arguments.get("reverse"))
    start = len(records) if backwards else 0
    after = arguments.get("after")
    if isinstance(after, str):
        where = _place(after)
        bisect = bisect_left if backwards else bisect_right
        try:
            start = bisect(records, where, key=rows.place)
        except TypeError:
            raise bad_request("Invalid cursor for current pagination sort.") from None
    found: list[R] = []
    numbers = range(start - 1, -1, -1) if backwards else range(start, len(records))
    for number in numbers:
        record = records[number]
        if (keep is None or keep(record)) and (rows.keep is None or rows.keep(record)):
            found.append(record)
            if len(found) > size:
                break
    nodes = found[:size]
    return Page(list(nodes), [_cursor(rows.place(each)) for each in nodes], len(found) > size)


def page_size(arguments: Mapping[str, object]) -> int:
    """The size of the page that is asked for; BAD_REQUEST when it is missing or too large."""
    size = arguments.get("first")
    if not isinstance(size, int) or arguments.get("last") is not None:
        raise bad_request("you must provide one of first or last (the simulated shop: first)")
    if not 0 <= size <= MOST:
        raise bad_request(
            f"The first argument must be between 0 and {MOST}, got {size}. To read more, use bulk operations"
        )
    return size


def _cursor(place: Place) -> str:
    return b64encode(json.dumps(place).encode()).decode()


def _place(cursor: str) -> Place:
    try:
        place = json.loads(b64decode(cursor, validate=True))
    except ValueError:
        place = None
    if not isinstance(place, list):
        raise bad_request("Invalid cursor for current pagination sort.")
    return tuple(place)
