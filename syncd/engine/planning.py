"""A pure function from what a listing should show, was published and shows, to the rows of a plan."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from syncd.domain.adaptive import Withholding
from syncd.domain.allocation import Derivation, offer_at, raised_to_lock
from syncd.domain.change import Cause, Change, Field
from syncd.domain.identity import ListingRef, WarehouseId
from syncd.domain.listing import BoundListing, ListingStatus, SetAside, WarehouseStock
from syncd.domain.money import amount_text
from syncd.domain.plan import Skip
from syncd.domain.pricing import PriceDerivation, moves_too_far
from syncd.domain.rules import ListingRule, Publish
from syncd.domain.shortage import stays_at_zero
from syncd.engine.escrow_scene import Escrowed

UNPRICED = "unpriced"
PRICE_WITHHELD = "price_withheld"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What one listing should show. Each half is None when it must not be touched; `*_why` says why.

    `source_offer` is what the sources alone would offer, in listing units. `withholding`: what an adaptive
    safety stock amounts to now, None where the rule has none. `unsourced`: no source names it;
    `unpriced`: its price source gives no price at all, which is no fault;
    `sold_out`: the platform zeroed it after the seller cancelled for want of stock. `escrowed`: it shows only
    what it owns, and this is the next step.
    """

    bound: BoundListing
    rule: ListingRule
    stock: Derivation | None
    source_offer: int | None
    withholding: Withholding | None = None
    stock_why: str = ""
    unsourced: bool = False
    price: PriceDerivation | None = None
    price_why: str = ""
    unpriced: bool = False
    sold_out: bool = False
    escrowed: Escrowed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """Why a field of a listing is left alone, in a word and in a sentence, and since when."""

    kind: SetAside
    reason: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What the channel allows now. `least` is 1 where the shop refuses 0, with the reason in words.

    `aside` maps a listing to the fields that are left alone, and why.
    """

    orders_complete: bool
    least: int = 0
    least_why: str = ""
    aside: Mapping[ListingRef, Mapping[Field, Aside]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """What planning one listing gave.

    `order_rows` are lowerings that orders alone demand: they stand in for a row that a guard holds.
    `settled` tells that nothing is left to do for the listing.
    """

    changes: tuple[Change, ...] = ()
    order_rows: tuple[Change, ...] = ()
    skips: tuple[Skip, ...] = ()
    too_far: tuple[tuple[str, str, str, str], ...] = ()
    settled: bool = True


def plan_listing(wanted: Wanted, bounds: Bounds) -> Rows:
    """The differences of one listing, each with its cause and reason; never a raise that is not allowed."""
    refusal = _untouchable(wanted)
    if refusal:
        return Rows(skips=(_skip(wanted, refusal, "skipped"),))
    quantity = _quantity_rows(wanted, bounds)
    price = _price_rows(wanted, bounds)
    return Rows(
        changes=(*quantity.changes, *price.changes),
        order_rows=quantity.order_rows,
        skips=(*quantity.skips, *price.skips),
        too_far=price.too_far,
        settled=quantity.settled and price.settled,
    )


def _untouchable(wanted: Wanted) -> str:
    listing = wanted.bound.listing
    if wanted.rule.publish is Publish.NONE:
        return f"publish: none ({wanted.rule.origins.get('publish', 'default')})"
    if listing.status is ListingStatus.GONE:
        return "the channel no longer lists it"
    if listing.status is ListingStatus.NOT_WRITABLE or listing.refusal:
        return listing.refusal or "the channel takes no writes to it"
    return ""


def _skip(wanted: Wanted, reason: str, kind: str, since: datetime | None = None) -> Skip:
    listing = wanted.bound.listing
    return Skip(
        sku=wanted.rule.sku, seller_sku=listing.seller_sku, ref=listing.ref,
        reason=reason, kind=kind, since=since,
    )  # fmt: skip


def _quantity_rows(wanted: Wanted, bounds: Bounds) -> Rows:
    if wanted.rule.publish is Publish.PRICE:
        return Rows()
    aside = bounds.aside.get(wanted.bound.listing.ref, {}).get(Field.QUANTITY)
    if aside is not None:
        return Rows(skips=(_skip(wanted, aside.reason, aside.kind, aside.since),))
    if wanted.stock is None:
        kind = "unmapped" if wanted.unsourced else "held"
        return Rows(skips=(_skip(wanted, wanted.stock_why, kind),), settled=wanted.unsourced)
    if wanted.escrowed is not None:
        return _escrow_rows(wanted, wanted.escrowed, bounds)
    target, at_risk = target_quantities(wanted, wanted.stock, bounds)
    if wanted.bound.listing.status is ListingStatus.DEACTIVATED and not sum(target.values()):
        return Rows()  # off sale and nothing to sell: what it shows does not matter
    changes, waiting = _differences(wanted, wanted.stock, target, bounds)
    skips = [_skip(wanted, why, "waiting") for why in dict.fromkeys(waiting)]
    if at_risk:
        skips.append(_skip(wanted, at_risk, "at_risk"))
    return Rows(
        changes=tuple(changes),
        order_rows=tuple(_order_rows(wanted, wanted.stock, changes)),
        skips=tuple(skips),
        settled=not changes and not waiting,
    )


def _escrow_rows(wanted: Wanted, escrowed: Escrowed, bounds: Bounds) -> Rows:
    """The one row of a listing that shows only what it owns: to 0, or up from it."""
    step, shown = escrowed.step, wanted.bound.listing.available
    why = step.waiting
    if bounds.least:
        why = f"escrow needs a shop that takes 0, and {bounds.least_why}"
    elif step.show and not bounds.orders_complete:
        why = "may not rise: the order feed is not complete"
    rows: tuple[Change, ...] = ()
    if step.show is not None and step.show != shown and (why == step.waiting):
        rows = (_escrow_row(wanted, shown, step.show, step.reason),)
    return Rows(
        changes=rows,
        skips=(_skip(wanted, why, "waiting"),) if why and not rows else (),
        settled=not (rows or why or escrowed.acts),
    )


def _escrow_row(wanted: Wanted, shown: int, after: int, reason: str) -> Change:
    listing = wanted.bound.listing
    published = sum(units for _, units in wanted.bound.published.quantities)
    cause = Cause.DRIFT if shown > published else Cause.SOURCE
    return Change(
        sku=wanted.rule.sku, seller_sku=listing.seller_sku, ref=listing.ref, field=Field.QUANTITY,
        before=shown, after=after, warehouse_id=listing.stock[0].warehouse_id,
        cause=Cause.ESCROW if after else cause, reason=f"escrow: {reason}",
    )  # fmt: skip


def target_quantities(
    wanted: Wanted, stock: Derivation, bounds: Bounds
) -> tuple[dict[WarehouseId, int], str]:
    """The offer in the warehouses the listing has, within what the channel allows; and a risk in words."""
    listing = wanted.bound.listing
    has = {item.warehouse_id for item in listing.stock}
    offer = {name: units for name, units in stock.offer.items() if name in has}
    risk = ""
    if offer and sum(offer.values()) < listing.locked_units:
        risk = f"campaigns and creators hold {listing.locked_units}, more than can be offered"
        offer = raised_to_lock(offer, listing.locked_units)
    if bounds.least and any(units < bounds.least for units in offer.values()):
        risk = risk or bounds.least_why
        offer = {name: max(bounds.least, units) for name, units in offer.items()}
    return offer, risk


def _differences(
    wanted: Wanted, stock: Derivation, target: Mapping[WarehouseId, int], bounds: Bounds
) -> tuple[list[Change], list[str]]:
    changes, waiting = [], []
    for item in wanted.bound.listing.stock:
        after = target.get(item.warehouse_id)
        if after is None or after == item.available:
            continue
        if after > item.available and (why := _no_raise(wanted, stock, item, bounds)):
            waiting.append(why)
            continue
        changes.append(_quantity(wanted, stock, item.warehouse_id, item.available, after))
    return changes, waiting


def _no_raise(wanted: Wanted, stock: Derivation, shown: WarehouseStock, bounds: Bounds) -> str:
    """Why this warehouse may not rise, or an empty text."""
    if wanted.sold_out and shown.available == 0:
        return f"may not rise: {stays_at_zero(wanted.rule.sku)}"
    if shown.warehouse_id in stock.fixed:
        notes = [net.note for net in stock.nets if not net.may_raise and net.note]
        return f"may not rise: {'; '.join(dict.fromkeys(notes))}"
    return "" if bounds.orders_complete else "may not rise: the order feed is not complete"


def _quantity(
    wanted: Wanted, stock: Derivation, warehouse: WarehouseId, before: int, after: int
) -> Change:
    listing = wanted.bound.listing
    return Change(
        sku=wanted.rule.sku, seller_sku=listing.seller_sku, ref=listing.ref,
        field=Field.QUANTITY, before=before, after=after, warehouse_id=warehouse,
        cause=cause_of(wanted, stock, warehouse, before, after),
        reason=reason_of(wanted, stock, warehouse, after),
    )  # fmt: skip


def cause_of(
    wanted: Wanted, stock: Derivation, warehouse: WarehouseId, before: int, after: int
) -> Cause:
    """Sales lately, orders, the source (or its rules), or somebody who changed the shop behind our back."""
    published = wanted.bound.published
    offered = published.source_offer
    if offered is None:
        return Cause.SOURCE
    if _only_safety_moved(wanted, stock, warehouse, before):
        return Cause.SAFETY
    unchanged = wanted.source_offer == offered
    if unchanged and stock.unseen != published.unseen:
        return Cause.ORDERS
    ours = dict(published.quantities).get(warehouse)
    if unchanged and ours is not None and ours != before and ours == after:
        return Cause.DRIFT
    lowered_by_orders = wanted.source_offer is not None and wanted.source_offer > offered
    return Cause.ORDERS if lowered_by_orders and after < before else Cause.SOURCE


def _only_safety_moved(
    wanted: Wanted, stock: Derivation, warehouse: WarehouseId, before: int
) -> bool:
    """Whether the shop shows just what it should show if as much were withheld as when it was published."""
    withheld = wanted.bound.published.safety
    if wanted.withholding is None or withheld is None or withheld == stock.safety:
        return False
    return offer_at(wanted.rule, stock, withheld).get(warehouse) == before


def reason_of(wanted: Wanted, stock: Derivation, warehouse: WarehouseId, after: int) -> str:
    """One clause that says where the number comes from."""
    nets = [net for net in stock.nets if net.warehouse_id == warehouse]
    parts = [
        f"{net.place} {net.reading}"
        + (f" − {net.committed} committed" if net.committed else "")
        + (f" − {net.unseen} ordered" if net.unseen else "")
        + (f" ({net.note})" if net.note else "")
        for net in nets[:3]
    ]
    text = ", ".join(parts) + (" …" if len(nets) > len(parts) else "")
    if stock.safety and after and wanted.withholding is not None:
        text += f", {safety_words(wanted, stock)}"
    if after == 0:
        return f"{zero_reason(wanted, stock, warehouse)}: {text}" if text else "no stock"
    return text


def zero_reason(wanted: Wanted, stock: Derivation, warehouse: WarehouseId) -> str:
    """Which step of the computation made a 0 of it (rule 2)."""
    steps = (
        (stock.combined, "nothing to sell"),
        (stock.settled, "taken by another warehouse's debt"),
        (stock.kept, safety_words(wanted, stock)),
        (stock.shared, "share and units per listing"),
        (stock.capped, f"cap {wanted.rule.stock.cap}"),
    )
    for quantities, words in steps:
        if quantities.get(warehouse, 0) <= 0:
            return words
    return f"zero_below {wanted.rule.stock.zero_below}"


def safety_words(wanted: Wanted, stock: Derivation) -> str:
    """How much is withheld, and why that much where it follows the sales."""
    adaptive = wanted.withholding
    return f"safety {stock.safety}" + (f" ({adaptive.why})" if adaptive is not None else "")


def _order_rows(wanted: Wanted, stock: Derivation, changes: list[Change]) -> list[Change]:
    """What orders alone take from what was published, for rows whose source part a guard may hold."""
    published = wanted.bound.published
    newly = stock.unseen - published.unseen
    if newly <= 0 or published.source_offer is None:
        return []
    rows = []
    for change in changes:
        ours = dict(published.quantities).get(change.warehouse_id or WarehouseId(""))
        if change.cause is Cause.ORDERS or ours is None or change.before is None:
            continue
        after = max(change.after, 0, ours - newly)
        if after < change.before and after != change.after:
            rows.append(
                Change(
                    sku=change.sku, seller_sku=change.seller_sku, ref=change.ref,
                    field=change.field, before=change.before, after=after,
                    warehouse_id=change.warehouse_id, cause=Cause.ORDERS,
                    reason=f"{newly} units newly ordered; the source's change is held",
                )
            )  # fmt: skip
    return rows


def _price_rows(wanted: Wanted, bounds: Bounds) -> Rows:
    rule, listing = wanted.rule, wanted.bound.listing
    if rule.price is None or rule.publish is Publish.STOCK:
        return Rows()
    aside = bounds.aside.get(listing.ref, {}).get(Field.PRICE)
    if aside is not None and aside.kind is not SetAside.PROMOTION:
        return Rows(skips=(_skip(wanted, aside.reason, aside.kind, aside.since),))
    if wanted.price is None:
        kind = UNPRICED if wanted.unpriced else PRICE_WITHHELD
        skip = _skip(wanted, f"price: {wanted.price_why}", kind)
        return Rows(skips=(skip,), settled=wanted.unsourced or wanted.unpriced)
    shown = listing.price
    if shown is not None and shown == wanted.price.price:
        return Rows()
    if aside is not None:  # it is marked dirty again when the promotion is over
        return Rows(skips=(_skip(wanted, aside.reason, aside.kind, aside.since),))
    change = Change(
        sku=rule.sku, seller_sku=listing.seller_sku, ref=listing.ref, field=Field.PRICE,
        before=None if shown is None else shown.minor, after=wanted.price.price.minor,
        cause=Cause.SOURCE, currency=wanted.price.currency,
        reason=f"{rule.price.source} {amount_text(wanted.price.source_price, wanted.price.currency)}",
    )  # fmt: skip
    far = shown is None or moves_too_far(rule.price, shown, wanted.price.price)
    return Rows(changes=(change,), too_far=(change.key,) if far else (), settled=False)
