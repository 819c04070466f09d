"""Answers that are bent after the work was done: what a client must notice because nothing else tells it."""

from collections.abc import Callable, Iterator, Mapping
from typing import cast

Data = dict[str, object]
NULLABLE = ("unitCost", "compareAtPrice", "barcode", "sku", "inventoryLevel", "app")
"""Fields that may be null, so that one of them can be missing beside an error."""


def bend(kind: str, answer: Data) -> Data:
    """The answer with that fault in it; as it was when the fault finds nothing to strike."""
    act = ACTS.get(kind)
    return answer if act is None else act(answer)


def _partial(answer: Data) -> Data:
    """One field is null, and the errors say why; all else is there."""
    for holder, path in _objects(answer.get("data"), ()):
        name = next((each for each in NULLABLE if each in holder), None)
        if name is not None:
            holder[name] = None
            return {**answer, "errors": [_error([*path, name])]}
    data = answer.get("data")
    name = next(iter(data), "") if isinstance(data, Mapping) else ""
    return {**answer, "data": {name: None}, "errors": [_error([name])]}


def _warned(answer: Data) -> Data:
    """The answer says that it misread the search."""
    data = answer.get("data")
    path = list(data)[:1] if isinstance(data, Mapping) else []
    warning = {
        "field": "updated_at:>='2026",
        "message": "Invalid search field for this query.",
        "code": "invalid_field",
    }
    search = [{"path": path, "query": "", "warnings": [warning]}]
    extensions = answer.get("extensions")
    kept = dict(extensions) if isinstance(extensions, Mapping) else {}
    return {**answer, "extensions": {**kept, "search": search}}


def _cut_off(answer: Data) -> Data:
    """Every nested connection has more than it shows."""
    for holder, path in _objects(answer.get("data"), ()):
        info = holder.get("pageInfo")
        if isinstance(info, dict) and any(isinstance(step, int) for step in path):
            info["hasNextPage"] = True
    return answer


def _vanish(answer: Data) -> Data:
    """A level is missing from the first list of levels."""
    for holder, path in _objects(answer.get("data"), ()):
        nodes = holder.get("nodes")
        if path and path[-1] == "inventoryLevels" and isinstance(nodes, list) and nodes:
            nodes.pop(0)
            return answer
    return answer


ACTS: Mapping[str, Callable[[Data], Data]] = {
    "partial_data": _partial,
    "search_warning": _warned,
    "hidden_next_page": _cut_off,
    "level_vanishes": _vanish,
}


def _objects(
    value: object, path: tuple[str | int, ...]
) -> Iterator[tuple[Data, tuple[str | int, ...]]]:
    """Every object of an answer with its path, the outer ones first."""
    if isinstance(value, dict):
        holder = cast("Data", value)
        yield holder, path
        for name, inner in list(holder.items()):
            yield from _objects(inner, (*path, name))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _objects(inner, (*path, number))


def _error(path: list[str | int]) -> dict[str, object]:
    return {
        "message": "Internal error. Looks like something went wrong on our end.",
        "path": path,
        "extensions": {"code": "INTERNAL_SERVER_ERROR"},
    }
