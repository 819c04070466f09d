"""Webhooks on their way: how long they take, and which are late, lost for ever or doubled."""

import math
from collections.abc import Callable

from syncd.simulation.misfortune import Fate
from syncd.simulation.timeline import Timeline

MEDIAN = 2.0
SPREAD = 1.0
"""Of a lognormal distribution: 1 in 100 takes longer than 20 s."""
TRIES = (120.0, 1_800.0, 10_800.0, 43_200.0)
"""Seconds after which the platform sends again what was not taken."""

Delivered = Callable[[], bool]
"""Hands a webhook over; False when nobody takes it."""


class Post:
    """Carries webhooks of both sides."""

    def __init__(self, timeline: Timeline, fate: Fate) -> None:
        self._timeline = timeline
        self._fate = fate
        self._dice = fate.dice("post")

    def send(self, deliver: Delivered) -> None:
        """Have it delivered: once, twice, late or never."""
        if self._fate.strikes("dropped"):
            return
        tries = 1 if self._fate.strikes("late") else 0
        self._carry(deliver, tries)
        if self._fate.strikes("doubled"):
            self._carry(deliver, tries)

    def _carry(self, deliver: Delivered, tries: int) -> None:
        wait = sum(TRIES[:tries]) + self._dice.lognormvariate(math.log(MEDIAN), SPREAD)

        def arrive() -> None:
            taken = False
            try:
                taken = deliver()
            finally:  # whoever dies with it in the hand has not taken it
                if not taken and tries < len(TRIES):
                    self._carry(deliver, tries + 1)

        self._timeline.after(wait, arrive)
