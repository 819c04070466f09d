"""What the ledger answers and is given: frozen values, no row."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from syncd.domain.change import Change
from syncd.domain.identity import ChannelName, Digest, ListingRef, Place, RunId, Sku
from syncd.domain.listing import SetAside
from syncd.domain.outcome import Verdict
from syncd.domain.stock import Reject


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotResult:
    """What recording a snapshot did. `rejects` is cut at 1,000; `rejected` counts all of them.

    `rows` is how many the source has now, `read` how many of them this reading said.
    """

    rows: int
    read: int
    changed: int
    missing: int
    rejected: int
    rejects: Sequence[Reject]


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """One fact that changed in one run. `kind` is quantity, committed, price, cost, state or missing."""

    run: RunId
    at: datetime
    sku: Sku
    place: Place
    kind: str
    before: str | None
    after: str | None
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dirty:
    """SKUs to plan. `token` goes back to `clear_dirty`, so that a SKU marked meanwhile stays."""

    skus: Sequence[Sku]
    token: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingScan:
    """What a complete read of a channel's listings found; `differing` show other units than were sent."""

    total: int
    new: int
    gone: int
    differing: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCursor:
    """How far the order feed was read: `cursor` from the data, `complete_until` by the server's clock."""

    cursor: datetime | None
    complete_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRow:
    """One row of a saved plan."""

    change: Change
    held_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPlan:
    """A plan as it was saved."""

    digest: Digest
    channel: ChannelName
    run: RunId
    saved_at: datetime
    rows: Sequence[StoredRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A held plan that a person released, with the rows they saw."""

    digest: Digest
    reason: str
    given_at: datetime
    until: datetime
    rows: Sequence[Change]


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """A change about to be sent, with the number really sent, and whether a person released it."""

    change: Change
    sent: int
    released: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A change that was sent, and what is known of it."""

    run: RunId
    change: Change
    sent: int
    verdict: Verdict
    intent_at: datetime
    outcome_at: datetime | None
    verified_at: datetime | None
    code: str | None
    message: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Listings that got a change since a moment, by the guard's kinds.

    Decreases caused by orders and rows that a person released do not count.
    """

    changed: frozenset[ListingRef]
    to_zero: frozenset[ListingRef]
    price_moved: frozenset[ListingRef]


@dataclass(frozen=True, slots=True, kw_only=True)
class Park:
    """A listing set aside; `ref` None parks every listing of the SKU, `until` None waits for a person.

    `field` None parks quantity and price. It is in force from `since` on, which may be still to come.
    """

    channel: ChannelName
    sku: Sku
    ref: ListingRef | None
    field: str | None
    code: str
    message: str
    since: datetime
    until: datetime | None
    kind: SetAside = SetAside.PARKED


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """A channel stopped by hand."""

    channel: ChannelName
    reason: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredReport:
    """A finished run and its report as the JSON document of DESIGN section 7."""

    run: RunId
    started_at: datetime
    finished_at: datetime | None
    status: str
    trigger: str
    document: str | None
