"""Which open bookings are told, in which words, and what helps."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from syncd.domain.identity import ChannelName, LocationName, Place, Sku, SourceName
from syncd.domain.unbooked import LATE, Why, described, unbooked
from syncd.domain.write_back import DENIED, Booking, BookingId, BookingState, Effect

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ONE = Booking(
    id=BookingId(
        channel=ChannelName("shop"), order_id="77", line_id="1", sku=Sku("A-1"),
        place=Place(SourceName("store"), LocationName("Main")), effect=Effect.DEDUCT,
    ),
    delta=-1, state=BookingState.NEW, stored_at=NOON,
)  # fmt: skip


@pytest.mark.parametrize("state", [BookingState.NEW, BookingState.SENT, BookingState.UNKNOWN])
def test_what_waits_or_is_in_doubt_is_told_after_a_while(state: BookingState) -> None:
    rows = [replace(ONE, state=state, tries=1, tried_at=None if state == "new" else NOON)]

    assert () == unbooked(rows, NOON + LATE - timedelta(seconds=1))
    (told,) = unbooked(rows, NOON + LATE)
    assert (1, NOON, "syncd doctor store") == (told.count, told.since, told.help)


@pytest.mark.parametrize("state", [BookingState.PERSON, BookingState.REFUSED])
def test_what_needs_a_person_is_told_at_once_with_the_command(state: BookingState) -> None:
    (told,) = unbooked([replace(ONE, state=state, message="not stocked there")], NOON)

    assert told.help.startswith(f"syncd bookings settle {ONE.key[:12]} --booked|--not-booked")
    assert told.what.endswith("(first: deduct -1 A-1 for order 77: not stocked there)")


def test_bookings_of_one_kind_and_source_are_one_and_persons_come_first() -> None:
    other = replace(ONE, id=replace(ONE.id, line_id="2"), stored_at=NOON - timedelta(hours=1))
    rows = [ONE, other, replace(ONE, state=BookingState.PERSON)]

    first, second = unbooked(rows, NOON + LATE)

    assert (Why.PERSON, Why.WAITING) == (first.why, second.why)
    assert (2, other.stored_at) == (second.count, second.since)


@pytest.mark.parametrize("state", [BookingState.DONE, BookingState.DROPPED])
def test_what_is_over_is_not_told(state: BookingState) -> None:
    assert () == unbooked([replace(ONE, state=state)], NOON + LATE)


def test_a_move_that_belongs_to_no_order_names_none() -> None:
    move = replace(ONE, id=replace(ONE.id, order_id="", effect=Effect.ALLOT))

    assert "allot -1 A-1" == described(move)


def test_of_a_channel_whose_run_left_them_they_are_told_at_once() -> None:
    (told,) = unbooked([ONE], NOON, [ChannelName("shop")])

    assert () == unbooked([ONE], NOON, [ChannelName("another")])
    assert (Why.WAITING, NOON) == (told.why, told.since)


def test_what_nothing_was_ever_wrong_with_is_helped_by_another_run() -> None:
    (told,) = unbooked([ONE], NOON + LATE)

    assert "syncd apply" == told.help


def test_of_a_source_that_lets_nobody_in_all_are_told_at_once_with_its_words() -> None:
    later = replace(
        ONE, id=replace(ONE.id, line_id="2"), stored_at=NOON + timedelta(seconds=1), tries=1,
        code=DENIED, message="no such table",
    )  # fmt: skip
    (told,) = unbooked([ONE, later], NOON)

    assert (2, NOON, "syncd doctor store") == (told.count, told.since, told.help)
    assert told.what.endswith("no such table)")


def test_doubt_of_such_a_source_is_told_at_once_too() -> None:
    (told,) = unbooked([replace(ONE, state=BookingState.UNKNOWN, tried_at=NOON, code=DENIED)], NOON)

    assert Why.DOUBT == told.why
