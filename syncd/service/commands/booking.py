"""The commands about bookings: what is not done, and what a person found out about one."""

import sys
from dataclasses import dataclass
from datetime import timedelta

from syncd.domain.errors import UsageError
from syncd.domain.report import ExitCode
from syncd.domain.unbooked import SHOWN, described
from syncd.domain.write_back import Booking, BookingState, said_booked, said_missing
from syncd.engine.looking import bookings as view_of
from syncd.ledger.store import open_ledger_for_writing
from syncd.reporting.machine import to_json
from syncd.reporting.views import print_bookings
from syncd.service.context import Context
from syncd.service.handing import wake
from syncd.service.wiring import opened_for_looking

UNDER_WAY = timedelta(minutes=1)
"""A booking sent so lately may still be answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What a person says of a booking, as typed."""

    key: str
    reason: str
    booked: bool
    missing: bool


def bookings(context: Context, as_json: bool) -> ExitCode:
    """Bookings that are not done."""
    with opened_for_looking(context.settings, context.clock) as opened:
        view = view_of(opened.engine)
    if as_json:
        sys.stdout.write(to_json(view) + "\n")
    else:
        print_bookings(view, context.out)
    return ExitCode.DONE


def settle(context: Context, said: Settlement) -> ExitCode:
    """Take a person's word on one booking; needs no lease, a running daemon goes on at once."""
    if said.booked == said.missing:
        raise UsageError("say one of the two: --booked if the source has it, --not-booked if not")
    if not said.reason.strip():
        raise UsageError("--reason: say how you know")
    with open_ledger_for_writing(context.settings.ledger_url, context.clock) as ledger:
        booking = ledger.booking(said.key)
        if booking is None:
            raise UsageError(f"no booking has the key {said.key}; `syncd bookings` lists them")
        now = context.clock.now()
        _require_open(booking, said)
        if booking.state is BookingState.SENT and now - (booking.tried_at or now) < UNDER_WAY:
            raise UsageError("it is being sent at this moment; ask again in a minute")
        change = said_booked if said.booked else said_missing
        after = change(booking, now, said.reason)
        if not ledger.settle_booking(booking, after):
            raise UsageError("it changed at this moment; `syncd bookings` shows what it is now")
        served = wake(ledger, [booking.id.channel])
    sys.stdout.write(f"{described(booking)} at {booking.id.place}: {_then(after, served)}\n")
    return ExitCode.DONE


def _require_open(booking: Booking, said: Settlement) -> None:
    if booking.state in {BookingState.DONE, BookingState.DROPPED}:
        raise UsageError(f"booking {booking.key[:SHOWN]} is {booking.state}: nothing to settle")
    if booking.state is BookingState.NEW and said.missing:
        raise UsageError("it is not made yet and will be tried by itself")


def _then(after: Booking, served: bool) -> str:
    if after.state is BookingState.DONE:
        return "taken as done"
    tried = "the daemon tries it now" if served else "the next `syncd apply` tries it"
    return f"{tried}, with the new key {after.key[:SHOWN]}"
