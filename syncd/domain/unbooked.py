"""What is to be said of bookings that are not done: those for a person first, then doubt and delay."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from syncd.domain.counting import counted
from syncd.domain.duration import written
from syncd.domain.identity import ChannelName, SourceName
from syncd.domain.write_back import DENIED, KEYS_LAST, TRIED_AGAIN, Booking, BookingState

LATE = timedelta(minutes=5)
"""So long a booking may wait or be in doubt before anybody is told."""
SHOWN = 12
"""Digits of a key that people see and type."""


class Why(StrEnum):
    """Why a booking is not done."""

    PERSON = "person"
    REFUSED = "refused"
    DOUBT = "doubt"
    WAITING = "waiting"


_WHY = {
    BookingState.PERSON: Why.PERSON,
    BookingState.REFUSED: Why.REFUSED,
    BookingState.SENT: Why.DOUBT,
    BookingState.UNKNOWN: Why.DOUBT,
    BookingState.NEW: Why.WAITING,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Unbooked:
    """Bookings of one source that are not done for the same reason; `since` is that of the oldest."""

    why: Why
    source: SourceName
    count: int
    since: datetime
    what: str
    help: str


def unbooked(
    bookings: Iterable[Booking], now: datetime, at_once: Collection[ChannelName] = ()
) -> tuple[Unbooked, ...]:
    """What is wrong, by reason and source.

    What only waits or is in doubt must do so for a while, unless it is of one of the channels `at_once` or
    its source let nobody in: that does not pass by itself.
    """
    rows = list(bookings)
    denied = {item.id.place.source for item in rows if _is_denied(item)}
    groups: dict[tuple[Why, SourceName], list[Booking]] = {}
    for item in rows:
        why = _WHY.get(item.state)
        told_now = item.id.place.source in denied or item.id.channel in at_once
        if why is None or (why in _PASSING and not told_now and now - open_since(item) < LATE):
            continue
        groups.setdefault((why, item.id.place.source), []).append(item)
    return tuple(_told(groups))


_PASSING = frozenset({Why.DOUBT, Why.WAITING})


def _is_denied(item: Booking) -> bool:
    return item.code == DENIED and item.state in TRIED_AGAIN


def open_since(booking: Booking) -> datetime:
    """Since when it is as it is: in doubt since its first try, else since it was stored."""
    return booking.stored_at if booking.tried_at is None else booking.tried_at


def described(booking: Booking) -> str:
    """`deduct -1 A-1 for order 77`."""
    name = booking.id
    order = f" for order {name.order_id}" if name.order_id else ""
    return f"{name.effect} {booking.delta:+d} {name.sku}{order}"


def _told(groups: dict[tuple[Why, SourceName], list[Booking]]) -> Iterator[Unbooked]:
    order = list(Why)
    for (why, source), rows in sorted(groups.items(), key=lambda row: order.index(row[0][0])):
        first = min(rows, key=lambda row: (not _is_denied(row), open_since(row)))
        yield Unbooked(
            why=why,
            source=source,
            count=len(rows),
            since=min(map(open_since, rows)),
            what=f"{source}: {counted(len(rows), 'booking', _WORDS[why])} (first: {_first(first)})",
            help=_help(why, source, first),
        )


_WORDS = {
    Why.PERSON: f"without an answer for {written(KEYS_LAST)}: look whether the source has it",
    Why.REFUSED: "refused: the source still sells these units",
    Why.DOUBT: "without an answer, tried again",
    Why.WAITING: "not made yet: the source still sells these units",
}


def _first(booking: Booking) -> str:
    return f"{described(booking)}: {booking.message}" if booking.message else described(booking)


def _help(why: Why, source: SourceName, first: Booking) -> str:
    if why in {Why.PERSON, Why.REFUSED}:
        return f'syncd bookings settle {first.key[:SHOWN]} --booked|--not-booked --reason "…"'
    if why is Why.WAITING and not first.tries:  # nothing is wrong but the time it takes
        return "syncd apply"
    return f"syncd doctor {source}"
