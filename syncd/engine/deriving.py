"""Turns positions and open orders into the numbers each listing's rule works on."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from syncd.domain.adaptive import Withholding
from syncd.domain.allocation import Net
from syncd.domain.booking import Demand
from syncd.domain.identity import Sku, WarehouseId
from syncd.domain.listing import BoundListing
from syncd.domain.pricing import PriceDerivation, PriceWithheld, Unpriced, derive_price
from syncd.domain.rules import ListingRule
from syncd.domain.stock import (
    REJECTED,
    Basis,
    Freshness,
    Position,
    SourceStanding,
    believe,
    freshness,
)
from syncd.engine.escrow_scene import Looked, Scene, read_scene
from syncd.engine.ordering import Unseen
from syncd.engine.setup import ChannelSetup, EngineSetup
from syncd.engine.shortage import sold_out
from syncd.engine.tempo import Tempo


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What a plan is computed from, read once: standings, positions of the SKUs at hand, open orders.

    `sold_out`: SKUs that stay at 0 after the seller cancelled for want of stock. `withheld`: by the SKU of an
    adaptive rule, what it withholds now.
    """

    now: datetime
    standings: Mapping[str, SourceStanding]
    positions: Mapping[Sku, Sequence[Position]]
    unseen: Unseen
    sold_out: Collection[Sku]
    withheld: Mapping[Sku, Withholding]
    scene: Scene | None = None


def read_world(
    engine: EngineSetup, setup: ChannelSetup, rules: Collection[ListingRule],
    open_: Sequence[Demand], tempo: Tempo | None = None, looked: Looked | None = None,
) -> World:  # fmt: skip
    """Everything these rules' listings depend on.

    `tempo` is that of the plan, or else read anew; `looked` which listings were looked at, and since when.
    """
    components = {sku for rule in rules for sku, _ in rule.needs()}
    needed = components | {rule.sku for rule in rules}
    with engine.ledger.at_one_moment():
        positions, standings = engine.ledger.positions(needed), engine.ledger.standings()
        return World(
            now=engine.clock.now(),
            standings={str(name): row for name, row in standings.items()},
            positions=positions,
            unseen=Unseen(engine, open_),
            sold_out=sold_out(engine, setup, rules, positions, standings),
            withheld=(tempo or Tempo(engine, setup)).withheld(rules, positions),
            scene=read_scene(engine, setup, components, looked or Looked()),
        )


def nets(
    engine: EngineSetup, setup: ChannelSetup, world: World, rule: ListingRule,
    only_warehouse: WarehouseId | None,
) -> tuple[tuple[Net, ...], tuple[str, ...]]:  # fmt: skip
    """The component readings a rule draws on, and places that feed it but have no warehouse.

    `only_warehouse` is the listing's single warehouse, used where the mapping names none.
    """
    found: list[Net] = []
    homeless: list[str] = []
    for sku, _ in rule.needs():
        places = {
            position.place: position
            for position in world.positions.get(sku, ())
            if any(draw.takes(position.place) for draw in rule.stock.draws)
        }
        taken = world.unseen.at(sku, places, world.standings)
        moving = {} if world.scene is None else world.scene.moving.get(sku, {})
        for place, position in sorted(places.items()):
            warehouse = setup.rules.warehouse_of(place)
            if warehouse is None and not setup.rules.warehouses:
                warehouse = only_warehouse
            if warehouse is None:
                homeless.append(str(place))
                continue
            unseen = taken.get(place, 0) - moving.get(place, 0)
            found.append(_net(engine, world, position, warehouse, unseen))
    return tuple(found), tuple(dict.fromkeys(homeless))


def _net(
    engine: EngineSetup, world: World, position: Position, warehouse: WarehouseId, unseen: int
) -> Net:
    source = engine.sources[position.place.source]
    standing = world.standings[position.place.source]
    believed = believe(position, standing, source.trust, world.now)
    return Net(
        sku=position.sku,
        place=position.place,
        warehouse_id=warehouse,
        reading=believed.quantity,
        committed=(position.committed or 0) if source.basis is Basis.ON_HAND else 0,
        unseen=unseen,
        may_raise=believed.may_raise,
        untracked=believed.untracked,
        note=believed.note,
        origin=position.origin,
        withdrawn=believed.withdrawn,
    )


def warehouse_if_single(bound: BoundListing) -> WarehouseId | None:
    """The listing's warehouse when it has just one."""
    stock = bound.listing.stock
    return stock[0].warehouse_id if len(stock) == 1 else None


def wanted_price(
    engine: EngineSetup, world: World, rule: ListingRule, shop_currency: str
) -> PriceDerivation:
    """The price a listing should show; PriceWithheld when rule 7 forbids one."""
    if rule.price is None:
        raise PriceWithheld("no price rule")
    offered = [
        position
        for position in world.positions.get(rule.sku, ())
        if position.place.source == rule.price.source and position.price is not None
    ]
    if not offered:
        raise Unpriced(f"{rule.price.source} gives no price for {rule.sku}")
    if len({(position.price, position.currency) for position in offered}) > 1:
        raise PriceWithheld(f"{rule.price.source} gives several prices at different locations")
    position = offered[0]
    _require_belief(engine, world, position)
    costs = {item.cost for item in offered if item.cost is not None}
    cost = costs.pop() if len(costs) == 1 else None
    return derive_price(rule.price, position.price, position.currency, cost, shop_currency)


def _require_belief(engine: EngineSetup, world: World, position: Position) -> None:
    """A price is only pushed from a row that was read and believed, by a source that is not stale."""
    source = position.place.source
    if position.missing_since is not None:
        raise PriceWithheld(f"{position.sku} is missing from {source}")
    if position.reason.startswith(REJECTED):
        raise PriceWithheld(position.reason)
    age = freshness(world.standings[source], engine.sources[source].trust, world.now)
    if age is not Freshness.FRESH:
        raise PriceWithheld(f"source {source} is {age}")
