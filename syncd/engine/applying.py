"""Sends a plan: live value first, intent before the send, outcome after, numbers computed at send time."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, wait
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice

from syncd.domain.change import Change, Field
from syncd.domain.errors import ChannelError, ChannelUnavailable
from syncd.domain.escrow import Step
from syncd.domain.identity import ListingRef, ProductId, RunId, WarehouseId
from syncd.domain.listing import Listing, SetAside
from syncd.domain.outcome import NOT_TOLD, Accepted, Outcome, Rejected, Retry, Unknown
from syncd.domain.rules import Zero
from syncd.engine.drafting import Drafted
from syncd.engine.escrow_sending import covered, escrow_amount
from syncd.engine.ordering import INDEX_DELAY, open_demands, poll_meanwhile
from syncd.engine.planning import target_quantities
from syncd.engine.setup import ChannelSetup, EngineSetup
from syncd.engine.tempo import Tempo
from syncd.engine.wanting import want
from syncd.ports.channel import Exchange
from syncd.ports.ledger import Lease
from syncd.ports.records import Intent, Park

CHUNK_PRODUCTS = 40
"""Products between two looks at live values: few enough that a value read is not old when it is used."""
WORKERS = 8
PARK_FOR = {Retry.LATER: timedelta(hours=1), Retry.NEVER: timedelta(hours=24)}
SKIP_FOR = timedelta(days=7)
"""What is not ours to write may become ours: it is tried once a week, which costs one refused request."""

_SILENT = "nothing is sent: asked for the listing's stock, the shop did not tell it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What became of one row: the number sent (None: nothing had to be sent), and the answer."""

    change: Change
    sent: int | None
    at: datetime
    outcome: Outcome | None
    note: str = ""


class Sender:
    """Sends the rows of one plan on one channel; `between` is done after every chunk of products."""

    def __init__(
        self, engine: EngineSetup, setup: ChannelSetup, run: RunId, lease: Lease,
        drafted: Drafted, stopping: Callable[[], bool], between: Callable[[], None],
    ) -> None:  # fmt: skip
        self._engine = engine
        self._setup = setup
        self._run = run
        self._lease = lease
        self._drafted = drafted
        self._stopping = stopping
        self._between = between
        self._done = 0

    def send(self, changes: Sequence[Change]) -> list[Sent]:
        """Send rows in their order of urgency. A whole-channel failure leaves the rest unsent.

        Raises LeaseLost when another process took the channel over.
        """
        results: list[Sent] = []
        lowering, mixed, prices = by_phase(changes)
        with self._engine.workers(WORKERS) as pool:
            for phase, prepare in (
                (lowering, self._look_at_lowering), (mixed, self._look_and_poll), (prices, self._no_look),
            ):  # fmt: skip
                try:
                    results.extend(self._phase(pool, phase, prepare, len(changes)))
                except ChannelError as error:
                    results.extend(self._unsent(changes, results, error))
                    raise Interrupted(results, error) from error
        return results

    def _unsent(
        self, changes: Sequence[Change], results: Sequence[Sent], error: ChannelError
    ) -> Iterator[Sent]:
        done = {row.change.key for row in results}
        now = self._engine.clock.now()
        for change in changes:
            if change.key not in done:
                yield Sent(
                    change=change, sent=None, at=now, outcome=None, note=f"not sent: {error}"
                )

    def _phase(
        self, pool: Executor, groups: Sequence[Sequence[Change]],
        prepare: "Prepare", total: int,
    ) -> Iterator[Sent]:  # fmt: skip
        """Chunks of products: while one is being sent, the next is looked at.

        A chunk's last requests are still on their way when the next chunk's leave: otherwise every
        chunk would lose two slots of the shop's rate, which is 2 % of 20 requests per second.
        """
        chunks = list(_chunked(groups, CHUNK_PRODUCTS))
        flights: deque[_Flight] = deque()
        ready: Future[Mapping[ListingRef, Listing]] | None = None
        for number, chunk in enumerate(chunks):
            rows = [change for group in chunk for change in group]
            try:
                live = prepare(rows) if ready is None else ready.result()
            except ChannelError:
                yield from self._land(flights, 0)
                raise
            following = chunks[number + 1] if number + 1 < len(chunks) else None
            ready = None
            if following is not None:
                ready = pool.submit(prepare, [row for group in following for row in group])
            needless, launched = self._launch(pool, rows, live)
            yield from needless
            flights.extend(launched)
            yield from self._land(flights, 0 if following is None else WORKERS)
            self._done += len(rows)
            self._engine.progress.step(f"sending to {self._setup.name}", self._done, total)
            self._between()
            if self._stopping():
                break
        yield from self._land(flights, 0)

    def _launch(
        self, pool: Executor, rows: Sequence[Change], live: Mapping[ListingRef, Listing]
    ) -> tuple[list[Sent], list["_Flight"]]:
        """The rows for which nothing has to be sent, and the requests of the others under way."""
        amounts = self._amounts(rows, live)
        numbers = [
            replace(row, after=amounts[row.key] or 0)
            for row in rows
            if amounts[row.key] is not None
        ]
        exact = covered(self._engine, self._setup, self._lease, self._drafted, numbers, live)
        sent = {row.key for row in exact}
        needless = [self._needless(row, live) for row in rows if row.key not in sent]
        planned = {row.key: row for row in rows if row.key in sent}
        if not planned:
            return needless, []
        self._record_intents([planned[row.key] for row in exact], exact)
        return needless, list(self._take_off(pool, exact, planned, live))

    def _take_off(
        self, pool: Executor, exact: Sequence[Change],
        planned: Mapping[tuple[str, str, str, str], Change], live: Mapping[ListingRef, Listing],
    ) -> Iterator["_Flight"]:  # fmt: skip
        """Requests side by side, but those of one product one after the other (I8)."""
        earlier: dict[ProductId, Future[Sequence[Outcome]]] = {}
        for batch in self._setup.channel.batches(exact):
            product = batch[0].ref.product_id
            answer = pool.submit(self._submit_after, earlier.get(product), batch, live)
            earlier[product] = answer
            yield _Flight(
                batch=batch,
                planned={row.key: planned[row.key] for row in batch},
                answer=answer,
            )

    def _land(self, flights: deque["_Flight"], leave: int) -> Iterator[Sent]:
        """What became of the earliest requests, until so many are left; of all when one failed.

        Raises the ChannelError of the first that failed, after the others have landed.
        """
        failed: ChannelError | None = None
        while len(flights) > (0 if failed else leave):
            flight = flights.popleft()
            try:
                outcomes = flight.answer.result()
            except ChannelError as error:
                failed = failed or error
                outcomes = [Unknown(change=row, reason=str(error)) for row in flight.batch]
            yield from self._settle(flight.batch, outcomes, flight.planned)
        if failed is not None:
            raise failed

    def _record_intents(self, rows: Sequence[Change], exact: Sequence[Change]) -> None:
        intents = [
            Intent(change=row, sent=sent.after, released=row.key in self._drafted.released)
            for row, sent in zip(rows, exact, strict=True)
        ]
        self._engine.ledger.record_intents(self._run, self._setup.name, self._lease.fence, intents)

    def _needless(self, row: Change, live: Mapping[ListingRef, Listing]) -> Sent:
        now = self._engine.clock.now()
        if shown_units(row, live.get(row.ref)) is None:
            refused = Rejected(change=row, code=NOT_TOLD, message=_SILENT, retry=Retry.NEXT_CYCLE)
            return Sent(change=row, sent=None, at=now, outcome=refused)
        return Sent(change=row, sent=None, at=now, outcome=None, note="already so in the shop")

    def _submit_after(
        self, earlier: Future[Sequence[Outcome]] | None,
        batch: Sequence[Change], live: Mapping[ListingRef, Listing],
    ) -> Sequence[Outcome]:  # fmt: skip
        """Workers begin in order, so the earlier request of the product is under way or done."""
        if earlier is not None:
            wait([earlier])
        return self._submit(batch, live)

    def _submit(
        self, batch: Sequence[Change], live: Mapping[ListingRef, Listing]
    ) -> Sequence[Outcome]:
        """One request's worth; its failure concerns these rows only."""
        self._lease.confirm()
        refs = {row.ref for row in batch}
        exchange = Exchange(
            changes=batch, live={ref: seen for ref, seen in live.items() if ref in refs}
        )
        owned = any(row.ref in self._drafted.escrowed for row in batch)
        return self._setup.channel.submit(exchange, Zero.KEEP if owned else self._setup.rules.zero)

    def _settle(
        self, batch: Sequence[Change], outcomes: Sequence[Outcome],
        planned: Mapping[tuple[str, str, str, str], Change],
    ) -> Iterator[Sent]:  # fmt: skip
        named = [replace(outcome, change=planned[outcome.change.key]) for outcome in outcomes]
        with self._engine.ledger.in_one_step():
            self._engine.ledger.record_outcomes(self._run, self._setup.name, named)
            self._remember(named)
            for outcome in named:
                if isinstance(outcome, Rejected):
                    self._park(outcome)
        now = self._engine.clock.now()
        for sent, outcome in zip(batch, named, strict=True):
            number = sent.after
            if isinstance(outcome, Accepted) and outcome.sent is not None:
                number = outcome.sent
            yield Sent(change=outcome.change, sent=number, at=now, outcome=outcome)

    def _remember(self, outcomes: Sequence[Outcome]) -> None:
        bases = {
            outcome.change.ref: self._drafted.bases[outcome.change.ref]
            for outcome in outcomes
            if isinstance(outcome, Accepted)
            and outcome.change.field is Field.QUANTITY
            and outcome.change.ref in self._drafted.bases
        }
        self._engine.ledger.remember_basis(
            self._setup.name, [(ref, *basis) for ref, basis in bases.items()]
        )
        withheld = self._drafted.withheld
        self._engine.ledger.remember_withheld(
            self._setup.name, [withheld[ref] for ref in bases if ref in withheld]
        )

    def _park(self, refused: Rejected) -> None:
        """A permanent refusal sets the listing's field aside, so that it is not tried every cycle."""
        span = SKIP_FOR if refused.skip else PARK_FOR.get(refused.retry)
        if span is None:
            return
        now = self._engine.clock.now()
        self._engine.ledger.park(
            Park(
                channel=self._setup.name, sku=refused.change.sku, ref=refused.change.ref,
                field=refused.change.field.value, code=refused.code, message=refused.message,
                since=now, until=now + span,
                kind=SetAside.SKIPPED if refused.skip else SetAside.PARKED,
            )
        )  # fmt: skip

    def _amounts(
        self, rows: Sequence[Change], live: Mapping[ListingRef, Listing]
    ) -> dict[tuple[str, str, str, str], int | None]:
        """The number to send for each row now; None where nothing has to be sent."""
        held = {row.change.key for row in self._drafted.plan.held}
        quantities = [row for row in rows if row.field is Field.QUANTITY]
        with self._engine.ledger.at_one_moment():
            fresh, steps = self._fresh_targets(quantities) if quantities else ({}, {})
            complete = self._engine.ledger.order_cursor(self._setup.name).complete_until
        amounts: dict[tuple[str, str, str, str], int | None] = {}
        for row in rows:
            if row.field is Field.PRICE:
                amounts[row.key] = row.after
                continue
            seen = live.get(row.ref)
            if row.ref in self._drafted.escrowed:
                amounts[row.key] = escrow_amount(row, seen, steps.get(row.ref), complete)
                continue
            target = fresh.get(row.ref, {}).get(row.warehouse_id or WarehouseId(""))
            if row.key in held:  # a stand-in for orders: the full change still waits for a person
                target = None
            amounts[row.key] = amount(row, seen, target, complete)
        return amounts

    def _fresh_targets(
        self, rows: Sequence[Change]
    ) -> tuple[Mapping[ListingRef, Mapping[WarehouseId, int]], Mapping[ListingRef, Step]]:
        """What the listings should show by the orders known at this moment; of escrow their next steps.

        Where a source moved since the plan was judged, the plan's own number stays: the new one has
        not been judged yet.
        """
        bound = self._engine.ledger.bound(self._setup.name, {row.sku for row in rows})
        open_ = open_demands(self._engine)
        targets: dict[ListingRef, Mapping[WarehouseId, int]] = {}
        steps: dict[ListingRef, Step] = {}
        tempo = Tempo(self._engine, self._setup, self._drafted.delays)
        for wanted in want(self._engine, self._setup, bound, open_, tempo):
            ref = wanted.bound.listing.ref
            judged = self._drafted.bases.get(ref, (None, 0))[0]
            if wanted.escrowed is not None:
                steps[ref] = wanted.escrowed.step
            if wanted.stock is not None and wanted.source_offer == judged:
                targets[ref], _ = target_quantities(wanted, wanted.stock, self._drafted.bounds)
        return targets, steps

    def _look_at_lowering(self, rows: Sequence[Change]) -> Mapping[ListingRef, Listing]:
        """A listing that shows more than it owns may do so by a cancellation not known before the look."""
        if any(row.ref in self._drafted.escrowed for row in rows):
            return self._look_and_poll(rows)
        return self._look(rows)

    def _look(self, rows: Sequence[Change]) -> Mapping[ListingRef, Listing]:
        live = self._setup.channel.look(list(dict.fromkeys(row.ref for row in rows)))
        self._engine.ledger.record_observed(self._setup.name, live.values())
        return live

    def _look_and_poll(self, rows: Sequence[Change]) -> Mapping[ListingRef, Listing]:
        """A raise needs orders known up to the moment of the look (rule 3)."""
        live = self._look(rows)
        self._engine.clock.sleep(INDEX_DELAY.total_seconds())
        poll_meanwhile(self._engine, self._setup)
        return live

    def _no_look(self, rows: Sequence[Change]) -> Mapping[ListingRef, Listing]:
        del rows
        return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Flight:
    """One request under way: its rows as sent and, by their keys, as planned."""

    batch: Sequence[Change]
    planned: Mapping[tuple[str, str, str, str], Change]
    answer: Future[Sequence[Outcome]]


Prepare = Callable[[Sequence[Change]], Mapping[ListingRef, Listing]]


class Interrupted(ChannelUnavailable):
    """The channel failed as a whole in mid-plan; `results` holds what became of every row."""

    def __init__(self, results: Sequence[Sent], cause: ChannelError) -> None:
        super().__init__(str(cause))
        self.results = list(results)
        self.cause = cause


def amount(
    row: Change, live: Listing | None, target: int | None, orders_complete_until: datetime | None
) -> int | None:
    """The quantity to send for a row, by the live value just read; None when none has to be sent.

    Never higher than the plan that was judged, never higher than what is wanted now, and higher than
    live only when the order feed is known to be complete up to that look (rule 3).
    """
    here = shown_units(row, live)
    if live is None or here is None:
        return None
    number = row.after if target is None else min(row.after, target)
    complete = orders_complete_until is not None and orders_complete_until >= live.observed_at
    if number > here and not (complete and row.raises):
        return None
    return None if number == here else number


def shown_units(row: Change, live: Listing | None) -> int | None:
    """What the shop says it shows where the row would write; None where it says nothing of it."""
    shown = () if live is None else live.stock
    wanted = row.warehouse_id or WarehouseId("")
    return next((item.available for item in shown if item.warehouse_id == wanted), None)


Groups = list[list[Change]]


def by_phase(changes: Sequence[Change]) -> tuple[Groups, Groups, Groups]:
    """Rows grouped by product: those that only lower, those with a raise, and prices; each by urgency."""
    quantities: dict[ProductId, list[Change]] = {}
    prices: dict[ProductId, list[Change]] = {}
    for change in changes:
        target = prices if change.field is Field.PRICE else quantities
        target.setdefault(change.ref.product_id, []).append(change)
    ranked = sorted(quantities.values(), key=lambda rows: min(row.lane for row in rows))
    lowering = [rows for rows in ranked if not any(row.raises for row in rows)]
    mixed = [rows for rows in ranked if any(row.raises for row in rows)]
    return lowering, mixed, list(prices.values())


def _chunked(groups: Sequence[Sequence[Change]], size: int) -> Iterator[list[Sequence[Change]]]:
    stream = iter(groups)
    while chunk := list(islice(stream, size)):
        yield chunk
