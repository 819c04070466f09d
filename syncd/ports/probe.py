"""What the doctor asks of a connection: the things only its own kind can look at."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Protocol


class Verdict(StrEnum):
    """How bad a finding is: fine, worth knowing, or in the way."""

    OK = "ok"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at, in a sentence, and what helps when it is not fine."""

    text: str
    verdict: Verdict = Verdict.OK
    help: str = ""


class Probe(Protocol):
    """What can be examined."""

    def probe(self, every: timedelta) -> tuple[Check, ...]:
        """Permissions, clock, and what a reading costs measured by an interval of `every`.

        Raises the errors of the connection when it cannot be used at all.
        """
        ...
