"""Every unit of an order is booked once, where the mapping says."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from syncd.domain.booking import Demand, booked_at, demands
from syncd.domain.identity import (
    ChannelName,
    ListingId,
    ListingRef,
    LocationName,
    Place,
    ProductId,
    Sku,
    SourceName,
    WarehouseId,
)
from syncd.domain.orders import OrderLine, OrderState
from syncd.domain.rules import (
    ChannelRules,
    Combine,
    Component,
    Draw,
    Limits,
    ListingRule,
    Publish,
    StockRule,
    Zero,
)
from syncd.domain.write_back import Booking, BookingId, BookingState, Effect

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
W1, W2 = WarehouseId("w1"), WarehouseId("w2")


def place(source: str, location: str) -> Place:
    return Place(SourceName(source), LocationName(location))


MAIN, EAST = place("erp", "Main"), place("erp", "East")
STORE = place("shop", "Main")


def demand(
    warehouse: WarehouseId | None, *, goes_to: Place | None = None, combine: Combine = Combine.SUM,
    sources: tuple[str, ...] = ("erp",),
) -> Demand:  # fmt: skip
    stock = StockRule(
        draws=tuple(Draw(source=SourceName(source)) for source in sources), combine=combine
    )
    rules = ChannelRules(
        channel=ChannelName("tiktok"), stock=stock, price=None,
        warehouses={"Main": W1, "East": W2}, orders_go_to=goes_to, aliases={}, overrides=(),
        limits=Limits(changed=Decimal(1)), zero=Zero.SEND, origins={}, fingerprint="",
    )  # fmt: skip
    line = OrderLine(
        channel=ChannelName("tiktok"), order_id="1", line_id="1",
        ref=ListingRef(ProductId("p"), ListingId("l")), seller_sku="S", units=1,
        state=OrderState.AWAITING_SHIPMENT, created_at=NOON, updated_at=NOON, warehouse_id=warehouse,
    )  # fmt: skip
    rule = ListingRule(
        sku=Sku("S"), components=(Component(sku=Sku("S"), need=1),), units=1, publish=Publish.ALL,
        stock=stock, price=None, origins={},
    )  # fmt: skip
    return Demand(line=line, sku=Sku("S"), units=1, rule=rule, rules=rules)


@pytest.mark.parametrize(("warehouse", "expected"), [(W1, MAIN), (W2, EAST)])
def test_the_orders_own_warehouse_decides(warehouse: WarehouseId, expected: Place) -> None:
    assert (expected,) == booked_at(demand(warehouse, goes_to=MAIN), [MAIN, EAST])


@pytest.mark.parametrize("warehouse", [None, WarehouseId("another")])
def test_orders_go_to_decides_when_the_warehouse_does_not_tell(
    warehouse: WarehouseId | None,
) -> None:
    assert (EAST,) == booked_at(demand(warehouse, goes_to=EAST), [MAIN, EAST])


def test_the_only_place_of_the_sku_takes_the_order_whatever_is_configured() -> None:
    assert (EAST,) == booked_at(demand(None, goes_to=MAIN), [EAST])


def test_without_any_hint_it_is_the_first_place_in_order() -> None:
    assert (EAST,) == booked_at(demand(None), [MAIN, EAST])


def test_a_sku_without_a_place_gives_nothing_up() -> None:
    assert () == booked_at(demand(W1), [])


def test_places_the_rule_does_not_draw_on_give_nothing_up() -> None:
    assert () == booked_at(demand(W1), [STORE])


@pytest.mark.parametrize("combine", [Combine.FIRST, Combine.MIN])
def test_alternative_sources_describe_the_same_units_and_each_gives_them_up(
    combine: Combine,
) -> None:
    wanted = demand(W1, combine=combine, sources=("erp", "shop"))
    assert (MAIN, STORE) == booked_at(wanted, [MAIN, EAST, STORE])


def test_alternative_sources_follow_orders_go_to_where_they_can() -> None:
    wanted = demand(None, goes_to=MAIN, combine=Combine.MIN, sources=("erp", "shop"))
    assert (MAIN, STORE) == booked_at(wanted, [EAST, MAIN, STORE])


def test_alternative_sources_book_at_their_first_place_without_a_hint() -> None:
    wanted = demand(None, combine=Combine.MIN, sources=("erp", "shop"))
    assert (EAST, STORE) == booked_at(wanted, [EAST, MAIN, STORE])


def taken_off(wanted: Demand, *places: Place) -> Demand:
    """The same demand with deductions at these places."""
    rows = tuple(
        Booking(
            id=BookingId(
                channel=wanted.line.channel, order_id="1", line_id="1", sku=wanted.sku, place=one,
                effect=Effect.DEDUCT,
            ),
            delta=-1, state=BookingState.DONE, stored_at=NOON, contained=one == MAIN,
        )
        for one in places
    )  # fmt: skip
    return replace(wanted, taken_off=rows)


def test_units_stay_where_a_booking_was_made_whatever_the_rules_say_later() -> None:
    assert (MAIN,) == booked_at(taken_off(demand(None, goes_to=EAST), MAIN), [MAIN, EAST])
    assert () == booked_at(taken_off(demand(None, goes_to=EAST), MAIN), [EAST])


def test_of_alternatives_the_source_with_a_booking_stays_and_the_others_follow_the_rules() -> None:
    wanted = demand(W1, combine=Combine.MIN, sources=("erp", "shop"))

    assert (EAST, STORE) == booked_at(taken_off(wanted, EAST), [MAIN, EAST, STORE])


def test_a_place_contains_what_its_own_booking_is_contained_in() -> None:
    both = taken_off(demand(W1), MAIN, EAST)

    assert (True, False, False) == tuple(map(both.contained_at, (MAIN, EAST, STORE)))


def test_a_demand_knows_the_deductions_of_its_own_component() -> None:
    wanted = demand(W1)
    (known,) = taken_off(wanted, MAIN).taken_off
    others = [
        replace(known, id=replace(known.id, sku=Sku("other"))),
        replace(known, id=replace(known.id, effect=Effect.RESTORE)),
    ]

    (found,) = demands(wanted.line, wanted.rules, [known, *others])

    assert (known,) == found.taken_off
