"""The line between syncd and TikTok Shop: how long a request travels, and what becomes of it on the way."""

import re
from collections.abc import Callable, Mapping

from syncd.ports.wire import Unanswered, Wire
from syncd.simulation.misfortune import Crashes, Fate
from syncd.simulation.timeline import Timeline

READ_TAKES = (0.1, 0.4)
WRITE_TAKES = (0.4, 1.5)
"""Seconds from the request to its answer; the effect comes two thirds into them."""
EFFECT = 2 / 3
HALF = 0.5
WRITE = "/update"
HANGS = (0.5, 20.0)
"""Seconds until a sender learns that no answer comes: a connection cut, or the time-out."""
THROTTLED = 429, {"Content-Type": "application/json"}, b'{"code":36009002,"message":"slow down"}'

BAD_GATEWAY = 502, {"Content-Type": "text/html"}, b"<html><body>502 Bad Gateway</body></html>"
GARBLED = 200, {"Content-Type": "application/json"}, b'{"code":0,"message":"Succ'
ID = re.compile(r"/[0-9]{7,}")

Answer = tuple[int, Mapping[str, str], bytes]
Effect = Callable[[str, bytes], None]
"""Told the path and body of every write that reached the shop."""


def _nobody(path: str, body: bytes) -> None:
    """Nobody is told."""
    del path, body


class Line:
    """Carries requests over a wire, as slowly and unreliably as the world does."""

    def __init__(self, wire: Wire, timeline: Timeline, fate: Fate, crashes: Crashes) -> None:
        self._wire = wire
        self._timeline = timeline
        self._fate = fate
        self._crashes = crashes
        self.arrived: Effect = _nobody
        """Told of every write that took effect."""
        self._dice = fate.dice("line")
        self.requests = 0

    def carry(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """The shop's answer; Unanswered when the request or the answer is lost, Crash when syncd dies."""
        path = target.partition("?")[0]
        kind = ID.sub("/{id}", path)
        writes = path.endswith(WRITE)
        takes = self._dice.uniform(*(WRITE_TAKES if writes else READ_TAKES))
        self.requests += 1
        self._timeline.sleep(takes * EFFECT)
        self._crashes.pass_by()
        if self._fate.strikes("lost_request", kind):
            self._hang()
        if self._fate.strikes("throttled", kind):
            return THROTTLED
        gave_up = self._fate.strikes("broken_gateway", kind)
        if gave_up and self._dice.random() < HALF:
            return BAD_GATEWAY
        answer = self._wire(method, target, headers, body)
        if writes:
            self.arrived(path, body)
        self._crashes.pass_by()
        if self._fate.strikes("lost_answer", kind):
            self._hang()
        self._timeline.sleep(takes * (1 - EFFECT))
        if gave_up:
            return BAD_GATEWAY
        return GARBLED if self._fate.strikes("garbled", kind) else answer

    def _hang(self) -> None:
        self._timeline.sleep(self._dice.uniform(*HANGS))
        raise Unanswered
