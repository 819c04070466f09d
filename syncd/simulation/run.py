"""One run: a design in a scenario from a seed, from the first buyer to the last rest, with its measures."""

import gc
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from syncd.simulation.bookkeeper import Bookkeeper
from syncd.simulation.checking import Checks
from syncd.simulation.demand import DAY, REST, SCENARIOS, Demand, demand
from syncd.simulation.designs import DESIGNS
from syncd.simulation.keeper import Keeper
from syncd.simulation.laws import Broken
from syncd.simulation.line import Line
from syncd.simulation.merchant_source import MerchantSource
from syncd.simulation.misfortune import USUAL, Fate, Misfortune
from syncd.simulation.stage import Parts, Plot, Stage
from syncd.simulation.tally import Tally
from syncd.simulation.typical_app import TypicalApp

FIRST_LOOK, LAST_LOOK = REST[0] + 35 * 60, REST[1] - 60
"""When it is quiet long enough, every day; and when again if something was still wrong."""
SELDOM = 100_000
"""Objects made between two looks for cycles of them."""
MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
"""Where a ledger costs no writes to a disk, if the machine has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What is run. `safety`: units of each SKU that syncd withholds, beside what the design says.

    The last three cut a run down: only these SKUs and buyers, until a moment.
    """

    seed: int
    scenario: str
    design: str
    orders: int = 2_000
    skus: int = 300
    safety: int = 0
    misfortune: Misfortune = USUAL
    lines: bool = False
    only_skus: frozenset[str] | None = None
    only_buyers: frozenset[int] | None = None
    until: float | None = None

    def demand(self) -> Demand:
        """Its buyers."""
        whole = demand(self.seed, SCENARIOS[self.scenario], self.skus, self.orders)
        skus, numbers = self.only_skus, self.only_buyers
        end = whole.end if self.until is None else self.until
        return Demand(
            articles=[each for each in whole.articles if skus is None or each.sku in skus],
            buyers=[
                each for each in whole.buyers
                if (skus is None or each.sku in skus)
                and (numbers is None or each.number in numbers) and each.at < end
            ],
            end=end,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A law that was broken, how, and when in simulated seconds."""

    law: str
    how: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run came to; `lines` where the trial asked for them."""

    trial: Trial
    days: float
    tally: Tally
    digest: str
    failure: Failure | None
    lines: tuple[str, ...] = ()


def run(trial: Trial, parts: Parts) -> Outcome:
    """Run it to its end, or to the first broken law."""
    folder = Path(tempfile.mkdtemp(prefix="syncd-world-", dir=MEMORY if MEMORY.is_dir() else None))
    try:
        with _seldom_collected():
            return _Run(trial, parts, folder).outcome()
    finally:
        shutil.rmtree(folder)


@contextmanager
def _seldom_collected() -> Iterator[None]:
    """A run keeps its orders until its end and makes few cycles: looking for them takes a tenth of its time."""
    usual = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(SELDOM, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()


class _Run:
    """The parts of one run, plugged together."""

    def __init__(self, trial: Trial, parts: Parts, folder: Path) -> None:
        self._trial = trial
        design = DESIGNS[trial.design]
        self._design = replace(design, safety=design.safety + trial.safety)
        self._demand = trial.demand()
        self._fate = Fate(trial.seed, trial.misfortune)
        plot = Plot(
            design=self._design, demand=self._demand, seed=trial.seed, fate=self._fate,
            lines=trial.lines,
        )  # fmt: skip
        self._stage = Stage(plot, parts, folder)

    def outcome(self) -> Outcome:
        """Run."""
        failure: Failure | None = None
        try:
            if self._design.imports_every is not None:
                Bookkeeper(self._stage.world, self._design.imports_every).begin()
            if self._design.syncd:
                self._with_syncd()
            else:
                self._with_an_app()
        except Broken as broken:
            failure = Failure(law=str(broken.law), how=broken.how, at=broken.at)
        return Outcome(
            trial=self._trial, days=self._demand.end / DAY, tally=self._stage.world.tally,
            digest=self._stage.trace.digest(), failure=failure,
            lines=tuple(self._stage.trace.lines or ()),
        )  # fmt: skip

    def _with_an_app(self) -> None:
        app = TypicalApp(self._design, self._stage.world, self._stage.timeline, self._fate)
        app.begin()
        self._stage.timeline.rest(self._demand.end)
        self._stage.world.tally.requests = app.requests

    def _with_syncd(self) -> None:
        with self._stage.syncd() as cast:
            try:
                self._live(cast.keeper, cast.checks)
            finally:
                self._count(cast.keeper, cast.source, cast.line)

    def _live(self, keeper: Keeper, checks: Checks) -> None:
        """Day after day, with a look at every rest; then the last rest."""
        keeper.begin()
        day = 0
        while day * DAY <= self._demand.end:
            keeper.serve(day * DAY + FIRST_LOOK)
            if checks.at_rest() is not None:
                keeper.serve(day * DAY + LAST_LOOK)
                broken = checks.at_rest()
                if broken is not None:
                    raise broken
            day += 1
        checks.at_the_end()

    def _count(self, keeper: Keeper, source: MerchantSource, line: Line) -> None:
        """What is not counted as it happens; polls that were not made count as if they had been."""
        tally = self._stage.world.tally
        tally.requests = line.requests + keeper.publishing.skipped
        tally.reads = source.calls + keeper.reading.skipped
        tally.bookings = source.bookings
        tally.cycles = keeper.cycles
        tally.crashes = self._stage.crashes.count
