"""Which column of the result says what: by its name exactly, and whether its type can say it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from operator import itemgetter

from connectors.sql_query.database import Column, Nature, Row
from connectors.tabular.form import KEYS

UPDATED_AT = "updated_at"
NAMES = (*KEYS, UPDATED_AT)
_NAMED = {Nature.TEXT, Nature.NUMBER, Nature.ANY}
_COUNTED = {Nature.TEXT, Nature.NUMBER, Nature.APPROXIMATE, Nature.ANY}
_TIMED = {Nature.TEXT, Nature.TIME, Nature.ANY}
_FITTING = {
    "sku": _NAMED,
    "location": _NAMED,
    "currency": {Nature.TEXT, Nature.ANY},
    "counted_at": _TIMED,
    UPDATED_AT: _TIMED,
}


class BadColumns(Exception):  # noqa: N818 - a reason
    """The columns do not say what is needed; the message says what to write in the query."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What the values of a row are, how they are picked (None: as they stand), and where updated_at is."""

    keys: tuple[str, ...]
    pick: Callable[[Row], Row] | None
    updated_at: int | None


def lay_out(columns: Sequence[Column]) -> Layout:
    """Match the columns to what a row can say; BadColumns otherwise."""
    names = [column.name for column in columns]
    _require(names)
    for column in columns:
        _fits(column)
    keys = tuple(key for key in KEYS if key in names)
    pick: Callable[[Row], Row] = itemgetter(*(names.index(key) for key in keys))
    return Layout(
        keys=keys,
        pick=None if list(keys) == names else pick,
        updated_at=names.index(UPDATED_AT) if UPDATED_AT in names else None,
    )


def _require(names: Sequence[str]) -> None:
    shown = f"the columns of the query are {', '.join(names)}"
    for name in names:
        if name not in NAMES:
            raise BadColumns(f"the column {name!a} means nothing here{_nearest(name)}; {shown}")
        if names.count(name) > 1:
            raise BadColumns(f"the column {name} is there {names.count(name)} times; {shown}")
    if "sku" not in names:
        raise BadColumns(f"no column is named sku; write … AS sku; {shown}")
    if "quantity" not in names and "price" not in names:
        raise BadColumns(f"no column is named quantity or price; write … AS quantity; {shown}")


def _nearest(name: str) -> str:
    near = get_close_matches(name.lower(), NAMES, 1)
    if near:
        return f"; did you mean {near[0]}?"
    return (
        f" (known names: {', '.join(NAMES)}); leave it out of the query, or name it AS one of them"
    )


def _fits(column: Column) -> None:
    if column.nature not in _FITTING.get(column.name, _COUNTED):
        raise BadColumns(
            f"the column {column.name} is of the type {column.type_name}, which is never taken for a "
            f"{column.name}; convert it in the query"
        )
