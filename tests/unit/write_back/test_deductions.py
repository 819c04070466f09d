"""Order lines are taken off a source that is written back: each once, at once, and never twice."""

from datetime import timedelta

from syncd.domain.write_back import BookingState, Effect
from tests.unit.write_back.counter import Counter

DONE, NEW = BookingState.DONE, BookingState.NEW
DEDUCT, RESTORE = Effect.DEDUCT, Effect.RESTORE


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
    counter.cycle()

    assert 9 == counter.shop.shown("A")
    assert () == counter.ledger.lines_in_play(counter.clock.now() - timedelta(days=1))
