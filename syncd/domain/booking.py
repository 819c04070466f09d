"""Where the units of an order line are booked: the places whose readings must give them up."""

from collections.abc import Sequence
from dataclasses import dataclass

from syncd.domain.identity import Place, Sku
from syncd.domain.orders import OrderLine
from syncd.domain.rules import ChannelRules, Combine, ListingRule


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """Base units of one component that an order line takes, with what is needed to book them."""

    line: OrderLine
    sku: Sku
    units: int
    rule: ListingRule
    rules: ChannelRules


def demands(line: OrderLine, rules: ChannelRules) -> tuple[Demand, ...]:
    """What a line takes: kits their components, packs count × units."""
    rule = rules.rule_for(rules.bound_sku(line.seller_sku) if line.sku is None else line.sku)
    return tuple(
        Demand(line=line, sku=sku, units=line.units * need, rule=rule, rules=rules)
        for sku, need in rule.needs()
    )


def booked_at(demand: Demand, places: Sequence[Place]) -> tuple[Place, ...]:
    """Of the component's places, the one that gives the units up.

    The place mapped to the order's warehouse, else `orders_go_to`, else the first the rule draws on.
    Sources that are alternatives for one warehouse (`first`, `min`) describe the same units, so each of
    them gives them up once.
    """
    drawn = [
        place for draw in demand.rule.stock.draws for place in sorted(places) if draw.takes(place)
    ]
    named = [
        place
        for place in drawn
        if demand.line.warehouse_id is not None
        and demand.rules.warehouse_of(place) == demand.line.warehouse_id
    ]
    candidates = named or drawn
    if demand.rule.stock.combine is not Combine.SUM:
        return _one_per_source(candidates, demand.rules.orders_go_to)
    chosen = _chosen(candidates, demand.rules.orders_go_to, drawn)
    return () if chosen is None else (chosen,)


def _chosen(
    candidates: Sequence[Place], orders_go_to: Place | None, drawn: Sequence[Place]
) -> Place | None:
    if len(candidates) == 1:
        return candidates[0]
    if orders_go_to in drawn:
        return orders_go_to
    return candidates[0] if candidates else None


def _one_per_source(candidates: Sequence[Place], preferred: Place | None) -> tuple[Place, ...]:
    chosen: dict[str, Place] = {}
    for place in candidates:
        if place.source not in chosen or place == preferred:
            chosen[place.source] = place
    return tuple(chosen.values())
