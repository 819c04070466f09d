"""The simulated shop's own time: the machine's clock (or a given one) shifted, or standing still."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


def machine_time() -> float:
    """Unix seconds of the machine."""
    return time.time()  # noqa: TID251 - the sandbox is another computer: this is its own clock


class ClockKnobs(Protocol):
    """What a user may turn on the shop's clock; seconds."""

    @property
    def clock_offset(self) -> float:
        """How far it is ahead of the machine's."""
        ...

    @property
    def frozen_at(self) -> float | None:
        """The moment at which it stands still, if it does."""
        ...


@dataclass(frozen=True, slots=True)
class ShopClock:
    """Unix seconds as the shop sees them; `raw` never stands still and is what pacing is judged by."""

    raw: Callable[[], float]
    behaviour: ClockKnobs

    def now(self) -> float:
        """The shop's present moment."""
        if self.behaviour.frozen_at is not None:
            return self.behaviour.frozen_at
        return self.raw() + self.behaviour.clock_offset
