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
from tests.fakes.shopfloor import SHOP
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


def test_how_soon_orders_are_written_back_is_measured(counter: Counter) -> None:
    counter.stocked(A=90)
    for _ in range(20):
        counter.shop.order("A", 1)
    counter.cycle_later(30)

    ages = counter.ledger.order_ages(counter.clock.now() - timedelta(days=1), 100)
    news = advise(counter.engine(), [SHOP], [Sku("A")], Decimal("0.999")).channels[0].news

    assert {30} == {age.total_seconds() // 1 for age in ages.written}
    assert "within 30 s (until it is written back: 30 s for 95% of 20 orders)" in news[1]
