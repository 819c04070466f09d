"""Knows when the wall clock was put forward or back: it then parts from the monotonic one."""

from syncd.ports.clock import Clock

JUMP = 30.0
"""Seconds by which the wall clock may move against the monotonic one; less is a clock being kept right."""


class ClockWatch:
    """Compares the two clocks each time it is asked; a small drift counts until it adds up to a jump."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._offset = self._apart()

    def jumped(self) -> float | None:
        """By how many seconds the wall clock jumped since the start or the last jump; None when it did not."""
        apart = self._apart()
        moved = apart - self._offset
        if abs(moved) <= JUMP:
            return None
        self._offset = apart
        return moved

    def _apart(self) -> float:
        return self._clock.now().timestamp() - self._clock.monotonic()
