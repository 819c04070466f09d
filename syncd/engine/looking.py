"""What the looking commands show of the ledger: where things stand, what is mapped, what happened."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from syncd.domain.conditions import ChannelTrouble
from syncd.domain.counting import counted
from syncd.domain.identity import ChannelName, Sku, SourceName
from syncd.domain.listing import BoundListing, ListingStatus
from syncd.domain.report import Attention
from syncd.domain.stock import Freshness, SourceStanding, freshness
from syncd.domain.unbooked import open_since
from syncd.domain.views import (
    BookingRow,
    BookingsView,
    ChannelStatus,
    HistoryRow,
    HistoryView,
    Line,
    ListingRow,
    ListingsView,
    NearMiss,
    SourceStatus,
    StatusView,
)
from syncd.domain.write_back import Booking
from syncd.engine.attention import parked, standing_attention
from syncd.engine.escrow_telling import escrow_status
from syncd.engine.mapping import unmapped
from syncd.engine.nearness import near_misses
from syncd.engine.risking import at_risk
from syncd.engine.setup import ChannelSetup, EngineSetup
from syncd.engine.watching import shortages
from syncd.ports.records import Attempt, Pause

EVERYTHING = 1_000_000
"""More entries than one SKU gathers before retention takes them."""
EVER = datetime(1970, 1, 1, tzinfo=UTC)


def status(engine: EngineSetup, ledger_name: str) -> StatusView:
    """Where sources and channels stand, by the ledger alone."""
    now = engine.clock.now()
    last = next(iter(engine.ledger.reports(1)), None)
    standings = engine.ledger.standings()
    return StatusView(
        at=now,
        ledger=ledger_name,
        last_run=None if last is None else last.run,
        last_run_at=None if last is None else last.finished_at,
        last_run_status=None if last is None else last.status,
        needs_attention=(
            *_held(engine),
            *shortages(engine, standings, now),
            *standing_attention(engine),
        ),
        sources=tuple(_source(engine, name, standings.get(name), now) for name in engine.sources),
        channels=tuple(_channel(engine, setup, now) for setup in engine.channels.values()),
        at_risk=at_risk(engine),
    )


def bookings(engine: EngineSetup) -> BookingsView:
    """Bookings that are not done, those that wait for a person first."""
    return BookingsView(
        at=engine.clock.now(),
        rows=tuple(_booking(item) for item in engine.ledger.open_bookings(EVERYTHING)),
    )


def _booking(item: Booking) -> BookingRow:
    name = item.id
    return BookingRow(
        key=item.key, effect=name.effect.value, delta=item.delta, sku=name.sku, place=name.place,
        channel=name.channel, order_id=name.order_id, state=item.state.value, since=open_since(item),
        due_at=item.due_at, code=item.code, message=item.message,
    )  # fmt: skip


def _held(engine: EngineSetup) -> Iterator[Attention]:
    """The latest plan's held rows, which wait for a person."""
    for name in engine.channels:
        plan = engine.ledger.latest_plan(name)
        held = [] if plan is None else [row for row in plan.rows if row.held_by is not None]
        if plan is not None and held:
            yield Attention(
                what=f"{name}: {counted(len(held), 'change', 'held')} ({held[0].held_by})",
                since=plan.saved_at,
                count=len(held),
                help=f'syncd release {name} {plan.digest} --reason "…"',
            )


def _source(
    engine: EngineSetup, name: SourceName, standing: SourceStanding | None, now: datetime
) -> SourceStatus:
    if standing is None:
        return SourceStatus(
            name=name, state="never read", as_of=None, read_at=None, rows=0, rejected=0,
            message=f"run `syncd ingest {name}`",
        )  # fmt: skip
    age = freshness(standing, engine.sources[name].trust, now)
    state = standing.trouble_state or ("ok" if age is Freshness.FRESH else age.value)
    return SourceStatus(
        name=name, state=state, as_of=standing.as_of, read_at=standing.read_at,
        rows=standing.rows, rejected=engine.ledger.reject_count(name), message=standing.trouble,
    )  # fmt: skip


def _channel(engine: EngineSetup, setup: ChannelSetup, now: datetime) -> ChannelStatus:
    plan = engine.ledger.latest_plan(setup.name)
    paused = engine.ledger.paused(setup.name)
    held = 0 if plan is None else sum(1 for row in plan.rows if row.held_by is not None)
    trouble = engine.ledger.channel_troubles().get(setup.name)
    troubled = "ok" if trouble is None else trouble.state.value
    return ChannelStatus(
        name=setup.name,
        state="paused" if paused else ("held" if held and trouble is None else troubled),
        mode=engine.mode.value,
        listings=engine.ledger.listing_count(setup.name),
        dirty=engine.ledger.dirty_count(setup.name),
        held=held,
        parked=len(parked(engine, setup.name, now)),
        scanned_at=engine.ledger.scanned_at(setup.name),
        orders_complete_until=engine.ledger.order_cursor(setup.name).complete_until,
        confirmed_at=engine.ledger.confirmed_at(setup.name),
        writer_pid=engine.ledger.writer(setup.name),
        message=_message(paused, trouble),
        escrow=escrow_status(engine, setup),
    )


def _message(paused: Pause | None, trouble: ChannelTrouble | None) -> str:
    if paused is not None:
        return paused.reason
    return "" if trouble is None else trouble.message


def listings(engine: EngineSetup) -> ListingsView:
    """What is mapped, unmapped both ways, parked, and which SKUs look like misspellings of others."""
    rows: list[ListingRow] = []
    misses: list[NearMiss] = []
    for setup in engine.channels.values():
        listed = list(_listed(engine, setup))
        alone = [row.seller_sku for row in listed if row.kind == "unmapped"]
        unlisted = list(_unlisted(engine, setup))
        rows += [*listed, *unlisted]
        names = [row.sku for row in unlisted if row.sku is not None]
        misses += near_misses(setup.name, alone, names)
    return ListingsView(rows=tuple(rows), near_misses=tuple(misses))


def _listed(engine: EngineSetup, setup: ChannelSetup) -> Iterator[ListingRow]:
    parks = {
        (park.sku, park.ref): park for park in engine.ledger.parks(setup.name, engine.clock.now())
    }
    unsourced = {row.listing.ref for row in unmapped(engine, setup)}
    for bound in engine.ledger.listings(setup.name):
        sku = bound.sku or Sku("")
        park = parks.get((sku, bound.listing.ref)) or parks.get((sku, None))
        kind, note, since = "mapped", bound.listing.refusal, bound.adopted_at
        if park is not None:
            until = f", until {park.until:%Y-%m-%d %H:%M} UTC" if park.until else ""
            kind, since = park.kind.value, park.since
            note = f"{park.code} {park.message}{until}".strip()
        elif bound.listing.status is ListingStatus.GONE:
            kind, note = "gone", "the channel no longer lists it"
        elif bound.listing.ref in unsourced:
            kind, note = "unmapped", "no source names this SKU"
        yield _row(setup, bound, kind, note, since)


def _unlisted(engine: EngineSetup, setup: ChannelSetup) -> Iterator[ListingRow]:
    """SKUs with stock that the channel does not list, those aside that are sold inside kits and packs."""
    sources = [name for name, source in engine.sources.items() if source.feeds_stock]
    used = _components(setup, engine)
    for sku, since in engine.ledger.unlisted_skus(setup.name, sources):
        if sku not in used:
            yield _unlisted_row(setup, sku, since)


def _components(setup: ChannelSetup, engine: EngineSetup) -> set[Sku]:
    """SKUs that reach the shelf only inside kits and packs."""
    composed = [row for row in setup.rules.overrides if row.kit is not None or row.of is not None]
    if not composed:
        return set()
    bound = engine.ledger.bound_skus(setup.name)
    matching = (sku for sku in bound if any(row.matches(sku) for row in composed))
    return {part for sku in matching for part, _ in setup.rules.rule_for(sku).needs()}


def _row(
    setup: ChannelSetup, bound: BoundListing, kind: str, note: str, since: datetime | None
) -> ListingRow:
    listing = bound.listing
    published = [units for _, units in bound.published.quantities]
    return ListingRow(
        channel=setup.name,
        kind=kind,
        sku=bound.sku,
        seller_sku=listing.seller_sku,
        product_id=listing.ref.product_id,
        listing_id=listing.ref.listing_id,
        status=listing.status.value,
        observed=listing.available,
        published=sum(published) if published else None,
        price="" if listing.price is None else str(listing.price),
        since=since,
        note=note,
    )


def _unlisted_row(setup: ChannelSetup, sku: Sku, since: datetime) -> ListingRow:
    return ListingRow(
        channel=setup.name, kind="unlisted", sku=sku, seller_sku="", product_id="", listing_id="",
        status="", observed=None, published=None, price="", since=since,
        note="no listing of the channel has this SKU",
    )  # fmt: skip


def history(engine: EngineSetup, sku: Sku, limit: int, at: datetime | None) -> HistoryView:
    """What happened to a SKU, newest first; with `at`, up to then, and its positions as known then."""
    most = limit if at is None else EVERYTHING
    rows = [
        *_movements(engine, sku, most), *_orders(engine, sku, most), *_bookings(engine, sku, most)
    ]  # fmt: skip
    for name in engine.channels:
        rows += _pushes(engine, name, sku, most)
        rows += _drift(engine, name, sku)
    rows = [row for row in rows if at is None or row.at <= at]
    rows.sort(key=lambda row: row.at, reverse=True)
    positions: Sequence[Line] = ()
    if at is not None:
        known = engine.ledger.positions_at([sku], at).get(sku, ())
        positions = [
            Line(
                label=str(item.place),
                value="never known" if item.quantity is None else str(item.quantity),
                note=item.reason,
                origin=item.origin,
            )
            for item in known
        ]
    return HistoryView(sku=sku, rows=tuple(rows[:limit]), at=at, positions=tuple(positions))


def _movements(engine: EngineSetup, sku: Sku, limit: int) -> Iterator[HistoryRow]:
    for item in engine.ledger.movements(sku, limit):
        yield HistoryRow(
            at=item.at, kind=item.kind, where=str(item.place), before=item.before or "",
            after=item.after or "", detail=item.origin, run=item.run,
        )  # fmt: skip


def _orders(engine: EngineSetup, sku: Sku, limit: int) -> Iterator[HistoryRow]:
    for line in engine.ledger.order_lines(sku, limit):
        yield HistoryRow(
            at=line.updated_at, kind="order", where=line.channel, before="",
            after=line.state.value, detail=f"order {line.order_id}, {counted(line.units, 'unit')}", run="",
        )  # fmt: skip


def _bookings(engine: EngineSetup, sku: Sku, limit: int) -> Iterator[HistoryRow]:
    for item in engine.ledger.bookings(sku, limit):
        name = item.id
        order = f"order {name.order_id}" if name.order_id else ""
        yield HistoryRow(
            at=item.confirmed_at or item.tried_at or item.stored_at, kind=name.effect.value,
            where=str(name.place), before="", after=f"{item.delta:+d} {item.state}",
            detail=" ".join(filter(None, (order, item.code, item.message))), run="",
        )  # fmt: skip


def _drift(engine: EngineSetup, channel: ChannelName, sku: Sku) -> Iterator[HistoryRow]:
    """What others set; the ledger forgets it with its runs."""
    for row in engine.ledger.drift(channel, EVER, sku):
        yield HistoryRow(
            at=row.at, kind="drift", where=channel, before=str(row.ours),
            after=row.value, detail=row.who, run="",
        )  # fmt: skip


def _answer(item: Attempt) -> str:
    return " ".join(filter(None, (item.verdict.value, item.code, item.message)))


def _pushes(
    engine: EngineSetup, channel: ChannelName, sku: Sku, limit: int
) -> Iterator[HistoryRow]:
    for item in engine.ledger.attempts(channel, sku, limit):
        change = item.change
        yield HistoryRow(
            at=item.intent_at, kind=f"push {change.field}", where=channel,
            before=str(change.shown(change.before)), after=str(change.shown(item.sent)),
            detail="; ".join(filter(None, (_answer(item), change.reason))),
            run=item.run,
        )  # fmt: skip
