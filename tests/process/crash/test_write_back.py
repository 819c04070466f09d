"""kill -9 around every booking: each order is taken off the merchant's own counter once, by its own journal."""

from pathlib import Path

import pytest

from tests.process.crash.counting import PROOF
from tests.process.crash.till_world import TillWorld, till_world

SEEDS = 4 if PROOF else 1
ROUNDS = 15 if PROOF else 1
ROUND = 10 if PROOF else 4
"""Kills before all is judged."""
LONGEST = 0.8
"""Seconds of a cycle within which it is killed."""


def trade(world: TillWorld) -> int:
    """Orders come, one of them is cancelled once it was booked, the counter sells too; how many deaths."""
    world.buy(2)
    world.buy()
    world.sell_there()
    deaths = world.come_to_rest()
    world.cancel()
    return deaths + world.come_to_rest()


def test_no_moment_around_a_booking_is_a_wrong_one_to_die(tmp_path: Path) -> None:
    with till_world(tmp_path, 3, "killed") as world:
        deaths = trade(world)

        assert [] == world.violations()
        assert len(world.journal()) == deaths > 3


def test_a_counter_without_keys_is_found_out(tmp_path: Path) -> None:
    with till_world(tmp_path, 3, "killed after", keys=False) as world:
        assert trade(world) > 3
        found = world.violations()

    assert any(text.endswith("was done 2 times") for text in found), found


@pytest.mark.parametrize("seed", range(SEEDS))
def test_no_kill_at_any_moment_doubles_or_loses_a_booking(tmp_path: Path, seed: int) -> None:
    hits = 0
    with till_world(tmp_path, seed, "lost", skus=12) as world:
        for _ in range(ROUNDS):
            for _ in range(ROUND):
                for happen in (world.buy, world.buy, world.sell_there):
                    happen()
                if world.dice.random() < 0.5 and world.bought.keys() - world.cancelled:
                    world.cancel()
                hits += world.kill_at_random(LONGEST)
            world.restock()
            world.come_to_rest()
            assert [] == world.violations()
    assert hits > (ROUNDS * ROUND // 2 if PROOF else 0)
