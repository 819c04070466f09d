"""Healthy is what does its work: a quiet shop is, a process that only runs is not."""

from datetime import UTC, datetime, timedelta

import pytest

from syncd.domain.health import Health, Sign, Vital
from syncd.domain.identity import SourceName
from tests.fakes.web import Stage

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def vital(at: datetime | None, sign: Sign = Sign.ORDERS) -> Vital:
    return Vital(name="shop", sign=sign, at=at, allowed=HOUR)


@pytest.mark.parametrize(
    ("at", "problem"),
    [
        (NOW, None),
        (NOW - HOUR, None),
        (NOW + HOUR, None),
        (None, "shop: no complete order poll yet"),
        (NOW - 3 * HOUR, "shop: the last complete order poll is 3 h old, more than 1h"),
    ],
)
def test_a_sign_of_life_may_not_grow_old(at: datetime | None, problem: str | None) -> None:
    assert problem == vital(at).problem(NOW)


def test_one_old_sign_is_enough() -> None:
    health = Health(at=NOW, vitals=(vital(NOW), vital(None, Sign.CONFIRMATION)))
    assert (False, ("shop: no confirmation yet",)) == (health.ready, health.problems())


def work(stage: Stage) -> None:
    """A round of everything that is configured."""
    stage.floor.cycle()
    stage.floor.clock.advance(3)


def test_a_process_that_does_nothing_is_alive_and_not_ready(stage: Stage) -> None:
    assert 200 == stage.web.get("/healthz").status
    reply = stage.web.get("/readyz")
    assert (503, {"ready": False}) == (reply.status, reply.json())


def test_a_quiet_shop_is_ready_as_long_as_it_is_looked_at(stage: Stage) -> None:
    stage.floor.shop.list_sku("A", W1=5)
    stage.floor.source.set(A=5)
    for _ in range(12):
        work(stage)
        assert [] == stage.web.with_token("/readyz").json()["problems"]
        stage.floor.clock.advance(300)
        stage.floor.source.as_of = stage.floor.clock.now()


def test_a_shop_without_listings_is_ready_once_it_was_read(stage: Stage) -> None:
    stage.floor.source.set(A=5)
    work(stage)
    assert 200 == stage.web.get("/readyz").status


def test_what_stopped_is_named_to_whoever_has_the_token(stage: Stage) -> None:
    stage.floor.source.set(A=5)
    work(stage)
    stage.floor.clock.advance(1200)
    found = stage.web.with_token("/readyz").json()

    assert (False, ["shop: the last complete order poll is 20 min old, more than 15m"]) == (
        found["ready"], found["problems"],
    )  # fmt: skip
    assert {"ready": False} == stage.web.get("/readyz").json()


def test_a_channel_that_was_paused_by_hand_is_not_counted(stage: Stage) -> None:
    stage.floor.source.set(A=5)
    work(stage)
    stage.floor.ledger.pause(stage.floor.shop.name, "stocktaking")
    stage.floor.clock.advance(1200)
    found = stage.web.with_token("/readyz").json()

    assert (True, ["shop is paused and not counted: stocktaking"]) == (
        found["ready"], found["notes"],
    )  # fmt: skip


def test_a_source_that_was_never_read_is_not_ready(stage: Stage) -> None:
    stage.floor.shop.fail = None
    del stage.floor.more_sources[SourceName("store")]
    stage.floor.source.set(A=5)
    work(stage)
    found = stage.web.with_token("/readyz").json()
    assert ["store: no complete reading yet"] == found["problems"]
