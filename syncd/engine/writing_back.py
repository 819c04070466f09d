"""Sends bookings to the sources they are for: key before the call, outcome after, doubt with the same key."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from syncd.domain.errors import ChannelError, SourceError, SourceUnauthorized
from syncd.domain.identity import SourceName
from syncd.domain.write_back import DENIED, KEYS_LAST, Booking, BookingId, BookingState, Effect
from syncd.engine.deciding import decide_bookings
from syncd.engine.ordering import poll_meanwhile
from syncd.engine.setup import ChannelSetup, EngineSetup, Mode
from syncd.ports.ledger import Lease
from syncd.ports.write_back import (
    Adjustment,
    Answer,
    Booked,
    InDoubt,
    KeySpent,
    NotBooked,
    WriteBack,
)

logger = logging.getLogger(__name__)

BATCH = 50
BUDGET = 5.0
"""Seconds of sending before the channel itself is looked after; the next pass goes on."""
KEEP_UP = 10.0
"""Seconds of sending to the channel after which orders are asked for and written back."""
KEYS_PER_PASS = 3
"""Keys tried at once for a booking whose keys are spent."""
FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(minutes=5)
MOST_DOUBLINGS = 6


def write_back(
    engine: EngineSetup, setup: ChannelSetup, lease: Lease, stopping: Callable[[], bool]
) -> tuple[Booking, ...]:
    """Decide what the channel's order lines ask of sources, and send what is due, oldest first.

    Answers the bookings that were tried, as they stand now. A source that cannot be reached keeps its
    bookings and stops no other. Raises LeaseLost when another process took the channel over. Nothing is
    done in mode observe.
    """
    if engine.mode is not Mode.APPLY:
        return ()
    decide_bookings(engine, setup)
    return _Pass(engine, setup, lease).send(stopping)


class Books:
    """The write-back of one cycle: at its beginning, now and then while it sends, and at its end."""

    def __init__(
        self, engine: EngineSetup, setup: ChannelSetup, lease: Lease, stopping: Callable[[], bool]
    ) -> None:
        self._engine = engine
        self._setup = setup
        self._lease = lease
        self._stopping = stopping
        self._last = engine.clock.monotonic()
        self._written: dict[BookingId, Booking] = {}

    def write(self) -> None:
        """Decide and send what is due now."""
        for item in write_back(self._engine, self._setup, self._lease, self._stopping):
            self._written[item.id] = item
        self._last = self._engine.clock.monotonic()

    def keep_up(self) -> None:
        """Ask for orders and write back, if the last time is a while ago: a large plan takes hours to send.

        Where the orders cannot be had now, what is known of them is written all the same.
        """
        if self._engine.clock.monotonic() - self._last < KEEP_UP or not self._engine.writers():
            return
        try:
            poll_meanwhile(self._engine, self._setup)
        except ChannelError as error:
            logger.info("%s: orders between two sends: %s", self._setup.name, error)
        self.write()

    def written(self) -> tuple[Booking, ...]:
        """Every booking tried in this cycle, as it stood last."""
        return tuple(self._written.values())


class _Pass:
    """One pass over what is due."""

    def __init__(self, engine: EngineSetup, setup: ChannelSetup, lease: Lease) -> None:
        self._engine = engine
        self._setup = setup
        self._lease = lease
        self._writers = engine.writers()
        self._away: set[SourceName] = set()
        self._tried: dict[str, Booking] = {}

    def send(self, stopping: Callable[[], bool]) -> tuple[Booking, ...]:
        """Send until nothing is due, the time is over, or somebody asks to stop."""
        until = self._engine.clock.monotonic() + BUDGET
        while batch := self._due():
            for booking in batch:
                if stopping() or self._engine.clock.monotonic() >= until:
                    return tuple(self._tried.values())
                self._settle(booking)
        return tuple(self._tried.values())

    def _due(self) -> Sequence[Booking]:
        """Bookings that were not tried in this pass, for sources that can be written to."""
        due = self._engine.ledger.due_bookings(
            self._setup.name, self._writers.keys() - self._away, self._engine.clock.now(),
            BATCH + len(self._tried),
        )  # fmt: skip
        return [item for item in due if item.key not in self._tried]

    def _settle(self, booking: Booking) -> None:
        """Try one booking, with further keys where the source says that one is spent."""
        source = booking.id.place.source
        if source in self._away:
            return
        first, present = booking.key, booking
        for _ in range(KEYS_PER_PASS):
            before = present
            with self._engine.sources[source].turn:
                present = self._try(before, self._writers[source])
            self._tried[first] = present
            if present.attempt == before.attempt:
                break
        if source in self._away and present.due_at is not None:
            self._engine.ledger.postpone_bookings(self._setup.name, source, present.due_at)

    def _try(self, booking: Booking, writer: WriteBack) -> Booking:
        now = self._engine.clock.now()
        if (
            booking.in_doubt
            and booking.tried_at is not None
            and now - booking.tried_at >= KEYS_LAST
        ):
            return self._looked_for(booking, writer)
        sent = replace(
            booking, state=BookingState.SENT, tried_at=booking.tried_at or now,
            tries=booking.tries + 1, due_at=now + _wait(booking.tries + 1),
        )  # fmt: skip
        if not self._record(booking, sent):
            return booking
        self._lease.confirm()
        try:
            after = answered(
                booking, sent, writer.adjust(_adjustment(sent)), self._engine.clock.now()
            )
        except SourceError as error:
            self._away.add(booking.id.place.source)
            after = replace(
                sent, code=_code(error), message=str(error),
                state=BookingState.UNKNOWN if booking.in_doubt else BookingState.NEW,
                tried_at=booking.tried_at,
            )  # fmt: skip
        self._record(sent, after)
        _log(after)
        return after

    def _looked_for(self, booking: Booking, writer: WriteBack) -> Booking:
        """A key that the source may have forgotten is never sent again: one look, then a person decides."""
        try:
            seen = writer.was_booked(_adjustment(booking))
        except SourceError as error:
            self._away.add(booking.id.place.source)
            wait = _wait(booking.tries + 1)
            after = replace(
                booking, tries=booking.tries + 1, due_at=self._engine.clock.now() + wait,
                code=_code(error), message=str(error),
            )  # fmt: skip
        else:
            after = looked_for(booking, seen, self._engine.clock.now())
        self._record(booking, after)
        _log(after)
        return after

    def _record(self, before: Booking, after: Booking) -> bool:
        return self._engine.ledger.record_booking(
            self._setup.name, self._lease.fence, before, after
        )


def answered(before: Booking, sent: Booking, answer: Answer, now: datetime) -> Booking:
    """What a booking is after the source's answer to it.

    A refusal speaks of this one call: where an earlier one with the same key was never answered, that one
    stays in doubt.
    """
    match answer:
        case Booked():
            return replace(_done(sent, now, ""), quantity_after=answer.quantity_after)
        case KeySpent():
            return replace(
                sent, state=BookingState.NEW, attempt=sent.attempt + 1, tried_at=None,
                code=answer.code, message=answer.message,
            )  # fmt: skip
        case NotBooked():
            return _refused(before, sent, answer)
        case InDoubt():
            return replace(sent, state=BookingState.UNKNOWN, code="", message=answer.reason)


def _refused(before: Booking, sent: Booking, answer: NotBooked) -> Booking:
    told = replace(sent, code=answer.code, message=answer.message)
    if answer.again:
        state = BookingState.UNKNOWN if before.in_doubt else BookingState.NEW
        return replace(told, state=state, tried_at=before.tried_at)
    if before.in_doubt:
        message = f"{answer.message}; an earlier try was never answered"
        return replace(told, state=BookingState.PERSON, due_at=None, message=message)
    return replace(told, state=BookingState.REFUSED, due_at=None)


def looked_for(booking: Booking, seen: bool | None, now: datetime) -> Booking:  # noqa: FBT001 - the port's answer
    """What a booking in doubt is after a look at the source: done when it is there, else for a person."""
    if seen:
        return _done(booking, now, "found in the source")
    found = "the source does not show it" if seen is False else "the source cannot tell"
    return replace(
        booking, state=BookingState.PERSON, due_at=None,
        message=f"no answer for {KEYS_LAST.total_seconds() / 3600:.0f} h and {found}",
    )  # fmt: skip


def _done(booking: Booking, now: datetime, message: str) -> Booking:
    return replace(
        booking, state=BookingState.DONE, confirmed_at=now, due_at=None, code="", message=message
    )


def _code(error: SourceError) -> str:
    return DENIED if isinstance(error, SourceUnauthorized) else ""


def _wait(tries: int) -> timedelta:
    """5, 10, 20 … seconds, at most five minutes."""
    return min(FIRST_WAIT * (1 << min(max(tries, 1) - 1, MOST_DOUBLINGS)), LONGEST_WAIT)


def _adjustment(booking: Booking) -> Adjustment:
    name = booking.id
    about = f"{name.channel} order {name.order_id} line {name.line_id}"
    reference = about if name.effect is Effect.DEDUCT else f"{about}: {name.effect}"
    return Adjustment(
        key=booking.key, sku=name.sku, location=name.place.location, delta=booking.delta,
        reference=reference,
    )  # fmt: skip


_CALM = frozenset({BookingState.DONE, BookingState.NEW})


def _log(booking: Booking) -> None:
    level = logging.INFO if booking.state in _CALM else logging.WARNING
    name = booking.id
    logger.log(
        level, "%s %+d %s at %s for order %s: %s%s", name.effect, booking.delta, name.sku, name.place,
        name.order_id, booking.state, f" ({booking.message})" if booking.message else "",
        extra={"action": "write_back", "channel": name.channel, "sku": name.sku},
    )  # fmt: skip
