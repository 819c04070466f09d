"""Jobs run one at a time, none is forgotten, and one that fails runs again."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from syncd.service.schedule import ByTheClock, Schedule

PATIENCE = 10.0
SELDOM = timedelta(hours=1)


@pytest.fixture
def schedule() -> Iterator[Schedule]:
    made = Schedule(UTC)
    made.start()
    yield made
    made.stop()


class Counted:
    """A job that counts, and may be made to wait."""

    def __init__(self) -> None:
        self.runs = 0
        self.most = 0
        self.inside = 0
        self.begun = threading.Semaphore(0)
        self.ended = threading.Semaphore(0)
        self.gate = threading.Event()
        self.gate.set()
        self.fail: Callable[[], None] = lambda: None

    def __call__(self) -> None:
        self.runs += 1
        self.inside += 1
        self.most = max(self.most, self.inside)
        self.begun.release()
        self.gate.wait(PATIENCE)
        self.inside -= 1
        self.ended.release()
        self.fail()


def test_a_job_runs_now_and_again_when_asked(schedule: Schedule) -> None:
    job = Counted()
    schedule.every("job", SELDOM, job)
    assert job.ended.acquire(timeout=PATIENCE)

    schedule.at_once("job")

    assert job.ended.acquire(timeout=PATIENCE)
    assert 2 == job.runs


def test_a_job_on_demand_runs_only_when_asked(schedule: Schedule) -> None:
    job = Counted()
    schedule.on_demand("job", job)
    assert not job.begun.acquire(timeout=0.2)

    for _ in range(2):
        schedule.at_once("job")
        assert job.ended.acquire(timeout=PATIENCE)

    assert 2 == job.runs


def test_asking_while_it_runs_runs_it_once_more_afterwards(schedule: Schedule) -> None:
    job = Counted()
    job.gate.clear()
    schedule.every("job", SELDOM, job)
    assert job.begun.acquire(timeout=PATIENCE)
    for _ in range(5):
        schedule.at_once("job")
    job.gate.set()

    assert job.ended.acquire(timeout=PATIENCE)
    assert job.ended.acquire(timeout=PATIENCE)
    assert not job.ended.acquire(timeout=0.5)
    assert (2, 1) == (job.runs, job.most)


def test_asking_a_thousand_times_loses_no_last_word(schedule: Schedule) -> None:
    job = Counted()
    schedule.every("job", SELDOM, job)
    told = seen = 0
    for told in range(1_000):
        before = job.runs
        schedule.at_once("job")
        while job.runs == before:
            assert job.ended.acquire(timeout=PATIENCE)
        seen = told
    assert 999 == seen


def test_a_job_that_fails_is_logged_and_runs_again(
    schedule: Schedule, caplog: pytest.LogCaptureFixture
) -> None:
    job = Counted()

    def fail() -> None:
        raise RuntimeError("broken")

    job.fail = fail
    schedule.every("job", SELDOM, job)
    assert job.ended.acquire(timeout=PATIENCE)
    schedule.at_once("job")
    assert job.ended.acquire(timeout=PATIENCE)

    assert "job failed" in caplog.text


def test_a_job_that_is_due_soon_is_not_put_off(schedule: Schedule) -> None:
    job = Counted()
    schedule.every("job", SELDOM, job, first=SELDOM)
    schedule.later("job", timedelta(seconds=0.2))
    schedule.later("job", timedelta(hours=5))

    assert job.ended.acquire(timeout=PATIENCE)


def test_a_clock_that_jumped_runs_every_interval_job(schedule: Schedule) -> None:
    job = Counted()
    schedule.every("job", SELDOM, job, first=SELDOM)

    schedule.realign()

    assert job.ended.acquire(timeout=PATIENCE)


def test_something_may_run_a_single_time(schedule: Schedule) -> None:
    job = Counted()
    schedule.once("single", job)

    assert job.ended.acquire(timeout=PATIENCE)
    assert not job.ended.acquire(timeout=0.3)
    schedule.at_once("single")
    assert not job.ended.acquire(timeout=0.3)


def test_stopping_while_jobs_are_handed_out_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(20):
        schedule = Schedule(UTC)
        for number in range(30):
            schedule.every(f"job {number}", SELDOM, Counted())
        schedule.start()
        schedule.stop()

    assert [] == [record.message for record in caplog.records if record.levelname == "ERROR"]


SPRING, AUTUMN = datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)
"""The days on which Berlin puts its clocks forward and back, both at 01:00 UTC."""


def hours(expression: str, day: datetime) -> list[str]:
    """When it runs in Berlin within three hours before and after the change, as UTC."""
    trigger = ByTheClock.of(expression, ZoneInfo("Europe/Berlin"))
    moment = day - timedelta(hours=2)
    times = []
    found = trigger.get_next_fire_time(None, moment)
    while found is not None and found < day + timedelta(hours=4):
        times.append(f"{found.astimezone(UTC):%H:%M}")
        found = trigger.get_next_fire_time(found, found)
    return times


@pytest.mark.parametrize(
    ("expression", "spring", "autumn"),
    [
        ("30 2 * * *", ["01:30"], ["00:30"]),
        ("0 3 * * *", ["01:00"], ["02:00"]),
        ("*/30 2 * * *", ["01:00"], ["00:00", "00:30"]),
        (
            "15 * * * *",
            ["22:15", "23:15", "00:15", "01:15", "02:15", "03:15"],
            ["22:15", "23:15", "00:15", "01:15", "02:15", "03:15"],
        ),
    ],
)
def test_a_named_hour_comes_once_on_the_days_when_the_clocks_change(
    expression: str, spring: list[str], autumn: list[str]
) -> None:
    assert (spring, autumn) == (hours(expression, SPRING), hours(expression, AUTUMN))
