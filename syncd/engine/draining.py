"""Goes on while bookings are due, cycle by cycle, so that no channel waits for a slow source."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

from syncd.domain.identity import ChannelName
from syncd.domain.outcome import Verdict
from syncd.domain.report import ChannelReport, Requests
from syncd.domain.write_back import BookingState
from syncd.engine.drafting import OPEN
from syncd.engine.setup import EngineSetup

LONGEST = 600.0
"""Seconds after which a run ends with what it has; a timer may be waiting to read the sources again."""
PAUSE = timedelta(seconds=1)
"""At least so long after a cycle that got no booking done."""


def drain(
    engine: EngineSetup, reports: Sequence[ChannelReport],
    again: Callable[[ChannelName], ChannelReport], stopping: Callable[[], bool],
) -> list[ChannelReport]:  # fmt: skip
    """Give every channel one cycle after another while bookings are due and its cycles get some done.

    Each cycle asks for orders, publishes, and books for no longer than ever, so that a source which hangs
    ends it: nothing gets done then. Answers what came of all of it.
    """
    known = {part.name: part for part in reports}
    going = [part.name for part in reports if part.unbooked]
    until = engine.clock.monotonic() + LONGEST
    while going:
        for name in tuple(going):
            if stopping() or engine.clock.monotonic() >= until:
                return list(known.values())
            later = again(name) if _is_due(engine, name) else None
            if later is None or later.leased:  # whoever has the channel now books on
                going.remove(name)
                continue
            known[name] = joined(known[name], later)
            if not _books(later):
                going.remove(name)
    return list(known.values())


def until_next(engine: EngineSetup, report: ChannelReport) -> timedelta | None:
    """How long a daemon waits before it gives the channel another cycle for its bookings; None: none waits.

    No time at all while its cycles get them done; else some, so that trouble is not asked for in a circle.
    """
    due = engine.ledger.next_booking_at(report.name, engine.writers())
    if due is None:
        return None
    wait = due - engine.clock.now()
    return timedelta(0) if wait <= timedelta(0) and _books(report) else max(wait, PAUSE)


def _books(report: ChannelReport) -> bool:
    """Whether a cycle got bookings done, so that the next one will, too."""
    return any(item.state is BookingState.DONE for item in report.bookings)


def _is_due(engine: EngineSetup, name: ChannelName) -> bool:
    due = engine.ledger.next_booking_at(name, engine.writers())
    return due is not None and due <= engine.clock.now()


def joined(first: ChannelReport, later: ChannelReport) -> ChannelReport:
    """Two cycles of a channel as one: how it stands after the later one, and all that was done."""
    bookings = {item.id: item for item in (*first.bookings, *later.bookings)}
    both = replace(
        later, bookings=tuple(bookings.values()), requests=_sum(first.requests, later.requests)
    )
    if later.plan is None:  # it was not planned again
        return replace(
            both, plan=first.plan, hazards=first.hazards, changes=first.changes,
            skipped=first.skipped, look_again=first.look_again,
        )  # fmt: skip
    again = {row.change.key for row in later.changes}
    touched = {row.change.ref for row in later.changes} | {skip.ref for skip in later.skipped}
    kept = [
        row for row in first.changes
        if row.change.key not in again and row.verdict is not Verdict.HELD
    ]  # fmt: skip
    left = [skip for skip in first.skipped if skip.kind not in OPEN and skip.ref not in touched]
    return replace(
        both, plan=later.plan if later.changes else first.plan, changes=(*later.changes, *kept),
        skipped=(*left, *later.skipped),
    )  # fmt: skip


def _sum(first: Requests, later: Requests) -> Requests:
    return Requests(
        sent=first.sent + later.sent,
        throttled=first.throttled + later.throttled,
        retried=first.retried + later.retried,
    )
