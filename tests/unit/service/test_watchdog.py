"""When systemd is fed, and when it is left to end the process."""

import logging
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from syncd.engine.cycle import Task, run_cycle
from syncd.engine.setup import Silent, Trigger
from syncd.service.notify import Notifier
from syncd.service.readiness import FirstCheck
from syncd.service.watchdog import Watchdog
from tests.fakes.clock import FakeClock
from tests.fakes.notify_socket import heard, listening
from tests.fakes.shopfloor import SHOP, STOCK, Shopfloor

PATIENCE = timedelta(minutes=5)


class Setup:
    """A watchdog, its clock, and what systemd hears at each tick."""

    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        self.address = str(folder / "notify")
        notifier = Notifier(self.address, self.clock)
        self.watchdog = Watchdog(notifier, self.clock, timedelta(seconds=20))

    def tick(self, messages: int) -> list[str]:
        with listening(self.address) as server:
            self.watchdog.tick()
            said = [line for _ in range(messages) for line in heard(server)]
        Path(self.address).unlink()
        return said


@pytest.fixture
def world(tmp_path: Path) -> Setup:
    return Setup(tmp_path)


def test_with_nothing_to_do_every_tick_feeds(world: Setup) -> None:
    world.clock.advance(3600)

    assert ["STATUS=waiting", "WATCHDOG=1"] == world.tick(2)


def test_work_that_moves_feeds_however_long_it_takes(world: Setup) -> None:
    with world.watchdog.working("publish shop", Silent(), PATIENCE) as work:
        for done in range(10):
            world.clock.advance(240)
            work.step("sending to shop", done, 10)
        said = world.tick(2)

    assert ["STATUS=sending to shop", "WATCHDOG=1"] == said


def test_a_stuck_job_starves_the_watchdog_although_others_move(
    world: Setup, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        world.watchdog.working("publish shop", Silent(), PATIENCE) as stuck,
        world.watchdog.working("read stock", Silent(), PATIENCE) as moving,
    ):
        stuck.step("sending to shop", 1, 2)
        world.clock.advance(301)
        moving.step("reading stock", 0, None)
        said = world.tick(1)

    assert ["STATUS=stuck: sending to shop"] == said
    assert ["stuck for 5 min: sending to shop"] == caplog.messages


def test_a_job_that_ended_is_not_waited_for_even_if_it_failed(world: Setup) -> None:
    with pytest.raises(RuntimeError), world.watchdog.working("a", Silent(), PATIENCE):
        raise RuntimeError
    world.clock.advance(3600)

    assert ["STATUS=waiting", "WATCHDOG=1"] == world.tick(2)


@pytest.mark.parametrize(
    ("environ", "seconds"),
    [
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "7"}, 20),
        ({"WATCHDOG_USEC": "3000000"}, 1),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "8"}, 30),
        ({"WATCHDOG_USEC": "0"}, 30),
        ({"WATCHDOG_USEC": "often"}, 30),
        ({}, 30),
    ],
)
def test_it_ticks_three_times_in_the_span_that_systemd_gave_this_process(
    environ: dict[str, str], seconds: int
) -> None:
    clock = FakeClock()

    watchdog = Watchdog.of(environ, 7, Notifier(None, clock), clock)

    assert timedelta(seconds=seconds) == watchdog.every


def test_a_cycle_gives_signs_of_life(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    floor = Shopfloor(tmp_path)
    floor.shop.list_sku("A", W1=5)
    floor.source.set(A=3)
    watchdog = Watchdog(Notifier(None, floor.clock), floor.clock, timedelta(seconds=20))
    task = Task(trigger=Trigger.BY_HAND, word="test", sources=[STOCK], channels=[SHOP], send=True)

    with watchdog.working("publish shop", Silent(), PATIENCE) as progress:
        floor.clock.advance(299)
        run_cycle(replace(floor.engine(), progress=progress), task, str)
        floor.clock.advance(299)
        watchdog.tick()
    floor.close()

    assert 3 == floor.shop.shown("A")
    assert [] == [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_ready_is_said_once_when_the_last_job_was_tried() -> None:
    said: list[str] = []
    first = FirstCheck(["read stock", "publish shop"], lambda: said.append("ready"))
    for name, expected in (
        ("read stock", []),
        ("read stock", []),
        ("unheard of", []),
        ("publish shop", ["ready"]),
        ("publish shop", ["ready"]),
    ):
        first.done(name)
        assert expected == said, name


def test_with_nothing_to_try_ready_is_said_at_once() -> None:
    said: list[str] = []

    FirstCheck([], lambda: said.append("ready"))

    assert ["ready"] == said
