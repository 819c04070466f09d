"""The bucket of points that a shop grants an app, and what is left in it at any moment."""

from threading import Lock

from connectors.shopify.sandbox.behaviour import Behaviour


class Bucket:
    """Admits by what a query may cost at most, charges what it did cost (fact sheet 2.3)."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._left = float(behaviour.bucket)
        self._at: float | None = None
        self._lock = Lock()

    def admit(self, cost: int, raw_now: float) -> bool:
        """Take the requested cost out, if it is there."""
        with self._lock:
            self._fill(raw_now)
            if cost > self._left:
                return False
            self._left -= cost
            return True

    def give_back(self, unused: int) -> None:
        """Put back what was requested but not needed."""
        with self._lock:
            self._left += unused

    def status(self, raw_now: float) -> dict[str, float]:
        """What every answer says of it."""
        with self._lock:
            self._fill(raw_now)
            return {
                "maximumAvailable": float(self._behaviour.bucket),
                "currentlyAvailable": int(self._left),
                "restoreRate": self._behaviour.restore_rate,
            }

    def _fill(self, raw_now: float) -> None:
        """Let the points of the time that passed flow in; a bucket made smaller overflows."""
        passed = 0.0 if self._at is None else max(0.0, raw_now - self._at)
        self._at = raw_now
        most = float(self._behaviour.bucket)
        self._left = min(most, self._left + passed * self._behaviour.restore_rate)
