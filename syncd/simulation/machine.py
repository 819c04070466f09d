"""The machine that syncd runs on: its clock, which may be wrong, and how its process dies at any step."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from syncd.simulation.misfortune import Crashes
from syncd.simulation.timeline import BEGIN, Timeline


class Machine:
    """The Clock of the simulated syncd. `ahead`: seconds by which its wall clock is ahead of the truth."""

    def __init__(self, timeline: Timeline, crashes: Crashes) -> None:
        self.timeline = timeline
        self.crashes = crashes
        self.ahead = 0.0
        self._working = False

    @contextmanager
    def working(self) -> Iterator[None]:
        """The process is at work: it may die, and once dead it does nothing more."""
        self._working = True
        try:
            yield
        finally:
            self._working = False

    def now(self) -> datetime:
        """What the machine takes for the present moment, aware, in UTC."""
        if self._working:
            self._pass_by()
        return self.timeline.now() + timedelta(seconds=self.ahead)

    def monotonic(self) -> float:
        """Simulated seconds since the beginning; no jump of the wall clock moves it."""
        return self.timeline.monotonic()

    def sleep(self, seconds: float) -> None:
        """Let so much time pass, with all that happens in it."""
        self.timeline.sleep(seconds)

    def rest(self, until: float) -> None:
        """Let the process wait until then, in simulated seconds, or until it is woken."""
        self.timeline.rest(until)

    def seconds(self, moment: datetime) -> float:
        """When this machine's clock will show that moment, in simulated seconds."""
        return (moment - BEGIN).total_seconds() - self.ahead

    def _pass_by(self) -> None:
        self.crashes.dead_end()


IDLE = 30.0
"""Seconds after which a process that a crash found with nothing to do dies all the same."""


class FragileMachine(Machine):
    """One whose process dies between two calls too: wherever it looks at the clock, as all transactions do.

    It also dies while it waits.
    """

    def rest(self, until: float) -> None:
        """Wait, and die meanwhile when the time has come."""
        late = self.crashes.due + IDLE
        super().rest(min(until, late))
        if self.timeline.time >= late:
            self.crashes.strike()

    def _pass_by(self) -> None:
        self.crashes.pass_by()
