"""What goes wrong in the world and how often, drawn from a seed."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfortune:
    """Chances from 0 to 1; `crash_every` is the mean time between crashes of syncd in seconds, 0 for none.

    `lost_request` and `lost_answer`: of a request to TikTok Shop or a write-back, before and after its effect.
    `throttled`: refused for its rate. `broken_gateway`: answered by a gateway that gave up, before or after the
    effect. `garbled`: the answer makes no sense, after the effect. `refused_booking`: of a write-back, for now.
    `lost_read`, `cut_read`: of a reading of the merchant's shop, at its start and before its end. `late`,
    `dropped`, `doubled`: webhooks whose first try fails, that never come, and that come twice.
    """

    lost_request: float = 0.001
    lost_answer: float = 0.002
    throttled: float = 0.002
    broken_gateway: float = 0.0
    garbled: float = 0.0
    refused_booking: float = 0.0
    lost_read: float = 0.002
    cut_read: float = 0.002
    late: float = 0.01
    dropped: float = 0.005
    doubled: float = 0.02
    crash_every: float = 2 * 86_400.0


USUAL = Misfortune()
"""As the world is."""
CALM = Misfortune(
    lost_request=0.0, lost_answer=0.0, throttled=0.0, lost_read=0.0, cut_read=0.0, late=0.0,
    dropped=0.0, doubled=0.0, crash_every=0.0,
)  # fmt: skip
"""Nothing goes wrong; calls take their time all the same."""


class Crash(BaseException):
    """The process dies here, as by kill -9: nothing of it may catch this."""


class Fate:
    """Decides what goes wrong; one stream of dice per kind of thing, so that they do not disturb each other."""

    def __init__(self, seed: int, misfortune: Misfortune) -> None:
        self.misfortune = misfortune
        self._seed = seed
        self._streams: dict[str, Random] = {}
        self.struck: Counter[tuple[str, str]] = Counter()
        """How often each misfortune struck, by the kind of call that it struck."""

    def dice(self, what: str) -> Random:
        """The stream of one kind of thing."""
        found = self._streams.get(what)
        if found is None:
            found = Random(f"{self._seed}/{what}")  # noqa: S311 - repeatable, no cryptography
            self._streams[what] = found
        return found

    def strikes(self, what: str, whom: str = "") -> bool:
        """Whether the misfortune of that name strikes this kind of call now."""
        chance: float = getattr(self.misfortune, what)
        struck = chance > 0 and self.dice(what).random() < chance
        self.struck[whom, what] += struck
        return struck


MIDDLES = 12
"""A crash that is due strikes within so many calls, so that it may hit any step of a cycle."""


class Crashes:
    """When the process dies: in the middle of a call, before or after its effect."""

    def __init__(self, fate: Fate, now: Callable[[], float], within: int = MIDDLES) -> None:
        self._dice = fate.dice("crash")
        self._within = within
        self._every = fate.misfortune.crash_every
        self._now = now
        self.due = self._drawn()
        self._spared = 0
        self.count = 0
        self._dead = False

    def pass_by(self) -> None:
        """A moment in the middle of a call; raises Crash when its time has come."""
        self.dead_end()
        if self._now() < self.due:
            return
        if self._spared > 0:
            self._spared -= 1
            return
        self.strike()

    def strike(self) -> None:
        """Raise Crash now."""
        self.due = self._drawn()
        self.count += 1
        self._dead = True
        raise Crash

    def dead_end(self) -> None:
        """Raise Crash again where a dead process would still do something, as in a `finally`."""
        if self._dead:
            raise Crash

    def born(self) -> None:
        """A new process begins."""
        self._dead = False

    def _drawn(self) -> float:
        self._spared = self._dice.randrange(self._within)
        if not self._every:
            return float("inf")
        return self._now() + self._dice.expovariate(1 / self._every)
