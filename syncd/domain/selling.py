"""How fast a SKU sells: by the channels' orders, and by what a source lost that no order explains."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from syncd.domain.identity import Place
from syncd.domain.orders import OrderLine, OrdersMode, OrdersPolicy
from syncd.domain.write_back import Booking, BookingState, Effect

HOLD = timedelta(hours=1)
"""How much later than promised an order may reach a source: a channel holds new orders for so long."""
_EVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class StockMove:
    """What one reading changed at one place: base units that can be sold, negative when they became fewer.

    `at` is when it was recorded, `as_of` up to when it surely tells all. `before` and `after` are the
    quantities as the source told them; None where only `committed` moved.
    """

    place: Place
    run: str
    at: datetime
    as_of: datetime
    units: int
    before: int | None = None
    after: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """Base units that were sold at a moment, or were seen to be gone then."""

    at: datetime
    units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Units by which an order lowers a source's reading at some moment between two."""

    earliest: datetime
    latest: datetime
    units: int


def falls(moves: Iterable[StockMove]) -> list[Sale]:
    """What the readings of one source lost, oldest first; units moved between its places are not lost."""
    net: dict[str, Sale] = {}
    for move in moves:
        units = -move.units + (net[move.run].units if move.run in net else 0)
        net[move.run] = Sale(at=move.at, units=units)
    return sorted((sale for sale in net.values() if sale.units > 0), key=lambda sale: sale.at)


def unexplained(lost: Sequence[Sale], orders: Iterable[Explanation]) -> list[Sale]:
    """What was lost and not to an order: sold elsewhere. `lost` begins with the oldest.

    Each order explains as many units as it has, once, those lost first after it could reach the source.
    """
    coming = deque(sorted(orders, key=lambda order: order.earliest))
    pool: deque[Explanation] = deque()
    found = []
    for sale in lost:
        while coming and coming[0].earliest <= sale.at:
            pool.append(coming.popleft())
        left = _taken(pool, sale)
        if left:
            found.append(Sale(at=sale.at, units=left))
    return found


def _taken(pool: deque[Explanation], sale: Sale) -> int:
    """The units that no order in the pool explains; what explains the others is used up."""
    left = sale.units
    while left and pool:
        order = pool.popleft()
        if order.latest < sale.at:
            continue
        used = min(left, order.units)
        left -= used
        if used < order.units:
            rest = order.units - used
            pool.appendleft(Explanation(earliest=order.earliest, latest=order.latest, units=rest))
    return left


def explanation(
    line: OrderLine, units: int, policy: OrdersPolicy, every: timedelta
) -> Explanation | None:
    """How a line lowers the readings of a source that is read so often; None while it does not.

    A source whose stock is counted by hand loses units when somebody counts, not when they are sold.
    """
    starts = {
        OrdersMode.WITHIN: line.entered_at,
        OrdersMode.ON_SHIPMENT: line.packed_at if policy.left_when_packed else line.left_at,
        OrdersMode.WRITE_BACK: line.created_at,
    }
    start = starts.get(policy.mode)
    if start is None:
        return None
    return Explanation(earliest=start, latest=start + patience(policy, every), units=units)


def booked(booking: Booking, policy: OrdersPolicy, every: timedelta) -> Explanation:
    """How a booking of ours moves the readings of its source, down or up: from when it was sent.

    One in doubt may be done at any time.
    """
    known = booking.confirmed_at
    return Explanation(
        earliest=booking.tried_at or booking.stored_at,
        latest=_EVER if known is None else known + patience(policy, every),
        units=abs(booking.delta),
    )


def deducted(
    bookings: Iterable[Booking], policy: OrdersPolicy, every: timedelta
) -> list[Explanation]:
    """How the bookings of one order line lower readings: only what was taken off, or may have been.

    What was given back before it was ever read lowers none.
    """
    known = list(bookings)
    given_back = {
        item.id.place: item.confirmed_at
        for item in known
        if item.id.effect is Effect.RESTORE and item.confirmed_at is not None
    }
    found = []
    for item in known:
        if item.id.effect is Effect.DEDUCT and (item.in_doubt or item.state is BookingState.DONE):
            lowers = booked(item, policy, every)
            until = given_back.get(item.id.place, _EVER)
            found.append(replace(lowers, latest=min(lowers.latest, until)))
    return found


def patience(policy: OrdersPolicy, every: timedelta) -> timedelta:
    """How long after an order a reading may show it for the first time."""
    return policy.delay + 2 * every + HOLD
