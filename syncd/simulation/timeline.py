"""Simulated time: what happens next, and the clock that everything in the world, syncd too, reads."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import count

BEGIN = datetime(2026, 3, 2, tzinfo=UTC)
"""A Monday; simulated seconds count from here."""
EPOCH = BEGIN.timestamp()

Happening = Callable[[], None]


class Timeline:
    """Happenings in their order. Sleeping lets them happen: nobody else in the world stands still meanwhile.

    It is the Clock of the simulated syncd. A happening takes no time and never sleeps.
    """

    def __init__(self) -> None:
        self.time = 0.0
        self.awake = False
        """Whether whoever rests has been woken."""
        self._numbers = count()
        self._coming: list[tuple[float, int, Happening]] = []

    def at(self, moment: float, happening: Happening) -> None:
        """Let it happen at a moment, or now if that is past; equal moments keep their order."""
        heappush(self._coming, (max(moment, self.time), next(self._numbers), happening))

    def after(self, seconds: float, happening: Happening) -> None:
        """Let it happen so much later."""
        self.at(self.time + seconds, happening)

    def sleep(self, seconds: float) -> None:
        """Let so much time pass, with all that happens in it."""
        self._pass(self.time + max(0.0, seconds), lambda: False)

    def rest(self, until: float) -> None:
        """Let time pass until then, or until somebody calls `wake`."""
        self._pass(until, lambda: self.awake)
        self.awake = False

    def wake(self) -> None:
        """Whoever rests goes on now."""
        self.awake = True

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        return BEGIN + timedelta(seconds=self.time)

    def monotonic(self) -> float:
        """Simulated seconds since the beginning."""
        return self.time

    def unix(self) -> float:
        """The present moment in unix seconds."""
        return EPOCH + self.time

    def _pass(self, until: float, woken: Callable[[], bool]) -> None:
        while not woken():
            if not self._coming or self._coming[0][0] > until:
                self.time = max(self.time, until)
                return
            self.time, _, happening = heappop(self._coming)
            happening()
