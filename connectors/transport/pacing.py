"""Knows who may send next: one evenly spaced schedule per (app, shop), with lanes for the urgent."""

from bisect import insort
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from itertools import count
from threading import Lock

from connectors.transport.rate import AdaptiveRate, RateLimits
from syncd.ports.clock import Clock

LATENESS = 0.010
"""Seconds by which a thread that woke late may still use its slot without moving the schedule.

With 98 % of a limit in use, up to 20 ms would keep every one-second window within it; the other half
is left to the network."""
GLANCE = 0.25
"""Seconds between two looks at `stop` and at a rate that may have changed meanwhile."""
LONG_GLANCE = 1.0
"""The same at most, of one behind others: with fifty shops the looks of all of them are 2 % of a core."""
EPSILON = 1e-6
STOOD_STILL = 20.0
"""Seconds by which a sleep may be late. After 30 s another process may have taken the channel over: what a
process that was stopped or starved so long still had to send is not its to send any more."""


class Lane(IntEnum):
    """Who goes first among those that wait."""

    URGENT = 0
    NORMAL = 1
    BULK = 2


class Stopped(Exception):  # noqa: N818 - reads as a state
    """The program is told to stop, or stood still for too long; the request was not sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """The right to send one request now; `at` in monotonic seconds."""

    at: float


def rest(clock: Clock, seconds: float) -> None:
    """Sleep; Stopped when it took so much longer that the process must have stood still."""
    begun = clock.monotonic()
    clock.sleep(seconds)
    if clock.monotonic() - begun > seconds + STOOD_STILL:
        raise Stopped


def never() -> bool:
    """The stop callback of a caller that is never stopped."""
    return False


class Pacer:
    """Spaces the requests of one (app, shop) over all its threads.

    There is no burst at the start nor after a pause: the popular limiters let twice the rate through in
    the first second (performance study, section E).
    """

    def __init__(self, limits: RateLimits, clock: Clock) -> None:
        self._rate = AdaptiveRate(limits)
        self._clock = clock
        self._lock = Lock()
        self._numbers = count()
        self._waiting: list[tuple[Lane, int]] = []
        self._last_slot = float("-inf")

    def acquire(self, lane: Lane = Lane.NORMAL, stop: Callable[[], bool] = never) -> Permit:
        """Wait for the next slot; of several waiting, the most urgent lane goes first.

        Raises Stopped as soon as `stop()` is true, looked at every quarter of a second by the first of
        those that wait and every second by the others, and when the process stood still while it waited.
        """
        ticket = self._enter(lane)
        waited = False
        try:
            while not stop():
                turn = self._turn(ticket, waited=waited)
                if isinstance(turn, Permit):
                    return turn
                waited = True
                rest(self._clock, turn)
        finally:
            self._leave(ticket)
        raise Stopped

    def refused(self, permit: Permit, retry_after: float | None = None) -> None:
        """The shop refused this request for its rate; `retry_after` in seconds when it said so."""
        with self._lock:
            self._rate.refused(permit.at, self._clock.monotonic(), retry_after)

    def rate(self) -> float:
        """Requests per second allowed at present."""
        with self._lock:
            return self._rate.current(self._clock.monotonic())

    def _enter(self, lane: Lane) -> tuple[Lane, int]:
        with self._lock:
            ticket = (lane, next(self._numbers))
            insort(self._waiting, ticket)
            return ticket

    def _leave(self, ticket: tuple[Lane, int]) -> None:
        with self._lock:
            if ticket in self._waiting:
                self._waiting.remove(ticket)

    def _turn(self, ticket: tuple[Lane, int], *, waited: bool) -> Permit | float:
        """The permit, or the seconds after which to look again."""
        with self._lock:
            now = self._clock.monotonic()
            interval = 1 / self._rate.current(now)
            slot = max(self._last_slot + interval, self._rate.paused_until)
            ahead = self._waiting.index(ticket)
            if ahead or now < slot - EPSILON:
                far = max(slot - now, 0.0) + ahead * interval
                return min(far, max(GLANCE, min(far / 2, LONG_GLANCE)) if ahead else GLANCE)
            self._waiting.remove(ticket)
            self._last_slot = max(slot, now - LATENESS)
            self._rate.granted(now)
            if waited:
                self._rate.wanted_more(now)
            return Permit(at=now)
