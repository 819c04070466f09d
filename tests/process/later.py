"""A machine on which it is later than it is: what takes minutes happens while the test looks on."""

from datetime import datetime, timedelta
from pathlib import Path

from syncd.ports import SystemClock
from syncd.service import context

LATER = Path("later")
"""In the folder of a command: by how many seconds its machine's clock is ahead."""


class AheadClock(SystemClock):
    """The machine's clocks, and the wall clock is ahead of it."""

    def now(self) -> datetime:
        """The moment that the machine of this command has come to."""
        return super().now() + timedelta(seconds=float(LATER.read_text()))


def wind_forward() -> None:
    """From now on commands take their time from that clock."""
    setattr(context, "SystemClock", AheadClock)  # noqa: B010 - a name that the module imports
