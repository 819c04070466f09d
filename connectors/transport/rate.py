"""Knows how a shop's unpublished request limit is found, kept to and followed when it moves.

No threads and no waiting here: moments (monotonic seconds) come in, a rate comes out. `pacing` does
the waiting. The numbers follow DESIGN section 8.
"""

from collections import deque
from dataclasses import dataclass
from itertools import takewhile

KNOWN_SHARE = 0.98
"""Share of a known limit that is used: L+1 requests then span at least 1.02 s, so neither a late
thread nor the network can squeeze them into one second."""
CARRIED_SHARE = 0.97
"""Share of the last rate carried at which a refused sender goes on."""
PROBE = 1.03
ABOVE = 1.02
"""A rate this far over the last refused one and still carried proves that the limit has moved."""
PROVEN = 5.0
"""Seconds for which such a rate must be carried."""
CLIMB = 2.0
"""Seconds in which it doubles from then on, until the next refusal."""
SLOW = 1.0
"""Seconds at the reduced rate after a refusal that names no time."""
SOON = 2.5
"""A refusal so soon after another tells of a shop that fills a bucket, or of a rate far too high."""
HOLD = 10.0
"""Seconds without probing after a refusal; a second refusal meanwhile cuts further."""
PROBE_EVERY = 30.0
MOST_PATIENT = 60.0
"""The longest pause a Retry-After may impose on all callers of a shop, in seconds."""
DEEPEST = 8.0
FEWEST = 2
"""A carried rate is measured over at least so many requests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimits:
    """Where a rate starts and what bounds it, in requests per second.

    `doubling` is the time in which it doubles until the first refusal; `known` says that `highest` is
    what the operator was told, not a bound for something still to be learned.
    """

    start: float
    lowest: float
    highest: float
    doubling: float | None
    known: bool


def learned(start: float = 4.0, highest: float = 200.0) -> RateLimits:
    """`rate: auto`: begin at `start` requests per second and find the limit."""
    return RateLimits(start=start, lowest=0.1, highest=highest, doubling=1.0, known=False)


def known(limit: float) -> RateLimits:
    """`rate: 20`: a limit in requests per second that the operator knows."""
    rate = KNOWN_SHARE * limit
    return RateLimits(start=rate, lowest=min(0.1, rate), highest=rate, doubling=None, known=True)


class AdaptiveRate:
    """The rate of one (app, shop): grows while carried, falls when refused. Not thread-safe."""

    def __init__(self, limits: RateLimits) -> None:
        self._limits = limits
        self._rate = limits.start
        self._doubling = limits.doubling
        self._refused_rate = limits.highest
        self._probe_at = 0.0
        self._probed_at = float("-inf")
        self._slow_until = float("-inf")
        self._divisor = 1.0
        self._cut_at = float("-inf")
        self._lowered_at = float("-inf")
        self._granted: deque[float] = deque()
        self.paused_until = float("-inf")

    def current(self, now: float) -> float:
        """Requests per second allowed at this moment."""
        return self._rate / self._divisor if now < self._slow_until else self._rate

    def granted(self, now: float) -> None:
        """A request leaves."""
        self._granted.append(now)
        while self._granted[0] < now - max(HOLD, FEWEST / self._rate):
            self._granted.popleft()

    def wanted_more(self, now: float) -> None:
        """A request leaves that had to wait for its turn: only then does growing make sense."""
        if now < self._slow_until:
            return
        if self._doubling is not None:
            self._probed_at = now
            self._set(self._rate * 2 ** (1 / (self._rate * self._doubling)))
        elif now >= self._probe_at:
            self._probe(now)

    def refused(self, sent_at: float, now: float, retry_after: float | None) -> None:
        """The shop refused a request that left at `sent_at`; `retry_after` in seconds if it said so."""
        if sent_at in self._granted:
            self._granted.remove(sent_at)
        if retry_after is not None and retry_after > SLOW:
            self.paused_until = max(self.paused_until, now + min(retry_after, MOST_PATIENT))
        if sent_at < self._cut_at:
            return  # it was on its way when the rate was cut: no news
        if now < self._slow_until:
            self._divisor = min(2 * self._divisor, DEEPEST)
        else:
            self._divisor = 2.0
            self._lower(sent_at)
        self._cut_at = now
        self._slow_until = now + SLOW
        self._probe_at = max(self._slow_until + HOLD, self._probed_at + PROBE_EVERY)

    def _set(self, rate: float) -> None:
        self._rate = min(max(rate, self._limits.lowest), self._limits.highest)

    def _probe(self, now: float) -> None:
        if self._rate > ABOVE * self._refused_rate:
            self._doubling = CLIMB
            return
        self._probed_at = now
        self._set(self._rate * PROBE)
        moved = self._rate > ABOVE * self._refused_rate
        self._probe_at = now + (PROVEN if moved else PROBE_EVERY)

    def _lower(self, sent_at: float) -> None:
        again = sent_at - self._lowered_at < HOLD
        carried = self._carried(sent_at, again=again)
        self._lowered_at = sent_at
        self._doubling = None
        if self._limits.known and not again:
            return  # one refusal of a known limit is the network's jitter
        self._refused_rate = min(self._rate, max(carried, self._rate / 2))
        self._set(CARRIED_SHARE * self._refused_rate)

    def _carried(self, sent_at: float, *, again: bool) -> float:
        """What the shop really took per second, which after a steep climb is less than the rate.

        Shops that count a window show their limit in the last second; for those that fill a bucket
        it shows between two refusals, because the bucket was empty at both. Nobody knows which kind
        it is, so the second refusal in a row halves the distance between the two figures.
        """
        window = max(1.0, FEWEST / self._rate)
        carried = self._count(sent_at - window, sent_at) / window
        if again:
            since = self._lowered_at
            if sent_at - since > SOON:
                since += SLOW
            least = self._count(since, sent_at) / (sent_at - since)
            carried = (carried + min(carried, least)) / 2
        return carried

    def _count(self, after: float, until: float) -> int:
        recent = takewhile(lambda at: at > after, reversed(self._granted))
        return sum(1 for at in recent if at <= until)
