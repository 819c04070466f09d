"""The counters of pace: what the API was asked, how fast, and how many at once."""

from collections import Counter, deque
from threading import Lock


class Stats:
    """Counters of what the API was asked."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._requests: Counter[str] = Counter()
        self._codes: Counter[str] = Counter()
        self._throttled = 0
        self._busiest = 0
        self._recent: deque[float] = deque()
        self._flying: Counter[str] = Counter()
        self._most_flying: Counter[str] = Counter()

    def arrived(self, raw_now: float, what: str, product_id: str | None) -> None:
        """Count a request that came in."""
        with self._lock:
            self._requests[what] += 1
            self._recent.append(raw_now)
            while raw_now - self._recent[0] >= 1.0:
                self._recent.popleft()
            self._busiest = max(self._busiest, len(self._recent))
            for key in ("*", product_id):
                if key is not None:
                    self._flying[key] += 1
                    self._most_flying[key] = max(self._most_flying[key], self._flying[key])

    def left(self, product_id: str | None) -> None:
        """Count a request as done, answered or not."""
        with self._lock:
            for key in ("*", product_id):
                if key is not None:
                    self._flying[key] -= 1

    def answered(self, code: int | None) -> None:
        """Count an answer by its code; None is an answer without one."""
        with self._lock:
            self._codes[str(code)] += 1

    def throttle(self) -> None:
        """Count a refusal for pace."""
        with self._lock:
            self._throttled += 1

    def as_dict(self) -> dict[str, object]:
        """All counters."""
        with self._lock:
            flights = dict(self._most_flying)
            overall = flights.pop("*", 0)
            return {
                "requests": sum(self._requests.values()),
                "requests_by_path": dict(self._requests),
                "codes": dict(self._codes),
                "throttled": self._throttled,
                "max_in_one_second": self._busiest,
                "in_flight": self._flying["*"],
                "max_in_flight": overall,
                "max_in_flight_per_product": max(flights.values(), default=0),
                "in_flight_by_product": flights,
            }
