"""Whether what was promised happens in time: sources read, orders polled, listings confirmed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from syncd.domain.identity import ChannelName, SourceName
from syncd.domain.stock import Freshness

ORDER_POLLS = 3
"""So many polls may fail in a row before the orders count as late."""
RECONCILES = 2
"""A comparison with the shop may be left out once."""
RUN_TAKES = timedelta(minutes=5)
"""What a run may take on top of its interval."""


class Promise(StrEnum):
    """What a channel promises again and again."""

    ORDERS = "orders"
    CONFIRMATION = "confirmation"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePace:
    """How a source keeps up: the age of its reading in steps, and when it was read."""

    name: SourceName
    freshness: Freshness
    read_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelPace:
    """How a channel keeps up.

    A comparison that finds everything as it should be confirms, and a poll that finds no order is
    complete: a quiet shop is punctual.
    """

    name: ChannelName
    listings: int
    orders_complete_until: datetime | None
    orders_every: timedelta
    confirmed_at: datetime | None
    reconcile_every: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """A promise of a channel that is not kept.

    `since` is when it last was (None: never), `allowed` how long ago that may be.
    """

    name: str
    promise: Promise
    since: datetime | None
    allowed: timedelta


def late_channel(pace: ChannelPace, now: datetime) -> Iterator[Late]:
    """Orders not polled to the end, or nothing confirmed, for longer than the schedule explains."""
    allowed = pace.orders_every * ORDER_POLLS + RUN_TAKES
    if _older(pace.orders_complete_until, allowed, now):
        yield Late(
            name=pace.name, promise=Promise.ORDERS, since=pace.orders_complete_until,
            allowed=allowed,
        )  # fmt: skip
    allowed = pace.reconcile_every * RECONCILES + RUN_TAKES
    if pace.listings and _older(pace.confirmed_at, allowed, now):
        yield Late(
            name=pace.name, promise=Promise.CONFIRMATION, since=pace.confirmed_at, allowed=allowed
        )


def _older(moment: datetime | None, allowed: timedelta, now: datetime) -> bool:
    return moment is None or now - moment > allowed


def latest_progress(
    sources: Iterable[SourcePace], channels: Iterable[ChannelPace]
) -> datetime | None:
    """When a good cycle last moved anything forward."""
    moments = [pace.read_at for pace in sources]
    for pace in channels:
        moments += [pace.orders_complete_until, pace.confirmed_at]
    return max((moment for moment in moments if moment is not None), default=None)
