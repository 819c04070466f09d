"""What becomes of a booking whose answer is lost, late, or no: the same key until somebody knows."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from syncd.domain.errors import LeaseLost
from syncd.domain.write_back import Booking, BookingState, booking_key
from syncd.engine.writing_back import BUDGET, write_back
from syncd.ports.write_back import Adjustment, Answer
from tests.fakes.shopfloor import SHOP
from tests.fakes.written_source import Fault, WrittenSource
from tests.unit.write_back.counter import Counter

DONE, NEW, UNKNOWN = BookingState.DONE, BookingState.NEW, BookingState.UNKNOWN
REFUSED, PERSON, SENT = BookingState.REFUSED, BookingState.PERSON, BookingState.SENT
DAY = 24 * 3600.0


def sold(counter: Counter, *faults: Fault) -> Counter:
    """One unit of ten is ordered, and this happens to the first calls."""
    counter.stocked(A=10)
    counter.shop.order("A", 1)
    counter.stock_of.faults = list(faults)
    counter.cycle()
    return counter


def states(counter: Counter) -> list[BookingState]:
    return [state for _, state in counter.bookings("A")]


def keys(counter: Counter) -> list[str]:
    return [call.key for call in counter.stock_of.calls]


@pytest.mark.parametrize("lost", [Fault.LOST_BEFORE, Fault.LOST_AFTER])
def test_a_lost_answer_is_asked_for_again_with_the_same_key(counter: Counter, lost: Fault) -> None:
    sold(counter, lost)
    assert [UNKNOWN] == states(counter)

    counter.cycle_later()

    assert ([DONE], 9, 1) == (states(counter), counter.left("A"), len(set(keys(counter))))


def test_what_is_in_doubt_stays_subtracted(counter: Counter) -> None:
    sold(counter, *[Fault.LOST_AFTER] * 3)

    counter.cycle_later(1)

    assert (9, 8) == (counter.left("A"), counter.shop.shown("A"))


def test_a_refusal_for_now_is_tried_later_with_the_same_key(counter: Counter) -> None:
    sold(counter, Fault.LATER)
    assert ([NEW], None) == (states(counter), counter.rows("A")[0].tried_at)

    counter.cycle_later()

    assert ([DONE], 1) == (states(counter), len(set(keys(counter))))


def test_a_spent_key_is_replaced_by_that_of_the_next_attempt(counter: Counter) -> None:
    sold(counter, Fault.SPENT)

    (booking,) = counter.rows("A")
    assert ([DONE], 9) == (states(counter), counter.left("A"))
    assert [booking_key(booking.id, 1), booking_key(booking.id, 2)] == keys(counter)


def test_keys_that_are_all_spent_are_left_to_the_next_pass(counter: Counter) -> None:
    sold(counter, *[Fault.SPENT] * 3)
    assert ([NEW], 3) == (states(counter), len(keys(counter)))

    counter.cycle_later(60)

    assert ([DONE], 4) == (states(counter), len(set(keys(counter))))


def test_a_refusal_for_good_waits_for_a_person(counter: Counter) -> None:
    sold(counter, Fault.REFUSED)
    counter.cycle_later(DAY)

    assert ([REFUSED], 1) == (states(counter), len(keys(counter)))


@pytest.mark.parametrize(
    ("answer", "expected"), [(Fault.LATER, UNKNOWN), (Fault.REFUSED, PERSON), (Fault.AWAY, UNKNOWN)]
)
def test_a_refusal_says_nothing_of_an_earlier_try_that_was_never_answered(
    counter: Counter, answer: Fault, expected: BookingState
) -> None:
    sold(counter, Fault.LOST_AFTER, answer)

    counter.cycle_later()

    assert [expected] == states(counter)


def test_a_source_that_is_away_keeps_its_bookings_and_is_asked_once_a_pass(
    counter: Counter,
) -> None:
    counter.stocked(A=10, B=10)
    counter.shop.order("A", 1)
    counter.shop.order("B", 1)
    counter.stock_of.faults = [Fault.AWAY]

    counter.cycle()
    assert 1 == len(counter.stock_of.calls)

    counter.cycle_later()
    assert (9, 9) == (counter.left("A"), counter.left("B"))


def test_waits_grow_up_to_five_minutes(counter: Counter) -> None:
    sold(counter, *[Fault.LOST_BEFORE] * 20)
    waits = []
    for _ in range(9):
        (booking,) = counter.rows("A")
        assert booking.due_at is not None
        waits.append((booking.due_at - counter.clock.now()).total_seconds())
        counter.cycle_later(waits[-1])

    assert [5, 10, 20, 40, 80, 160, 300, 300, 300] == waits


def test_after_23_hours_the_source_is_looked_at_and_the_key_never_sent_again(
    counter: Counter,
) -> None:
    sold(counter, Fault.LOST_AFTER)
    calls = len(counter.stock_of.calls)

    counter.cycle_later(DAY)

    assert ([DONE], calls) == (states(counter), len(counter.stock_of.calls))


@pytest.mark.parametrize(
    ("can_tell", "words"), [(True, "does not show it"), (False, "the source cannot tell")]
)
def test_what_the_look_does_not_show_is_for_a_person(
    counter: Counter,
    can_tell: bool,  # noqa: FBT001 - drawn
    words: str,
) -> None:
    sold(counter, Fault.LOST_BEFORE)
    counter.stock_of.tells = can_tell

    counter.cycle_later(DAY)
    counter.cycle_later(DAY)

    (booking,) = counter.rows("A")
    assert (PERSON, 1) == (booking.state, len(counter.stock_of.calls))
    assert words in booking.message
    assert 9 == counter.shop.shown("A")


def test_a_look_at_a_source_that_is_away_is_repeated(counter: Counter) -> None:
    sold(counter, Fault.LOST_AFTER)
    counter.stock_of.blind = True
    counter.cycle_later(DAY)
    assert [UNKNOWN] == states(counter)

    counter.stock_of.blind = False
    counter.cycle_later(DAY)

    assert [DONE] == states(counter)


def test_a_death_between_the_call_and_its_record_doubles_nothing(counter: Counter) -> None:
    counter.stocked(A=10)
    counter.shop.order("A", 1)
    counter.stock_of.dies_after = True
    with pytest.raises(ZeroDivisionError):
        counter.cycle()
    assert ([SENT], 9) == (states(counter), counter.left("A"))

    counter.cycle_later()

    assert ([DONE], 9) == (states(counter), counter.left("A"))


def test_a_process_that_lost_the_channel_sends_nothing_and_records_nothing(
    counter: Counter,
) -> None:
    counter.stocked(A=10)
    counter.shop.order("A", 1)
    engine = counter.engine()
    with counter.ledger.lease(SHOP) as stale:
        fence = stale.fence
    with counter.ledger.lease(SHOP):
        late = _Stale(fence)
        engine.ledger.record_orders(SHOP, list(counter.shop.lines.values()))
        with pytest.raises(LeaseLost):
            write_back(engine, engine.channels[SHOP], late, lambda: False)

    assert ([NEW], []) == (states(counter), counter.stock_of.calls)


class _Stale:
    """The lease of a process that stood still meanwhile."""

    def __init__(self, fence: int) -> None:
        self.fence = fence

    def confirm(self) -> None:
        """It does not know yet."""


def pass_of(counter: Counter, stopping: Sequence[bool] = ()) -> tuple[Booking, ...]:
    """One pass by itself; `stopping` answers the first questions."""
    answers = list(stopping)
    engine = counter.engine()
    engine.ledger.record_orders(SHOP, list(counter.shop.lines.values()))
    with counter.ledger.lease(SHOP) as lease:
        return write_back(
            engine, engine.channels[SHOP], lease, lambda: bool(answers and answers.pop(0))
        )


def test_who_is_asked_to_stop_stops_between_two_bookings(counter: Counter) -> None:
    counter.stocked(A=10)
    for _ in range(3):
        counter.shop.order("A", 1)

    assert 2 == len(pass_of(counter, [False, False, True]))
    assert 1 == len(pass_of(counter))


def test_a_slow_source_gets_no_more_than_its_time_in_one_pass(counter: Counter) -> None:
    counter.stock_of = counter.source = Slow(
        counter.source.name, counter.clock.now(), nap=counter.clock.sleep
    )
    counter.stocked(A=10)
    for _ in range(5):
        counter.shop.order("A", 1)

    assert 3 == len(pass_of(counter))


class Slow(WrittenSource):
    """Takes two seconds a call."""

    def __init__(self, *args: object, nap: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]  # as the source's own
        self.nap = nap

    def adjust(self, adjustment: Adjustment) -> Answer:
        self.nap(BUDGET * 0.4)  # type: ignore[operator]  # a function of seconds
        return super().adjust(adjustment)


def test_a_booking_that_a_person_settled_meanwhile_is_left_alone(counter: Counter) -> None:
    sold(counter, Fault.LOST_BEFORE)
    (before,) = counter.rows("A")
    counter.clock.advance(60)
    counter.cycle()

    assert not counter.ledger.settle_booking(before, before)


def test_bookings_of_a_source_that_is_no_longer_written_wait_and_wake_nobody(
    counter: Counter,
) -> None:
    sold(counter, Fault.LOST_BEFORE)
    counter.orders = counter.reading_only()

    counter.cycle_later()

    assert ([UNKNOWN], 1) == (states(counter), len(counter.stock_of.calls))
    assert None is counter.ledger.next_booking_at(SHOP, counter.engine().writers())
    due = counter.ledger.next_booking_at(SHOP, [counter.source.name])
    assert due == counter.rows("A")[0].due_at
    assert due is not None
    assert due - counter.clock.now() < timedelta(0)
