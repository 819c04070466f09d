"""`syncd simulate`: runs designs, scenarios and seeds side by side in processes, and tells what came of it."""

import logging
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from itertools import product

from syncd.domain.errors import UsageError
from syncd.domain.report import ExitCode
from syncd.ports.sandbox import ShopSimulator
from syncd.service.connectors import channel_factory, sandbox_factories
from syncd.service.workers import unless_interrupted, working
from syncd.simulation.demand import SCENARIOS
from syncd.simulation.designs import DESIGNS
from syncd.simulation.figures import TYPICAL, Figures, figures
from syncd.simulation.run import Outcome, Trial, run
from syncd.simulation.shrinking import Shrinking
from syncd.simulation.stage import Parts
from syncd.simulation.telling import document, failure, table

KIND = "tiktok_shop"
MOST_SEEDS = 1_000
_SPAN = re.compile(r"([0-9]{1,6})(?:-([0-9]{1,6}))?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the operator typed, not yet read."""

    designs: str
    scenarios: str
    seeds: str
    orders: int
    skus: int
    safety: int


def simulate(asked: Asked, jobs: int | None, as_json: bool) -> ExitCode:
    """Run everything asked for, `jobs` at a time (None: one per core).

    UNEXPECTED when a law was broken, with its smallest trace on stdout. Interrupted, it shows what is whole and
    raises KeyboardInterrupt.
    """
    trials = _trials(asked)
    outcomes: dict[Trial, Outcome] = {}
    try:
        with working(min(len(trials), jobs or os.cpu_count() or 1)) as pool:
            for outcome in _as_they_end(pool, trials):
                outcomes[outcome.trial] = outcome
                _say(f"{len(outcomes)} of {len(trials)} runs: {_named(outcome.trial)}")
                if outcome.failure is not None:
                    pool.shutdown(wait=False, cancel_futures=True)
                    return _broken(outcome)
    except KeyboardInterrupt:
        _say(
            f"stopped after {len(outcomes)} of {len(trials)} runs; shown are designs whose seeds all ended"
        )
        _show(_whole(trials, outcomes), as_json)
        raise
    _show([outcomes[trial] for trial in trials], as_json)
    return ExitCode.DONE


def _as_they_end(pool: ProcessPoolExecutor, trials: Sequence[Trial]) -> Iterator[Outcome]:
    for done in as_completed([pool.submit(unless_interrupted, one, each) for each in trials]):
        yield done.result()


def _broken(outcome: Outcome) -> ExitCode:
    _say(f"{_named(outcome.trial)} broke a law; looking for the smallest run that does")
    sys.stdout.write(failure(_shrunk(outcome)) + "\n")
    return ExitCode.UNEXPECTED


def _whole(trials: Sequence[Trial], outcomes: Mapping[Trial, Outcome]) -> list[Outcome]:
    """What ended of the rows of which nothing is missing: a mean over some of the seeds is another figure."""
    missing = {(each.scenario, each.design) for each in trials if each not in outcomes}
    return [outcomes[each] for each in trials if (each.scenario, each.design) not in missing]


def _show(outcomes: Sequence[Outcome], as_json: bool) -> None:
    rows = _figures(outcomes)
    if rows or as_json:
        sys.stdout.write((document(rows) if as_json else table(rows)) + "\n")


def one(trial: Trial) -> Outcome:
    """One run in this process, which says nothing of what its syncd does."""
    logging.disable(logging.CRITICAL)
    return run(trial, parts())


def parts() -> Parts:
    """The connector for TikTok Shop and the shop that it can simulate."""
    simulator = sandbox_factories()[KIND]
    if not isinstance(simulator, ShopSimulator):
        raise UsageError(f"the connector {KIND} has no shop that runs on simulated time")
    return Parts(channels=channel_factory(KIND), shops=simulator)


def _shrunk(outcome: Outcome) -> Outcome:
    logging.disable(logging.CRITICAL)
    return Shrinking(outcome, parts()).smallest()


def _figures(outcomes: Sequence[Outcome]) -> list[Figures]:
    by_row: dict[tuple[str, str], list[Outcome]] = {}
    for outcome in outcomes:
        trial = outcome.trial
        by_row.setdefault((trial.scenario, trial.design), []).append(outcome)
    return [
        figures(found, by_row.get((scenario, TYPICAL), []))
        for (scenario, _), found in by_row.items()
    ]


def _trials(asked: Asked) -> list[Trial]:
    designs = _known("--design", asked.designs, DESIGNS)
    scenarios = _known("--scenario", asked.scenarios, SCENARIOS)
    return [
        Trial(
            seed=seed, scenario=scenario, design=design, orders=asked.orders, skus=asked.skus,
            safety=asked.safety,
        )
        for scenario, design, seed in product(scenarios, designs, _seeds(asked.seeds))
    ]  # fmt: skip


def _known(option: str, text: str, known: Iterable[str]) -> list[str]:
    names = list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    unknown = [name for name in names if name not in set(known)]
    if unknown or not names:
        wrong = f"there is no {unknown[0]}" if unknown else "nothing is named"
        raise UsageError(f"{option}: {wrong}; known are {', '.join(known)}")
    return names


def _seeds(text: str) -> list[int]:
    """`1-5`, `7` or `1,3,8-9`."""
    found: dict[int, None] = {}
    for part in text.split(","):
        span = _SPAN.fullmatch(part.strip())
        first = int(span.group(1)) if span else 0
        last = int(span.group(2) or first) if span else -1
        if last < first or last - first >= MOST_SEEDS:
            wrong = f"is neither a number nor a span such as 1-5 of at most {MOST_SEEDS} seeds"
            raise UsageError(f"--seeds: {part.strip()!r} {wrong}")
        found.update(dict.fromkeys(range(first, last + 1)))
    return list(found)


def _named(trial: Trial) -> str:
    return f"{trial.design} {trial.scenario} seed {trial.seed}"


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
