"""Order lines are taken off a source that is written back: each once, at once, and never twice."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from syncd.domain.errors import ChannelUnavailable
from syncd.domain.identity import SourceName
from syncd.domain.orders import OrderState
from syncd.domain.report import ExitCode
from syncd.domain.rules import Draw
from syncd.domain.stock import Basis, Completeness
from syncd.domain.write_back import BookingState, Effect
from syncd.engine.applying import CHUNK_PRODUCTS
from syncd.engine.setup import Mode
from tests.fakes.memory_source import MemoryReader, Row
from tests.fakes.shopfloor import STOCK, kit, pack
from tests.fakes.written_source import Fault, WrittenSource
from tests.unit.write_back.counter import Counter

DONE, NEW, DROPPED = BookingState.DONE, BookingState.NEW, BookingState.DROPPED
DEDUCT, RESTORE = Effect.DEDUCT, Effect.RESTORE


def in_play(counter: Counter) -> int:
    return len(counter.ledger.lines_in_play(counter.clock.now() - timedelta(days=1)))


def test_an_order_is_taken_off_the_source_in_the_cycle_that_sees_it(counter: Counter) -> None:
    counter.stocked(A=10)
    counter.shop.order("A", 1)

    counter.cycle()

    assert 9 == counter.left("A")
    assert [(DEDUCT, DONE)] == counter.bookings("A")


def test_a_reading_begun_after_the_confirmation_contains_it(counter: Counter) -> None:
    """Worked example: `write_back` confirmed, reading 9 → 9."""
    counter.stocked(A=10)
    counter.shop.order("A", 1)
    counter.cycle()
    assert (9, 1) == (counter.shop.shown("A"), in_play(counter))

    counter.cycle()

    assert (9, 0) == (counter.shop.shown("A"), in_play(counter))


def test_what_could_not_be_taken_off_is_subtracted(counter: Counter) -> None:
    """Worked example: deduction failed, reading 10 → 9."""
    counter.stocked(A=10)
    counter.shop.order("A", 1)
    counter.stock_of.faults = [Fault.REFUSED]

    counter.cycle_later()
    counter.cycle_later()

    assert (10, 9) == (counter.left("A"), counter.shop.shown("A"))
    assert [(DEDUCT, BookingState.REFUSED)] == counter.bookings("A")


def test_a_reading_begun_before_the_confirmation_does_not_contain_it(counter: Counter) -> None:
    """Another process books the order while the source is being read here."""
    counter.stocked(A=10)
    before = list(counter.stock_of.rows)
    counter.shop.order("A", 1)
    known = counter.ledger.confirmations(STOCK)
    counter.cycle()
    after = counter.stock_of.rows
    counter.stock_of.rows = before

    with counter.stock_of.snapshot(None) as reader:
        run = counter.ledger.begin_run("slow")
        counter.ledger.record_snapshot(run, STOCK, reader, counter.expectations, "", known)
    assert 1 == in_play(counter)

    counter.stock_of.rows = after
    counter.cycle_later()
    assert (9, 0) == (counter.shop.shown("A"), in_play(counter))


@pytest.mark.parametrize("state", [OrderState.UNPAID, OrderState.ON_HOLD])
def test_a_line_counts_from_its_creation(counter: Counter, state: OrderState) -> None:
    counter.stocked(A=10)
    counter.shop.order("A", 2, state=state)

    counter.cycle()

    assert 8 == counter.left("A")


def test_a_line_is_taken_off_once_whatever_becomes_of_it(counter: Counter) -> None:
    counter.stocked(A=10)
    order = counter.shop.order("A", 1, state=OrderState.UNPAID)
    for state in (
        OrderState.AWAITING_SHIPMENT, OrderState.AWAITING_COLLECTION, OrderState.IN_TRANSIT,
        OrderState.DELIVERED, OrderState.COMPLETED,
    ):  # fmt: skip
        counter.cycle_later()
        counter.shop.advance(order, state)
    counter.cycle_later()

    assert (9, 9) == (counter.left("A"), counter.shop.shown("A"))
    assert [(DEDUCT, DONE)] == counter.bookings("A")


def test_lines_that_the_channel_ships_itself_take_nothing(counter: Counter) -> None:
    counter.stocked(A=10)
    order = counter.shop.order("A", 1)
    counter.shop.fulfil(order)

    counter.cycle()

    assert (10, []) == (counter.left("A"), counter.bookings("A"))


def test_kits_and_packs_are_taken_off_by_component(counter: Counter) -> None:
    counter.overrides = (kit("KIT", A=1, B=2), pack("SIX", "A", 6))
    counter.stock_of.set(A=20, B=20)
    counter.shop.list_sku("KIT", W1=5)
    counter.shop.list_sku("SIX", W1=5)
    counter.cycle()
    counter.shop.order("KIT", 2)
    counter.shop.order("SIX", 1)

    counter.cycle()

    assert (20 - 2 - 6, 20 - 4) == (counter.left("A"), counter.left("B"))


def test_a_line_cancelled_in_time_is_given_back_once(counter: Counter) -> None:
    counter.stocked(A=10)
    order = counter.shop.order("A", 1)
    counter.cycle_later()
    counter.shop.advance(order, OrderState.CANCELLED)

    for _ in range(3):
        counter.cycle_later()

    assert (10, 10) == (counter.left("A"), counter.shop.shown("A"))
    assert [(DEDUCT, DONE), (RESTORE, DONE)] == counter.bookings("A")


def test_a_line_that_came_and_went_unseen_takes_nothing(counter: Counter) -> None:
    counter.stocked(A=10)
    order = counter.shop.order("A", 1)
    counter.shop.advance(order, OrderState.CANCELLED)

    counter.cycle()

    assert (10, []) == (counter.left("A"), counter.bookings("A"))


def test_a_deduction_never_sent_is_dropped_when_the_line_is_cancelled(counter: Counter) -> None:
    counter.stocked(A=10)
    order = counter.shop.order("A", 1)
    counter.stock_of.faults = [Fault.AWAY]
    counter.cycle()
    counter.shop.advance(order, OrderState.CANCELLED)

    counter.cycle_later()

    assert (10, [(DEDUCT, DROPPED)]) == (counter.left("A"), counter.bookings("A"))
    assert 10 == counter.shop.shown("A")


def test_a_deduction_in_doubt_is_decided_before_it_is_given_back(counter: Counter) -> None:
    counter.stocked(A=10)
    order = counter.shop.order("A", 1)
    counter.stock_of.faults = [Fault.LOST_AFTER]
    counter.cycle()
    counter.shop.advance(order, OrderState.CANCELLED)

    counter.cycle_later()

    assert [(DEDUCT, DONE), (RESTORE, DONE)] == counter.bookings("A")
    assert (10, 2) == (counter.left("A"), len(counter.stock_of.applied))


def test_what_comes_back_after_it_left_is_restocked_by_the_merchant(counter: Counter) -> None:
    counter.stocked(A=10)
    order = counter.shop.order("A", 1, state=OrderState.IN_TRANSIT)
    counter.cycle_later()
    counter.shop.advance(order, OrderState.CANCELLED)

    counter.cycle_later()

    assert (9, [(DEDUCT, DONE)]) == (counter.left("A"), counter.bookings("A"))


def test_an_order_made_and_sent_off_during_an_outage_is_taken_off_all_the_same(
    counter: Counter,
) -> None:
    counter.stocked(A=10)
    counter.clock.advance(3600)
    order = counter.shop.order("A", 1)
    counter.shop.advance(order, OrderState.IN_TRANSIT)

    counter.cycle_later(48 * 3600)

    assert 9 == counter.left("A")


def test_orders_of_before_the_beginning_are_taken_off_unless_they_have_left(
    counter: Counter,
) -> None:
    counter.stock_of.set(A=10)
    counter.shop.list_sku("A", W1=10)
    gone = counter.shop.order("A", 1)
    counter.shop.advance(gone, OrderState.IN_TRANSIT)
    counter.shop.order("A", 2)
    counter.clock.advance(60)

    counter.cycle()
    counter.cycle_later()

    assert (8, 8) == (counter.left("A"), counter.shop.shown("A"))


def test_a_source_that_is_written_back_again_begins_anew(counter: Counter) -> None:
    counter.stocked(A=10)
    written = counter.orders
    counter.orders = counter.reading_only()
    counter.cycle_later()
    order = counter.shop.order("A", 1)
    counter.shop.advance(order, OrderState.IN_TRANSIT)
    counter.cycle_later()
    counter.orders = written

    counter.cycle_later()

    assert (10, []) == (counter.left("A"), counter.bookings("A"))


def test_nothing_is_written_while_observing_or_planning(counter: Counter) -> None:
    counter.stocked(A=10)
    counter.shop.order("A", 1)

    counter.cycle(send=False)
    counter.mode = Mode.OBSERVE
    counter.cycle()

    assert (10, []) == (counter.left("A"), counter.bookings("A"))
    assert 9 == counter.shop.shown("A")


def test_a_booking_stays_where_it_was_made_when_the_rules_change(counter: Counter) -> None:
    counter.stock_of.rows = [Row("A", "5", "Main"), Row("A", "5", "East")]
    counter.shop.list_sku("A", W1=0)
    counter.orders_go_to = counter.at("Main")
    counter.cycle()
    counter.shop.order("A", 1)
    counter.cycle_later()
    counter.orders_go_to = counter.at("East")
    for _ in range(3):
        counter.cycle_later()

    assert (4, 5) == tuple(counter.stock_of.quantity("A", name) for name in ("Main", "East"))
    assert 9 == counter.shop.shown("A")


def test_a_line_waits_for_a_source_that_does_not_know_its_sku_yet(counter: Counter) -> None:
    counter.stocked(A=10)
    counter.shop.list_sku("NEW", W1=3)
    counter.shop.order("NEW", 1)
    counter.cycle_later()
    assert [] == counter.bookings("NEW")

    counter.stock_of.set(A=10, NEW=3)
    counter.cycle_later()

    assert 2 == counter.left("NEW")


def test_a_sku_without_stock_keeping_is_not_taken_off(counter: Counter) -> None:
    counter.stock_of.rows = [Row("A", "untracked")]
    counter.shop.list_sku("A", W1=5)
    counter.cycle()
    counter.shop.order("A", 1)

    counter.cycle_later()

    assert [] == counter.stock_of.calls


def test_a_reading_of_changes_contains_only_the_rows_it_names(counter: Counter) -> None:
    """A source's own list of changes may be late with what it wrote for us."""
    counter.stocked(A=10, B=10)
    counter.shop.order("A", 1)
    counter.cycle_later()
    written = list(counter.stock_of.rows)
    counter.stock_of.completeness = Completeness.PARTIAL
    counter.stock_of.rows = [row for row in written if row.sku == "B"]

    counter.cycle_later()
    assert (9, 1) == (counter.shop.shown("A"), in_play(counter))

    counter.stock_of.rows = [row for row in written if row.sku == "A"]
    counter.cycle_later()
    assert (9, 0) == (counter.shop.shown("A"), in_play(counter))


def test_a_row_that_cannot_be_believed_contains_nothing(counter: Counter) -> None:
    counter.stocked(A=10, B=1)
    counter.shop.order("A", 1)
    counter.cycle_later()
    counter.stock_of.rows[0].reject = "bad"

    counter.cycle_later()

    assert 1 == in_play(counter)


def test_a_sku_is_planned_again_when_a_reading_contains_its_booking(counter: Counter) -> None:
    """The merchant restocked one at the same time: the reading is the same and the offer rises."""
    counter.stocked(A=10)
    counter.shop.order("A", 1)
    counter.cycle_later()
    counter.stock_of.rows[0].quantity = "10"

    counter.cycle_later()
    counter.cycle_later()

    assert 10 == counter.shop.shown("A")


def test_what_is_not_done_is_told_by_the_exit_code(counter: Counter) -> None:
    counter.stocked(A=10)
    counter.shop.order("A", 1)
    counter.stock_of.faults = [Fault.LOST_BEFORE]

    report = counter.cycle()

    assert ExitCode.PARTIAL is report.exit_code()
    assert [BookingState.UNKNOWN] == [row.state for row in report.channels[0].bookings]


def test_bookings_go_on_while_the_channel_is_down(counter: Counter) -> None:
    counter.stocked(A=10)
    counter.shop.order("A", 1)
    counter.stock_of.faults = [Fault.AWAY]
    counter.cycle()
    counter.shop.fail = ChannelUnavailable("away")

    counter.cycle_later()

    assert (9, [(DEDUCT, DONE)]) == (counter.left("A"), counter.bookings("A"))


def test_an_order_that_lands_while_a_quantity_is_written_is_repaired_by_the_next_cycle(
    counter: Counter,
) -> None:
    """Reliability rule 8: the shop is told 20 and forgets the unit that was ordered meanwhile."""
    counter.stocked(A=10)
    counter.stock_of.set(A=20)
    counter.clock.advance(10)
    counter.shop.before_submit = lambda: buy_once(counter)

    counter.cycle()
    assert 20 == counter.shop.shown("A")

    counter.cycle_later()
    assert (19, 19) == (counter.left("A"), counter.shop.shown("A"))


def buy_once(counter: Counter) -> None:
    counter.shop.before_submit = None
    counter.shop.order("A", 1)


class Overtaken(WrittenSource):
    """While it is being read, something happens."""

    meanwhile: Callable[[], None] | None = None

    @contextmanager
    def snapshot(self, since: datetime | None) -> Iterator[MemoryReader]:
        seen = replace(self, rows=list(self.rows))
        happening, self.meanwhile = self.meanwhile, None
        if happening is not None:
            happening()
        with WrittenSource.snapshot(seen, since) as reader:
            yield reader


def test_what_is_confirmed_while_a_source_is_read_is_not_in_that_reading(counter: Counter) -> None:
    source = Overtaken(STOCK, counter.clock.now())
    counter.stock_of = counter.source = source
    counter.stocked(A=10)
    counter.shop.order("A", 1)
    source.meanwhile = counter.publish

    counter.cycle_later()

    assert (9, 9, 1) == (counter.left("A"), counter.shop.shown("A"), in_play(counter))


def test_what_left_before_a_second_source_was_written_back_is_not_taken_off_that(
    counter: Counter,
) -> None:
    counter.stocked(A=10)
    second = WrittenSource(SourceName("second"), counter.clock.now(), [Row("B", "5")])
    counter.more_sources = {second.name: (second, counter.reading_only(), Basis.AVAILABLE)}
    counter.stock = replace(counter.stock, draws=(*counter.stock.draws, Draw(source=second.name)))
    counter.shop.list_sku("B", W1=5)
    counter.cycle_later()
    order = counter.shop.order("B", 1)
    counter.shop.advance(order, OrderState.IN_TRANSIT)
    counter.clock.advance(60)
    counter.more_sources = {second.name: (second, counter.orders, Basis.AVAILABLE)}
    counter.cycle_later()

    assert [] == second.calls


@pytest.mark.parametrize("away", [False, True])
def test_a_long_sending_does_not_keep_orders_waiting(counter: Counter, *, away: bool) -> None:
    """The first chunk takes a while and an order comes; it is booked before the last chunk goes."""
    names = [f"S{number:03}" for number in range(CHUNK_PRODUCTS + 1)]
    counter.stocked(**dict.fromkeys(names, 10))
    counter.stock_of.set(**dict.fromkeys(names, 5))
    counter.clock.advance(10)
    seen: list[int] = []

    def slowly() -> None:
        if not seen:
            counter.clock.advance(60)
            counter.shop.order("S000", 1)
            counter.shop.feed_fails = ChannelUnavailable("away") if away else None
        seen.append(len(counter.stock_of.calls))

    counter.shop.before_submit = slowly
    counter.cycle()

    assert (0 if away else 1, len(names)) == (max(seen), len(seen))


def test_of_a_kit_only_the_component_that_is_not_contained_is_subtracted(counter: Counter) -> None:
    counter.overrides = (kit("KIT", A=1, B=2),)
    counter.stock_of.set(A=20, B=20)
    for sku in ("KIT", "A", "B"):
        counter.shop.list_sku(sku, W1=9)
    counter.cycle()
    counter.shop.order("KIT", 1)
    counter.stock_of.faults = [Fault.REFUSED]
    for _ in range(3):
        counter.cycle_later()

    assert (20, 18) == (counter.left("A"), counter.left("B"))
    assert (19, 18) == (counter.shop.shown("A"), counter.shop.shown("B"))
