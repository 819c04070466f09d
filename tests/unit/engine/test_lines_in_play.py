"""Order lines of a SKU that vanished from its source do not stay in play for ever, whatever `orders` says."""

from datetime import timedelta
from decimal import Decimal

import pytest

from syncd.domain.orders import OrdersMode, OrdersPolicy, OrderState
from syncd.domain.stock import Basis, Expectations
from syncd.engine.ordering import open_lines
from tests.fakes.memory_source import Row
from tests.fakes.shopfloor import Shopfloor, shipment, within

NEVER = OrdersPolicy(mode=OrdersMode.NEVER)
POLICIES = {
    "within": (Basis.AVAILABLE, within(timedelta(minutes=15))),
    "on_shipment": (Basis.ON_HAND, shipment(timedelta(hours=4))),
    "never": (Basis.ON_HAND, NEVER),
}


def counted(floor: Shopfloor, *skus: str) -> None:
    """The source names these SKUs, each counted now."""
    now = floor.clock.now()
    floor.source.rows = [Row(sku, "50", counted_at=now.isoformat()) for sku in skus]


def in_play(floor: Shopfloor) -> int:
    engine = floor.engine()
    return len(open_lines(engine, engine.ledger.standings()))


def day(floor: Shopfloor) -> None:
    """Both SKUs sell a unit, which leaves; the source is read at the end of it."""
    for sku in filter(floor.shop.shown, ("A", "B")):
        number = floor.shop.order(sku, 1)
        floor.clock.advance(6 * 3600)
        floor.shop.advance(number, OrderState.IN_TRANSIT)
    floor.clock.advance(3600)
    counted(floor, *(row.sku for row in floor.source.rows))
    floor.clock.advance(11 * 3600)
    floor.source.as_of = floor.clock.now()
    floor.cycle()


@pytest.mark.parametrize("mode", POLICIES)
def test_lines_of_a_vanished_sku_leave_once_its_row_is_given_up(
    floor: Shopfloor, mode: str
) -> None:
    floor.basis, floor.orders = POLICIES[mode]
    floor.expectations = Expectations(max_shrink=Decimal(1))
    for sku in ("A", "B"):
        floor.shop.list_sku(sku, W1=50)
    counted(floor, "A", "B")
    floor.cycle()
    counted(floor, "A")
    for _ in range(5):
        day(floor)

    assert 0 == in_play(floor)
    assert 0 == floor.shop.shown("B")


def test_a_held_row_still_lacks_what_left_since_its_count(floor: Shopfloor) -> None:
    floor.orders, floor.expectations = NEVER, Expectations(max_shrink=Decimal(1))
    counted(floor, "A", "B")
    for sku in ("A", "B"):
        floor.shop.list_sku(sku, W1=50)
    floor.cycle()
    number = floor.shop.order("B", 2)
    floor.shop.advance(number, OrderState.IN_TRANSIT)
    floor.clock.advance(3600)
    counted(floor, "A")
    floor.source.as_of = floor.clock.now()
    floor.cycle()

    assert (1, 48) == (in_play(floor), floor.shop.shown("B"))
