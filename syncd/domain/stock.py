"""What sources say: readings, snapshots, positions, and when a position may be believed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from syncd.domain.identity import LocationName, Place, Sku, SourceName

LARGEST_QUANTITY = 10**9
REJECTED = "row rejected: "
"""How the reason of a position begins whose latest row could not be believed."""


class Basis(StrEnum):
    """Which quantity a source reports."""

    AVAILABLE = "available"
    ON_HAND = "on_hand"


class Completeness(StrEnum):
    """Whether a snapshot names everything the source is responsible for."""

    FULL = "full"
    PARTIAL = "partial"


class State(StrEnum):
    """What a position knows of its quantity."""

    KNOWN = "known"
    UNKNOWN = "unknown"
    UNTRACKED = "untracked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One accepted row of a source. Quantities are base units and may be negative (a debt)."""

    sku: Sku
    location: LocationName
    state: State
    quantity: int | None = None
    committed: int | None = None
    price: Decimal | None = None
    currency: str | None = None
    cost: Decimal | None = None
    counted_at: datetime | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """One row that cannot be believed: where it is, whose it is if that can be read, and why."""

    at: str
    sku: Sku | None
    reason: str
    location: LocationName | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """A SKU's current reading at one place, as the ledger keeps it.

    `quantity` is the last known number even when the state is unknown; `missing_since` is set while
    full snapshots lack the row. `origin` says where it was read (`stock.csv:17`). `since` is when its
    quantity or state became what it is, `born_at` when the source named it first.
    """

    sku: Sku
    place: Place
    state: State
    quantity: int | None
    committed: int | None
    price: Decimal | None
    currency: str | None
    cost: Decimal | None
    counted_at: datetime | None
    reason: str
    since: datetime
    born_at: datetime
    missing_since: datetime | None
    origin: str


class After(StrEnum):
    """What happens when waiting for a row or a source is over."""

    KEEP = "keep"
    ZERO = "zero"


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingPolicy:
    """What a row that vanished from full snapshots means: hold its last value, then `then`."""

    hold: timedelta = timedelta(hours=24)
    then: After = After.ZERO


class Duplicates(StrEnum):
    """What several rows of one SKU at one location mean."""

    ERROR = "error"
    SUM = "sum"
    MIN = "min"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectations:
    """What a believable snapshot looks like. `max_shrink` is a fraction of the last row count."""

    min_rows: int = 1
    max_shrink: Decimal = Decimal("0.2")
    sentinels: tuple[Sku, ...] = ()
    duplicates: Duplicates = Duplicates.ERROR


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotCounts:
    """What one reading of a source amounts to, before it is accepted."""

    rows: int
    rejected: int
    previous_rows: int | None
    absent_sentinels: tuple[Sku, ...]


def snapshot_problems(counts: SnapshotCounts, expected: Expectations) -> tuple[str, ...]:
    """Why this snapshot must be refused whole; empty when it may be taken."""
    problems = []
    if counts.rows == 0:
        problems.append("it holds no usable row")
    elif counts.rows < expected.min_rows:
        problems.append(
            f"it holds {counts.rows} rows, fewer than expect.min_rows {expected.min_rows}"
        )
    if counts.previous_rows and counts.rows < counts.previous_rows * (1 - expected.max_shrink):
        problems.append(
            f"it shrank from {counts.previous_rows} to {counts.rows} rows, more than "
            f"expect.max_shrink {expected.max_shrink:.0%} allows"
        )
    if counts.absent_sentinels:
        problems.append(f"it lacks the sentinel {', '.join(counts.absent_sentinels)}")
    return tuple(problems)


SPOILED = 10
"""So many rows that could be read before and cannot any more are a matter of the reading, not of the rows."""


def rejection_problems(
    rejected: int, previous_rejected: int, previous_rows: int, expected: Expectations
) -> tuple[str, ...]:
    """Why a reading is refused whole for its rejected rows; the rest of a file with mistaken columns lies too.

    `previous_rows` were usable at the last reading; rows that were rejected then do not count.
    """
    more = rejected - previous_rejected
    if more < SPOILED or not previous_rows or more <= previous_rows * expected.max_shrink:
        return ()
    problem = (
        f"{more} rows more than at the last reading of {previous_rows} are rejected, more than "
        f"expect.max_shrink {expected.max_shrink:.0%} allows; look whether its columns are what they were"
    )
    return (problem,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watermark:
    """A moment of the source's own data: what changed before it was read.

    `scope` names what was read (query, locations); a watermark of another scope means nothing.
    """

    moment: datetime
    scope: str


class Freshness(StrEnum):
    """How old the current snapshot of a source is, in steps that change what it may do."""

    FRESH = "fresh"
    STALE = "stale"
    DEAD = "dead"
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStanding:
    """Where a source stands: its current snapshot and when it was last read successfully.

    `full_at` is when everything was read last, `watermark` from when on changes are to be asked.
    """

    source: SourceName
    as_of: datetime | None = None
    read_at: datetime | None = None
    fingerprint: str | None = None
    rows: int = 0
    origin: str = ""
    trouble: str = ""
    trouble_state: str = ""
    trouble_since: datetime | None = None
    refused_fingerprint: str | None = None
    full_at: datetime | None = None
    watermark: "Watermark | None" = None
    form: str | None = None

    def since(self, scope: str | None, full_every: timedelta, now: datetime) -> datetime | None:
        """From when on changes suffice; None when everything must be read.

        That is so for another scope than the watermark's, and when the last full reading is older than
        `full_every`, because what vanished from a source leaves no trace in its changes.
        """
        mark = self.watermark
        if mark is None or self.full_at is None or mark.scope != scope:
            return None
        return None if now - self.full_at >= full_every else mark.moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """How long a source is believed: `stale_after` stops raises, `dead_after` applies `then`.

    Both count from the last successful reading; `content_stale_after` counts from `as_of` and is set only
    where the operator wrote `stale_after`, because nobody else knows how often a file is exported.
    """

    stale_after: timedelta
    dead_after: timedelta
    content_stale_after: timedelta | None = None
    then: After = After.KEEP
    missing: MissingPolicy = MissingPolicy()


def freshness(standing: SourceStanding, trust: Trust, now: datetime) -> Freshness:
    """How old the last successful reading and its content are, in steps."""
    if standing.read_at is None or standing.as_of is None:
        return Freshness.NEVER
    read, content = now - standing.read_at, now - standing.as_of
    judged_by_content = trust.content_stale_after is not None
    if read > trust.dead_after or (judged_by_content and content > trust.dead_after):
        return Freshness.DEAD
    if read > trust.stale_after:
        return Freshness.STALE
    too_old = trust.content_stale_after is not None and content > trust.content_stale_after
    return Freshness.STALE if too_old else Freshness.FRESH


@dataclass(frozen=True, slots=True, kw_only=True)
class Believed:
    """A position as it may be used: a number or none, and whether it may raise a listing.

    `withdrawn`: it is 0 by policy, because the source has lost the row or is dead.
    """

    quantity: int | None
    may_raise: bool
    untracked: bool = False
    note: str = ""
    withdrawn: bool = False


def believe(  # noqa: PLR0911 - one return per rule reads better than nesting
    position: Position, standing: SourceStanding, trust: Trust, now: datetime
) -> Believed:
    """Rule 1: absence, unknown and stale are never zero and never raise a listing."""
    if position.missing_since is not None:
        waited = now - position.missing_since
        gone = f"missing from {position.place.source} since {position.missing_since:%Y-%m-%d %H:%M}"
        if waited >= trust.missing.hold and trust.missing.then is After.ZERO:
            note = f"{gone}, grace over: 0"
            return Believed(quantity=0, may_raise=False, note=note, withdrawn=True)
        return Believed(quantity=position.quantity, may_raise=False, note=f"{gone}, held")
    age = freshness(standing, trust, now)
    if age is Freshness.DEAD and trust.then is After.ZERO:
        note = f"source {standing.source} is dead: 0"
        return Believed(quantity=0, may_raise=False, note=note, withdrawn=True)
    if position.state is State.UNTRACKED:
        return Believed(quantity=None, may_raise=False, untracked=True, note="untracked")
    if position.state is State.UNKNOWN:
        return Believed(quantity=position.quantity, may_raise=False, note=position.reason)
    if age is not Freshness.FRESH:
        note = f"source {standing.source} is {age}"
        return Believed(quantity=position.quantity, may_raise=False, note=note)
    return Believed(quantity=position.quantity, may_raise=True, note=position.reason)
