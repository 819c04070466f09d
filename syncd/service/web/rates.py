"""How many requests are taken from one peer and from all together: buckets that fill with time."""

from collections import OrderedDict
from dataclasses import dataclass

from syncd.ports.clock import Clock

MOST_PEERS = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Requests per second in the long run, and how many at once after a pause."""

    per_second: float
    burst: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """What one peer and everybody together may ask. Behind a proxy the peer is whom the proxy names."""

    peer: Rate = Rate(per_second=50, burst=400)
    total: Rate = Rate(per_second=200, burst=1600)


@dataclass(slots=True)
class _Bucket:
    level: float
    seen: float


class Gauge:
    """Counts requests against the rates. Used by one thread only, that of the event loop."""

    def __init__(self, rates: Rates, clock: Clock) -> None:
        self._rates = rates
        self._clock = clock
        self._total = _Bucket(rates.total.burst, clock.monotonic())
        self._peers: OrderedDict[str, _Bucket] = OrderedDict()

    def admit(self, peer: str) -> float:
        """Take one request from a peer: 0.0, or the seconds after which it may try again."""
        now = self._clock.monotonic()
        bucket = self._of(peer, now)
        pairs = ((bucket, self._rates.peer), (self._total, self._rates.total))
        for one, rate in pairs:
            one.level = min(rate.burst, one.level + (now - one.seen) * rate.per_second)
            one.seen = now
        waits = [(1 - one.level) / rate.per_second for one, rate in pairs if one.level < 1]
        if waits:
            return max(waits)
        for one, _ in pairs:
            one.level -= 1
        return 0.0

    def give_back(self, peer: str) -> None:
        """The request brought genuine news, which is never limited."""
        self._of(peer, self._clock.monotonic()).level += 1
        self._total.level += 1

    def _of(self, peer: str, now: float) -> _Bucket:
        bucket = self._peers.get(peer)
        if bucket is None:
            bucket = self._peers[peer] = _Bucket(self._rates.peer.burst, now)
            if len(self._peers) > MOST_PEERS:
                self._peers.popitem(last=False)
        self._peers.move_to_end(peer)
        return bucket
