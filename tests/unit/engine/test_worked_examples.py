"""The worked examples of DESIGN section 5: reading → right offer, through the whole engine."""

from dataclasses import replace
from datetime import timedelta

from syncd.domain.identity import LocationName, Sku, SourceName, WarehouseId
from syncd.domain.orders import OrdersMode, OrdersPolicy, OrderState
from syncd.domain.rules import Draw, StockRule
from syncd.domain.stock import Basis
from tests.fakes.memory_channel import EAST, MAIN
from tests.fakes.memory_source import MemorySource, Row
from tests.fakes.shopfloor import Shopfloor, at, kit, pack, shipment, within


def offered(floor: Shopfloor, sku: str) -> object:
    """What the shop shows after one cycle."""
    floor.cycle()
    return floor.shop.shown(sku)


def test_on_hand_minus_an_order_that_left_after_the_reading(floor: Shopfloor) -> None:
    floor.shop.list_sku("A", W1=10)
    floor.source.set(A=10)
    floor.read_at("12:00")
    order = floor.shop.order("A", 1, at=floor.clock.at("11:30"))
    floor.shop.advance(order, OrderState.IN_TRANSIT, floor.clock.at("12:20"))
    floor.now_is("12:25")

    assert offered(floor, "A") == 9


def test_goods_issue_posted_at_night_is_awaited(floor: Shopfloor) -> None:
    floor.orders = shipment(timedelta(hours=12))
    floor.shop.list_sku("A", W1=10)
    floor.source.set(A=10)
    order = floor.shop.order("A", 3, at=floor.clock.at("12:30"))
    floor.shop.advance(order, OrderState.IN_TRANSIT, floor.clock.at("17:00"))
    floor.now_is("18:20")
    floor.read_at("18:10")

    assert offered(floor, "A") == 7


def test_available_minus_orders_on_hold(floor: Shopfloor) -> None:
    floor.basis, floor.orders = Basis.AVAILABLE, within(timedelta(minutes=15))
    floor.shop.list_sku("A", W1=10)
    floor.source.set(A=10)
    floor.read_at("12:30")
    floor.shop.order("A", 2, state=OrderState.ON_HOLD, at=floor.clock.at("12:05"))
    floor.now_is("12:30")

    assert offered(floor, "A") == 8


def test_a_count_does_not_contain_orders_still_on_the_shelf(floor: Shopfloor) -> None:
    floor.orders = OrdersPolicy(mode=OrdersMode.NEVER)
    floor.shop.list_sku("A", W1=20)
    floor.source.rows = [Row("A", "20", counted_at="2026-11-23T08:00:00+00:00")]
    floor.shop.order("A", 3, at=floor.clock.at("2026-11-22 18:00"))

    assert offered(floor, "A") == 17


def test_committed_elsewhere_is_subtracted(floor: Shopfloor) -> None:
    floor.shop.list_sku("A", W1=1)
    floor.source.rows = [Row("A", "10", committed="4")]

    assert offered(floor, "A") == 6


def test_sum_of_two_sources_with_one_order_booked_at_the_warehouse(floor: Shopfloor) -> None:
    store = MemorySource(SourceName("store"), floor.clock.now(), [Row("A", "4")])
    floor.more_sources = {store.name: (store, shipment(), Basis.ON_HAND)}
    floor.stock = StockRule(draws=(Draw(source=SourceName("stock")), Draw(source=store.name)))
    floor.orders_go_to = at("default")
    floor.shop.list_sku("A", W1=10)
    floor.source.set(A=6)
    floor.shop.order("A", 1)

    assert offered(floor, "A") == 9


def test_packs_count_as_count_times_units(floor: Shopfloor) -> None:
    floor.stock = replace(floor.stock, safety=2)
    floor.overrides = (pack("SOCK-6PK", "SOCK", 6),)
    floor.shop.list_sku("SOCK", W1=0)
    floor.shop.list_sku("SOCK-6PK", W1=2)
    floor.source.set(SOCK=14)
    floor.shop.order("SOCK-6PK", 1)

    floor.cycle()

    assert (6, 1) == (floor.shop.shown("SOCK"), floor.shop.shown("SOCK-6PK"))


def two_places(floor: Shopfloor, main_b: int) -> None:
    """A kit of A1 + B2 with stock at Main and East."""
    floor.warehouses = {"Main": MAIN, "East": EAST}
    floor.overrides = (kit("KIT", A=1, B=2),)
    floor.shop.list_sku("KIT", W1=5, W2=0)
    floor.source.rows = [
        Row("A", "5", "Main"), Row("B", str(main_b), "Main"),
        Row("A", "1", "East"), Row("B", "9", "East"),
    ]  # fmt: skip


def test_a_kit_is_built_at_one_location_and_its_order_takes_components(floor: Shopfloor) -> None:
    two_places(floor, main_b=4)
    floor.shop.order("KIT", 1, MAIN)

    assert offered(floor, "KIT") == (1, 1)


def test_a_component_in_debt_makes_no_kit_there(floor: Shopfloor) -> None:
    two_places(floor, main_b=-1)

    assert offered(floor, "KIT") == (0, 1)


def test_an_imported_order_that_is_cancelled_gives_back_only_when_the_source_says_so(
    floor: Shopfloor,
) -> None:
    floor.basis, floor.orders = Basis.AVAILABLE, within(timedelta(minutes=15))
    floor.shop.list_sku("A", W1=10)
    order = floor.shop.order("A", 1, at=floor.clock.at("12:01"))
    floor.source.set(A=9)
    floor.now_is("12:24")
    floor.read_at("12:24")
    assert offered(floor, "A") == 9

    floor.now_is("12:25")
    floor.shop.advance(order, OrderState.CANCELLED)
    floor.now_is("12:26")
    floor.read_at("12:26")
    assert offered(floor, "A") == 9

    floor.now_is("12:40")
    floor.read_at("12:40")
    floor.source.set(A=10)
    assert offered(floor, "A") == 10


def test_a_location_in_the_name_of_two_sources_is_told_apart() -> None:
    place = at("Main", "erp")

    assert ("erp/Main", LocationName("Main")) == (str(place), place.location)
    assert WarehouseId("W1") == MAIN
    assert Sku("a") != Sku("A")
