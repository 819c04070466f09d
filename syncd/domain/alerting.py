"""What deserves an alert, and when to say so: once at the beginning, once at the end, daily in between."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

REMIND_EVERY = timedelta(hours=24)
"""An alert that stays open is repeated this often, all of them in one message."""


class Kind(StrEnum):
    """What is wrong."""

    HELD = "held"
    STALE = "stale"
    UNAUTHORIZED = "unauthorized"
    UNCONFIRMED = "unconfirmed"
    BACKLOG = "backlog"
    OVERSOLD = "oversold"
    PARKED = "parked"
    BOOKING = "booking"
    CONTESTED = "contested"
    PAUSED = "paused"


HOLDS: Mapping[Kind, timedelta] = {
    Kind.UNCONFIRMED: timedelta(minutes=5),
    Kind.OVERSOLD: timedelta(minutes=5),
    Kind.PARKED: timedelta(minutes=5),
}
"""How long a condition must hold before it is told: a run may take a while longer than its schedule, an
order may come a moment before the reading that covers it, and a park be gone with the next cycle. The other
kinds are told at once: a person must act, or time is part of the condition already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Something that is wrong now. `key` stays the same as long as it is the same trouble."""

    key: str
    kind: Kind
    what: str
    since: datetime | None
    help: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A condition that was seen and is not over yet.

    `told_at` is None while it must still prove to last; `away_since` is set while it is not seen.
    """

    condition: Condition
    seen_at: datetime
    told_at: datetime | None = None
    reminded_at: datetime | None = None
    away_since: datetime | None = None


class Event(StrEnum):
    """What is told of an alert."""

    BEGAN = "began"
    ENDED = "ended"
    STILL = "still"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing to tell."""

    event: Event
    condition: Condition
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The alerts after a look, and what is to be told because of it."""

    alerts: tuple[Alert, ...]
    notices: tuple[Notice, ...]


def transitions(
    alerts: Iterable[Alert], conditions: Iterable[Condition], now: datetime, quiet_for: timedelta
) -> Step:
    """One look at what is wrong now.

    A condition begins once it has held as long as its kind asks, and ends once it has stayed away for
    `quiet_for`; one that flickers faster than that is neither begun nor ended twice. Never two begins of a
    key without an end between them. What is returned depends on the arguments alone, so that a restart
    between two looks changes nothing.
    """
    known = {alert.condition.key: alert for alert in alerts}
    present = {condition.key: condition for condition in conditions}
    kept: list[Alert] = []
    notices: list[Notice] = []
    for key in sorted(known.keys() | present.keys()):
        after, notice = _looked_at(known.get(key), present.get(key), now, quiet_for)
        kept += [after] if after is not None else []
        notices += [notice] if notice is not None else []
    return _reminded(Step(alerts=tuple(kept), notices=tuple(notices)), now)


def _looked_at(
    alert: Alert | None, condition: Condition | None, now: datetime, quiet_for: timedelta
) -> tuple[Alert | None, Notice | None]:
    if condition is not None:
        former = alert or Alert(condition=condition, seen_at=now)
        return _seen(replace(former, condition=condition, away_since=None), now)
    return (None, None) if alert is None else _absent(alert, now, quiet_for)


def _seen(alert: Alert, now: datetime) -> tuple[Alert, Notice | None]:
    condition = alert.condition
    if alert.told_at is not None:
        return alert, None
    if now - alert.seen_at < HOLDS.get(condition.kind, timedelta(0)):
        return alert, None
    return replace(alert, told_at=now), Notice(event=Event.BEGAN, condition=condition, at=now)


def _absent(
    alert: Alert, now: datetime, quiet_for: timedelta
) -> tuple[Alert | None, Notice | None]:
    if alert.told_at is None:
        return None, None
    since = alert.away_since or now
    if now - since < quiet_for:
        return replace(alert, away_since=since), None
    return None, Notice(event=Event.ENDED, condition=alert.condition, at=now)


def _reminded(step: Step, now: datetime) -> Step:
    """When one open alert is due to be repeated, the others that were not repeated lately come with it."""
    if not any(_is_due(alert, alert.told_at, now) for alert in step.alerts):
        return step
    just_told = {notice.condition.key for notice in step.notices}
    open_ = [
        alert
        for alert in step.alerts
        if _is_due(alert, None, now) and alert.condition.key not in just_told
    ]
    repeated = {alert.condition.key for alert in open_}
    return Step(
        alerts=tuple(
            replace(alert, reminded_at=now) if alert.condition.key in repeated else alert
            for alert in step.alerts
        ),
        notices=(
            *step.notices,
            *(Notice(event=Event.STILL, condition=alert.condition, at=now) for alert in open_),
        ),
    )


def _is_due(alert: Alert, begun: datetime | None, now: datetime) -> bool:
    """Whether an open alert was last repeated, or else begun, a day ago."""
    if alert.told_at is None or alert.away_since is not None:
        return False
    last = alert.reminded_at or begun
    return last is None or now - last >= REMIND_EVERY


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """How many SKUs waited to be published at a moment."""

    at: datetime
    waiting: int


GROWTHS = 3


def keeps_growing(samples: Iterable[Sample], span: timedelta, now: datetime) -> bool:
    """Whether the backlog rose in each third of the last `span`, as far as it was looked at.

    A gap in the looks (the daemon was off) is no evidence: then the answer is no.
    """
    third = span / GROWTHS
    known = sorted(samples, key=lambda sample: sample.at)
    counts = [_waiting_at(known, now - third * steps, third) for steps in range(GROWTHS, -1, -1)]
    return all(
        before is not None and after is not None and before < after
        for before, after in pairwise(counts)
    )


def _waiting_at(samples: Sequence[Sample], moment: datetime, reach: timedelta) -> int | None:
    """The newest count known at a moment, unless it is older than `reach` then."""
    found = [row for row in samples if row.at <= moment and moment - row.at < reach]
    return found[-1].waiting if found else None
