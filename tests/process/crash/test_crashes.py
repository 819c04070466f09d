"""kill -9 at random moments of `apply`, judged by the shop: nothing lost, nothing doubled, all converges."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.process.crash.counting import at_requests
from tests.process.crash.judge import Judge, report_violations
from tests.process.crash.world import NAIVE, World, world_of

PROOF = "SYNCD_PROOF" in os.environ
KILLS = 3_000 if PROOF else 40
ROUND = 10
MOST_REQUESTS = 20
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
        with world_of(folder, 10, seed, server=NAIVE) as world:
            _, violations = crash(world, ROUND)

        assert any(violation.startswith("I3") for violation in violations), violations


def test_a_death_between_a_send_and_its_record_is_found_out(tmp_path: Path) -> None:
    """The same mistake, found by its consequence alone: an effect that the ledger never heard of."""
    with world_of(tmp_path, 10, 0, server=NAIVE) as world:
        strike, judge, number = at_requests(world, "timeout_after_commit"), Judge(world), 0
        assert 0 == world.quieten()[-1], world.warm.printed()
        world.move(12)
        while not (found := unheard_of(judge)) and number < MOST_REQUESTS:
            strike(number)
            world.behave()
            number += 1

    assert found, f"{number} deaths at requests"


def unheard_of(judge: Judge) -> list[str]:
    """Effects that have no intent at all."""
    return [text for text in judge.violations() if text.endswith("without an intent")]


def test_the_judge_finds_every_kind_of_violation(tmp_path: Path) -> None:
    with world_of(tmp_path, 10, 5) as world:
        world.move(6)
        assert 0 == world.quieten()[-1], world.warm.printed()
        judge = Judge(world)
        sound = judge.violations()
        before = len(world.keeper.control.get("journal")["entries"])  # type: ignore[arg-type]  # parsed JSON
        report = report_violations(world, world.keeper.control.get(f"journal?since={before}"))
        with closing(sqlite3.connect(tmp_path / "ledger.db")) as ledger, ledger:
            ledger.execute("UPDATE order_line SET units = units + 1")
            ledger.execute("UPDATE change SET verdict = 'unknown', sent = sent + 1")
        judge.seen = 0
        world.on_hand[min(world.on_hand)] += 1

        found = {text.split()[0] for text in judge.violations()}

    assert [] == sound
    assert {"I1", "I2", "I3", "I4", "I5"} == found
    assert {"I7"} == {text.split()[0] for text in report}
