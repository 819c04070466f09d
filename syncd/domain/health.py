"""When syncd counts as working: everything that must not grow old is younger than its schedule allows.

A process that runs and does nothing is not healthy, and a quiet shop is: a reconcile that found what was
expected and an order poll that found nothing both count.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from syncd.domain.duration import age, written

MISSED = 3
"""So many times in a row a schedule may be missed."""


class Sign(StrEnum):
    """What is looked at."""

    READING = "complete reading"
    ORDERS = "complete order poll"
    CONFIRMATION = "confirmation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vital:
    """The newest sign of life of one kind of one source or channel, and how old it may grow."""

    name: str
    sign: Sign
    at: datetime | None
    allowed: timedelta

    def age(self, now: datetime) -> timedelta | None:
        """How old it is; None when there was none yet."""
        return None if self.at is None else max(timedelta(0), now - self.at)

    def problem(self, now: datetime) -> str | None:
        """What is wrong with it, in words; None when nothing is."""
        old = self.age(now)
        if old is None:
            return f"{self.name}: no {self.sign} yet"
        if old > self.allowed:
            return (
                f"{self.name}: the last {self.sign} is {age(old)} old, more than "
                f"{written(self.allowed)}"
            )
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """All signs of life at one moment. `notes` tells what was left out on purpose (a pause)."""

    at: datetime
    vitals: Sequence[Vital]
    notes: Sequence[str] = ()

    def problems(self) -> tuple[str, ...]:
        """Everything that is too old."""
        found = (vital.problem(self.at) for vital in self.vitals)
        return tuple(problem for problem in found if problem is not None)

    @property
    def ready(self) -> bool:
        """Whether everything is young enough."""
        return not self.problems()


def missed(every: timedelta) -> timedelta:
    """How old the last success of something may be that is done at this interval."""
    return MISSED * every
