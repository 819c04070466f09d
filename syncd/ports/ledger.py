"""What the engine and the commands ask of the ledger. Every method owns its transaction; no row leaves."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from syncd.domain.change import Change
from syncd.domain.identity import ChannelName, Digest, ListingRef, RunId, Sku, SourceName
from syncd.domain.orders import OrderLine
from syncd.domain.outcome import Outcome, Verdict
from syncd.domain.plan import Plan
from syncd.domain.promotion import PriceLock
from syncd.domain.report import Status
from syncd.domain.stock import Expectations, Position, Reject, SourceStanding
from syncd.ports.alerts import AlertLedger
from syncd.ports.authorization import AuthorizationLedger
from syncd.ports.bookings import BookingLedger
from syncd.ports.deliveries import InboxLedger
from syncd.ports.drift import DriftLedger
from syncd.ports.escrow import EscrowLedger
from syncd.ports.listings import ListingLedger
from syncd.ports.moments import MomentLedger
from syncd.ports.records import (
    Approval,
    Attempt,
    Intent,
    Movement,
    OrderCursor,
    Park,
    Pause,
    SnapshotResult,
    StoredPlan,
    StoredReport,
    Window,
)
from syncd.ports.selling import SellingLedger
from syncd.ports.service import ServiceLedger
from syncd.ports.source import SnapshotReader


class Lease(Protocol):
    """The right to write to one channel."""

    @property
    def fence(self) -> int:
        """The fencing number; it grows with every new holder."""
        ...

    def confirm(self) -> None:
        """Renew the heartbeat and prove that the number is still ours; LeaseLost otherwise."""
        ...


class RunLedger(Protocol):
    """Runs and their reports."""

    def begin_run(self, trigger: str) -> RunId:
        """Open a run."""
        ...

    def finish_run(self, run: RunId, status: Status, document: str) -> None:
        """Close a run with its report."""
        ...

    def reports(self, limit: int) -> Sequence[StoredReport]:
        """The latest finished runs, newest first."""
        ...

    def report(self, run: RunId) -> StoredReport | None:
        """One run; a prefix of its id is enough when it is unique."""
        ...


class SourceLedger(Protocol):
    """What sources said."""

    def record_snapshot(
        self, run: RunId, source: SourceName, reader: SnapshotReader, expected: Expectations,
        form: str = "", confirmations: int = 0,
    ) -> SnapshotResult:  # fmt: skip
        """Read to the end and record atomically; marks moved SKUs dirty for every channel.

        `form` names how rows are read: after another one every row is judged anew, unchanged ones too.
        `confirmations` is how many bookings the source had confirmed before the reading was begun.

        Raises SourceInvalid when `snapshot_problems` finds any and the fingerprint was not accepted, and
        whatever `reader.batches` raises; the former snapshot stays current then.
        """
        ...

    def record_unchanged(
        self, run: RunId, source: SourceName, as_of: datetime, confirmations: int = 0
    ) -> SnapshotResult:
        """The source still says the same; only `as_of` and the time of reading move."""
        ...

    def record_trouble(self, run: RunId, source: SourceName, state: str, message: str,
                       fingerprint: str | None) -> None:  # fmt: skip
        """The source could not be read or was refused; keeps the time it began."""
        ...

    def accept(self, source: SourceName, fingerprint: str, reason: str) -> None:
        """Let this refused content in once; UsageError when the source refused another or none."""
        ...

    def standings(self) -> Mapping[SourceName, SourceStanding]:
        """Where every source stands that was ever read or tried."""
        ...

    def reject_count(self, source: SourceName) -> int:
        """How many rows of the current snapshot were rejected."""
        ...

    def rejects(self, source: SourceName, limit: int) -> Sequence[Reject]:
        """The first rejected rows of the current snapshot; at most a thousand are kept."""
        ...

    def positions(self, skus: Iterable[Sku]) -> Mapping[Sku, Sequence[Position]]:
        """Current positions; SKUs without any are absent."""
        ...

    def positions_at(
        self, skus: Iterable[Sku], moment: datetime
    ) -> Mapping[Sku, Sequence[Position]]:
        """Positions as the ledger knew them at a past moment."""
        ...

    def movements(self, sku: Sku, limit: int) -> Sequence[Movement]:
        """What changed of a SKU, newest first."""
        ...

    def quantity_maxima(self, skus: Iterable[Sku], since: datetime) -> Mapping[Sku, int]:
        """The largest quantity at any place each SKU had since then, before the current run's change.

        SKUs without an earlier movement are absent.
        """
        ...

    def mark_missing_due(self, source: SourceName, due_before: datetime) -> int:
        """Mark SKUs dirty that are missing since before that moment and were not marked for it yet."""
        ...

    def mark_freshness(self, source: SourceName, step: str) -> bool:
        """Remember the freshness step; when it differs from the last, mark the source's SKUs dirty."""
        ...


class OrderLedger(Protocol):
    """Orders of channels."""

    def order_cursor(self, channel: ChannelName) -> OrderCursor:
        """How far the feed was read; both None before the first complete poll."""
        ...

    def record_orders(
        self, channel: ChannelName, lines: Iterable[OrderLine]
    ) -> Sequence[OrderLine]:
        """Upsert lines, keeping the earliest step times; answers the lines that are new or moved."""
        ...

    def complete_orders(
        self, channel: ChannelName, cursor: datetime | None, until: datetime
    ) -> None:
        """A poll came to its end; both only ever advance."""
        ...

    def oldest_count(self, source: SourceName, gone_before: datetime | None) -> datetime | None:
        """The oldest `counted_at` of a source's rows, without those that vanished by `gone_before`."""
        ...

    def lines_in_play(self, horizon: datetime) -> Sequence[OrderLine]:
        """Lines of all channels that may have to be subtracted.

        Not cancelled before leaving, not known to have left before the horizon, and not taken off by
        bookings that readings contain.
        """
        ...

    def sold_out(self, channel: ChannelName) -> Mapping[Sku, datetime]:
        """SKUs of which the seller cancelled an order for want of stock, and when last.

        Without those of which a person said since that there are units.
        """
        ...

    def restock(self, channel: ChannelName, sku: Sku, reason: str) -> bool:
        """A person says that there are units; answers whether it was sold out, and marks it dirty then."""
        ...

    def order_lines(self, sku: Sku, limit: int) -> Sequence[OrderLine]:
        """The latest lines of listings bound to a SKU."""
        ...


class PlanLedger(Protocol):
    """Plans, approvals, intents and outcomes."""

    def save_plan(self, run: RunId, plan: Plan) -> None:
        """Keep a plan by its digest."""
        ...

    def plan(self, channel: ChannelName, digest: str) -> StoredPlan | None:
        """A saved plan by digest or a unique prefix of at least 8 hex digits."""
        ...

    def latest_plan(self, channel: ChannelName) -> StoredPlan | None:
        """The plan saved last."""
        ...

    def approve(self, channel: ChannelName, digest: Digest, reason: str, until: datetime) -> None:
        """Release a saved plan and mark its SKUs dirty."""
        ...

    def approvals(self, channel: ChannelName, now: datetime) -> Sequence[Approval]:
        """Approvals still in force."""
        ...

    def record_intents(
        self, run: RunId, channel: ChannelName, fence: int, intents: Sequence[Intent]
    ) -> None:
        """Durable before anything is sent; LeaseLost when the fencing number is not the current one."""
        ...

    def record_outcomes(
        self, run: RunId, channel: ChannelName, outcomes: Sequence[Outcome]
    ) -> None:
        """What the channel answered; Accepted moves `published`."""
        ...

    def record_verdicts(
        self,
        run: RunId,
        channel: ChannelName,
        verdicts: Sequence[tuple[Change, Verdict, str | None]],
    ) -> None:
        """What reading back showed; VERIFIED sets `confirmed`."""
        ...

    def remember_basis(
        self, channel: ChannelName, bases: Iterable[tuple[ListingRef, int | None, int]]
    ) -> None:
        """(listing, offer by the sources alone, units subtracted for orders) of the published state."""
        ...

    def unresolved(self, channel: ChannelName) -> Sequence[Attempt]:
        """Changes sent whose result was never settled: a crash, a lost answer, no read-back."""
        ...

    def attempts(self, channel: ChannelName, sku: Sku, limit: int) -> Sequence[Attempt]:
        """The latest push attempts of a SKU, newest first."""
        ...

    def confirmed_at(self, channel: ChannelName) -> datetime | None:
        """When a listing of the channel was last read back or found as it should be."""
        ...

    def window(self, channel: ChannelName, since: datetime) -> Window:
        """What was sent since then, but for decreases caused by orders and released rows."""
        ...


class OperatorLedger(Protocol):
    """What operators said, and who may write."""

    def park(self, park: Park) -> None:
        """Set a listing aside; replaces an earlier park of the same listing and field."""
        ...

    def unpark(self, channel: ChannelName, sku: Sku) -> int:
        """Take every park of a SKU back and mark it dirty; answers how many there were."""
        ...

    def parks(self, channel: ChannelName, now: datetime) -> Sequence[Park]:
        """Parks in force."""
        ...

    def record_price_locks(self, channel: ChannelName, locks: Sequence[PriceLock]) -> None:
        """All promotions there are: their listings' prices are set aside while they run.

        Listings of promotions that are no longer among them are taken back and marked dirty.
        """
        ...

    def release_due_parks(self, channel: ChannelName, now: datetime) -> int:
        """Drop parks whose time is over and mark their SKUs dirty."""
        ...

    def pause(self, channel: ChannelName, reason: str) -> None:
        """Stop writing to a channel."""
        ...

    def resume(self, channel: ChannelName) -> bool:
        """Go on; answers whether it was paused."""
        ...

    def paused(self, channel: ChannelName) -> Pause | None:
        """Whether and why the channel is paused."""
        ...

    def lease(self, channel: ChannelName) -> AbstractContextManager[Lease]:
        """Become the channel's only writer; LeaseHeld naming the other process otherwise."""
        ...

    def writer(self, channel: ChannelName) -> int | None:
        """The pid of the process that holds the channel's lease now, if any does."""
        ...

    def integrity_problem(self) -> str | None:
        """A quick check of the database; None when it is sound."""
        ...


class Ledger(
    MomentLedger,
    RunLedger,
    SourceLedger,
    ListingLedger,
    OrderLedger,
    BookingLedger,
    SellingLedger,
    PlanLedger,
    OperatorLedger,
    DriftLedger,
    EscrowLedger,
    AlertLedger,
    InboxLedger,
    AuthorizationLedger,
    ServiceLedger,
    Protocol,
):
    """The memory between cycles: append-mostly, one transaction per method."""
