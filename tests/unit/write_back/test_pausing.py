"""A paused channel is sent nothing, and goes on selling: its orders are read and written back all the same."""

from dataclasses import replace
from pathlib import Path

import pytest

from syncd.domain.errors import ChannelUnavailable
from syncd.domain.orders import OrderState
from syncd.domain.report import ChannelState
from syncd.domain.rules import Allocation, ChannelRules, Draw, StockRule
from syncd.domain.write_back import BookingState, Effect
from syncd.engine.setup import Mode
from tests.fakes.shopfloor import SHOP, STOCK
from tests.unit.escrow.two_shops import TwoShops
from tests.unit.write_back.counter import Counter

DEDUCTED = (Effect.DEDUCT, BookingState.DONE)


@pytest.fixture
def paused(counter: Counter) -> Counter:
    """Ten units; the channel is paused, and then sells two of them."""
    counter.stocked(A=10)
    counter.ledger.pause(SHOP, "to be safe")
    counter.shop.order("A", 2)
    return counter


def test_what_it_sells_is_taken_off_the_source(paused: Counter) -> None:
    report = paused.apply()

    assert (8, [DEDUCTED]) == (paused.left("A"), paused.bookings("A"))
    assert (ChannelState.PAUSED, 1) == (report.state, len(report.bookings))


def test_what_is_cancelled_meanwhile_is_given_back(paused: Counter) -> None:
    paused.cycle()
    (number,) = paused.shop.lines
    paused.shop.advance(number, OrderState.CANCELLED)
    paused.cycle_later()

    assert 10 == paused.left("A")


def test_nothing_is_sent_to_it_whatever_the_source_says(paused: Counter) -> None:
    paused.cycle()
    paused.stock_of.set(A=3)
    before = len(paused.shop.journal)
    paused.cycle_later()

    assert (before, 8) == (len(paused.shop.journal), paused.shop.shown("A"))


def test_what_is_known_is_written_back_though_its_orders_cannot_be_had(paused: Counter) -> None:
    paused.ledger.resume(SHOP)
    paused.cycle(send=False)
    paused.ledger.pause(SHOP, "to be safe")
    paused.shop.feed_fails = ChannelUnavailable("down")
    report = paused.apply()

    assert (8, ChannelState.UNAVAILABLE) == (paused.left("A"), report.state)


def test_observing_writes_nothing_back(paused: Counter) -> None:
    paused.mode = Mode.OBSERVE
    paused.cycle(send=False)

    assert 10 == paused.left("A")


class Pool(TwoShops):
    """Two shops that both show all there is."""

    def rules(self) -> ChannelRules:
        """As there, out of escrow."""
        return replace(super().rules(), allocation=Allocation.POOL)


def test_what_it_sells_is_subtracted_on_the_other_channels(tmp_path: Path) -> None:
    pool = Pool(tmp_path)
    pool.stock = StockRule(draws=(Draw(source=STOCK),))
    pool.opened(10)
    before = (pool.shop.shown("A"), pool.other.shown("A"))
    pool.ledger.pause(SHOP, "to be safe")
    pool.shop.order("A", 3)
    pool.step()
    after = (pool.shop.shown("A"), pool.other.shown("A"))
    pool.close()

    assert ((10, 10), (7, 7)) == (before, after)
