"""Knows what the log said last: a trouble is told when it begins and when it ends, not in between."""

import logging
import re
from datetime import timedelta
from threading import Lock

from syncd.domain.duration import age

WELL = "ok"
MOST_REMEMBERED = 10_000
_SUBJECT = ("source", "channel", "sku", "field", "job")
_NUMBERS = re.compile(r"\d+")


class StateChanges(logging.Filter):
    """Passes a record that carries a `state` only when its subject was not in that state before.

    The subject is what the record names: source, channel, SKU, job. Numbers in the message do not count, so
    that "still 3 left" after "still 4 left" is the same state. `ok` ends a trouble and tells how long it
    lasted; without a trouble before it, it is not said. Records without a state always pass.
    """

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[tuple[str, ...], tuple[str, float]] = {}
        self._lock = Lock()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is news; one that ends a trouble is told with its duration."""
        state = getattr(record, "state", None)
        if state is None:
            return True
        subject = (record.name, *(str(getattr(record, key, "")) for key in _SUBJECT))
        with self._lock:
            if state == WELL:
                return self._ended(subject, record)
            words = f"{state}: {_NUMBERS.sub('', record.getMessage())}"
            before, since = self._said.pop(subject, ("", record.created))
            self._said[subject] = (words, since)
            if len(self._said) > MOST_REMEMBERED:
                del self._said[next(iter(self._said))]
            return words != before

    def _ended(self, subject: tuple[str, ...], record: logging.LogRecord) -> bool:
        found = self._said.pop(subject, None)
        if found is None:
            return False
        lasted = timedelta(seconds=record.created - found[1])
        record.msg = f"{record.getMessage()} again, after {age(lasted)}"
        record.args = ()
        return True
