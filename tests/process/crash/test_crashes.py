"""kill -9 at random moments of `apply`, judged by the shop: nothing lost, nothing doubled, all converges."""

import os
import sqlite3
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path

import httpx
import pytest

from tests.process.crash.counting import at_requests
from tests.process.crash.judge import LATE, Judge, report_violations
from tests.process.crash.world import NAIVE, World, world_of

PROOF = "SYNCD_PROOF" in os.environ
KILLS = 3_000 if PROOF else 40
ROUND = 10
MOST_REQUESTS = 20
LONGEST = 1.5
"""Seconds of a cycle within which it is killed; one that raises anything waits one of them for orders."""


def crash(world: World, kills: int) -> tuple[int, list[str]]:
    """So many kills with a quiet phase after every round; how many hit, and what was wrong."""
    judge, hits = Judge(world), 0
    assert 0 == world.quieten()[-1], world.warm.printed()
    for start in range(0, kills, ROUND):
        world.misbehave()
        for _ in range(min(ROUND, kills - start)):
            world.stir(4)
            hits += world.kill_at_random(LONGEST, "apply")
        codes = world.quieten()
        if codes[-1] != 0:
            return hits, [f"no quiet after kill {start + ROUND}: {codes}\n{world.warm.printed()}"]
        found = judge.violations() or told_otherwise(world)
        if found:
            return hits, found
    assert judge.effects > kills
    return hits, []


def told_otherwise(world: World) -> list[str]:
    """What the report of one undisturbed run tells otherwise than the shop's own log of it."""
    world.move(4)
    journal = partial(world.keeper.control.get, f"journal?since={last_entry(world)}")
    code = world.warm.run("apply", "--json")
    return report_violations(world, journal()) if code == 0 else [world.warm.printed()]


def last_entry(world: World) -> int:
    """The number of the newest entry in the shop's log."""
    entries = world.keeper.control.get("journal")["entries"]
    assert isinstance(entries, list)
    return int(entries[-1]["seq"])


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
            assert [] == told_otherwise(world)


@pytest.mark.parametrize("seed", range(3 if PROOF else 1))
def test_a_ledger_that_records_after_sending_is_found_out_by_the_same_kills(
    tmp_path: Path, seed: int
) -> None:
    with world_of(tmp_path, 30, seed, "--latency", "0.005", server=NAIVE) as world:
        judge = Judge(world)
        assert 0 == world.quieten()[-1], world.warm.printed()
        world.misbehave()
        for _ in range(3):
            world.stir(4)
            world.warm.run("apply")
        assert 0 == world.quieten()[-1], world.warm.printed()
        undisturbed = judge.violations()

        hits, found = crash(world, 100)

    assert [] == undisturbed
    assert "without an intent" in "\n".join(found), f"{hits} kills"


def test_a_death_between_a_send_and_its_record_is_found_out(tmp_path: Path) -> None:
    """The same mistake, found at a request that the shop has done but not answered."""
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


def kinds(violations: Iterable[str]) -> set[str]:
    """Which invariants are broken."""
    return {text.split()[0] for text in violations}


def test_the_judge_finds_every_kind_of_violation(tmp_path: Path) -> None:
    with world_of(tmp_path, 10, 5) as world:
        world.move(6)
        assert 0 == world.quieten()[-1], world.warm.printed()
        sound = Judge(world).violations()
        changed(tmp_path, "UPDATE order_line SET units = units + 1")
        changed(tmp_path, "UPDATE change SET verdict = 'unknown', sent = sent + 1")
        world.on_hand[min(world.on_hand)] += 1

        assert [] == sound
        assert {"I1", "I2", "I3", "I4", "I5"} == kinds(Judge(world).violations())


def test_an_intent_answers_for_one_effect(tmp_path: Path) -> None:
    """The same value was sent before, by an intent of its own."""
    with world_of(tmp_path, 2, 5) as world:
        for units in (20, 30, 20, 30):
            world.on_hand["S000"] = units
            world.export()
            assert 0 == world.quieten()[-1], world.warm.printed()
        sound = Judge(world).violations()
        changed(tmp_path, "DELETE FROM change WHERE id = (SELECT MAX(id) - 1 FROM change)")

        assert [] == sound
        assert {"I3"} == kinds(Judge(world).violations())


def test_an_intent_that_came_to_nothing_excuses_nothing_later(tmp_path: Path) -> None:
    """It was replaced by another one, long before the value was sent."""
    with world_of(tmp_path, 2, 5) as world:
        for units in (20, 30, 20):
            world.on_hand["S000"] = units
            world.export()
            assert 0 == world.quieten()[-1], world.warm.printed()
            time.sleep(LATE)
        judge = Judge(world)
        sound = judge.violations()
        changed(tmp_path, "UPDATE change SET sent = 20 WHERE id = (SELECT MAX(id) - 1 FROM change)")
        changed(tmp_path, "DELETE FROM change WHERE id = (SELECT MAX(id) FROM change)")

        assert [] == sound
        assert {"I3"} == kinds(Judge(world).violations())


def test_what_a_dead_process_had_sent_may_land_last_and_what_the_shop_took_before_may_not(
    tmp_path: Path,
) -> None:
    with world_of(tmp_path, 2, 5) as world:
        for units in (20, 30):
            world.on_hand["S000"] = units
            world.export()
            assert 0 == world.quieten()[-1], world.warm.printed()
        judge = Judge(world)
        changed(
            tmp_path,
            "UPDATE change SET acknowledged = 0, verdict = 'contradicted' "
            "WHERE id = (SELECT MAX(id) FROM change)",
        )
        sound = judge.violations()
        changed(
            tmp_path,
            "UPDATE change SET acknowledged = 1, verdict = 'verified', sent = 40 "
            "WHERE id = (SELECT MAX(id) FROM change)",
        )

        assert [] == sound
        assert {"I4"} == kinds(judge.violations())


def test_two_requests_for_one_product_at_once_are_found_out(tmp_path: Path) -> None:
    with world_of(tmp_path, 2, 5) as world:
        assert 0 == world.quieten()[-1], world.warm.printed()
        judge = Judge(world)
        sound = judge.violations()
        world.keeper.control.post("settings", latency=1.0)
        url = f"{world.keeper.shop['url']}/product/202309/products/1/inventory/update"
        with ThreadPoolExecutor(2) as pool:
            for answer in [pool.submit(httpx.post, url) for _ in range(2)]:
                answer.result()

        assert [] == sound
        assert {"I8"} == kinds(judge.violations())


def test_a_product_that_takes_three_writes_has_one_of_them_under_way_at_a_time(
    tmp_path: Path,
) -> None:
    with world_of(tmp_path, 120, 5, each=120) as world:
        assert 0 == world.quieten()[-1], world.warm.printed()
        before = last_entry(world)
        world.keeper.control.post("settings", latency=0.3)
        world.on_hand.update({sku: units + 1 for sku, units in world.on_hand.items()})
        world.export()
        assert 0 == world.warm.run("apply", "--json"), world.warm.printed()
        entries = world.keeper.control.get(f"journal?since={before}")["entries"]
        assert isinstance(entries, list)

        assert [50, 50, 20] == [len(item["applied"]) for item in entries if item.get("applied")]
        assert [] == Judge(world).violations()


def test_a_report_that_tells_otherwise_than_the_shop_is_found_out(tmp_path: Path) -> None:
    with world_of(tmp_path, 10, 5) as world:
        assert 0 == world.quieten()[-1], world.warm.printed()
        before = last_entry(world)
        world.move(6)
        assert 0 == world.warm.run("apply", "--json"), world.warm.printed()
        journal = world.keeper.control.get(f"journal?since={before}")
        entries = journal["entries"]
        assert isinstance(entries, list)
        sound = report_violations(world, journal)
        written, *_ = [entry for entry in entries if entry.get("applied")]
        asked, *_ = [entry for entry in entries if entry["kind"] == "request"]
        less = [{**entry, "applied": []} if entry is written else entry for entry in entries]
        fewer = [entry for entry in entries if entry is not asked]
        unwritten = report_violations(world, {"entries": less})
        unasked = report_violations(world, {"entries": fewer})

    assert [] == sound
    assert ["I7 the report tells of"] == [text[:22] for text in unwritten]
    told = len([entry for entry in entries if entry["kind"] == "request"])
    assert [f"I7 {told} requests told, {told - 1} arrived"] == unasked


def changed(folder: Path, statement: str) -> None:
    """Tamper with the ledger."""
    with closing(sqlite3.connect(folder / "ledger.db")) as ledger, ledger:
        ledger.execute(statement)
