"""The engine on the sources people have: the simulated Shopify shop and a database take orders off once."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from syncd.domain.orders import OrderState
from syncd.domain.write_back import BookingState, Effect
from tests.contract.write_back_contract import WriteBackStage
from tests.contract.write_back_stages import shopify_stage, sqlite_stage
from tests.fakes.databases import sqlite_site
from tests.fakes.shopfloor import STOCK
from tests.unit.write_back.counter import Counter

DONE = BookingState.DONE


@pytest.fixture(params=["shopify", "sqlite"])
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[WriteBackStage]:
    """Ten units of A."""
    place = tmp_path / "source"
    place.mkdir()
    if request.param == "shopify":
        with shopify_stage(place) as opened:
            yield opened
    else:
        with sqlite_site(place) as site:
            yield sqlite_stage(site, place / "erp.db")


@pytest.fixture
def floor(counter: Counter, stage: WriteBackStage) -> Counter:
    """The counter's shop draws on that source, and shows what it has."""
    stage.put({"A": 10})
    stage.source.name = STOCK  # type: ignore[misc]  # whatever it is called, it feeds the floor
    counter.stock_file = stage.source
    counter.shop.list_sku("A", W1=0)
    counter.cycle()
    return counter


def test_an_order_is_taken_off_and_given_back(floor: Counter, stage: WriteBackStage) -> None:
    order = floor.shop.order("A", 2)
    floor.cycle_later()
    assert ({"A": 8}, 8) == (stage.shown(), floor.shop.shown("A"))

    floor.cycle_later()
    assert (8, ()) == (
        floor.shop.shown("A"), floor.ledger.lines_in_play(floor.clock.now() - timedelta(days=1))
    )  # fmt: skip

    floor.shop.advance(order, OrderState.CANCELLED)
    for _ in range(2):
        floor.cycle_later()

    assert ({"A": 10}, 10) == (stage.shown(), floor.shop.shown("A"))
    assert [(Effect.DEDUCT, DONE), (Effect.RESTORE, DONE)] == floor.bookings("A")


def test_a_source_that_is_away_is_written_when_it_is_back(
    floor: Counter, stage: WriteBackStage
) -> None:
    floor.shop.order("A", 1)
    stage.away()
    floor.cycle_later()
    assert [(Effect.DEDUCT, BookingState.NEW)] == floor.bookings("A")
    assert 9 == floor.shop.shown("A")

    stage.back()
    floor.cycle_later(60)

    assert ({"A": 9}, [(Effect.DEDUCT, DONE)]) == (stage.shown(), floor.bookings("A"))


@pytest.mark.parametrize("stage", ["shopify"], indirect=True)
def test_a_lost_answer_is_asked_for_again(floor: Counter, stage: WriteBackStage) -> None:
    assert stage.lose_answer is not None
    floor.shop.order("A", 1)
    stage.lose_answer()
    floor.cycle_later()
    assert [(Effect.DEDUCT, BookingState.UNKNOWN)] == floor.bookings("A")

    floor.cycle_later(60)

    assert ({"A": 9}, [(Effect.DEDUCT, DONE)]) == (stage.shown(), floor.bookings("A"))
