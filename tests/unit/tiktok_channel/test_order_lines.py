"""What becomes of each line of an order whose lines go different ways, or that is cancelled on its way."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from connectors.tiktok_shop.order_feed import lines
from connectors.tiktok_shop.wire import LineItem, Order
from syncd.domain.identity import Sku
from syncd.domain.orders import OrderLine
from tests.fakes.connected_shop import connected_shop
from tests.fakes.shopfloor import SHOP

MADE, PACKED, COLLECTED, NOW = 1_000, 2_000, 3_000, 4_000


def order(status: str, *items: LineItem, rts: int | None = None, gone: int | None = None) -> Order:
    return Order(
        id="1", status=status, create_time=MADE, update_time=NOW, rts_time=rts, collection_time=gone,
        line_items=items,
    )  # fmt: skip


def item(status: str, rts: int | None = None, package: str = "") -> LineItem:
    return LineItem(
        id="2", product_id="3", sku_id="4", seller_sku="A", display_status=status, rts_time=rts,
        package_status=package,
    )  # fmt: skip


def reached(line: OrderLine) -> tuple[str, list[float]]:
    """The state, and the moments of the steps in their order."""
    moments = (line.entered_at, line.packed_at, line.left_at)
    return line.state.value, [moment.timestamp() for moment in moments if moment]


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (order("CANCELLED", item("CANCELLED")), ("CANCELLED", [])),
        (
            order("CANCELLED", item("CANCELLED", PACKED), rts=PACKED),
            ("CANCELLED", [PACKED, PACKED]),
        ),
        (order("CANCELLED", item("CANCELLED"), rts=PACKED), ("CANCELLED", [PACKED, PACKED])),
        (
            order("CANCELLED", item("CANCELLED", PACKED), rts=PACKED, gone=COLLECTED),
            ("CANCELLED", [PACKED, PACKED, COLLECTED]),
        ),
        (
            order("CANCELLED", item("CANCELLED"), gone=COLLECTED),
            ("CANCELLED", [COLLECTED, COLLECTED, COLLECTED]),
        ),
        (
            order("CANCEL", item("CANCEL", PACKED, "COMPLETED"), rts=PACKED, gone=COLLECTED),
            ("CANCELLED", [PACKED, PACKED, COLLECTED]),
        ),
    ],
    ids=["at once", "packed", "packed, told of the order", "left", "left, unpacked", "delivered"],
)  # fmt: skip
def test_a_cancelled_order_keeps_the_steps_that_its_times_tell(
    told: Order, expected: tuple[str, list[float]]
) -> None:
    (line,) = lines(SHOP, told)
    assert expected == reached(line)


def test_each_line_is_cancelled_or_shipped_for_itself() -> None:
    told = order(
        "PARTIALLY_SHIPPING",
        item("CANCELLED"),
        item("AWAITING_SHIPMENT"),
        item("IN_TRANSIT", PACKED, "FULFILLING"),
        item("CANCELLED", PACKED, "PROCESSING"),
        item("CANCELLED", PACKED, "FULFILLING"),
        rts=PACKED,
        gone=COLLECTED,
    )
    assert [
        ("CANCELLED", []),
        ("AWAITING_SHIPMENT", [PACKED]),
        ("IN_TRANSIT", [PACKED, PACKED, COLLECTED]),
        ("CANCELLED", [PACKED, PACKED]),
        ("CANCELLED", [PACKED, PACKED, COLLECTED]),
    ] == [reached(line) for line in lines(SHOP, told)]


def test_what_never_shipped_of_a_cancelled_order_is_not_gone_with_the_rest() -> None:
    told = order(
        "CANCELLED", item("CANCELLED"), item("CANCELLED", PACKED), rts=PACKED, gone=COLLECTED
    )
    assert [("CANCELLED", []), ("CANCELLED", [PACKED, PACKED, COLLECTED])] == [
        reached(line) for line in lines(SHOP, told)
    ]


@pytest.mark.parametrize("word", ["LOST_IN_SPACE", ""])
def test_a_line_without_a_known_word_goes_with_its_order(word: str) -> None:
    (line,) = lines(SHOP, order("IN_TRANSIT", item(word), rts=PACKED, gone=COLLECTED))
    assert ("IN_TRANSIT", [PACKED, PACKED, COLLECTED]) == reached(line)


def test_an_order_of_an_unknown_word_is_still_with_us() -> None:
    (line,) = lines(SHOP, order("ON_THE_MOON", item("")))
    assert "AWAITING_SHIPMENT" == line.state.value


def test_a_shop_that_cancels_one_line_and_ships_another_is_understood(tmp_path: Path) -> None:
    with connected_shop(tmp_path) as shop:
        wanted = [{"seller_sku": sku, "units": 2} for sku in ("A", "B", "C")]
        made = shop.control.post("orders", lines=wanted)["order_id"]
        shop.poll()
        shop.hours(1)
        shop.control.post(f"orders/{made}/lines/0/status", status="CANCELLED")
        shop.control.post(f"orders/{made}/lines/1/status", status="IN_TRANSIT")
        shop.poll()
        partly = {sku: known(shop.floor.ledger.order_lines(Sku(sku), 9)) for sku in "ABC"}
        shop.hours(1)
        shop.control.post(f"orders/{made}/lines/2/status", status="CANCELLED")
        shop.poll()
        then = {sku: known(shop.floor.ledger.order_lines(Sku(sku), 9)) for sku in "ABC"}

    gone, cancelled = ("IN_TRANSIT", True), ("CANCELLED", False)
    assert {"A": cancelled, "B": gone, "C": ("AWAITING_SHIPMENT", False)} == partly
    assert {"A": cancelled, "B": gone, "C": cancelled} == then


def known(found: Sequence[OrderLine]) -> tuple[str, bool]:
    """The one state of these lines, and whether they left."""
    ((state, left),) = {(line.state.value, line.left_at is not None) for line in found}
    return state, left
