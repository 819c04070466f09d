"""Durations as people write them: `2s 5m 24h 7d`."""

import re
from datetime import timedelta

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_WRITTEN = re.compile(r"([0-9]{1,6})([smhd])", re.ASCII)


def parse_duration(text: str) -> timedelta:
    """`90s`, `15m`, `24h`, `400d`; ValueError with the accepted forms otherwise."""
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no duration; write it as 30s, 15m, 24h or 7d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def written(span: timedelta) -> str:
    """The shortest of those forms, rounded down to the second; `0s` for none."""
    seconds = int(span.total_seconds())
    for letter, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{letter}"
    return f"{seconds}s"


def age(span: timedelta) -> str:
    """A length of time for people: the largest unit that tells enough (`3 min`, `26 h`, `4 d`)."""
    seconds = max(0, int(span.total_seconds()))
    for name, size, least in (("d", 86400, 3), ("h", 3600, 2), ("min", 60, 2)):
        if seconds >= size * least:
            return f"{seconds // size} {name}"
    return f"{seconds} s"
