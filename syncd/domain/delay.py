"""How long news of a sale takes until a channel shows it: measured where that was possible, else promised."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from math import ceil

from syncd.domain.identity import SourceName

PUSH = timedelta(seconds=10)
"""What a change takes from a webhook to the verified listing where nothing was measured yet."""
ENOUGH = 20
"""Measured ways from which on they say more than the mapping does."""
USUAL = Decimal("0.95")
RARE = Decimal("0.99")
_STEPS = (10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 450, 600, 900, 1_200, 1_800, 2_700, 3_600)


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """One way of news to a listing that was read back: from a source, or (None) from another order.

    `began_at` is when the sender says that it happened (`told`: by a webhook), when the order was
    created, or else the moment up to which the reading speaks that brought it.
    """

    source: SourceName | None
    began_at: datetime
    verified_at: datetime
    told: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay:
    """How long news takes. `ways` is how many were measured; with too few of them it is what is promised."""

    usual: timedelta
    rare: timedelta
    ways: int
    told: bool

    @property
    def measured(self) -> bool:
        """Whether it was seen, not promised."""
        return self.ways >= ENOUGH

    @property
    def steady(self) -> timedelta:
        """The usual time, rounded up to a step: it does not follow every measurement."""
        return stepped(self.usual)


def delay(ways: Iterable[Passage], every: timedelta, *, told: bool) -> Delay:
    """The delay of these ways; `told`: webhooks come, else news waits for a reading up to `every`.

    Never less than PUSH, and never longer than a reading may make it wait: after an outage the next
    sales are in time again.
    """
    spans = [way.verified_at - way.began_at + (timedelta(0) if way.told else every) for way in ways]
    longest = every + PUSH
    if len(spans) < ENOUGH:
        promised = PUSH if told else longest
        return Delay(usual=promised, rare=promised, ways=len(spans), told=told)
    usual, rare = (percentile(spans, share) for share in (USUAL, RARE))
    return Delay(
        usual=min(max(usual, PUSH), longest), rare=max(rare, PUSH), ways=len(spans), told=told
    )


def percentile(spans: Sequence[timedelta], share: Decimal) -> timedelta:
    """The smallest of the spans that so many of them do not exceed (nearest rank)."""
    ranked = sorted(spans)
    return ranked[max(1, ceil(len(ranked) * share)) - 1]


def stepped(span: timedelta) -> timedelta:
    """The next longer step; hours from one hour on."""
    for seconds in _STEPS:
        if span <= timedelta(seconds=seconds):
            return timedelta(seconds=seconds)
    hour = timedelta(hours=1)
    return -(-span // hour) * hour
