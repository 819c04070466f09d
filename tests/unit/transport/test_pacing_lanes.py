import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from connectors.transport.pacing import Lane, Pacer, Stopped
from connectors.transport.rate import known
from syncd.ports.clock import SystemClock
from tests.fakes.clock import FakeClock

START = datetime(2026, 11, 23, tzinfo=UTC)


class HeldClock:
    """Time stands still until the test lets it pass; threads asleep on it can be counted."""

    def __init__(self) -> None:
        self._at = 0.0
        self._asleep = 0
        self._changed = threading.Condition()

    def now(self) -> datetime:
        return START + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        with self._changed:
            return self._at

    def sleep(self, seconds: float) -> None:
        with self._changed:
            until = self._at + seconds
            self._asleep += 1
            self._changed.notify_all()
            assert self._changed.wait_for(lambda: self._at >= until - 1e-9, timeout=10)
            self._asleep -= 1
            self._changed.notify_all()

    def wait_for_sleepers(self, number: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self._asleep == number, timeout=10)

    def pass_time(self, seconds: float) -> None:
        with self._changed:
            self._at += seconds
            self._changed.notify_all()


def in_thread(act: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=act)
    thread.start()
    return thread


def test_an_urgent_caller_that_comes_last_goes_before_those_already_waiting() -> None:
    clock = HeldClock()
    pacer = Pacer(known(10), clock)
    pacer.acquire()
    order: list[str] = []
    threads = []
    for name, lane in [("bulk", Lane.BULK), ("normal", Lane.NORMAL), ("urgent", Lane.URGENT)]:

        def wait(name: str = name, lane: Lane = lane) -> None:
            pacer.acquire(lane)
            order.append(name)

        threads.append(in_thread(wait))
        clock.wait_for_sleepers(len(threads))
    while any(thread.is_alive() for thread in threads):
        clock.pass_time(0.01)
        threading.Event().wait(0.001)
    assert ["urgent", "normal", "bulk"] == order


def test_within_a_lane_first_come_is_first_served() -> None:
    clock = HeldClock()
    pacer = Pacer(known(10), clock)
    pacer.acquire()
    order: list[int] = []
    threads = []
    for number in range(4):

        def wait(number: int = number) -> None:
            pacer.acquire(Lane.BULK)
            order.append(number)

        threads.append(in_thread(wait))
        clock.wait_for_sleepers(number + 1)
    while any(thread.is_alive() for thread in threads):
        clock.pass_time(0.01)
        threading.Event().wait(0.001)
    assert [0, 1, 2, 3] == order


def test_callers_behind_others_look_less_often_and_leave_within_a_second_when_told_to_stop() -> (
    None
):
    clock = HeldClock()
    pacer = Pacer(known(0.1), clock)
    pacer.acquire()
    told = threading.Event()

    def wait() -> None:
        with pytest.raises(Stopped):
            pacer.acquire(Lane.NORMAL, told.is_set)

    threads = []
    for number in range(3):
        threads.append(in_thread(wait))
        clock.wait_for_sleepers(number + 1)
    told.set()
    clock.pass_time(0.25)
    threads[0].join(10)
    assert [False, True, True] == [thread.is_alive() for thread in threads]
    clock.pass_time(0.75)
    for thread in threads:
        thread.join(10)
    assert not any(thread.is_alive() for thread in threads)


def test_a_waiting_caller_leaves_within_a_quarter_of_a_second_when_told_to_stop() -> None:
    clock = HeldClock()
    pacer = Pacer(known(0.1), clock)
    pacer.acquire()
    told = threading.Event()
    stopped: list[bool] = []

    def wait() -> None:
        with pytest.raises(Stopped):
            pacer.acquire(Lane.URGENT, told.is_set)
        stopped.append(True)

    thread = in_thread(wait)
    clock.wait_for_sleepers(1)
    told.set()
    clock.pass_time(0.25)
    thread.join(10)
    assert [True] == stopped


def test_a_caller_that_stopped_does_not_block_the_others() -> None:
    clock = HeldClock()
    pacer = Pacer(known(10), clock)
    with pytest.raises(Stopped):
        pacer.acquire(Lane.URGENT, lambda: True)
    assert 0.0 == pacer.acquire(Lane.BULK).at


def test_threads_on_the_real_clock_are_spaced_evenly() -> None:
    pacer = Pacer(known(200), SystemClock())
    permits: list[float] = []

    def work() -> None:
        for _ in range(10):
            permits.append(pacer.acquire().at)  # noqa: PERF401 - one by one is the point

    threads = [in_thread(work) for _ in range(8)]
    for thread in threads:
        thread.join(30)
    assert 80 == len(permits)
    # 79 intervals of 1/196 s, of which lateness may take back 10 ms once.
    assert max(permits) - min(permits) >= 79 / 196 - 0.011


class FrozenClock(FakeClock):
    """The process is stopped during the first sleep, for so many seconds."""

    def __init__(self, frozen: float) -> None:
        super().__init__()
        self._frozen = frozen

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds + self._frozen)
        self._frozen = 0.0


def test_a_process_that_stood_still_sends_nothing_that_waited_for_its_turn() -> None:
    pacer = Pacer(known(1), FrozenClock(29.0))
    pacer.acquire()
    with pytest.raises(Stopped):
        pacer.acquire()


def test_a_sleep_that_was_only_late_sends_on() -> None:
    clock = FrozenClock(19.0)
    pacer = Pacer(known(1), clock)
    pacer.acquire()
    assert pytest.approx(19.25) == pacer.acquire().at
