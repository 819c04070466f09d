"""How hints of a delivery are written down, the same in the inbox and beside it."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from syncd.domain.drifting import Mover
from syncd.ledger.columns import micros_or_none, moment_or_none
from syncd.ports.deliveries import About, Hint, Moved


def hint_rows(hints: Iterable[Hint]) -> list[list[object]]:
    """The hints as lists of plain values."""
    return [
        [hint.about.value, hint.reference, hint.cause, *_moved_values(hint.moved)] for hint in hints
    ]


def hints_of(rows: Iterable[Sequence[Any]]) -> Iterator[Hint]:
    """The hints of such lists, also of those that do not say who moved what; ValueError for any other."""
    for about, reference, cause, *moved in rows:
        yield Hint(about=About(about), reference=reference, cause=cause, moved=_moved(moved))


def _moved_values(moved: Moved | None) -> tuple[object, ...]:
    if moved is None:
        return ()
    return (moved.product, moved.mover.value, micros_or_none(moved.at), moved.units)


def _moved(values: Sequence[Any]) -> Moved | None:
    if not values:
        return None
    product, mover, at, units = values
    return Moved(product=product, mover=Mover(mover), at=moment_or_none(at), units=units)
