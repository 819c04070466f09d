"""Bookings: what syncd writes into a source for an order line, each with a key that makes it happen once."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from syncd.domain.identity import ChannelName, Place, Sku


class Effect(StrEnum):
    """Why units of a source are moved.

    `deduct` and `restore` follow an order line; `allot` and `return` move units between a source and a
    channel that owns its units (escrow).
    """

    DEDUCT = "deduct"
    RESTORE = "restore"
    ALLOT = "allot"
    RETURN = "return"


class BookingState(StrEnum):
    """What is known of a booking.

    `sent` and `unknown` are in doubt: only a retry with the same key or a look at the source may decide
    them. `person`: in doubt for longer than the source keeps keys.
    """

    NEW = "new"
    SENT = "sent"
    UNKNOWN = "unknown"
    DONE = "done"
    REFUSED = "refused"
    DROPPED = "dropped"
    PERSON = "person"


IN_DOUBT = frozenset({BookingState.SENT, BookingState.UNKNOWN, BookingState.PERSON})
"""The source may contain the booking or not."""
TRIED_AGAIN = frozenset({BookingState.NEW, BookingState.SENT, BookingState.UNKNOWN})
"""What is sent when its time has come: in doubt with the same key."""
FOR_A_PERSON = frozenset({BookingState.REFUSED, BookingState.PERSON})
"""Nothing happens to it until a person settles it."""
DENIED = "denied"
"""The code of a booking that could not be tried because the source lets nobody in, or is not set up for it."""
KEYS_LAST = timedelta(hours=23)
"""So long after its first try a source still surely knows a key; later the same key may book twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingId:
    """Which effect this is. For `allot` and `return`, `order_id` is empty and `line_id` numbers the move."""

    channel: ChannelName
    order_id: str
    line_id: str
    sku: Sku
    place: Place
    effect: Effect


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """One effect on a source: `delta` base units, negative takes off the shelf. Times are aware UTC.

    `attempt` counts keys: it grows only when the source says that the former key is spent without effect.
    `tried_at` is when this key was first sent and since when nobody knows what became of it, `tries` how
    often it was sent, `due_at` when it is sent next.
    `confirmed_at` is when the source's answer was received, `quantity_after` what it had then if it told,
    `contained` whether the present reading of the source was begun after that.
    """

    id: BookingId
    delta: int
    state: BookingState
    stored_at: datetime
    attempt: int = 1
    tried_at: datetime | None = None
    confirmed_at: datetime | None = None
    code: str = ""
    message: str = ""
    tries: int = 0
    due_at: datetime | None = None
    contained: bool = False
    quantity_after: int | None = None

    @property
    def in_doubt(self) -> bool:
        """Whether the source may contain it or not."""
        return self.state in IN_DOUBT

    @property
    def key(self) -> str:
        """The idempotency key of the present attempt."""
        return booking_key(self.id, self.attempt)


def booking_key(booking: BookingId, attempt: int) -> str:
    """64 hexadecimal digits, the same for the same effect and attempt whoever computes them.

    Each part is hashed with its length, so that no two effects share a text.
    """
    parts = (
        booking.channel, booking.order_id, booking.line_id, booking.sku, booking.place.source,
        booking.place.location, booking.effect.value, str(attempt),
    )  # fmt: skip
    text = "".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.sha256(text.encode()).hexdigest()


def said_booked(booking: Booking, now: datetime, reason: str) -> Booking:
    """A person found that the source has it: every reading begun from now on contains it."""
    return replace(
        booking, state=BookingState.DONE, confirmed_at=now, due_at=None, code="",
        message=f"settled by hand: {reason}",
    )  # fmt: skip


def said_missing(booking: Booking, now: datetime, reason: str) -> Booking:
    """A person found that the source has it not: it is tried again, with a key that was never used."""
    return replace(
        booking, state=BookingState.NEW, attempt=booking.attempt + 1, tried_at=None, tries=0,
        due_at=now, code="", message=f"tried again by hand: {reason}",
    )  # fmt: skip
