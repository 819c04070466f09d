"""kill -9 at random moments of `apply`, judged by the shop: nothing lost, nothing doubled, all converges."""

import os
from pathlib import Path

import pytest

from tests.process.crash.judge import Judge, report_violations
from tests.process.crash.world import World, world_of

PROOF = "SYNCD_PROOF" in os.environ
KILLS = 3_000 if PROOF else 40
ROUND = 10
LONGEST = 0.8
"""Seconds of a cycle within which it is killed; an undisturbed one takes about so long."""


def crash(world: World, kills: int) -> tuple[int, list[str]]:
    """So many kills with a quiet phase after every round; how many hit, and what was wrong."""
    judge, hits = Judge(world), 0
    assert 0 == world.quieten()[-1], world.warm.printed()
    for start in range(0, kills, ROUND):
        world.misbehave()
        for _ in range(min(ROUND, kills - start)):
            world.move(4)
            hits += world.kill_at_random(LONGEST, "apply")
        codes = world.quieten()
        if codes[-1] != 0:
            return hits, [f"no quiet after kill {start + ROUND}: {codes}\n{world.warm.printed()}"]
        found = judge.violations()
        if found:
            return hits, found
    assert judge.effects > kills
    return hits, []


@pytest.mark.parametrize("seed", range(1, 7 if PROOF else 2))
def test_no_kill_at_any_moment_breaks_an_invariant(tmp_path: Path, seed: int) -> None:
    kills = KILLS // 6 if PROOF else KILLS
    with world_of(tmp_path, 30, seed, "--latency", "0.005") as world:
        hits, violations = crash(world, kills)

    assert [] == violations
    assert hits > kills / 2


def test_the_report_tells_what_the_shops_own_log_tells(tmp_path: Path) -> None:
    with world_of(tmp_path, 30, 7) as world:
        world.quieten()
        for _ in range(3):
            world.move(12)
            before = len(world.keeper.control.get("journal")["entries"])  # type: ignore[arg-type]  # parsed JSON
            code = world.warm.run("apply", "--json")
            journal = world.keeper.control.get(f"journal?since={before}")

            assert 0 == code, world.warm.printed()
            assert [] == report_violations(world, journal)


def test_a_ledger_that_records_after_sending_is_always_found_out(tmp_path: Path) -> None:
    for seed in range(3):
        folder = tmp_path / str(seed)
        folder.mkdir()
        with world_of(folder, 10, seed, naive=True) as world:
            _, violations = crash(world, ROUND)

        assert any(violation.startswith("I3") for violation in violations), violations
