"""Which SKUs a source still sells although orders of a channel took them: not booked, or booked in doubt."""

from collections.abc import Iterator
from datetime import datetime

from syncd.domain.booking import Demand, booked_at
from syncd.domain.identity import Place, Sku
from syncd.domain.orders import OrdersMode
from syncd.domain.views import AtRisk
from syncd.domain.write_back import BookingState
from syncd.engine.ordering import open_demands
from syncd.engine.setup import EngineSetup

UNDECIDED = "not looked at yet"


def at_risk(engine: EngineSetup) -> tuple[AtRisk, ...]:
    """The SKUs at each place with units of open orders that are not booked there, the most units first."""
    written = {
        name
        for name, setup in engine.sources.items()
        if setup.orders is not None and setup.orders.mode is OrdersMode.WRITE_BACK
    }
    if not written:
        return ()
    demands = open_demands(engine)
    positions = engine.ledger.positions({demand.sku for demand in demands})
    found: dict[tuple[Sku, Place], list[tuple[Demand, str]]] = {}
    for demand in demands:
        places = [item.place for item in positions.get(demand.sku, ())]
        for place in booked_at(demand, places):
            if place.source in written:
                for state in _unbooked(demand, place):
                    found.setdefault((demand.sku, place), []).append((demand, state))
    rows = [_row(sku, place, parts) for (sku, place), parts in found.items()]
    return tuple(sorted(rows, key=lambda row: (-row.units, row.sku, row.place)))


def _unbooked(demand: Demand, place: Place) -> Iterator[str]:
    """The state of the deduction at a place, unless it is done."""
    states = [item.state for item in demand.taken_off if item.id.place == place]
    if BookingState.DONE not in states:
        yield states[0].value if states else UNDECIDED


def _row(sku: Sku, place: Place, parts: list[tuple[Demand, str]]) -> AtRisk:
    since: datetime = min(demand.line.created_at for demand, _ in parts)
    return AtRisk(
        sku=sku, place=place, units=sum(demand.units for demand, _ in parts),
        orders=len({(demand.line.channel, demand.line.order_id) for demand, _ in parts}),
        since=since, states=tuple(sorted({state for _, state in parts})),
    )  # fmt: skip
