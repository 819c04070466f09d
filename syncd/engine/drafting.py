"""Drafts a channel's plan: dirty SKUs only, live values first, then the guard over all of it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from syncd.domain.allocation import Derivation
from syncd.domain.change import Change, Field
from syncd.domain.guard import Already, Evidence, judge
from syncd.domain.identity import ListingRef, RunId, Sku
from syncd.domain.listing import BoundListing, Listing
from syncd.domain.plan import Plan, Skip, in_send_order
from syncd.domain.rules import Zero
from syncd.engine.drifting import is_suspicious, note_drift
from syncd.engine.escrow_scene import Escrowed
from syncd.engine.ordering import open_demands
from syncd.engine.planning import PRICE_WITHHELD, Aside, Bounds, Rows, Wanted, plan_listing
from syncd.engine.setup import ChannelSetup, EngineSetup
from syncd.engine.tempo import Delays, Tempo
from syncd.engine.wanting import Dependents, want
from syncd.ports.selling import Withheld

CHUNK = 2_000
HISTORY = timedelta(days=90)
OPEN = frozenset({"waiting", "held", PRICE_WITHHELD})
"""Skips that every further cycle looks at again."""


@dataclass(slots=True)
class Draft:
    """Rows as they come together; of a listing that gave none only the count is kept.

    `settled` is what to remember of listings that need no change; it is emptied chunk by chunk. `marks`: the
    token of each SKU that is left dirty; `blocked`: those of them that sending all rows does not settle.
    """

    changes: list[Change] = field(default_factory=list)
    order_rows: list[Change] = field(default_factory=list)
    skips: list[Skip] = field(default_factory=list)
    too_far: set[tuple[str, str, str, str]] = field(default_factory=set)
    bases: dict[ListingRef, tuple[int | None, int]] = field(default_factory=dict)
    told: set[ListingRef] = field(default_factory=set)
    planned: int = 0
    settled: list[tuple[ListingRef, int | None, int]] = field(default_factory=list)
    marks: dict[Sku, int] = field(default_factory=dict)
    blocked: set[Sku] = field(default_factory=set)
    withheld: dict[ListingRef, Withheld] = field(default_factory=dict)
    withheld_settled: list[Withheld] = field(default_factory=list)
    escrowed: dict[ListingRef, Escrowed] = field(default_factory=dict)

    def take(self, wanted: Wanted, rows: Rows) -> None:
        """Add what planning one listing gave."""
        self.changes.extend(rows.changes)
        self.order_rows.extend(rows.order_rows)
        self.skips.extend(rows.skips)
        self.too_far.update(rows.too_far)
        self.planned += 1
        ref = wanted.bound.listing.ref
        if rows.changes or rows.skips:
            self.told.add(ref)
        if not rows.settled and (not rows.changes or any(skip.kind in OPEN for skip in rows.skips)):
            self.blocked.add(wanted.rule.sku)
        if wanted.escrowed is not None and not rows.settled:
            self._take_escrowed(wanted.rule.sku, ref, wanted.escrowed)
        if wanted.stock is None:
            return
        basis = (wanted.source_offer, wanted.stock.unseen)
        if rows.changes:
            self.bases[ref] = basis
        remembered = wanted.bound.published
        if rows.settled and basis != (remembered.source_offer, remembered.unseen):
            self.settled.append((ref, *basis))
        self._take_withheld(wanted, wanted.stock, rows)

    def _take_escrowed(self, sku: Sku, ref: ListingRef, escrowed: Escrowed) -> None:
        self.escrowed[ref] = escrowed
        if escrowed.step.show == 0:  # the units taken off have still to be counted
            self.blocked.add(sku)

    def _take_withheld(self, wanted: Wanted, stock: Derivation, rows: Rows) -> None:
        now, known = withheld_of(wanted, stock), wanted.bound.published
        if (now.units, now.until) == (known.safety, known.safety_until):
            return
        if rows.changes:
            self.withheld[now.ref] = now
        if rows.settled:
            self.withheld_settled.append(now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafted:
    """A plan, and per listing what to remember once its change is acknowledged.

    `marks`: SKUs of which nothing is left to do once all their rows are verified, each with the token that
    clears it and leaves what was marked since. `escrowed` are the next steps of listings that own their units.
    """

    plan: Plan
    bases: Mapping[ListingRef, tuple[int | None, int]]
    withheld: Mapping[ListingRef, Withheld]
    delays: Delays
    bounds: Bounds
    released: frozenset[tuple[str, str, str, str]]
    marks: Mapping[Sku, int] = field(default_factory=dict)
    escrowed: Mapping[ListingRef, Escrowed] = field(default_factory=dict)


Hoped = Mapping[tuple[str, str, str, str], int]
"""By the keys of changes: numbers that the shop accepted just now and may still come to show."""


def withheld_of(wanted: Wanted, stock: Derivation) -> Withheld:
    """What an adaptive rule withholds of a listing now, and when that has to be looked at again."""
    ref, adaptive = wanted.bound.listing.ref, wanted.withholding
    if adaptive is None:
        return Withheld(ref=ref, units=None, until=None)
    follows = stock.safety > wanted.rule.stock.safety
    return Withheld(ref=ref, units=stock.safety, until=adaptive.until if follows else None)


def draft_plan(
    engine: EngineSetup, setup: ChannelSetup, run: RunId, only: Sequence[Sku] | None,
    hoped: Hoped,
) -> Drafted:  # fmt: skip
    """Plan every dirty SKU (or just `only`), judge the whole, save it.

    What is hoped for is not planned again: the time within which it must show would begin anew.
    Raises ChannelError when live values cannot be read.
    """
    with engine.ledger.at_one_moment():
        open_ = open_demands(engine)
        bounds = channel_bounds(engine, setup)
        dependents = Dependents(setup.rules, engine.ledger.bound_skus(setup.name))
    draft, tempo = Draft(), Tempo(engine, setup)
    for skus, token in _chunks(engine, setup, only):
        wider = dependents.with_dependents(skus)
        tokens = dict.fromkeys(skus, token)
        # before they are read, so that what another marks from then on is not cleared with it
        made_of_them = [sku for sku in wider if sku not in tokens]
        tokens |= dict.fromkeys(made_of_them, engine.ledger.mark_dirty(setup.name, made_of_them))
        began = engine.clock.now()
        bound = refreshed(engine, setup, engine.ledger.bound(setup.name, wider))
        wanted = want(engine, setup, bound, open_, tempo, began)
        suspects, unsettled = _draft_chunk(wanted, bounds, hoped, draft)
        note_drift(engine, setup, suspects)
        settled = {sku: tokens[sku] for sku in wider if sku not in unsettled}
        _remember(engine, setup, draft, settled)
        # what was drafted by an earlier chunk was read by its token
        draft.marks = {sku: tokens[sku] for sku in unsettled} | draft.marks
        engine.progress.step(f"planning {setup.name}", draft.planned, None)
    drafted = _judged(engine, setup, draft, bounds, tempo.delays)
    engine.ledger.save_plan(run, drafted.plan)
    return drafted


def _remember(
    engine: EngineSetup, setup: ChannelSetup, draft: Draft, settled: Mapping[Sku, int]
) -> None:
    """Nothing is left to do for these SKUs: clear their marks with what that was computed from."""
    if settled or draft.settled or draft.withheld_settled:
        with engine.ledger.in_one_step():
            clear_marks(engine, setup, settled)
            engine.ledger.remember_basis(setup.name, draft.settled)
            engine.ledger.remember_withheld(setup.name, draft.withheld_settled)
    draft.settled.clear()
    draft.withheld_settled.clear()


def clear_marks(engine: EngineSetup, setup: ChannelSetup, marks: Mapping[Sku, int]) -> None:
    """Nothing is left to do for these SKUs, unless they were marked after their token."""
    by_token: dict[int, list[Sku]] = {}
    for sku, token in marks.items():
        by_token.setdefault(token, []).append(sku)
    for token, skus in by_token.items():
        engine.ledger.clear_dirty(setup.name, skus, token)


def _chunks(
    engine: EngineSetup, setup: ChannelSetup, only: Sequence[Sku] | None
) -> Iterator[tuple[Sequence[Sku], int]]:
    """Dirty SKUs once each, in bounded chunks, with the token that clears them."""
    if only is not None:
        yield only, 0
        return
    after: Sku | None = None
    while True:
        dirty = engine.ledger.dirty(setup.name, CHUNK, after)
        if not dirty.skus:
            return
        yield dirty.skus, dirty.token
        after = dirty.skus[-1]


def _draft_chunk(
    chunk: Iterable[Wanted], bounds: Bounds, hoped: Hoped, draft: Draft
) -> tuple[Sequence[Wanted], set[Sku]]:
    """Plan these listings; those that others seem to have changed, and the SKUs that are not settled yet."""
    suspects: list[Wanted] = []
    unsettled: set[Sku] = set()
    for wanted in chunk:
        if wanted.bound.listing.ref in draft.told:
            unsettled |= {wanted.rule.sku} & draft.marks.keys()
            continue
        rows = _without(plan_listing(wanted, bounds), hoped)
        draft.take(wanted, rows)
        if not rows.settled:
            unsettled.add(wanted.rule.sku)
        if is_suspicious(wanted, rows):
            suspects.append(wanted)
    return suspects, unsettled


def _without(rows: Rows, hoped: Hoped) -> Rows:
    """The rows without those that are under way already; they are not settled by that."""
    if not hoped:
        return rows
    return replace(
        rows,
        changes=tuple(row for row in rows.changes if hoped.get(row.key) != row.after),
        order_rows=tuple(row for row in rows.order_rows if hoped.get(row.key) != row.after),
    )


def refreshed(
    engine: EngineSetup, setup: ChannelSetup, bound: Mapping[Sku, Sequence[BoundListing]]
) -> Mapping[Sku, Sequence[BoundListing]]:
    """The same listings with live quantities, which the ledger remembers."""
    refs = [row.listing.ref for rows in bound.values() for row in rows]
    if not refs:
        return bound
    live = setup.channel.look(refs)
    engine.ledger.record_observed(setup.name, live.values())
    return {
        sku: tuple(
            BoundListing(
                listing=_with_live(row.listing, live.get(row.listing.ref)),
                sku=row.sku, published=row.published, adopted_at=row.adopted_at,
            )
            for row in rows
        )
        for sku, rows in bound.items()
    }  # fmt: skip


def _with_live(known: Listing, live: Listing | None) -> Listing:
    """The known listing with the live stock; title, price and status stay as the full read gave them."""
    if live is None:
        return known
    return Listing(
        ref=known.ref, seller_sku=known.seller_sku, status=known.status, stock=live.stock,
        price=known.price, observed_at=live.observed_at, title=known.title,
        locked_units=live.locked_units, refusal=known.refusal,
    )  # fmt: skip


def channel_bounds(engine: EngineSetup, setup: ChannelSetup) -> Bounds:
    """What the channel allows now: parks, a refused 0, and whether orders are known completely."""
    now = engine.clock.now()
    aside: dict[ListingRef, dict[Field, Aside]] = {}
    for park in engine.ledger.parks(setup.name, now):
        refs = [park.ref] if park.ref else _refs_of(engine, setup, park.sku)
        fields = [Field(park.field)] if park.field else list(Field)
        for ref in refs:
            for name in fields:
                aside.setdefault(ref, {})[name] = Aside(
                    kind=park.kind,
                    reason=f"{park.code} {park.message}".strip(),
                    since=park.since,
                )
    refused = None
    if setup.rules.zero is not Zero.DEACTIVATE:
        refused = setup.channel.refuses_zero()
    cursor = engine.ledger.order_cursor(setup.name)
    return Bounds(
        orders_complete=cursor.complete_until is not None,
        least=0 if refused is None else 1,
        least_why="" if refused is None else (
            f"the shop refuses 0 (learned {refused.learned_at:%Y-%m-%d}): 1 is left on sale"
        ),
        aside=aside,
    )  # fmt: skip


def _refs_of(engine: EngineSetup, setup: ChannelSetup, sku: Sku) -> list[ListingRef]:
    return [row.listing.ref for row in engine.ledger.bound(setup.name, [sku]).get(sku, ())]


def _judged(
    engine: EngineSetup, setup: ChannelSetup, draft: Draft, bounds: Bounds, delays: Delays
) -> Drafted:
    now = engine.clock.now()
    raised = [row.sku for row in draft.changes if row.raises]
    with engine.ledger.at_one_moment():
        window = engine.ledger.window(setup.name, now - setup.rules.limits.window)
        listings = engine.ledger.listing_count(setup.name)
        approvals = engine.ledger.approvals(setup.name, now)
        maxima = engine.ledger.quantity_maxima(raised, now - HISTORY)
    approved = [row for approval in approvals for row in approval.rows]
    evidence = Evidence(
        listings=listings,
        already=Already(
            changed=window.changed, to_zero=window.to_zero, price_moved=window.price_moved
        ),
        maxima=maxima,
        too_far=frozenset(draft.too_far),
        released=approved,
    )
    judgement = judge(draft.changes, setup.rules.limits, evidence)
    held = {row.change.key for row in judgement.held}
    stand_ins = [row for row in draft.order_rows if row.key in held]
    plan = Plan(
        channel=setup.name,
        listings=listings,
        changes=in_send_order([*judgement.passed, *stand_ins]),
        held=judgement.held,
        skipped=tuple(draft.skips),
        hazards=judgement.hazards,
    )
    released = frozenset(row.key for row in approved) - held
    return Drafted(
        plan=plan, bases=draft.bases, withheld=draft.withheld, delays=delays, bounds=bounds,
        released=released,
        marks={sku: token for sku, token in draft.marks.items() if sku not in draft.blocked},
        escrowed=draft.escrowed,
    )  # fmt: skip
