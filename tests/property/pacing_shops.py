"""Simulated shops and a simulated clock for the pacing tests: no real time passes."""

import heapq
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from random import Random
from typing import Protocol

from connectors.transport.pacing import Pacer
from connectors.transport.rate import RateLimits

START = datetime(2026, 11, 23, tzinfo=UTC)


class SimulatedClock:
    """Time that passes only by sleeping; `late` is how much longer a sleep may take, in seconds."""

    def __init__(self, late: float = 0.0, seed: int = 0) -> None:
        self.at = 1000.0
        self._late = late
        self._random = Random(seed)
        self._numbers = count()
        self._due: list[tuple[float, int, Callable[[], None]]] = []

    def now(self) -> datetime:
        return START + timedelta(seconds=self.at)

    def monotonic(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        until = self.at + seconds + self._random.uniform(0.0, self._late)
        while self._due and self._due[0][0] <= until:
            moment, _, act = heapq.heappop(self._due)
            self.at = max(self.at, moment)
            act()
        self.at = until

    def at_time(self, moment: float, act: Callable[[], None]) -> None:
        """Something that happens while others sleep, as in another thread."""
        heapq.heappush(self._due, (moment, next(self._numbers), act))


class Shop(Protocol):
    def takes(self, at: float) -> bool: ...


Limit = Callable[[float], float]


class SlidingWindow:
    """Takes at most the limit in any one second."""

    def __init__(self, limit: Limit) -> None:
        self._limit = limit
        self._taken: deque[float] = deque()

    def takes(self, at: float) -> bool:
        while self._taken and self._taken[0] <= at - 1.0:
            self._taken.popleft()
        if len(self._taken) + 1 > self._limit(at):
            return False
        self._taken.append(at)
        return True


class CalendarSecond:
    """Takes at most the limit in each second of the clock."""

    def __init__(self, limit: Limit) -> None:
        self._limit = limit
        self._second, self._count = 0, 0

    def takes(self, at: float) -> bool:
        if int(at) != self._second:
            self._second, self._count = int(at), 0
        if self._count + 1 > self._limit(at):
            return False
        self._count += 1
        return True


class Bucket:
    """A bucket of as many tokens as the limit, filled at the limit."""

    def __init__(self, limit: Limit) -> None:
        self._limit = limit
        self._at, self._tokens = 1000.0, limit(1000.0)

    def takes(self, at: float) -> bool:
        limit = self._limit(at)
        self._tokens = min(limit, self._tokens + (at - self._at) * limit)
        self._at = at
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


SHOPS: tuple[Callable[[Limit], Shop], ...] = (SlidingWindow, CalendarSecond, Bucket)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    at: float
    taken: bool


def drive(
    limits: RateLimits,
    shop: Shop,
    *,
    seconds: float,
    latency: float = 0.1,
    late: float = 0.0,
    seed: int = 0,
    retry_after: float | None = None,
) -> Sequence[Sent]:
    """Send as fast as the pacer allows; answers come `latency` seconds later. Times count from 0."""
    clock = SimulatedClock(late, seed)
    pacer = Pacer(limits, clock)
    begin = clock.monotonic()
    sent: list[Sent] = []
    while (permit := pacer.acquire()).at < begin + seconds:
        taken = shop.takes(permit.at)
        sent.append(Sent(at=permit.at - begin, taken=taken))
        if not taken:
            clock.at_time(permit.at + latency, partial(pacer.refused, permit, retry_after))
    return sent


def taken_per_second(sent: Sequence[Sent], begin: float, end: float) -> float:
    return sum(1 for one in sent if one.taken and begin <= one.at < end) / (end - begin)


def refused_share(sent: Sequence[Sent], begin: float = 0.0, end: float = float("inf")) -> float:
    during = [one for one in sent if begin <= one.at < end]
    return sum(1 for one in during if not one.taken) / len(during)


def fullest_second(sent: Sequence[Sent]) -> int:
    """Most requests in any window of one second, open at its end."""
    times = [one.at for one in sent]
    most, first = 0, 0
    for last, at in enumerate(times):
        while times[first] <= at - 1.0:
            first += 1
        most = max(most, last - first + 1)
    return most
