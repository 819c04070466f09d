"""The pacing rules of DESIGN section 8, on simulated shops and simulated time."""

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.transport.rate import known, learned
from tests.property.pacing_shops import (
    SHOPS,
    Bucket,
    Limit,
    Shop,
    SlidingWindow,
    drive,
    fullest_second,
    refused_share,
    taken_per_second,
)

BEGIN = 1000.0


def constant(limit: float) -> Limit:
    return lambda _: limit


def moving(at: float) -> float:
    elapsed = at - BEGIN
    if elapsed < 60:
        return 20
    return 5 if elapsed < 180 else 30


@settings(max_examples=40, deadline=None)
@given(limit=st.integers(1, 100), late=st.floats(0, 0.008), seed=st.integers(0, 99))
def test_a_known_limit_is_used_to_97_percent_and_no_second_goes_above_it(
    limit: int, late: float, seed: int
) -> None:
    sent = drive(known(limit), SlidingWindow(constant(limit)), seconds=60, late=late, seed=seed)
    assert fullest_second(sent) <= limit
    assert 0.0 == refused_share(sent)
    # A minute holds a whole number of requests, so one may be missing.
    assert len(sent) >= 0.97 * limit * 60 - 1


@settings(max_examples=40, deadline=None)
@given(limit=st.integers(2, 100), late=st.floats(0, 0.2), seed=st.integers(0, 99))
def test_no_second_goes_above_a_known_limit_however_late_threads_wake(
    limit: int, late: float, seed: int
) -> None:
    sent = drive(known(limit), SlidingWindow(constant(limit)), seconds=20, late=late, seed=seed)
    assert fullest_second(sent) <= limit


def test_there_is_no_burst_at_the_start_nor_after_a_pause() -> None:
    sent = drive(known(10), SlidingWindow(constant(10)), seconds=5)
    gaps = [after.at - before.at for before, after in pairwise(sent)]
    assert min(gaps) >= 1 / 9.8 - 0.011


@pytest.mark.parametrize("latency", [0.02, 0.1])
@pytest.mark.parametrize("seed", range(5))
def test_an_unknown_limit_is_used_to_93_percent_from_the_first_minute_on(
    latency: float, seed: int
) -> None:
    shop = SlidingWindow(constant(20))
    sent = drive(learned(), shop, seconds=180, latency=latency, late=0.002, seed=seed)
    for begin in (0, 60, 120):
        assert taken_per_second(sent, begin, begin + 60) >= 0.93 * 20
        assert refused_share(sent, begin, begin + 60) <= 0.005


@pytest.mark.parametrize("limit", [12, 20, 50, 100])
@pytest.mark.parametrize("latency", [0.02, 0.1, 0.3])
def test_once_learned_a_limit_is_used_to_93_percent_with_half_a_percent_refused(
    limit: int, latency: float
) -> None:
    sent = drive(
        learned(), SlidingWindow(constant(limit)), seconds=360, latency=latency, late=0.002
    )
    assert taken_per_second(sent, 60, 360) >= 0.93 * limit
    assert refused_share(sent, 60, 360) <= 0.005


@pytest.mark.parametrize("shop", SHOPS)
@pytest.mark.parametrize("limit", [2, 5, 20, 50])
@pytest.mark.parametrize("retry_after", [None, 1.0])
def test_however_a_shop_counts_its_limit_is_found(
    shop: Callable[[Limit], Shop], limit: int, retry_after: float | None
) -> None:
    sent = drive(learned(), shop(constant(limit)), seconds=480, late=0.002, retry_after=retry_after)
    assert taken_per_second(sent, 180, 480) >= 0.9 * limit
    assert refused_share(sent, 180, 480) <= 0.02


@pytest.mark.parametrize("shop", SHOPS)
def test_a_moving_limit_is_followed_down_at_once_and_up_within_two_minutes(
    shop: Callable[[Limit], Shop],
) -> None:
    sent = drive(learned(), shop(moving), seconds=420, late=0.002)
    assert taken_per_second(sent, 10, 60) >= 0.9 * 20
    assert refused_share(sent, 60, 75) <= 0.25
    assert refused_share(sent, 75, 180) <= 0.01
    assert taken_per_second(sent, 120, 180) >= 0.85 * 5
    assert taken_per_second(sent, 300, 420) >= 0.85 * 30


def test_a_long_retry_after_stops_everybody_for_that_long() -> None:
    def closed_from_10_to_20(at: float) -> float:
        return 0 if 10 <= at - BEGIN < 20 else 20

    shop = SlidingWindow(closed_from_10_to_20)
    sent = drive(learned(), shop, seconds=60, latency=0.05, retry_after=10.0)
    refused = [one.at for one in sent if not one.taken and one.at >= 10]
    assert 0 < len(refused) <= 3
    assert [] == [one.at for one in sent if refused[0] + 0.1 < one.at < refused[0] + 9.9]


@settings(max_examples=25, deadline=None)
@given(
    limits=st.lists(st.floats(1, 60), min_size=1, max_size=4),
    latency=st.floats(0.001, 0.5),
    kind=st.sampled_from(SHOPS),
)
def test_whatever_the_shop_does_the_pacer_goes_on_and_is_rarely_refused(
    limits: list[float], latency: float, kind: Callable[[Limit], Shop]
) -> None:
    def limit(at: float) -> float:
        return limits[min(int((at - BEGIN) / 60), len(limits) - 1)]

    sent = drive(learned(), kind(limit), seconds=60 * len(limits), latency=latency)
    assert refused_share(sent) <= 0.35
    assert any(one.taken for one in sent if one.at >= 60 * len(limits) - 20)


def test_a_caller_that_asks_for_little_does_not_make_the_rate_grow() -> None:
    slow = drive(learned(start=4), Bucket(constant(1000)), seconds=30, late=2.0)
    assert len(slow) <= 60
