"""Where the units of an order line are booked: the places whose readings must give them up."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from syncd.domain.identity import Place, Sku, WarehouseId
from syncd.domain.orders import OrderLine
from syncd.domain.rules import ChannelRules, Combine, ListingRule
from syncd.domain.write_back import Booking, Effect


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """Base units of one component that an order line takes, with what is needed to book them.

    `taken_off` are the bookings that take them off a source which is written back.
    """

    line: OrderLine
    sku: Sku
    units: int
    rule: ListingRule
    rules: ChannelRules
    taken_off: tuple[Booking, ...] = ()

    def contained_at(self, place: Place) -> bool:
        """Whether the present reading of a place that is written back contains them.

        That is so once a reading was begun after the source had confirmed the deduction, and not by the
        times in both: those of a reading allow for clocks that differ (`clock_tolerance`), which would hide
        every sold unit a second time for two minutes. A deduction that is not done, in doubt, refused or
        left to a person is not contained, so its units stay subtracted.
        """
        return any(item.contained for item in self.taken_off if item.id.place == place)


def demands(
    line: OrderLine, rules: ChannelRules, known: Iterable[Booking] = ()
) -> tuple[Demand, ...]:
    """What a line takes: kits their components, packs count × units. `known` are the line's bookings."""
    rule = rules.rule_for(rules.bound_sku(line.seller_sku) if line.sku is None else line.sku)
    deductions = [item for item in known if item.id.effect is Effect.DEDUCT]
    return tuple(
        Demand(
            line=line, sku=sku, units=line.units * need, rule=rule, rules=rules,
            taken_off=tuple(item for item in deductions if item.id.sku == sku),
        )
        for sku, need in rule.needs()
    )  # fmt: skip


def booked_at(demand: Demand, places: Sequence[Place]) -> tuple[Place, ...]:
    """Of the component's places, the one that gives the units up.

    The place mapped to the order's warehouse, else `orders_go_to`, else the first the rule draws on.
    Sources that are alternatives for one warehouse (`first`, `min`) describe the same units, so each of
    them gives them up once. Where a booking was made the units stay, whatever the rules say later.
    """
    fixed = tuple(dict.fromkeys(item.id.place for item in demand.taken_off))
    if fixed and demand.rule.stock.combine is Combine.SUM:
        return tuple(place for place in fixed if place in places)
    drawn = _drawn(demand.rule, places)
    candidates = _named(demand.rules, demand.line.warehouse_id, drawn) or drawn
    if demand.rule.stock.combine is not Combine.SUM:
        free = [item for item in candidates if item.source not in {place.source for place in fixed}]
        kept = tuple(place for place in fixed if place in places)
        return (*kept, *_one_per_source(free, demand.rules.orders_go_to))
    chosen = _chosen(candidates, demand.rules.orders_go_to, drawn)
    return () if chosen is None else (chosen,)


def place_of_sale(
    rule: ListingRule,
    rules: ChannelRules,
    warehouse_id: WarehouseId | None,
    places: Sequence[Place],
) -> Place | None:
    """The one of a component's places that gives up what is sold from a warehouse; None when there is none."""
    drawn = _drawn(rule, places)
    return _chosen(_named(rules, warehouse_id, drawn) or drawn, rules.orders_go_to, drawn)


def _drawn(rule: ListingRule, places: Sequence[Place]) -> list[Place]:
    return [place for draw in rule.stock.draws for place in sorted(places) if draw.takes(place)]


def _named(
    rules: ChannelRules, warehouse_id: WarehouseId | None, drawn: Sequence[Place]
) -> list[Place]:
    """The places that feed this warehouse."""
    if warehouse_id is None:
        return []
    return [place for place in drawn if rules.warehouse_of(place) == warehouse_id]


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
