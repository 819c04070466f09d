"""The hard limit of requests in any window, and the two faces its refusals have on the wire."""

from collections import defaultdict, deque
from itertools import count
from math import ceil
from threading import Lock

from connectors.tiktok_shop.sandbox.replies import Refused
from connectors.transport.simulation.replies import HTTP_OK

THROTTLED = 36009002
TOO_MANY_REQUESTS = 429


class Throttle:
    """Counts what it let through, by app and shop; a refused request counts for nothing."""

    def __init__(self) -> None:
        self._passed: dict[str, deque[float]] = defaultdict(deque)
        self._refusals = count()
        self._lock = Lock()

    def admit(self, rate: float, key: str, raw_now: float) -> None:
        """Let the request through or refuse it, with HTTP 429 and 200 in turn."""
        if rate <= 0:
            return
        most = max(1, ceil(rate))
        window = most / rate
        with self._lock:
            passed = self._passed[key]
            while passed and raw_now - passed[0] >= window:
                passed.popleft()
            if len(passed) < most:
                passed.append(raw_now)
                return
            status = HTTP_OK if next(self._refusals) % 2 else TOO_MANY_REQUESTS
        raise Refused(THROTTLED, "Request frequency limit exceeded", status)
