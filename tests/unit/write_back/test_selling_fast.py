"""A source that is written back and a safety stock that follows the sales: nothing is counted twice."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from syncd.domain.identity import Sku
from syncd.domain.orders import OrderState
from syncd.domain.rules import Adaptive
from syncd.engine.advising import advise
from tests.fakes.shopfloor import SHOP, pack
from tests.fakes.written_source import Fault
from tests.unit.write_back.counter import Counter


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    world = Counter(tmp_path)
    world.stock = replace(world.stock, adaptive=Adaptive())
    yield world
    world.close()


def test_a_deduction_of_ours_is_no_sale_of_the_own_shop(counter: Counter) -> None:
    counter.stocked(A=9)
    counter.clock.advance(5)
    counter.shop.order("A", 1)
    for _ in range(3):
        counter.cycle_later()

    # neither the order of the listing itself nor what we book for it; one sale elsewhere would withhold 4
    assert (8, 8) == (counter.left("A"), counter.shop.shown("A"))


def test_a_cancelled_and_restored_order_is_no_sale_at_all(counter: Counter) -> None:
    counter.stocked(A=9)
    counter.clock.advance(5)
    number = counter.shop.order("A", 1)
    counter.cycle_later()
    counter.cycle_later()
    counter.shop.advance(number, OrderState.CANCELLED)
    for _ in range(3):
        counter.cycle_later()

    assert (9, 9) == (counter.left("A"), counter.shop.shown("A"))


def elsewhere(counter: Counter, sku: str = "A") -> int:
    """Units of a SKU that nobody ordered, by the advice for it."""
    (row,) = advise(counter.engine(), [SHOP], [Sku(sku)], Decimal("0.999")).channels[0].rows
    assert 0 == row.ordered_per_day
    return row.units


def withheld(counter: Counter, sku: str = "A") -> int | None:
    """What is withheld of a SKU for what sold elsewhere."""
    (bound,) = counter.ledger.bound(SHOP, [Sku(sku)])[Sku(sku)]
    return bound.published.safety


STATES = [OrderState.UNPAID, OrderState.ON_HOLD, OrderState.AWAITING_SHIPMENT]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("read_back", [True, False])
def test_an_order_that_is_cancelled_is_no_sale_elsewhere_however_far_it_came(
    counter: Counter, state: OrderState, *, read_back: bool
) -> None:
    counter.overrides = (pack("PACK", "A", 6),)
    counter.shop.list_sku("PACK", W1=0)
    counter.stocked(A=20)
    counter.clock.advance(5)
    number = counter.shop.order("PACK", 1, state=state)
    counter.cycle_later()
    assert 14 == counter.left("A")
    if read_back:
        counter.cycle_later()
    counter.shop.advance(number, OrderState.CANCELLED)
    for _ in range(3):
        counter.cycle_later()

    assert (20, 20) == (counter.left("A"), counter.shop.shown("A"))
    assert (0, 0) == (withheld(counter), elsewhere(counter))


@pytest.mark.parametrize("state", STATES)
def test_a_deduction_that_was_given_back_before_it_was_read_hides_no_sale(
    counter: Counter, state: OrderState
) -> None:
    counter.stocked(A=20)
    counter.clock.advance(5)
    number = counter.shop.order("A", 6, state=state)
    counter.publish()
    counter.clock.advance(5)
    counter.shop.advance(number, OrderState.CANCELLED)
    counter.publish()
    assert 20 == counter.left("A")
    counter.stock_of.set(A=18)
    counter.cycle_later()

    assert 2 == elsewhere(counter)
    assert withheld(counter)


@pytest.mark.parametrize("state", STATES)
def test_an_order_that_was_never_taken_off_hides_no_sale(
    counter: Counter, state: OrderState
) -> None:
    counter.stocked(A=20)
    counter.clock.advance(5)
    number = counter.shop.order("A", 6, state=state)
    counter.stock_of.faults = [Fault.AWAY] * 9
    counter.publish()
    counter.clock.advance(5)
    counter.shop.advance(number, OrderState.CANCELLED)
    counter.stock_of.set(A=18)
    counter.cycle_later()

    assert (18, 2) == (counter.left("A"), elsewhere(counter))
    assert withheld(counter)


def test_a_deduction_in_doubt_is_no_sale_elsewhere(counter: Counter) -> None:
    counter.stocked(A=20)
    counter.clock.advance(5)
    number = counter.shop.order("A", 6, state=OrderState.UNPAID)
    counter.stock_of.faults = [Fault.LOST_AFTER, *[Fault.AWAY] * 9]
    counter.publish()
    counter.shop.advance(number, OrderState.CANCELLED)
    for _ in range(2):
        counter.cycle_later()

    assert (14, 0, 0) == (counter.left("A"), withheld(counter), elsewhere(counter))


def test_how_soon_orders_are_written_back_is_measured(counter: Counter) -> None:
    counter.stocked(A=90)
    for _ in range(20):
        counter.shop.order("A", 1)
    counter.cycle_later(30)

    ages = counter.ledger.order_ages(counter.clock.now() - timedelta(days=1), 100)
    news = advise(counter.engine(), [SHOP], [Sku("A")], Decimal("0.999")).channels[0].news

    assert {30} == {age.total_seconds() // 1 for age in ages.written}
    assert "within 30 s (until it is written back: 30 s for 95% of 20 orders)" in news[1]
