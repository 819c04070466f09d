"""Which bookings an order line asks of the sources that are written back, given those it has."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum

from syncd.domain.identity import Place, Sku
from syncd.domain.orders import OrderLine, takes_units
from syncd.domain.write_back import Booking, BookingId, BookingState, Effect


class Step(IntEnum):
    """How far the bookings of a line are decided: never looked at, moved since the last look, or done."""

    DECIDED = 0
    MOVED = 1
    UNBOOKED = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Taking:
    """Base units of a SKU that a line takes off a place which is written back."""

    sku: Sku
    place: Place
    units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Takings:
    """What a line takes from sources that are written back.

    `open` tells that some of its places are not known yet, because no source has read a SKU; `whole` that
    it takes nothing from any other source.
    """

    rows: tuple[Taking, ...] = ()
    open: bool = False
    whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a look at a line led to: bookings to store, and how far it is decided now.

    `line` is the line as it was looked at: a decision about another state of it must not count.
    `written_whole`, which counts at the first look only, tells that nothing but bookings takes its units.
    `changed` holds known bookings, before and after.
    """

    line: OrderLine
    step: Step
    written_whole: bool = False
    added: tuple[Booking, ...] = ()
    changed: tuple[tuple[Booking, Booking], ...] = ()


def decide(
    line: OrderLine, step: Step, takings: Takings, known: Sequence[Booking], now: datetime
) -> Decision:
    """The bookings of one line.

    A line that takes units is deducted once, where it is booked when it is first seen: later changes of
    the rules move nothing. One that was cancelled before its goods left is given back what was deducted,
    unless it was for want of stock: then the units are not there. A deduction never sent is dropped, and
    one in doubt is decided first. What left and comes back is restocked by the merchant. A line whose units
    are the listing's own stays deducted all the same: it is the listing that gets them back.
    """
    if not takes_units(line) and not line.own:
        return _given_up(line, known, now)
    if step is not Step.UNBOOKED:
        return Decision(line=line, step=Step.DECIDED)
    there = {(item.id.sku, item.id.place.source) for item in known}
    added = tuple(
        _booking(line, taking.sku, taking.place, Effect.DEDUCT, -taking.units, now)
        for taking in takings.rows
        if (taking.sku, taking.place.source) not in there
    )
    waits = takings.open and line.left_at is None
    return Decision(
        line=line,
        step=Step.UNBOOKED if waits else Step.DECIDED,
        written_whole=takings.whole and not waits,
        added=added,
    )


def _given_up(line: OrderLine, known: Sequence[Booking], now: datetime) -> Decision:
    restored = {(item.id.sku, item.id.place) for item in known if item.id.effect is Effect.RESTORE}
    deducted = [item for item in known if item.id.effect is Effect.DEDUCT]
    dropped = tuple(
        (item, replace(item, state=BookingState.DROPPED))
        for item in deducted
        if item.state in {BookingState.NEW, BookingState.REFUSED}
    )
    added = tuple(
        _booking(line, item.id.sku, item.id.place, Effect.RESTORE, -item.delta, now)
        for item in deducted
        if item.state is BookingState.DONE and (item.id.sku, item.id.place) not in restored
    )
    if line.out_of_stock:
        added = ()
    undecided = any(item.in_doubt for item in deducted)
    return Decision(
        line=line,
        step=Step.MOVED if undecided else Step.DECIDED,
        added=added,
        changed=dropped,
    )


def _booking(
    line: OrderLine, sku: Sku, place: Place, effect: Effect, delta: int, now: datetime
) -> Booking:
    name = BookingId(
        channel=line.channel, order_id=line.order_id, line_id=line.line_id, sku=sku, place=place,
        effect=effect,
    )  # fmt: skip
    return Booking(id=name, delta=delta, state=BookingState.NEW, stored_at=now, due_at=now)
