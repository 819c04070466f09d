"""What a plan is drafted from: live stock, dirty SKUs in chunks, and what the shop allows."""

from datetime import UTC, datetime

from syncd.domain.rules import Zero
from syncd.engine.drafting import CHUNK
from syncd.engine.setup import Trigger
from syncd.ports.channel import Fact
from tests.fakes.memory_source import Row
from tests.fakes.shopfloor import Shopfloor, kit


def planned(floor: Shopfloor) -> list[tuple[str, int | None, int]]:
    """A cycle on schedule that sends nothing: SKU, before and after of every planned row."""
    report = floor.cycle(send=False, trigger=Trigger.SCHEDULE)
    changes = [row.change for row in report.channels[0].changes]
    return [(change.sku, change.before, change.after) for change in changes]


def test_a_kit_in_a_later_chunk_than_its_component_is_planned_once(floor: Shopfloor) -> None:
    names = ["A", *(f"S{number:04}" for number in range(CHUNK)), "Z"]
    for name in names:
        floor.shop.list_sku(name, W1=5)
    floor.overrides = (kit("Z", A=1),)
    floor.source.rows = [Row(name, "4" if name == "A" else "5") for name in names[:-1]]

    assert [("A", 5, 4), ("Z", 5, 4)] == planned(floor)


def test_a_sku_that_nothing_lists_costs_no_request_for_live_stock(floor: Shopfloor) -> None:
    floor.shop.list_sku("A", W1=5)
    floor.source.set(A=5)
    floor.cycle()
    before = floor.shop.calls
    floor.cycle(send=False, only=["A"], trigger=Trigger.SCHEDULE)
    with_a_listing = floor.shop.calls - before

    report = floor.cycle(send=False, only=["NOBODY"], trigger=Trigger.SCHEDULE)

    assert () == report.channels[0].changes
    assert with_a_listing - 1 == floor.shop.calls - before - with_a_listing


def test_a_listing_missing_from_a_live_look_keeps_what_the_full_read_gave(floor: Shopfloor) -> None:
    ref = floor.shop.list_sku("A", W1=5)
    floor.source.set(A=5)
    floor.cycle()
    del floor.shop.shop[ref]
    floor.source.set(A=3)

    assert [("A", 5, 3)] == planned(floor)


def test_where_a_product_is_taken_off_sale_a_refused_zero_is_still_planned(
    floor: Shopfloor,
) -> None:
    floor.shop.list_sku("A", W1=5)
    floor.shop.zero_refused = Fact(
        name="zero_refused", value="yes", learned_at=datetime(2026, 11, 1, tzinfo=UTC)
    )
    floor.source.set(A=0)
    left_on_sale = planned(floor)
    floor.zero = Zero.DEACTIVATE

    assert [("A", 5, 1)] == left_on_sale
    assert [("A", 5, 0)] == planned(floor)
