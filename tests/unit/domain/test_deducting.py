"""What an order line asks of sources that are written back, in every state of its bookings."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from syncd.domain.deducting import Decision, Step, Taking, Takings, decide
from syncd.domain.identity import (
    ChannelName,
    ListingId,
    ListingRef,
    LocationName,
    Place,
    ProductId,
    Sku,
    SourceName,
)
from syncd.domain.orders import OrderLine, OrderState
from syncd.domain.write_back import (
    IN_DOUBT,
    Booking,
    BookingId,
    BookingState,
    Effect,
    said_booked,
    said_missing,
)

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SHOP, A = ChannelName("shop"), Sku("A")
MAIN = Place(SourceName("store"), LocationName("Main"))
EAST = Place(SourceName("store"), LocationName("East"))
LINE = OrderLine(
    channel=SHOP, order_id="7", line_id="1", ref=ListingRef(ProductId("p"), ListingId("l")),
    seller_sku="A", units=2, state=OrderState.UNPAID, created_at=NOON, updated_at=NOON,
)  # fmt: skip
CANCELLED = replace(LINE, state=OrderState.CANCELLED)
LEFT = replace(LINE, state=OrderState.IN_TRANSIT, left_at=NOON)
TAKEN = Takings(rows=(Taking(sku=A, place=MAIN, units=2),), whole=True)


def booking(effect: Effect, state: BookingState, place: Place = MAIN) -> Booking:
    name = BookingId(
        channel=SHOP, order_id="7", line_id="1", sku=A, place=place, effect=effect
    )  # fmt: skip
    delta = -2 if effect is Effect.DEDUCT else 2
    return Booking(id=name, delta=delta, state=state, stored_at=NOON, due_at=NOON)


def deducted(state: BookingState) -> Booking:
    return booking(Effect.DEDUCT, state)


def decided(
    line: OrderLine, *known: Booking, step: Step = Step.UNBOOKED, takings: Takings = TAKEN
) -> Decision:
    return decide(line, step, takings, known, NOON)


def test_a_new_line_is_deducted_where_it_takes_its_units() -> None:
    decision = decided(LINE)

    assert (deducted(BookingState.NEW),) == decision.added
    assert (Step.DECIDED, True) == (decision.step, decision.written_whole)


@pytest.mark.parametrize("place", [MAIN, EAST])
def test_a_line_is_not_deducted_twice_from_one_source(place: Place) -> None:
    known = booking(Effect.DEDUCT, BookingState.NEW, place)

    assert () == decided(LINE, known).added


def test_a_line_looked_at_before_gets_no_further_deduction() -> None:
    assert Decision(line=LINE, step=Step.DECIDED) == decided(LINE, step=Step.MOVED)


def test_a_line_whose_places_are_not_known_yet_is_looked_at_again_until_it_left() -> None:
    waiting = replace(TAKEN, open=True)

    assert (Step.UNBOOKED, False) == (
        decided(LINE, takings=waiting).step, decided(LINE, takings=waiting).written_whole,
    )  # fmt: skip
    assert Step.DECIDED is decided(LEFT, takings=waiting).step


def test_a_line_that_other_sources_give_up_too_is_not_left_to_bookings_alone() -> None:
    assert not decided(LINE, takings=replace(TAKEN, whole=False)).written_whole


@pytest.mark.parametrize("state", [BookingState.NEW, BookingState.REFUSED])
def test_a_cancelled_line_drops_what_never_had_an_effect(state: BookingState) -> None:
    known = deducted(state)
    decision = decided(CANCELLED, known, step=Step.MOVED)

    assert ((known, replace(known, state=BookingState.DROPPED)),) == decision.changed
    assert (Step.DECIDED, ()) == (decision.step, decision.added)


def test_a_cancelled_line_gives_back_what_was_done_once() -> None:
    done, back = deducted(BookingState.DONE), booking(Effect.RESTORE, BookingState.NEW)

    assert (back,) == decided(CANCELLED, done, step=Step.MOVED).added
    assert () == decided(CANCELLED, done, back, step=Step.MOVED).added


def test_a_line_cancelled_for_want_of_stock_gives_nothing_back() -> None:
    exhausted = replace(CANCELLED, out_of_stock=True)

    assert () == decided(exhausted, deducted(BookingState.DONE), step=Step.MOVED).added


@pytest.mark.parametrize("state", sorted(IN_DOUBT))
def test_a_cancelled_line_in_doubt_is_looked_at_again(state: BookingState) -> None:
    decision = decided(CANCELLED, deducted(state), step=Step.MOVED)

    assert (Step.MOVED, (), ()) == (decision.step, decision.added, decision.changed)


def test_a_line_cancelled_after_it_left_gives_nothing_back() -> None:
    gone = replace(LEFT, state=OrderState.CANCELLED)

    assert () == decided(gone, deducted(BookingState.DONE), step=Step.MOVED).added


def test_a_line_the_platform_ships_takes_nothing() -> None:
    assert () == decided(replace(LINE, platform_fulfilled=True)).added


def test_a_persons_word_ends_a_doubt_or_begins_a_new_attempt() -> None:
    doubt = replace(deducted(BookingState.PERSON), tried_at=NOON, tries=9, due_at=None)
    later = NOON + timedelta(days=1)

    booked, missing = said_booked(doubt, later, "seen"), said_missing(doubt, later, "not there")

    assert (BookingState.DONE, later, doubt.key) == (booked.state, booked.confirmed_at, booked.key)
    assert (BookingState.NEW, later, None) == (missing.state, missing.due_at, missing.tried_at)
    assert doubt.key != missing.key
