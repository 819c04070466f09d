"""Several sources of one listing: each with its own clock, basis and orders policy, and one of them away."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from syncd.domain.errors import LedgerUnusable, SourceUnavailable
from syncd.domain.identity import SourceName
from syncd.domain.report import ExitCode, SourceState
from syncd.domain.rules import Combine, Draw, StockRule
from syncd.domain.stock import After, Basis, Trust
from tests.fakes.clock import START
from tests.fakes.memory_channel import EAST, MAIN
from tests.fakes.memory_source import MemorySource, Row
from tests.fakes.shopfloor import STOCK, Shopfloor, at, shipment, within

STORE = SourceName("store")
BOTH = (Draw(source=STOCK), Draw(source=STORE))
AWAY = SourceUnavailable("connection refused")


@pytest.fixture
def store() -> MemorySource:
    return MemorySource(STORE, START)


@pytest.fixture
def floor(tmp_path: Path, store: MemorySource) -> Iterator[Shopfloor]:
    """A warehouse that counts what lies there, and a store whose orders are imported within 15 minutes."""
    floor = Shopfloor(
        tmp_path,
        stock=StockRule(draws=BOTH),
        orders_go_to=at("default"),
        trust=Trust(stale_after=timedelta(hours=1), dead_after=timedelta(hours=48)),
    )
    floor.more_sources = {STORE: (store, within(timedelta(minutes=15)), Basis.AVAILABLE)}
    floor.shop.list_sku("A", W1=50)
    yield floor
    floor.close()


def shown(floor: Shopfloor) -> object:
    """After a cycle."""
    floor.cycle()
    return floor.shop.shown("A")


def later(floor: Shopfloor, store: MemorySource, hours: float, *, both: bool = False) -> None:
    """Time goes by; what is not away is read again."""
    floor.clock.advance(hours * 3_600)
    floor.source.as_of = floor.clock.now()
    if both:
        store.as_of = floor.clock.now()


@pytest.mark.parametrize(
    ("how", "expected"), [(Combine.SUM, 10), (Combine.FIRST, 6), (Combine.MIN, 4)]
)
def test_sources_are_combined_as_the_mapping_says(
    floor: Shopfloor, store: MemorySource, how: Combine, expected: int
) -> None:
    floor.stock = StockRule(draws=BOTH, combine=how)
    floor.source.set(A=6)
    store.set(A=4)

    assert expected == shown(floor)


def test_a_sku_that_only_one_source_names_is_taken_from_it(
    floor: Shopfloor, store: MemorySource
) -> None:
    floor.stock = StockRule(draws=BOTH, combine=Combine.FIRST)
    floor.source.set(B=6)
    store.set(A=4)

    assert 4 == shown(floor)


def test_an_order_is_subtracted_from_each_alternative_by_its_own_policy(
    floor: Shopfloor, store: MemorySource
) -> None:
    floor.stock = StockRule(draws=BOTH, combine=Combine.MIN)
    floor.source.set(A=9)
    store.set(A=7)
    shown(floor)
    floor.shop.order("A", 2)
    # the store imported the order within its 15 minutes and says 5; the warehouse has not shipped it
    later(floor, store, 0.5, both=True)
    store.set(A=5)

    assert 5 == shown(floor)


def test_an_order_booked_at_one_of_two_summed_sources_is_subtracted_there_alone(
    floor: Shopfloor, store: MemorySource
) -> None:
    floor.source.set(A=6)
    store.set(A=4)
    shown(floor)
    floor.shop.order("A", 2)
    later(floor, store, 0.5, both=True)

    assert 8 == shown(floor)


def test_readings_of_different_moments_are_each_judged_by_their_own(
    floor: Shopfloor, store: MemorySource
) -> None:
    """The order reached the store's count; the warehouse's older file cannot know that it left."""
    floor.orders_go_to = at("default", "store")
    floor.source.set(A=6)
    store.set(A=4)
    shown(floor)
    floor.shop.order("A", 1)
    floor.clock.advance(3_600 / 2)
    store.as_of = floor.clock.now()
    store.set(A=3)

    assert 9 == shown(floor)


def test_a_source_down_for_hours_may_lower_and_never_raise(
    floor: Shopfloor, store: MemorySource
) -> None:
    floor.source.set(A=6)
    store.set(A=4)
    assert 10 == shown(floor)
    store.fail = AWAY
    later(floor, store, 3)
    floor.source.set(A=20)

    report = floor.cycle()

    assert 10 == floor.shop.shown("A")
    assert [SourceState.OK, SourceState.UNAVAILABLE] == [part.state for part in report.sources]
    later(floor, store, 1)
    floor.source.set(A=3)
    assert 7 == shown(floor)


@pytest.mark.parametrize("at_end", [False, True])
def test_an_error_that_a_source_should_not_raise_stops_no_other_source(
    floor: Shopfloor, store: MemorySource, caplog: pytest.LogCaptureFixture, *, at_end: bool
) -> None:
    floor.source.set(A=6)
    store.set(A=4)
    assert 10 == shown(floor)
    broken = KeyError("hunter2")
    store.fail, store.fail_at_end = (None, broken) if at_end else (broken, None)
    store.set(A=5)
    later(floor, store, 0.5)
    floor.source.set(A=3)

    report = floor.cycle()

    assert 7 == floor.shop.shown("A")
    assert [SourceState.OK, SourceState.UNAVAILABLE] == [part.state for part in report.sources]
    assert ExitCode.UNAVAILABLE is report.exit_code()
    told = [item.what for item in report.attention if "store" in item.what]
    assert ["unexpected KeyError; the log has its details" in what for what in told] == [True]
    assert "hunter2" not in repr(report)
    (logged,) = [record for record in caplog.records if record.exc_info]
    assert "source store: an error that nobody foresaw" == logged.getMessage()


def test_an_error_of_the_ledger_is_no_trouble_of_a_source(
    floor: Shopfloor, store: MemorySource
) -> None:
    store.fail = LedgerUnusable("the disk is full")

    with pytest.raises(LedgerUnusable):
        floor.cycle()


@pytest.mark.parametrize(("then", "expected"), [(After.KEEP, 7), (After.ZERO, 3)])
def test_a_source_down_for_days_keeps_or_gives_up_what_it_said(
    floor: Shopfloor, store: MemorySource, then: After, expected: int
) -> None:
    floor.trust = Trust(stale_after=timedelta(hours=1), dead_after=timedelta(hours=48), then=then)
    floor.source.set(A=3)
    store.set(A=4)
    assert 7 == shown(floor)
    store.fail = AWAY
    later(floor, store, 49)

    assert expected == shown(floor)


def test_a_source_that_is_back_raises_again(floor: Shopfloor, store: MemorySource) -> None:
    floor.source.set(A=3)
    store.set(A=4)
    shown(floor)
    store.fail = AWAY
    later(floor, store, 5)
    shown(floor)
    store.fail = None
    later(floor, store, 1, both=True)
    store.set(A=9)

    assert 12 == shown(floor)


def test_what_was_never_read_leaves_the_listing_alone(
    floor: Shopfloor, store: MemorySource
) -> None:
    floor.source.set(A=6)
    store.rows = [Row("A", "")]

    assert 50 == shown(floor)


def test_locations_of_the_same_name_are_told_apart_by_their_source(
    floor: Shopfloor, store: MemorySource
) -> None:
    floor.warehouses = {"stock/Main": MAIN, "store/Main": EAST}
    floor.shop.list_sku("B", W1=1, W2=1)
    floor.source.rows = [Row("B", "6", "Main")]
    store.rows = [Row("B", "4", "Main")]
    floor.cycle()

    assert (6, 4) == floor.shop.shown("B")


def test_a_location_that_one_name_cannot_tell_feeds_nothing(
    floor: Shopfloor, store: MemorySource
) -> None:
    floor.more_sources = {STORE: (store, shipment(), Basis.ON_HAND)}
    floor.warehouses = {"stock/Main": MAIN}
    floor.source.rows = [Row("A", "6", "Main")]
    store.rows = [Row("A", "4", "Main")]

    assert 6 == shown(floor)
