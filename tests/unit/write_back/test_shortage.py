"""After an out-of-stock cancellation only news of the source puts a SKU on sale again, not our own booking."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from syncd.domain.identity import Sku
from syncd.domain.orders import OrderState
from tests.fakes.memory_channel import MAIN
from tests.fakes.shopfloor import SHOP
from tests.unit.write_back.counter import Counter


def cancelled_for_want(counter: Counter, number: str) -> None:
    """The seller cancels, and the platform sets the SKU to 0."""
    counter.clock.advance(10)
    counter.shop.advance(number, OrderState.CANCELLED)
    counter.shop.lines[number] = replace(counter.shop.lines[number], out_of_stock=True)
    counter.shop.set_stock("A", MAIN, 0)


@pytest.fixture
def short(counter: Counter) -> Counter:
    """Ten units by the books; two were ordered and taken off, but a reading does not show that yet."""
    counter.stocked(A=10)
    number = counter.shop.order("A", 2)
    counter.cycle_later()
    cancelled_for_want(counter, number)
    assert 8 == counter.left("A")
    return counter


def test_our_own_deduction_is_no_news(short: Counter) -> None:
    for _ in range(3):
        short.cycle_later(60)

    assert (8, 0) == (short.left("A"), short.shop.shown("A"))


def test_what_others_ordered_and_gave_back_is_no_news(short: Counter) -> None:
    short.shop.set_stock("A", MAIN, 1)
    number = short.shop.order("A", 1)
    short.cycle_later(60)
    short.cycle_later(60)
    short.shop.advance(number, OrderState.CANCELLED)
    short.shop.set_stock("A", MAIN, 0)
    for _ in range(3):
        short.cycle_later(60)

    assert (8, 0) == (short.left("A"), short.shop.shown("A"))


def restock(counter: Counter) -> None:
    counter.stock_of.set(A=13)


def correct(counter: Counter) -> None:
    counter.stock_of.set(A=3)


@pytest.mark.parametrize(("happen", "units"), [(restock, 13), (correct, 3)])
def test_a_number_that_we_did_not_make_is_news(
    short: Counter, happen: Callable[[Counter], None], units: int
) -> None:
    short.cycle_later(60)
    happen(short)
    short.cycle_later(60)

    assert units == short.shop.shown("A")


def test_news_that_came_with_our_own_deduction_is_news(short: Counter) -> None:
    restock(short)
    short.cycle_later(60)

    assert 13 == short.shop.shown("A")


def test_what_a_reading_said_before_the_cancellation_is_no_news(short: Counter) -> None:
    before = short.source.as_of
    restock(short)
    short.clock.advance(60)
    short.source.as_of = before
    short.cycle()

    assert 0 == short.shop.shown("A")


def read_early(counter: Counter) -> None:
    """Within the tolerance of its clock after the cancellation: it may be told from before."""
    as_of = counter.source.as_of
    counter.clock.advance(60)
    counter.source.as_of = as_of
    counter.cycle()


@pytest.mark.parametrize(("happen", "units"), [(restock, 13), (correct, 3)])
def test_what_was_read_too_early_is_news_once_a_later_reading_still_says_it(
    short: Counter, happen: Callable[[Counter], None], units: int
) -> None:
    happen(short)
    read_early(short)
    early = short.shop.shown("A")
    short.cycle_later(60)

    assert (0, units) == (early, short.shop.shown("A"))


def test_our_own_deduction_read_too_early_is_no_news_later(short: Counter) -> None:
    read_early(short)
    for _ in range(3):
        short.cycle_later(60)

    assert (8, 0) == (short.left("A"), short.shop.shown("A"))


def test_what_was_taken_back_before_a_reading_surely_told_it_is_no_news(short: Counter) -> None:
    restock(short)
    read_early(short)
    short.stock_of.set(A=8)
    read_early(short)
    for _ in range(3):
        short.cycle_later(60)

    assert 0 == short.shop.shown("A")


def test_what_was_recorded_before_the_cancellation_is_no_news_later(counter: Counter) -> None:
    counter.stocked(A=10)
    number = counter.shop.order("A", 2)
    counter.cycle_later()
    restock(counter)
    read_early(counter)
    counter.shop.order("A", 1)
    counter.cycle_later()
    cancelled_for_want(counter, number)
    for _ in range(3):
        counter.cycle_later(60)

    assert (12, 0) == (counter.left("A"), counter.shop.shown("A"))


def test_a_row_that_is_not_believed_any_more_confirms_nothing(short: Counter) -> None:
    restock(short)
    read_early(short)
    short.stock_of.rows = [replace(row, quantity="") for row in short.stock_of.rows]
    short.cycle_later(60)

    assert 0 == short.shop.shown("A")


def test_a_row_that_could_not_be_believed_for_a_while_is_no_news(short: Counter) -> None:
    short.cycle_later(60)
    good = list(short.stock_of.rows)
    short.stock_of.rows = [replace(row, quantity="") for row in good]
    short.cycle_later(60)
    short.stock_of.rows = good
    short.cycle_later(60)

    assert 0 == short.shop.shown("A")


def test_an_order_that_is_told_again_was_not_cancelled_again(short: Counter) -> None:
    restock(short)
    read_early(short)
    (number,) = short.shop.lines
    short.clock.advance(10)
    refunded = replace(short.shop.lines[number], updated_at=short.clock.now())
    short.shop.lines[number] = refunded
    short.cycle_later(60)

    assert 13 == short.shop.shown("A")


def test_a_person_may_say_that_there_are_units(short: Counter) -> None:
    short.cycle_later(60)
    lifted = short.ledger.restock(SHOP, Sku("A"), "counted")
    short.cycle_later(60)

    assert (True, 8) == (lifted, short.shop.shown("A"))
    assert not short.ledger.restock(SHOP, Sku("A"), "counted")


def test_what_a_person_said_holds_for_no_later_cancellation(short: Counter) -> None:
    short.cycle_later(60)
    short.ledger.restock(SHOP, Sku("A"), "counted")
    short.cycle_later(60)
    number = short.shop.order("A", 1)
    short.cycle_later()
    cancelled_for_want(short, number)
    for _ in range(3):
        short.cycle_later(60)

    assert (7, 0) == (short.left("A"), short.shop.shown("A"))


def test_after_a_month_any_change_since_then_will_do(short: Counter) -> None:
    short.cycle_later(60)
    short.cycle_later(31 * 86_400)

    assert 8 == short.shop.shown("A")
