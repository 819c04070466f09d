"""When a poll is due: on a grid of moments, less those at which it surely would find nothing new."""

import math
from dataclasses import dataclass

LONGEST_SKIP = 3_000.0
"""Seconds after which a poll is made although nothing happened, so that nothing counts as stale."""
NEVER = float("inf")


@dataclass
class Poll:
    """A job that comes around every so many seconds, sooner when news arrives; times in simulated seconds.

    The world stirs it when anything happens that it could find. A poll that would find nothing is only
    counted in `skipped`, which is where most of the time of a simulation would go.
    """

    every: float
    phase: float
    skipped: int = 0
    ran_at: float = -NEVER
    stirred_at: float | None = 0.0
    again_at: float = NEVER
    hinted: bool = False

    def due(self, now: float) -> float:
        """The next moment at which to run."""
        if self.hinted:
            return now
        if self.stirred_at is None:
            regular = self._following(self.ran_at + LONGEST_SKIP)
        else:
            regular = self._following(max(self.ran_at, self.stirred_at))
        return min(regular, self.again_at)

    def stir(self, now: float) -> None:
        """There is something that a poll from that moment on would find."""
        if self.stirred_at is None or self.stirred_at > now:
            self.stirred_at = now

    def ran(self, now: float) -> None:
        """It runs now."""
        regular = not self.hinted and self.again_at > now
        if self.ran_at > -NEVER:
            passed = self._index(now) - self._index(self.ran_at)
            self.skipped += max(0, passed - regular)
        self.ran_at, self.stirred_at, self.again_at, self.hinted = now, None, NEVER, False

    def _index(self, moment: float) -> int:
        return math.floor((moment - self.phase) / self.every)

    def _following(self, moment: float) -> float:
        """The first moment of the grid after this one."""
        if moment == -NEVER:
            return self.phase
        return self.phase + (self._index(moment) + 1) * self.every
