"""What the listings of some SKUs should show now: rules applied to the world as it is read here."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from syncd.domain.allocation import Derivation, Undecidable, Unsourced, derive, source_offer
from syncd.domain.booking import Demand
from syncd.domain.identity import Sku
from syncd.domain.listing import BoundListing
from syncd.domain.pricing import PriceDerivation, PriceWithheld, Unpriced
from syncd.domain.rules import ChannelRules, ListingRule, Publish, RuleOverride
from syncd.engine.deriving import (
    World,
    nets,
    read_world,
    wanted_price,
    warehouse_if_single,
)
from syncd.engine.escrow import Case, concerns
from syncd.engine.escrow_scene import Escrowed, Looked
from syncd.engine.planning import Wanted
from syncd.engine.setup import ChannelSetup, EngineSetup
from syncd.engine.tempo import Tempo


def want(
    engine: EngineSetup, setup: ChannelSetup, bound: Mapping[Sku, Sequence[BoundListing]],
    open_: Sequence[Demand], tempo: Tempo | None = None, began: datetime | None = None,
) -> Iterator[Wanted]:  # fmt: skip
    """What each of these listings should show, every step of it computed from the ledger.

    `tempo`: how fast things sell, where it was read already. `began`: when their live values were asked for,
    if they are live.
    """
    rules = {sku: setup.rules.rule_for(sku) for sku in bound}
    refs = [row.listing.ref for listings in bound.values() for row in listings]
    looked = Looked(refs=refs, began=began)
    world = read_world(engine, setup, rules.values(), open_, tempo, looked)
    for sku, listings in bound.items():
        for listing in listings:
            yield want_one(engine, setup, world, rules[sku], listing)


def want_one(
    engine: EngineSetup, setup: ChannelSetup, world: World, rule: ListingRule, bound: BoundListing
) -> Wanted:
    """What one listing should show."""
    stock, offered, stock_why = None, None, ""
    unsourced, escrowed = False, None
    try:
        stock, offered, escrowed = _stock(engine, setup, world, rule, bound)
    except Undecidable as reason:
        stock_why, unsourced = str(reason), isinstance(reason, Unsourced)
    price, price_why, unpriced = None, "", False
    try:
        price = _price(engine, world, rule, bound)
    except PriceWithheld as reason:
        price_why, unpriced = str(reason), isinstance(reason, Unpriced)
    return Wanted(
        bound=bound,
        rule=rule,
        stock=stock,
        source_offer=offered,
        withholding=world.withheld.get(rule.sku),
        stock_why=stock_why,
        unsourced=unsourced,
        price=price,
        price_why=price_why,
        unpriced=unpriced,
        sold_out=rule.sku in world.sold_out,
        escrowed=escrowed,
    )


def _stock(
    engine: EngineSetup, setup: ChannelSetup, world: World, rule: ListingRule, bound: BoundListing
) -> tuple[Derivation, int, Escrowed | None]:
    if rule.publish in {Publish.NONE, Publish.PRICE}:
        raise Undecidable(f"publish: {rule.publish}")
    found, homeless = nets(engine, setup, world, rule, warehouse_if_single(bound))
    if homeless and not found:
        raise Undecidable(f"no warehouse of the channel is mapped to {', '.join(homeless)}")
    if world.scene is not None and concerns(setup, world.scene, bound):
        case = Case(
            engine=engine, setup=setup, scene=world.scene, rule=rule, bound=bound, nets=found,
            sold_out=rule.sku in world.sold_out,
        )  # fmt: skip
        derived, escrowed = case.decided()
        return derived, sum(derived.capped.values()), escrowed
    derived = derive(rule, found, world.withheld.get(rule.sku))
    return derived, source_offer(rule, derived), None


def _price(
    engine: EngineSetup, world: World, rule: ListingRule, bound: BoundListing
) -> PriceDerivation | None:
    shown = bound.listing.price
    if rule.price is None or rule.publish in {Publish.NONE, Publish.STOCK}:
        return None
    currency = shown.currency if shown is not None else rule.price.currency
    if not currency:
        raise PriceWithheld("the shop's currency is not known")
    return wanted_price(engine, world, rule, currency)


class Dependents:
    """Which SKUs' listings change when the stock of another SKU changes: kits and packs."""

    def __init__(self, rules: ChannelRules, bound_skus: Iterable[Sku]) -> None:
        self._of: dict[Sku, set[Sku]] = {}
        composed = [row for row in rules.overrides if row.kit is not None or row.of is not None]
        exact = {Sku(row.match) for row in composed if not _is_pattern(row.match)}
        patterns = [row for row in composed if _is_pattern(row.match)]
        matching = {sku for sku in (bound_skus if patterns else ()) if _any(patterns, sku)}
        for sku in exact | matching:
            for component, _ in rules.rule_for(sku).needs():
                if component != sku:
                    self._of.setdefault(component, set()).add(sku)

    def with_dependents(self, skus: Iterable[Sku]) -> list[Sku]:
        """These SKUs and everything made of them, in a stable order."""
        found: dict[Sku, None] = {}
        for sku in skus:
            found[sku] = None
            for dependent in sorted(self._of.get(sku, ())):
                found[dependent] = None
        return list(found)


def _is_pattern(match: str) -> bool:
    return any(mark in match for mark in "*?[")


def _any(patterns: Sequence[RuleOverride], sku: Sku) -> bool:
    return any(row.matches(sku) for row in patterns)
