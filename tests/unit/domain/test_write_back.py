from dataclasses import replace
from datetime import UTC, datetime

from syncd.domain.identity import ChannelName, LocationName, Place, Sku, SourceName
from syncd.domain.write_back import Booking, BookingId, BookingState, Effect, booking_key

LINE = BookingId(
    channel=ChannelName("shop"), order_id="12", line_id="3", sku=Sku("A-1"),
    place=Place(SourceName("store"), LocationName("Main")), effect=Effect.DEDUCT,
)  # fmt: skip


def test_a_key_depends_on_the_effect_and_the_attempt_only() -> None:
    assert booking_key(LINE, 1) == booking_key(replace(LINE), 1)


def test_effects_and_attempts_have_keys_of_their_own() -> None:
    others = [
        (replace(LINE, effect=Effect.RESTORE), 1),
        (replace(LINE, sku=Sku("A-2")), 1),
        (replace(LINE, order_id="1", line_id="23"), 1),
        (replace(LINE, place=Place(SourceName("store"), LocationName("East"))), 1),
        (LINE, 2),
    ]
    keys = {booking_key(booking, attempt) for booking, attempt in [(LINE, 1), *others]}
    assert len(others) + 1 == len(keys)


def test_a_booking_has_the_key_of_its_present_attempt() -> None:
    stored = datetime(2026, 11, 23, tzinfo=UTC)
    first = Booking(id=LINE, delta=-1, state=next(iter(BookingState)), stored_at=stored)

    assert booking_key(LINE, 1) == first.key
    assert booking_key(LINE, 2) == replace(first, attempt=2).key
