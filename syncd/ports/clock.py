"""The only way time enters: wall clock in aware UTC, a monotonic clock, and sleeping."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Time as the program sees it; tests and simulations pass their own."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds of a clock that never jumps."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait; returns early only when the process is told to stop."""
        ...


class SystemClock:
    """The machine's clocks."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        return datetime.now(UTC)  # noqa: TID251 - this is the clock port

    def monotonic(self) -> float:
        """Seconds of a clock that never jumps."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait for so many seconds."""
        time.sleep(max(0.0, seconds))  # noqa: TID251 - this is the clock port
