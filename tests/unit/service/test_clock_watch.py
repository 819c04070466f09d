"""A wall clock that was put forward or back is noticed once; time that merely goes by is not."""

from datetime import timedelta

import pytest

from syncd.service.clock_watch import ClockWatch
from tests.fakes.clock import FakeClock


@pytest.mark.parametrize("seconds", [3_600.0, -3_600.0, 31.0])
def test_a_jump_is_told_once_with_its_length(seconds: float) -> None:
    clock = FakeClock()
    watch = ClockWatch(clock)
    clock.wall += timedelta(seconds=seconds)

    assert [seconds, None] == [watch.jumped(), watch.jumped()]


def test_time_that_goes_by_is_no_jump() -> None:
    clock = FakeClock()
    watch = ClockWatch(clock)
    clock.advance(timedelta(days=40).total_seconds())

    assert None is watch.jumped()


def test_steps_too_small_to_matter_count_once_they_add_up() -> None:
    clock = FakeClock()
    watch = ClockWatch(clock)
    seen = []
    for _ in range(4):
        clock.wall += timedelta(seconds=10)
        seen.append(watch.jumped())

    assert [None, None, None, 40.0] == seen
