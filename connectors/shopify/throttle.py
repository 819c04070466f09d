"""Knows how Shopify meters requests: a bucket of points that fills steadily, shared by all of an app's readers.

A request is admitted by its estimate and charged with what it took; the answer tells what is left (fact
sheet 2.3). So the wait before a request is exactly (estimate - available) / restore rate.
"""

from threading import Lock

from connectors.shopify.answers import Cost, ThrottleStatus
from syncd.ports.clock import Clock


class CostBucket:
    """The bucket of one app and shop; threads may share it. Before the first answer nothing is known."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._status: ThrottleStatus | None = None
        self._at = 0.0
        self._flying = 0.0
        self._spent = 0.0

    def take(self, points: float) -> float:
        """Wait until so many points are there and reserve them; answers the points reserved."""
        while True:
            wait = self._reserve(points)
            if wait <= 0:
                return points
            self._clock.sleep(wait)

    def settle(self, reserved: float, cost: Cost | None) -> None:
        """A request came back, or never will; `cost` as its answer gave it."""
        with self._lock:
            self._flying -= reserved
            if cost is not None:
                self._status = cost.throttle_status
                self._at = self._clock.monotonic()
                self._spent += cost.actual_query_cost or 0.0

    def status(self) -> ThrottleStatus | None:
        """What the last answer told of the bucket."""
        with self._lock:
            return self._status

    def spent(self) -> float:
        """Points that all requests took so far."""
        with self._lock:
            return self._spent

    def _reserve(self, points: float) -> float:
        """0 when the points are reserved, else the seconds after which they may be there."""
        with self._lock:
            status = self._status
            if status is not None and status.restore_rate > 0:
                restored = (self._clock.monotonic() - self._at) * status.restore_rate
                full = status.maximum_available
                there = min(full, status.currently_available + restored) - self._flying
                lacking = min(points, full) - there
                if lacking > 0 and (self._flying > 0 or there < full):
                    return lacking / status.restore_rate
            self._flying += points
            return 0.0
