"""What proves that there are units again after the seller cancelled an order for want of stock."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from syncd.domain.identity import Sku
from syncd.domain.orders import OrdersPolicy
from syncd.domain.selling import Sale, StockMove, booked, falls, unexplained
from syncd.domain.stock import Position, State
from syncd.domain.write_back import Booking, BookingState

KNOWN_FOR = timedelta(days=30)
"""So long after a cancellation it is asked what changed a reading; later any change of it counts."""


def stays_at_zero(sku: Sku) -> str:
    """Why a SKU stays at 0, what ends that, and by which command a person does."""
    return (
        "set to 0 after your out-of-stock cancellation, until a source moves by itself; "
        f"if its stock is right, `syncd unpark {sku} --reason TEXT`"
    )


def is_restated(position: Position, cancelled_at: datetime) -> bool:
    """Whether the source named the SKU first, or counted it, after the cancellation."""
    if position.counted_at is not None:
        return position.counted_at > cancelled_at
    return position.state is State.KNOWN and position.born_at > cancelled_at


def moved_by_itself(
    moves: Iterable[StockMove], bookings: Iterable[Booking], cancelled_at: datetime,
    policy: OrdersPolicy, every: timedelta, told_until: datetime | None,
) -> bool:  # fmt: skip
    """Whether readings of one source moved after the cancellation by more than what we booked into it.

    A reading counts when it surely tells of the time after the cancellation. What was recorded since, by a
    reading that may be older, counts once the present one, which surely tells all up to `told_until`, does and
    still says it: an early reading must not hide what the present one would have shown alone. A booking
    explains what it moved once, at the first reading after it was sent; in doubt it explains it as well,
    because holding for too long sells nothing that is not there.
    """
    known = list(moves)
    since = {move.at for move in known if move.at > cancelled_at}
    later = {move.at for move in known if move.as_of > cancelled_at}
    if not since | later:
        return False
    ours = [item for item in bookings if item.in_doubt or item.state is BookingState.DONE]
    taken = [booked(item, policy, every) for item in ours if item.delta < 0]
    given = [booked(item, policy, every) for item in ours if item.delta > 0]
    lost = unexplained(falls(known), taken)
    gained = unexplained(falls(replace(move, units=-move.units) for move in known), given)
    if any(row.at in later for row in (*lost, *gained)):
        return True
    if told_until is None or told_until <= cancelled_at:
        return False
    return _units(gained, since) != _units(lost, since)


def _units(rows: Iterable[Sale], moments: Collection[datetime]) -> int:
    return sum(row.units for row in rows if row.at in moments)
