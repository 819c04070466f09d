"""What the five cron fields mean here: only forms that every scheduler reads the same way."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from syncd.settings.scalars import refusal

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_PART = re.compile(r"(\*|[0-9a-z]{1,3}(?:-[0-9a-z]{1,3})?)(?:/([0-9]{1,2}))?", re.ASCII)
_DAY_MINUTES = 24 * 60
_FIELD_COUNT = 5


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    low: int
    high: int
    names: Mapping[str, int]
    is_named_only: bool = False


_FIELDS = (
    _Field("minute", 0, 59, {}),
    _Field("hour", 0, 23, {}),
    _Field("day of month", 1, 31, {}),
    _Field("month", 1, 12, {name: at for at, name in enumerate(_MONTHS, start=1)}),
    _Field("day of week", 0, 6, {name: at for at, name in enumerate(_DAYS)}, is_named_only=True),
)


@dataclass(frozen=True, slots=True)
class Cron:
    """A checked cron expression and the longest time between two of its moments."""

    text: str
    longest_gap: timedelta


def read_cron(text: str) -> Cron:
    """`*/10 6-22 * * mon-sat`: minute, hour, day of month, month, day of week."""
    written = text.split()
    if len(written) != _FIELD_COUNT:
        hint = 'minute, hour, day of month, month, day of week, as in "*/10 6-22 * * mon-sat"'
        raise refusal(f"{text!r} has {len(written)} cron fields instead of {_FIELD_COUNT}", hint)
    sets = [_values(field, part) for field, part in zip(_FIELDS, written, strict=True)]
    if written[2] != "*" and written[4] != "*":
        hint = "programs disagree whether both or either must match; leave one as *"
        raise refusal("day of month and day of week are both given", hint)
    minutes = sorted(hour * 60 + minute for hour in sets[1] for minute in sets[0])
    return Cron(" ".join(written), _longest_gap(minutes, _matching_days(sets)))


def _values(field: _Field, written: str) -> frozenset[int]:
    values: set[int] = set()
    for part in written.split(","):
        values.update(_range(field, part))
    return frozenset(values)


def _range(field: _Field, part: str) -> range:
    found = _PART.fullmatch(part)
    if found is None:
        raise refusal(f"{part!r} is not understood as {field.name}", "as in *, */10, 5, 6-22, 1,15")
    step = int(found[2] or 1)
    if step == 0 or (found[2] and found[1] != "*" and "-" not in found[1]):
        raise refusal(f"{part!r} has no usable step", "as in */10 or 6-22/2")
    if found[1] == "*":
        return range(field.low, field.high + 1, step)
    first, _, last = found[1].partition("-")
    low, high = _value(field, first), _value(field, last or first)
    if low > high:
        raise refusal(f"{part!r} runs backwards")
    return range(low, high + 1, step)


def _value(field: _Field, text: str) -> int:
    if text in field.names:
        return field.names[text]
    if field.is_named_only:
        hint = "write mon, tue, wed, thu, fri, sat, sun: 0 is Sunday to some, Monday to others"
        raise refusal(f"{text!r} is no {field.name}", hint)
    if not text.isdigit() or not field.low <= int(text) <= field.high:
        raise refusal(f"{text!r} is no {field.name}", f"{field.low} to {field.high}")
    return int(text)


def _matching_days(sets: list[frozenset[int]]) -> list[int]:
    # Four years hold every date there is, leap days too.
    first, last = date(2024, 1, 1).toordinal(), date(2028, 2, 29).toordinal()
    days = []
    for ordinal in range(first, last + 1):
        day = date.fromordinal(ordinal)
        if day.day in sets[2] and day.month in sets[3] and day.weekday() in sets[4]:
            days.append(ordinal)
    return days


def _longest_gap(minutes: list[int], days: list[int]) -> timedelta:
    if len(days) <= 1:
        raise refusal("this moment never comes")
    within = max((later - sooner for sooner, later in pairwise(minutes)), default=0)
    apart = max(later - sooner for sooner, later in pairwise(days))
    return timedelta(minutes=max(within, apart * _DAY_MINUTES - minutes[-1] + minutes[0]))
