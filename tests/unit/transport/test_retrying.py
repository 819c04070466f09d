from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.transport.http_transport import (
    HttpReply,
    HttpRequest,
    HttpTransport,
    NoAnswer,
    NotSent,
)
from connectors.transport.pacing import Pacer, Stopped
from connectors.transport.rate import known
from connectors.transport.retrying import (
    READS,
    WRITES,
    Failure,
    Judgement,
    PacedCaller,
    RetryPolicy,
    Traffic,
)
from tests.unit.tiktok_client.stub import Reply, Stub, WoundClock, closed_port, serving


def test_waits_double_from_a_second_with_up_to_half_a_second_of_jitter() -> None:
    waits = [READS.wait(attempt, Failure.THROTTLED, None, 0.5) for attempt in (1, 2, 3, 4, 5)]
    assert [1.25, 2.25, 4.25, 8.25, None] == waits


@given(st.integers(1, 100), st.floats(0, 0.999), st.none() | st.floats(0, 60))
def test_no_wait_is_longer_than_a_minute_or_shorter_than_asked(
    attempt: int, spread: float, retry_after: float | None
) -> None:
    policy = RetryPolicy(on=frozenset(Failure), tries=101)
    wait = policy.wait(attempt, Failure.TRANSIENT, retry_after, spread)
    assert wait is not None
    assert max(1.0, retry_after or 0.0) <= wait <= 60


def test_a_server_that_asks_for_more_than_a_minute_is_left_alone() -> None:
    assert READS.wait(1, Failure.THROTTLED, 61, 0) is None


@pytest.mark.parametrize("failure", [Failure.NO_ANSWER, Failure.TRANSIENT])
def test_a_write_that_may_have_had_an_effect_is_not_repeated(failure: Failure) -> None:
    assert WRITES.wait(1, failure, None, 0) is None


@pytest.fixture
def stub() -> Iterator[Stub]:
    with serving() as running:
        yield running


@pytest.fixture
def clock() -> WoundClock:
    return WoundClock()


@pytest.fixture
def caller(clock: WoundClock) -> Iterator[PacedCaller]:
    with HttpTransport(clock) as transport:
        yield PacedCaller(transport, Pacer(known(10), clock), clock, Random(1))


def by_status(reply: HttpReply) -> Judgement:
    return {
        200: Judgement.DONE,
        401: Judgement.AMENDED,
        429: Judgement.THROTTLED,
        503: Judgement.TRANSIENT,
    }[reply.status]


def test_every_attempt_is_built_anew(caller: PacedCaller, stub: Stub) -> None:
    stub.script = [Reply(status=503), Reply(status=429), Reply(cut=True), Reply()]
    built = iter("abcdefgh")
    reply = caller.call(
        lambda: HttpRequest(method="GET", url=f"{stub.url}/{next(built)}"), by_status, READS
    )
    assert 200 == reply.status
    assert ["/a", "/b", "/c", "/d"] == [seen.path for seen in stub.seen]
    assert Traffic(sent=4, throttled=1, retried=3) == caller.traffic()


def test_a_mended_cause_is_tried_at_once_but_not_for_ever(
    caller: PacedCaller, stub: Stub, clock: WoundClock
) -> None:
    stub.script = [Reply(status=401)]
    reply = caller.call(lambda: HttpRequest(method="GET", url=stub.url), by_status, READS)
    assert (401, 3) == (reply.status, len(stub.seen))
    assert max(clock.slept) < 1


def test_after_the_last_try_the_last_reply_is_returned(caller: PacedCaller, stub: Stub) -> None:
    stub.script = [Reply(status=503)]
    reply = caller.call(lambda: HttpRequest(method="GET", url=stub.url), by_status, READS)
    assert (503, 5) == (reply.status, len(stub.seen))


def test_after_the_last_try_the_last_error_is_raised(caller: PacedCaller, stub: Stub) -> None:
    nowhere = f"http://127.0.0.1:{closed_port()}"
    with pytest.raises(NotSent):
        caller.call(lambda: HttpRequest(method="GET", url=nowhere), by_status, READS)
    stub.script = [Reply(cut=True)]
    with pytest.raises(NoAnswer):
        caller.call(lambda: HttpRequest(method="GET", url=stub.url), by_status, WRITES)
    assert 1 == len(stub.seen)


def test_a_throttled_reply_slows_everybody_down(stub: Stub, clock: WoundClock) -> None:
    pacer = Pacer(known(10), clock)
    stub.script = [Reply(status=429)]
    once = RetryPolicy(on=frozenset(), tries=1)
    with HttpTransport(clock) as transport:
        caller = PacedCaller(transport, pacer, clock, Random(1))
        caller.call(lambda: HttpRequest(method="GET", url=stub.url), by_status, once)
    assert pytest.approx(4.9) == pacer.rate()


def test_a_stopped_caller_sends_nothing(stub: Stub, clock: WoundClock) -> None:
    with HttpTransport(clock) as transport:
        caller = PacedCaller(transport, Pacer(known(10), clock), clock, Random(1), lambda: True)
        with pytest.raises(Stopped):
            caller.call(lambda: HttpRequest(method="GET", url=stub.url), by_status, READS)
    assert [] == stub.seen
