"""Drift: a shop shows what neither our last write nor its orders account for, and who keeps setting it so."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from syncd.domain.duration import age
from syncd.domain.identity import ChannelName, ListingRef, Sku
from syncd.domain.orders import OrderLine, OrderState

SLACK = timedelta(minutes=15)
"""How far the shop's clock and ours may lie apart; an order this close to a moment lies on either side."""
ECHO_WITHIN = timedelta(minutes=2)
"""How far from one of our writes the shop may date its telling of it."""
FORGOTTEN = timedelta(days=60)
"""A value written longer ago proves nothing: too much was sold since, and orders of that age may be gone."""
OVERWRITTEN = 3
WITHIN = timedelta(hours=24)
"""So many overwritten writes in so long are a second writer. An edit by hand now and then is none."""
SECOND_WRITER = "second writer"
"""The code of a listing that is set aside because somebody else keeps writing it."""
REGULAR = 2
"""Gaps count as regular while the longest is at most so many times the shortest."""
MOST_VALUES = 4


class Mover(StrEnum):
    """Who set a listing's stock, as far as the shop tells."""

    APP = "app"
    PERSON = "person"
    PLATFORM = "platform"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """What the shop told of who set a listing's stock, and when. `units`: over all warehouses, where told."""

    ref: ListingRef
    mover: Mover
    at: datetime
    units: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnWrite:
    """A quantity we sent to a listing, between two moments; `number` grows with every write of a channel.

    `units` is None where the write did not name every warehouse of the listing. `verified`: it was read back.
    `acknowledged`: the shop said that it took it.
    """

    number: int
    at: datetime
    until: datetime
    units: int | None
    verified: bool = False
    acknowledged: bool = False

    @property
    def arrived(self) -> bool:
        """Whether it is known to have been shown; one that never arrived was overwritten by nobody."""
        return self.verified or self.acknowledged


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """A listing that showed other units than ours, over the warehouses we write; `places` if several.

    `ours` is what we wrote, or the 0 that the platform made of it for want of stock, since `ours_at`.
    `write` is our write that was overwritten, 0 where the value was only adopted, and `verified` whether that
    write was read back before. `moved_at` is the shop's word for when. `decided`: orders up to `first_seen`
    are known and do not explain it. `counted`: it already made us stop once. `set_back_at`: a later write of
    ours was read back.
    """

    channel: ChannelName
    sku: Sku
    ref: ListingRef
    write: int
    ours: int
    ours_at: datetime
    shown: int
    first_seen: datetime
    last_seen: datetime
    places: str = ""
    mover: Mover = Mover.UNKNOWN
    moved_at: datetime | None = None
    verified: bool = False
    decided: bool = False
    counted: bool = False
    set_back_at: datetime | None = None
    number: int = 0

    @property
    def at(self) -> datetime:
        """When it came about, as well as that is known."""
        return self.moved_at or self.first_seen

    @property
    def told(self) -> str:
        """Who did it and what they set, in words."""
        return _DID[self.mover].format(f"{self.value} instead of {self.ours}")

    @property
    def value(self) -> str:
        """What it showed, with its warehouses where there are several."""
        return f"{self.shown} ({self.places})" if self.places else str(self.shown)

    @property
    def who(self) -> str:
        """Who did it, in a few words."""
        return _BY[self.mover]


_DID = {
    Mover.APP: "another app set it to {}",
    Mover.PERSON: "somebody set it by hand to {}",
    Mover.PLATFORM: "the shop's automatic replenishment set it to {}",
    Mover.UNKNOWN: "it showed {}, which no order explains",
}
_BY = {
    Mover.APP: "by another app",
    Mover.PERSON: "by hand in the shop",
    Mover.PLATFORM: "by automatic replenishment",
    Mover.UNKNOWN: "no order explains it",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """A second writer of one listing: what it sets, how often, and since when. `every`: if it is regular."""

    sku: Sku
    mover: Mover
    count: int
    values: tuple[str, ...]
    ours: int
    since: datetime
    last: datetime
    every: timedelta | None
    ever_shown: bool

    def __str__(self) -> str:
        often = f"{self.count} times within {age(self.last - self.since)}"
        if self.every is not None:
            often = f"about every {age(self.every)}"
        when = f"last {self.last:%H:%M} UTC, since {self.since:%Y-%m-%d %H:%M} UTC"
        what = f"sets it back to {self.values[0]}"
        if len(self.values) > 1:
            what = f"sets it to other values ({', '.join(self.values[:MOST_VALUES])})"
        does = f"{_WHO[self.mover]} {what} {often}, {when}, against our {self.ours}"
        if not self.ever_shown and self.mover is Mover.UNKNOWN:
            does = (
                f"the shop took our {self.ours} {self.count} times and goes on showing "
                f"{', '.join(self.values[:MOST_VALUES])}, {when}, as if another app set it back"
            )
        return f"{does}; {_REMEDY[self.mover]}, then `syncd unpark {self.sku}`"


_WHO = {
    Mover.APP: "another app",
    Mover.PERSON: "somebody in the shop's own back office",
    Mover.PLATFORM: "the shop's automatic replenishment",
    Mover.UNKNOWN: "another app or a person",
}
_REMEDY = {
    Mover.APP: "turn off its stock sync",
    Mover.PERSON: "agree who sets the stock",
    Mover.PLATFORM: "turn the replenishment off",
    Mover.UNKNOWN: "turn off its stock sync",
}


def is_echo(move: Move, writes: Iterable[OwnWrite]) -> bool:
    """Whether what the shop told of an app's write is one of these writes of ours coming back."""
    return move.mover is Mover.APP and any(
        write.at - ECHO_WITHIN <= move.at <= write.until + ECHO_WITHIN
        and (move.units is None or write.units is None or move.units == write.units)
        for write in writes
    )


def explained(
    shown: int, ours: int, ours_at: datetime, seen_at: datetime, lines: Iterable[OrderLine]
) -> bool:
    """Whether orders alone can have made `shown` out of `ours` between these moments.

    `lines`: all of this listing and warehouse that were updated since `ours_at` less SLACK. A line near
    either moment, and one cancelled (the shop may restock it or not), may count or not. True where too
    much time went by to tell.
    """
    if seen_at - ours_at > FORGOTTEN:
        return True
    least = most = ours
    for line in lines:
        if line.out_of_stock and shown == 0:
            return True
        low, high = _effect(line, ours_at, seen_at)
        least, most = least + low, most + high
    return max(0, least) <= shown <= max(0, most)


def _effect(line: OrderLine, ours_at: datetime, seen_at: datetime) -> tuple[int, int]:
    """The least and the most a line can have added to what is shown."""
    began, ended = ours_at - SLACK, seen_at + SLACK
    if line.platform_fulfilled or line.updated_at < began or line.created_at > ended:
        return 0, 0
    low = high = 0
    if line.created_at >= began:
        low = -line.units
        certain = ours_at + SLACK < line.created_at < seen_at - SLACK
        high = -line.units if certain else 0
    if line.state is OrderState.CANCELLED:
        high += line.units
    return low, high


def contest(drifts: Iterable[Drift], now: datetime) -> Contest | None:
    """Whether these drifts of one listing make a second writer that keeps overwriting us.

    Each of our writes counts once. A fall by nobody known counts only when the same value came up twice:
    it may be an order that the feed does not tell.
    """
    by_write: dict[int, Drift] = {}
    for row in sorted(drifts, key=lambda item: (item.at, item.number)):
        if row.decided and not row.counted and row.write and now - row.at <= WITHIN:
            by_write.pop(row.write, None)  # the latest of a write counts, in its own place in time
            by_write[row.write] = row
    rows = list(by_write.values())
    repeated = {value for value, times in Counter(row.value for row in rows).items() if times > 1}
    sure = [
        row
        for row in rows
        if row.mover is not Mover.UNKNOWN or row.shown > row.ours or row.value in repeated
    ]
    return _contest(sure) if len(sure) >= OVERWRITTEN else None


def _contest(rows: Sequence[Drift]) -> Contest:
    known = [row.mover for row in rows if row.mover is not Mover.UNKNOWN]
    gaps = [after.at - before.at for before, after in pairwise(rows)]
    regular = min(gaps) > timedelta(0) and max(gaps) <= REGULAR * min(gaps)
    return Contest(
        sku=rows[-1].sku,
        mover=Counter(known).most_common(1)[0][0] if known else Mover.UNKNOWN,
        count=len(rows),
        values=tuple(dict.fromkeys(row.value for row in reversed(rows))),
        ours=rows[-1].ours,
        since=rows[0].at,
        last=rows[-1].at,
        every=sorted(gaps)[len(gaps) // 2] if regular else None,
        ever_shown=any(row.verified for row in rows),
    )
