"""kill -9 at every call that writes, syncs or sends, and at every request, of a cycle, a token refresh and a
migration: no moment is a wrong one to die."""

import shutil
from functools import partial
from pathlib import Path

import pytest

from tests.process.crash.counting import (
    KINDS,
    PROOF,
    SENDS,
    STORES,
    SYNCS,
    AtCalls,
    Where,
    at_requests,
    count_up,
    from_calls,
    needs_strace,
)
from tests.process.crash.old_ledger import make_old, same_rows
from tests.process.crash.world import IN_TURN, NAIVE, World, world_of

EVERY = 1 if PROOF else 5
SELDOM = {STORES: 1, SYNCS: 1} if PROOF else {STORES: 25, SYNCS: 10}
"""A migration is made of many steps that are all alike, most of them stores."""
LONG = 3_600.0


@pytest.mark.parametrize("kind", ["timeout_before_commit", "timeout_after_commit"])
def test_no_request_of_a_cycle_is_a_wrong_moment_to_die(tmp_path: Path, kind: str) -> None:
    with world_of(tmp_path, 10, 4) as world:
        every = 1 if PROOF else 2
        count = count_up(world, at_requests(world, kind), partial(world.stir, 4), every, judged=1)

    assert [] == count.violations
    assert count.points > 4


@needs_strace
@pytest.mark.parametrize("kind", KINDS)
def test_no_call_of_a_cycle_is_a_wrong_moment_to_die(tmp_path: Path, kind: str) -> None:
    with world_of(tmp_path, 10, 3, server=IN_TURN) as world:
        strike = AtCalls(world, "apply", kind)
        count = count_up(world, strike, partial(world.stir, 4), EVERY)

    assert [] == count.violations
    assert count.points > (10 if kind == STORES else 5)
    aim = Where.AT_A_WRITE if kind == SENDS else Where.AT_THE_LEDGER_AFTER_A_WRITE
    assert strike.struck[aim] > (3 if kind == STORES or PROOF else 0)


@needs_strace
def test_no_send_from_the_first_write_on_is_a_wrong_moment_to_die(tmp_path: Path) -> None:
    """Each of them, also where the calls of a cycle are struck here and there only."""
    with world_of(tmp_path, 10, 3, server=IN_TURN) as world:
        strike = AtCalls(world, "apply", SENDS)
        start = before_writes(world, strike)
        count = count_up(world, strike, partial(world.stir, 4), 1, start=start)

    assert [] == count.violations
    assert strike.struck[Where.AT_A_WRITE] > 3


@needs_strace
def test_a_ledger_that_records_after_sending_is_found_out_at_the_sends(tmp_path: Path) -> None:
    with world_of(tmp_path, 10, 3, server=(*NAIVE, *IN_TURN)) as world:
        strike = AtCalls(world, "apply", SENDS)
        start = before_writes(world, strike)
        count = count_up(world, strike, partial(world.stir, 4), 1, start=start)

    assert any(text.endswith("without an intent") for text in count.violations), count


def before_writes(world: World, strike: AtCalls) -> int:
    """A point before the first write of a cycle, also of one that asks a little less than this."""
    assert 0 == world.quieten()[-1], world.warm.printed()
    world.stir(4)
    return max(0, strike.up_to_a_write() - 4)


@needs_strace
@pytest.mark.parametrize(
    ("calls", "error", "told", "every"),
    [
        ("pwrite64", "ENOSPC", "disk is full; free some space and run again", 40),
        ("fdatasync", "EIO", "disk I/O error): check the disk and run again", 10),
    ],
)
def test_no_call_of_a_cycle_is_a_wrong_moment_for_the_disk_to_fail(
    tmp_path: Path, calls: str, error: str, told: str, every: int
) -> None:
    with world_of(tmp_path, 10, 9, server=IN_TURN) as world:
        strike = from_calls(world, "apply", calls, error, told)
        count = count_up(world, strike, partial(world.stir, 4), 1 if PROOF else every, judged=2)

    assert [] == count.violations
    assert count.points > 3


@needs_strace
@pytest.mark.parametrize("kind", KINDS)
def test_no_call_of_a_token_refresh_is_a_wrong_moment_to_die(tmp_path: Path, kind: str) -> None:
    """Where the platform takes the old refresh token a while longer, nobody ever has to connect again."""
    with world_of(tmp_path, 4, 5, server=IN_TURN) as world:
        world.keeper.control.post("settings", refresh_grace=LONG)
        prepare = partial(world.keeper.control.post, "tokens/expire")
        count = count_up(world, AtCalls(world, "apply", kind), prepare, EVERY, judged=1)

    assert [] == count.violations
    assert count.points > 3


@needs_strace
def test_a_refresh_token_lost_on_the_way_is_told_with_the_command_that_helps(
    tmp_path: Path,
) -> None:
    """Where the platform does not, a death between its answer and our commit needs a person, once."""
    with world_of(tmp_path, 4, 6, server=IN_TURN) as world:
        assert 0 == world.quieten()[-1], world.warm.printed()
        strike, number, lost, alive = AtCalls(world, "apply", STORES), 0, 0, False
        while not alive:
            world.keeper.control.post("tokens/expire")
            alive = strike(number)
            number += EVERY
            lost += _connected_again(world)

    assert lost > 0 or not PROOF


def _connected_again(world: World) -> bool:
    """Whether the next run had to ask for a new authorization; with it everything goes on."""
    code = world.warm.run("apply")
    if code == 0:
        return False
    told = world.warm.printed()
    assert 5 == code, told
    assert "run `syncd connect shop`" in " ".join(told.split())
    auth_code = str(world.keeper.control.post("auth_code")["auth_code"])
    assert 0 == world.warm.run("connect", "shop", "--auth-code", auth_code)
    assert 0 == world.warm.run("apply"), world.warm.printed()
    return True


@needs_strace
@pytest.mark.parametrize("kind", [STORES, SYNCS])
def test_no_call_of_a_migration_is_a_wrong_moment_to_die(tmp_path: Path, kind: str) -> None:
    with world_of(tmp_path, 10, 8, server=IN_TURN) as world:
        world.move(6)
        assert 0 == world.quieten()[-1], world.warm.printed()
        kept = tmp_path / "kept.db"
        shutil.copyfile(tmp_path / "ledger.db", kept)
        strike, number, alive = AtCalls(world, "ingest", kind), 0, False
        while not alive:
            make_old(kept, tmp_path / "ledger.db", "0001")
            alive = strike(number)
            number += SELDOM[kind]

            assert [] == same_rows(kept, tmp_path / "ledger.db")
            assert 0 == world.warm.run("ingest"), world.warm.printed()
            assert [] == same_rows(kept, tmp_path / "ledger.db")
        assert 0 == world.quieten()[-1], world.warm.printed()

    assert number > (10 if kind == STORES else 3) * SELDOM[kind]
