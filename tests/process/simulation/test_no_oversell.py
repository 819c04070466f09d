"""The promise not to oversell, proved by comparison: the same buyers meet a typical app and syncd.

`make test` runs one seed of 3,000 buyers. With SYNCD_PROOF set, five seeds in each scenario and a million units
in escrow are sold, on all cores; SYNCD_BUYERS says how many buyers a seed has then (40,000 take about an hour).
"""

import multiprocessing
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import pytest

from syncd.simulation.demand import SCENARIOS
from syncd.simulation.figures import TYPICAL, figures
from syncd.simulation.run import Outcome, Trial, run
from syncd.simulation.telling import failure
from tests.process.simulation.world import PARTS, PROOF, silence

SEEDS = range(1, 6) if PROOF else range(1, 2)
BUYERS = int(os.environ.get("SYNCD_BUYERS", "10000" if PROOF else "3000"))
UNITS = 1_000_000 if PROOF else 3_000
SKUS_IN_ESCROW = 300 if PROOF else 60
FEWER = 35


@dataclass(frozen=True)
class Goal:
    """At most so many units per 10,000 orders; the study's goals for the default mode."""

    oversold: float
    refused: float


GOALS = {"normal": Goal(oversold=2, refused=120), "viral": Goal(oversold=8, refused=550)}


def one(trial: Trial) -> Outcome:
    with silence():
        return run(trial, PARTS)


def runs(trials: Sequence[Trial]) -> list[Outcome]:
    """Side by side where it is a proof; every law held, or the run and its law are named."""
    if PROOF:
        spawning = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(os.cpu_count(), mp_context=spawning) as pool:
            outcomes = list(pool.map(one, trials))
    else:
        outcomes = [one(trial) for trial in trials]
    assert "" == "\n".join(filter(None, map(failure, outcomes)))
    return outcomes


@pytest.mark.parametrize("scenario", GOALS if PROOF else ["viral"])
def test_webhooks_write_back_and_adaptive_safety_oversell_a_fraction_of_a_typical_app(
    scenario: str,
) -> None:
    trials = [
        Trial(seed=seed, scenario=scenario, design=name, orders=BUYERS)
        for name in (TYPICAL, "GA")
        for seed in SEEDS
    ]
    outcomes = runs(trials)
    typical, tried = outcomes[: len(SEEDS)], outcomes[len(SEEDS) :]
    found, goal = figures(tried, typical), GOALS[scenario]
    assert found.oversold.mean <= goal.oversold, found
    assert found.fewer is None or found.fewer >= FEWER, found
    assert figures(typical, typical).oversold.mean >= FEWER * found.oversold.mean
    if (
        len(SEEDS) > 1
    ):  # what is refused in the few days of one seed depends on what lay on the shelf
        assert found.refused.mean <= goal.refused, found


def test_escrow_sells_nothing_twice() -> None:
    buyers = 5 * UNITS // (4 * len(SEEDS) * SCENARIOS["wholesale"].basket)  # some are refused
    trials = [
        Trial(seed=seed, scenario="wholesale", design="X", orders=buyers, skus=SKUS_IN_ESCROW)
        for seed in SEEDS
    ]
    outcomes = runs(trials)
    assert [0] * len(SEEDS) == [sum(outcome.tally.oversold.values()) for outcome in outcomes]
    assert sum(outcome.tally.orders for outcome in outcomes) >= UNITS
