"""Tries out on one listing what the shop does with a quantity: lowers it by one, looks, and puts it back.

It only ever lowers before it restores. Every write is an intent of the ledger, and the SKU is dirty from
the beginning: whatever happens in between, the next cycle sets the absolute number again.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from syncd.domain.change import Cause, Change, Field
from syncd.domain.errors import ChannelError, ChannelUnavailable, UsageError
from syncd.domain.identity import RunId, Sku, WarehouseId
from syncd.domain.listing import BoundListing, Listing, ListingStatus, WarehouseStock
from syncd.domain.outcome import Accepted, Outcome, Rejected, Unknown, Verdict
from syncd.domain.report import ChangeReport, ChannelReport, ChannelState, Report
from syncd.domain.rules import Allocation, Zero
from syncd.domain.trial import QuantityMeans, Trial, ZeroAnswer, first_step, quantity_means
from syncd.engine.applying import Sent
from syncd.engine.cycle import Task, change_reports, finish
from syncd.engine.drafting import channel_bounds
from syncd.engine.ordering import INDEX_DELAY, open_demands, poll_orders
from syncd.engine.planning import target_quantities
from syncd.engine.setup import ChannelSetup, EngineSetup, Trigger
from syncd.engine.verifying import ordered_since
from syncd.engine.wanting import want
from syncd.ports.channel import Exchange
from syncd.ports.ledger import Lease
from syncd.ports.records import Intent

LOOKS = (0.1, 0.3, 0.6, 1.0, 1.5, 2.0, 3.0, 5.0, 8.0, 12.0, 20.0, 30.0, 60.0)
"""Seconds after a write at which it is looked for; after the last one it counts as not shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be tried: on which SKU, and whether 0 is among it."""

    sku: Sku
    zero: bool = False


def try_out(
    engine: EngineSetup, setup: ChannelSetup, wish: Wish, render: Callable[[Report], str],
    stopping: Callable[[], bool],
) -> Trial:  # fmt: skip
    """One trial on the SKU's listing, kept as a run; the channel is leased as long as it takes.

    Raises UsageError for a listing that is not fit, LeaseHeld while another process writes to the
    channel, and ChannelError when the shop fails before anything was changed.
    """
    if setup.rules.allocation is Allocation.ESCROW:
        raise UsageError(
            f"{setup.name} shows only units that it owns (allocation: escrow): every number that is sent "
            "is counted, so nothing is tried out there; write allocation: pool for the trial"
        )
    bound = _writable(engine, setup, wish.sku)
    with engine.lease(setup.name) as lease:
        poll_orders(engine, setup)
        listing = _look(engine, setup, bound)
        before = max(listing.stock, key=lambda item: item.available)
        step = first_step(before.available, _kept(listing, before), zero_wanted=wish.zero)
        if step is None:
            raise UsageError(
                f"{wish.sku} shows {before.available} in its fullest warehouse: a trial lowers it by one, "
                "and may reach neither 0 (but with --zero) nor what campaigns hold; take another SKU"
            )
        engine.ledger.mark_dirty(setup.name, [wish.sku])
        run = engine.ledger.begin_run("probe")
        begun = engine.clock.now()
        probe = _Probe(
            engine=engine, setup=setup, run=run, lease=lease, bound=bound, before=before,
            stopping=stopping,
        )  # fmt: skip
        trial = probe.trial(step, zero_wanted=wish.zero)
        part = ChannelReport(
            name=setup.name,
            state=ChannelState.OK,
            listings=engine.ledger.listing_count(setup.name),
            changes=tuple(probe.rows()),
            message=trial.remark,
        )
        task = Task(trigger=Trigger.BY_HAND, word="probe", sources=(), channels=[setup.name])
        finish(engine, run, begun, task, ([], [part]), render)
    return trial


def _writable(engine: EngineSetup, setup: ChannelSetup, sku: Sku) -> BoundListing:
    for row in engine.ledger.bound(setup.name, [sku]).get(sku, ()):
        if row.listing.status is ListingStatus.LIVE and not row.listing.refusal:
            return row
    raise UsageError(
        f"{setup.name} has no live listing of {sku} that takes writes; `syncd listings` shows all, "
        f"and `syncd plan {setup.name}` reads them"
    )


def _look(engine: EngineSetup, setup: ChannelSetup, bound: BoundListing) -> Listing:
    """The live listing, remembered; ChannelUnavailable when the shop shows no stock of it."""
    live = setup.channel.look([bound.listing.ref]).get(bound.listing.ref)
    if live is None or not live.stock:
        raise ChannelUnavailable(f"{setup.name} shows no stock of {bound.listing.seller_sku}")
    engine.ledger.record_observed(setup.name, [live])
    return live


def _kept(listing: Listing, here: WarehouseStock) -> int:
    """What a warehouse must keep so that campaigns and creators find what they reserved."""
    return max(0, listing.locked_units - (listing.available - here.available))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """The first reading that showed what was written: after how many seconds, and what it means."""

    after: float
    means: QuantityMeans


@dataclass(slots=True, kw_only=True)
class _Probe:
    """The steps of one trial; `before` is the tried warehouse as it was."""

    engine: EngineSetup
    setup: ChannelSetup
    run: RunId
    lease: Lease
    bound: BoundListing
    before: WarehouseStock
    stopping: Callable[[], bool]
    sent: list[Sent] = field(default_factory=list)
    verdicts: dict[int, Verdict] = field(default_factory=dict)

    def rows(self) -> Iterator[ChangeReport]:
        """What became of each write, in their order."""
        for number, row in enumerate(self.sent):
            verdict = self.verdicts.get(number)
            known = {} if verdict is None else {row.change.key: verdict}
            yield from change_reports([row.change], [row], known)

    def trial(self, step: int, *, zero_wanted: bool) -> Trial:
        """Lower, look, perhaps try 0, and put it back whatever happened."""
        shown, zero, remark = None, None, ""
        try:
            outcome = self._write(self.before.available, step)
            remark = _refusal(outcome)
            shown = None if remark else self._await(step)
            if zero_wanted and shown is not None and not self.stopping():
                zero = self._try_zero(step)
        except ChannelError as error:
            remark = str(error)
        means = None if shown is None else shown.means
        left_at, restored = self._restored(means)
        return Trial(
            quantity_means=means,
            zero=zero,
            visible_after=None if shown is None else shown.after,
            before=self.before.available,
            left_at=left_at,
            restored=restored,
            remark=remark,
        )

    def _try_zero(self, shown: int) -> ZeroAnswer | None:
        outcome = self._write(shown, 0)
        if isinstance(outcome, Accepted):
            return ZeroAnswer.ALLOWED if outcome.sent is None else ZeroAnswer.REFUSED
        return ZeroAnswer.REFUSED if isinstance(outcome, Rejected) else None

    def _write(self, before: int, after: int) -> Outcome:
        """Intent, send, outcome; the other warehouses are sent as they were just read."""
        change = Change(
            sku=self.bound.sku or Sku(self.bound.listing.seller_sku),
            seller_sku=self.bound.listing.seller_sku, ref=self.bound.listing.ref,
            field=Field.QUANTITY, before=before, after=after,
            warehouse_id=self.before.warehouse_id, cause=Cause.DRIFT, reason="a trial by hand",
        )  # fmt: skip
        live = _look(self.engine, self.setup, self.bound)
        self.lease.confirm()
        ledger, name, at = self.engine.ledger, self.setup.name, self.engine.clock.now()
        intent = Intent(change=change, sent=after, released=True)
        ledger.record_intents(self.run, name, self.lease.fence, [intent])
        exchange = Exchange(changes=[change], live={change.ref: live})
        try:
            (outcome,) = self.setup.channel.submit(exchange, Zero.SEND)
        except ChannelError as error:
            outcome = Unknown(change=change, reason=str(error))
        ledger.record_outcomes(self.run, name, [outcome])
        self.sent.append(Sent(change=change, sent=after, at=at, outcome=outcome))
        return outcome

    def _await(self, number: int) -> _Shown | None:
        """Look until the shop shows what was last written, orders placed meanwhile counted back in."""
        change = self.sent[-1].change
        begun = self.engine.clock.monotonic()
        for after in LOOKS:
            self._sleep_until(begun + after)
            means = self._meaning(number)
            if means is not None:
                took = self.engine.clock.monotonic() - begun
                self._settle(change, Verdict.VERIFIED, None)
                return _Shown(after=round(took, 1), means=means)
            if self.stopping():
                return None
        self._settle(change, Verdict.CONTRADICTED, f"not shown within {LOOKS[-1]:.0f} s")
        return None

    def _settle(self, change: Change, verdict: Verdict, words: str | None) -> None:
        self.verdicts[len(self.sent) - 1] = verdict
        self.engine.ledger.record_verdicts(self.run, self.setup.name, [(change, verdict, words)])

    def _sleep_until(self, moment: float) -> None:
        self.lease.confirm()
        self.engine.clock.sleep(max(0.0, moment - self.engine.clock.monotonic()))

    def _meaning(self, number: int) -> QuantityMeans | None:
        here = self._here(_look(self.engine, self.setup, self.bound))
        found = quantity_means(number, here.available, here.committed)
        if found is not None:
            return found
        poll_orders(self.engine, self.setup)
        ordered = self._ordered()
        return quantity_means(number, here.available + ordered, here.committed - ordered)

    def _here(self, listing: Listing) -> WarehouseStock:
        for item in listing.stock:
            if item.warehouse_id == self.before.warehouse_id:
                return item
        raise ChannelUnavailable(
            f"{self.setup.name} no longer shows warehouse {self.before.warehouse_id}"
        )

    def _ordered(self) -> int:
        """Units of the listing ordered since the trial began."""
        first = self.sent[0]
        return ordered_since(self.engine, self.setup, first.change, first.at - INDEX_DELAY)

    def _restored(self, means: QuantityMeans | None) -> tuple[int | None, bool]:
        """Put it back; what the warehouse shows at the end, and whether that is as it should be."""
        try:
            return self._restore(means)
        except ChannelError:
            return None, False

    def _restore(self, means: QuantityMeans | None) -> tuple[int | None, bool]:
        """Back to what it was, less what was ordered since; no higher than the rules offer now."""
        live = _look(self.engine, self.setup, self.bound)
        here = self._here(live)
        self.engine.clock.sleep(INDEX_DELAY.total_seconds())
        complete = poll_orders(self.engine, self.setup).until >= live.observed_at
        rightful = max(0, self.before.available - self._ordered())
        offer = self._offer()
        wanted = rightful if offer is None else min(rightful, max(offer, here.available))
        if here.available == wanted or (wanted > here.available and not complete):
            return here.available, here.available == rightful
        number = wanted + (here.committed if means is QuantityMeans.TOTAL else 0)
        outcome = self._write(here.available, number)
        shown = None if _refusal(outcome) else self._await(number)
        left_at = self._here(_look(self.engine, self.setup, self.bound)).available
        return left_at, shown is not None and wanted == rightful

    def _offer(self) -> int | None:
        """What the rules offer in this warehouse now; None where that cannot be told."""
        sku = self.bound.sku or Sku(self.bound.listing.seller_sku)
        bounds = channel_bounds(self.engine, self.setup)
        bound = {sku: [self.bound]}
        for wanted in want(self.engine, self.setup, bound, open_demands(self.engine)):
            if wanted.stock is not None:
                offers, _ = target_quantities(wanted, wanted.stock, bounds)
                return offers.get(WarehouseId(self.before.warehouse_id))
        return None


def _refusal(outcome: Outcome) -> str:
    """Why a write was not taken; empty when it was, or may have been."""
    return f"{outcome.code} {outcome.message}" if isinstance(outcome, Rejected) else ""
