"""Why a SKU's listings show what they show: the same computation as the plan's, told step by step."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from syncd.domain.allocation import Derivation
from syncd.domain.booking import Demand, booked_at
from syncd.domain.change import Change
from syncd.domain.identity import Sku, WarehouseId
from syncd.domain.listing import BoundListing, SetAside
from syncd.domain.money import amount_text
from syncd.domain.plan import Skip
from syncd.domain.stock import Position, freshness
from syncd.domain.views import Explanation, Line, ListingExplanation, Section
from syncd.engine.deriving import World, read_world
from syncd.engine.escrow_scene import Looked
from syncd.engine.escrow_telling import escrow_lines
from syncd.engine.ordering import open_demands
from syncd.engine.planning import (
    PRICE_WITHHELD,
    UNPRICED,
    Bounds,
    Rows,
    Wanted,
    plan_listing,
)
from syncd.engine.setup import ChannelSetup, EngineSetup
from syncd.engine.wanting import want_one
from syncd.ports.records import Attempt

ATTEMPTS = 10
ORDERS = 20
DRIFT_KEPT = timedelta(days=30)


def explain(engine: EngineSetup, sku: Sku, bounds: Mapping[str, Bounds]) -> Explanation:
    """Everything that decides one SKU now, from the ledger alone; `bounds` by channel name."""
    open_ = open_demands(engine)
    listings: list[ListingExplanation] = []
    for setup in engine.channels.values():
        bound = engine.ledger.bound(setup.name, [sku]).get(sku, ())
        rule = setup.rules.rule_for(sku)
        looked = Looked(refs=[row.listing.ref for row in bound])
        world = read_world(engine, setup, [rule], open_, looked=looked)
        for row in bound:
            wanted = want_one(engine, setup, world, rule, row)
            listings.append(_listing(engine, setup, world, wanted, bounds[setup.name], open_))
    positions = engine.ledger.positions([sku]).get(sku, ())
    return Explanation(
        sku=sku,
        at=engine.clock.now(),
        sources=Section(title="Sources", lines=tuple(_positions(engine, positions))),
        listings=tuple(listings),
        conclusion=_conclusion(sku, positions, listings),
    )


def _conclusion(
    sku: Sku, positions: Sequence[Position], listings: Sequence[ListingExplanation]
) -> str:
    if not listings and not positions:
        return f"No source and no channel knows {sku}. SKUs are compared exactly: see `syncd listings`."
    if not listings:
        return f"No channel lists {sku}: see `syncd listings` for near misses."
    return " ".join(f"{item.channel}: {item.conclusion}" for item in listings)


def _positions(engine: EngineSetup, positions: Sequence[Position]) -> Iterator[Line]:
    standings = engine.ledger.standings()
    for position in positions:
        standing = standings[position.place.source]
        setup = engine.sources.get(position.place.source)
        is_stock = setup is None or setup.orders is not None
        age = "" if setup is None else freshness(standing, setup.trust, engine.clock.now()).value
        as_of = "" if standing.as_of is None else f"as of {standing.as_of:%Y-%m-%d %H:%M} UTC"
        notes = [
            as_of, age, position.reason if is_stock else "",
            f"unchanged since {position.since:%Y-%m-%d %H:%M} UTC",
        ]  # fmt: skip
        if position.missing_since is not None:
            notes.append(f"missing since {position.missing_since:%Y-%m-%d %H:%M} UTC")
        yield Line(
            label=str(position.place),
            value=", ".join([*(_units(position) if is_stock else ()), *_prices(position)]),
            origin=position.origin,
            note="; ".join(note for note in notes if note),
        )


def _units(position: Position) -> Iterator[str]:
    number = "never known" if position.quantity is None else str(position.quantity)
    yield number if position.state == "known" else f"{position.state} (last {number})"
    if position.committed is not None:
        yield f"{position.committed} committed"


def _prices(position: Position) -> Iterator[str]:
    if position.price is not None:
        yield f"price {amount_text(position.price, position.currency)}"


def _listing(
    engine: EngineSetup, setup: ChannelSetup, world: World, wanted: Wanted, bounds: Bounds,
    open_: Sequence[Demand],
) -> ListingExplanation:  # fmt: skip
    rows = plan_listing(wanted, bounds)
    bound, names = wanted.bound, setup.rules.warehouse_names
    sections = [_identity(setup, wanted)]
    if wanted.stock is not None:
        sections += [
            Section(title="Readings", lines=tuple(_nets(wanted.stock))),
            Section(title="Open orders", lines=tuple(_orders(wanted, world, open_))),
            Section(
                title="Rules",
                lines=tuple(_steps(wanted, wanted.stock, names)),
            ),
        ]
    else:
        why = Line(label="not computed", value=wanted.stock_why)
        sections.append(Section(title="Rules", lines=(why,)))
    owned = tuple(escrow_lines(engine, setup, wanted))
    if owned:
        sections.append(Section(title="Escrow", lines=owned))
    booked = tuple(_bookings(engine, setup, wanted))
    if booked:
        sections.append(Section(title="Bookings", lines=booked))
    if wanted.rule.price is not None:
        sections.append(Section(title="Price", lines=tuple(_price(wanted))))
    sections.append(Section(title="Verdict", lines=tuple(_verdict(engine, setup, rows, bound))))
    attempts = engine.ledger.attempts(setup.name, wanted.rule.sku, ATTEMPTS)
    sections.append(Section(title="Pushes", lines=tuple(_attempts(bound, attempts, names))))
    drifts = tuple(_drift(engine, setup, wanted))
    if drifts:
        sections.append(Section(title="Set by others", lines=drifts))
    return ListingExplanation(
        channel=setup.name,
        seller_sku=bound.listing.seller_sku,
        ref=bound.listing.ref,
        title=bound.listing.title,
        offer=None if wanted.stock is None else wanted.stock.total,
        published=_published(bound),
        observed=bound.listing.available,
        conclusion=_summary(wanted, rows),
        sections=tuple(sections),
    )


def _identity(setup: ChannelSetup, wanted: Wanted) -> Section:
    listing = wanted.bound.listing
    alias = setup.rules.aliases.get(listing.seller_sku)
    binding = f"seller SKU {listing.seller_sku}"
    binding += " by the aliases file" if alias is not None else " (equal)"
    lines = [
        Line(label="bound by", value=binding, origin=setup.rules.origins.get("aliases", "")),
        Line(label="status", value=listing.refusal or listing.status.value),
    ]
    if wanted.rule.components[0].sku != wanted.rule.sku or wanted.rule.units != 1:
        parts = " + ".join(f"{units} × {sku}" for sku, units in wanted.rule.needs())
        origin = wanted.rule.origins.get("kit") or wanted.rule.origins.get("of", "")
        lines.append(Line(label="made of", value=parts, origin=origin))
    return Section(title="Listing", lines=tuple(lines))


def _nets(stock: Derivation) -> Iterator[Line]:
    for net in stock.nets:
        value = f"{net.reading}"
        value += f" − {net.committed} committed" if net.committed else ""
        value += f" − {net.unseen} ordered" if net.unseen else ""
        value += f" = {net.units}" if net.committed or net.unseen else ""
        yield Line(label=f"{net.sku} at {net.place}", value=value, origin=net.origin, note=net.note)


def _orders(wanted: Wanted, world: World, open_: Sequence[Demand]) -> Iterator[Line]:
    needed = {sku for sku, _ in wanted.rule.needs()}
    shown = 0
    for demand in open_:
        if demand.sku not in needed or shown == ORDERS:
            continue
        places = {item.place: item for item in world.positions.get(demand.sku, ())}
        booked = booked_at(demand, list(places))
        shown += 1
        yield Line(
            label=f"order {demand.line.order_id}",
            value=f"{demand.units} × {demand.sku}, {demand.line.state.value}",
            origin=", ".join(str(place) for place in booked) or "nowhere",
            note="; ".join(
                [
                    *_subtracted(world, demand, [places[place] for place in booked]),
                    f"created {_time(demand.line.created_at)}",
                ]
            ),
        )
    if not shown:
        yield Line(label="none", value="no open order takes units of it")


def _subtracted(world: World, demand: Demand, booked: Sequence[Position]) -> Iterator[str]:
    """Whether an order that is open takes units off a reading, or the reading contains it already."""
    left = [row for row in booked if world.unseen.counts(demand, row, world.standings)]
    if left:
        where = (
            "" if len(left) == len(booked) else f" at {', '.join(str(row.place) for row in left)}"
        )
        yield f"subtracted{where}"
    elif booked:
        yield "contained in the reading"


def _bookings(engine: EngineSetup, setup: ChannelSetup, wanted: Wanted) -> Iterator[Line]:
    """What was written into sources for orders of this channel, newest first."""
    for sku, _ in wanted.rule.needs():
        for item in engine.ledger.bookings(sku, ORDERS):
            name = item.id
            if name.channel == setup.name:
                yield Line(
                    label=_time(item.confirmed_at or item.tried_at or item.stored_at),
                    value=f"{name.effect} {item.delta:+d} {sku} at {name.place}",
                    origin=f"order {name.order_id}" if name.order_id else "",
                    note=" ".join(filter(None, (item.state.value, item.code, item.message))),
                )


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


Names = Mapping[WarehouseId, str]


def _steps(wanted: Wanted, stock: Derivation, names: Names) -> Iterator[Line]:
    rule, origins = wanted.rule, wanted.rule.origins

    def step(label: str, units: Mapping[WarehouseId, int], key: str) -> Line:
        origin = origins.get(key, "default") if key else ""
        return Line(label=label, value=_spread(units, names), origin=origin)

    kind = "kits per warehouse" if rule.is_kit else f"combined ({rule.stock.combine})"
    yield step(kind, stock.combined, "stock.combine")
    if stock.settled != stock.combined:
        yield step("debts taken from the fullest", stock.settled, "")
    if stock.safety or wanted.withholding is not None:
        kept = step(f"safety {stock.safety}", stock.kept, "stock.safety")
        yield replace(kept, note=_adaptive(wanted, stock))
    if rule.stock.share != 1 or rule.units != 1:
        words = f"share {rule.stock.share:.0%}" + (f" ÷ {rule.units}" if rule.units != 1 else "")
        yield step(f"{words}, rounded down", stock.shared, "stock.share")
    if stock.capped != stock.shared:
        yield step(f"cap {rule.stock.cap}", stock.capped, "stock.cap")
    if stock.offer != stock.capped and wanted.escrowed is None:
        yield step(f"zero_below {rule.stock.zero_below}", stock.offer, "stock.zero_below")
    yield step("offer", stock.offer, "")


def _adaptive(wanted: Wanted, stock: Derivation) -> str:
    """Why an adaptive safety stock is what it is now."""
    held = wanted.withholding
    if held is None:
        return ""
    until = "" if held.until is None else f"; fewer from {held.until:%H:%M:%S} UTC on"
    if stock.safety < held.units:
        return f"{held.why}: {held.units} once {held.near} or fewer are left"
    return held.why + until


def _spread(stock: Mapping[WarehouseId, int], names: Names) -> str:
    parts = [f"{names.get(place, place)}: {units}" for place, units in sorted(stock.items())]
    return str(sum(stock.values())) + (f"  ({', '.join(parts)})" if len(parts) > 1 else "")


def _price(wanted: Wanted) -> Iterator[Line]:
    rule, derived = wanted.rule.price, wanted.price
    shown = wanted.bound.listing.price
    yield Line(label="the shop shows", value="nothing" if shown is None else str(shown))
    if rule is None or derived is None:
        yield Line(label="not pushed", value=wanted.price_why)
        return
    origins = wanted.rule.origins
    yield Line(
        label=f"{rule.source} gives", value=amount_text(derived.source_price, derived.currency),
        origin=origins.get("price.from", "default"),
    )  # fmt: skip
    yield Line(
        label="adjusted", value=str(derived.adjusted), origin=origins.get("price.adjust", "default")
    )
    yield Line(
        label="rounded", value=str(derived.rounded), origin=origins.get("price.round", "default")
    )
    yield Line(
        label="floor", value=str(derived.floor), origin=origins.get("price.floor", "default")
    )
    yield Line(label="price", value=str(derived.price))


def _verdict(
    engine: EngineSetup, setup: ChannelSetup, rows: Rows, bound: BoundListing
) -> Iterator[Line]:
    for skip in rows.skips:
        yield Line(label=skip.kind, value=skip.reason)
    latest, names = engine.ledger.latest_plan(setup.name), setup.rules.warehouse_names
    held = {
        row.change.key: row.held_by
        for row in (() if latest is None else latest.rows)
        if row.held_by is not None and row.change.ref == bound.listing.ref
    }
    for change in rows.changes:
        guard = held.get(change.key)
        note = f"{change.reason}; held: {guard}" if guard else change.reason
        yield Line(
            label=_where(change, names),
            value=f"{change.shown(change.before)} → {change.shown(change.after)}",
            note=note,
            origin=f"plan {latest.digest[:19]}…" if guard and latest is not None else "",
        )
    if not rows.changes and not rows.skips:
        yield Line(label="nothing to do", value="the shop shows what it should")


def _where(change: Change, names: Names) -> str:
    if change.warehouse_id is None:
        return change.field.value
    return f"{change.field} {names.get(change.warehouse_id, change.warehouse_id)}"


def _attempts(bound: BoundListing, attempts: Sequence[Attempt], names: Names) -> Iterator[Line]:
    own = [item for item in attempts if item.change.ref == bound.listing.ref]
    for item in own:
        change = item.change
        detail = " ".join(filter(None, (item.code, item.message)))
        yield Line(
            label=_time(item.intent_at),
            value=f"{_where(change, names)} {change.shown(change.before)} → {change.shown(item.sent)}",
            origin=f"run {item.run}",
            note=f"{item.verdict.value} {detail}".strip(),
        )
    if not own:
        yield Line(label="none", value="nothing was ever sent for this listing")


def _drift(engine: EngineSetup, setup: ChannelSetup, wanted: Wanted) -> Iterator[Line]:
    """The latest values that others set, newest first."""
    since = engine.clock.now() - DRIFT_KEPT
    rows = engine.ledger.drift(setup.name, since, wanted.rule.sku)
    own = [row for row in rows if row.ref == wanted.bound.listing.ref]
    for row in own[:ATTEMPTS]:
        back = "" if row.set_back_at is None else f"set back {_time(row.set_back_at)}"
        yield Line(label=_time(row.at), value=row.told, note=back)


def _published(bound: BoundListing) -> int | None:
    quantities = bound.published.quantities
    return sum(units for _, units in quantities) if quantities else None


def _summary(wanted: Wanted, rows: Rows) -> str:
    shown = wanted.bound.listing.available
    if rows.changes:
        parts = "; ".join(
            f"{row.field} {row.shown(row.before)} → {row.shown(row.after)} ({row.reason})"
            for row in rows.changes
        )
        return f"shows {shown}, to change: {parts}"
    for skip in rows.skips:
        if skip.kind not in (UNPRICED, PRICE_WITHHELD, SetAside.PROMOTION):
            return f"shows {shown}, left as it is: {skip.reason}"
    return "; ".join([f"shows {shown}, as it should", *map(_price_note, rows.skips)])


def _price_note(skip: Skip) -> str:
    """Why only the price is not touched."""
    return f"price: {skip.reason}" if skip.kind == SetAside.PROMOTION else skip.reason
