"""The record of a run: what needs attention first, then sources and channels; status and exit code."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum

from syncd.domain.change import Change
from syncd.domain.identity import ChannelName, RunId, SourceName, WarehouseId
from syncd.domain.outcome import Verdict
from syncd.domain.plan import Hazard, Skip
from syncd.domain.stock import Completeness, Reject
from syncd.domain.write_back import Booking, BookingState


class ExitCode(IntEnum):
    """What a command answers to the shell; the highest that applies wins, UNEXPECTED over all."""

    DONE = 0
    UNEXPECTED = 1
    USAGE = 2
    HELD = 3
    PARTIAL = 4
    UNAVAILABLE = 5


class Status(StrEnum):
    """One word for a run."""

    CLEAN = "clean"
    CHANGED = "changed"
    PARTIAL = "partial"
    HELD = "held"
    FAILED = "failed"


class SourceState(StrEnum):
    """One word for what became of a source in a run."""

    OK = "ok"
    UNCHANGED = "unchanged"
    STALE = "stale"
    UNAVAILABLE = "unavailable"
    UNAUTHORIZED = "unauthorized"
    INVALID = "invalid"
    HELD = "held"


class ChannelState(StrEnum):
    """One word for what became of a channel in a run."""

    OK = "ok"
    HELD = "held"
    UNAVAILABLE = "unavailable"
    UNAUTHORIZED = "unauthorized"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attention:
    """Something a person should know or do, since when, how many, and the command that helps."""

    what: str
    since: datetime | None
    count: int
    help: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceReport:
    """What one source said in this run; `rows` is what it has, `read` what this reading said of it."""

    name: SourceName
    state: SourceState
    as_of: datetime | None = None
    rows: int = 0
    changed: int = 0
    missing: int = 0
    read: int = 0
    completeness: Completeness = Completeness.FULL
    fingerprint: str | None = None
    rejected: tuple[Reject, ...] = ()
    rejected_count: int = 0
    message: str = ""
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeReport:
    """One change and what became of it. `after` is the number really sent when one was sent."""

    change: Change
    verdict: Verdict
    sent: int | None = None
    code: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Requests:
    """HTTP requests of a channel in this run."""

    sent: int = 0
    throttled: int = 0
    retried: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelReport:
    """What one channel was given in this run. `warehouses`: our names for its warehouse ids.

    `bookings` are those that were tried for its order lines, as they stood after that; `unbooked` how many
    were still to be made then. `look_again`: when a listing in escrow can take its next step by itself.
    """

    name: ChannelName
    state: ChannelState
    listings: int = 0
    plan: str | None = None
    hazards: tuple[Hazard, ...] = ()
    changes: tuple[ChangeReport, ...] = ()
    skipped: tuple[Skip, ...] = ()
    parked: int = 0
    unmapped: int = 0
    requests: Requests = field(default_factory=Requests)
    message: str = ""
    leased: bool = False
    bookings: tuple[Booking, ...] = ()
    unbooked: int = 0
    warehouses: Mapping[WarehouseId, str] = field(default_factory=dict)
    look_again: datetime | None = None

    def counts(self) -> Mapping[str, int]:
        """How many changes came to each verdict, and how many listings are parked or unmapped."""
        verdicts = [row.verdict for row in self.changes]
        done = {
            word.value: verdicts.count(word)
            for word in (Verdict.ACCEPTED, Verdict.VERIFIED, Verdict.CONTRADICTED,
                         Verdict.REJECTED, Verdict.UNKNOWN, Verdict.HELD)
        }  # fmt: skip
        accepted = done["accepted"] + done["verified"] + done["contradicted"]
        return {
            "planned": len(verdicts) - done["held"],
            **done,
            "accepted": accepted,
            "parked": self.parked,
            "unmapped": self.unmapped,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The record of one run."""

    run: RunId
    started_at: datetime
    finished_at: datetime
    trigger: str
    sources: tuple[SourceReport, ...] = ()
    channels: tuple[ChannelReport, ...] = ()
    attention: tuple[Attention, ...] = ()

    def exit_code(self) -> ExitCode:
        """The highest code that applies to any part."""
        return max(_exit_codes(self.sources, self.channels), default=ExitCode.DONE)

    def status(self) -> Status:
        """Failed for 1 and 5, partial for 4, held for 3, else changed or clean."""
        code = self.exit_code()
        if code is ExitCode.PARTIAL:
            return Status.PARTIAL
        if code is ExitCode.HELD:
            return Status.HELD
        if code is not ExitCode.DONE:
            return Status.FAILED
        return Status.CHANGED if any(part.changes for part in self.channels) else Status.CLEAN


_SOURCE_CODES = {
    SourceState.INVALID: ExitCode.HELD,
    SourceState.HELD: ExitCode.HELD,
    SourceState.UNAVAILABLE: ExitCode.UNAVAILABLE,
    SourceState.UNAUTHORIZED: ExitCode.UNAVAILABLE,
}
_CHANNEL_CODES = {
    ChannelState.HELD: ExitCode.HELD,
    ChannelState.UNAVAILABLE: ExitCode.UNAVAILABLE,
    ChannelState.UNAUTHORIZED: ExitCode.UNAVAILABLE,
}
_UNDONE = frozenset({Verdict.REJECTED, Verdict.UNKNOWN, Verdict.CONTRADICTED, Verdict.ACCEPTED})


def _exit_codes(
    sources: Iterable[SourceReport], channels: Iterable[ChannelReport]
) -> Iterable[ExitCode]:
    for source in sources:
        yield _SOURCE_CODES.get(source.state, ExitCode.DONE)
        if source.rejected_count:
            yield ExitCode.PARTIAL
    for channel in channels:
        yield ExitCode.UNAVAILABLE if channel.leased else ExitCode.DONE
        yield _CHANNEL_CODES.get(channel.state, ExitCode.DONE)
        if any(row.verdict is Verdict.HELD for row in channel.changes):
            yield ExitCode.HELD
        if any(row.verdict in _UNDONE for row in channel.changes):
            yield ExitCode.PARTIAL
        if channel.unbooked or any(row.state is not BookingState.DONE for row in channel.bookings):
            yield ExitCode.PARTIAL
