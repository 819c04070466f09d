"""A listing that stays at 0 after an out-of-stock cancellation is told until its source moves by itself."""

from dataclasses import replace
from datetime import timedelta

from syncd.domain.identity import Sku
from syncd.domain.orders import OrderState
from syncd.domain.report import Attention
from syncd.engine.looking import status
from syncd.engine.zeroed import tell_zeroed
from tests.fakes.clock import START
from tests.fakes.memory_channel import MAIN
from tests.fakes.shopfloor import SHOP, Shopfloor


def cancelled_for_want(floor: Shopfloor, *skus: str) -> None:
    """All are sold at 5 a piece; of each an order is cancelled for want of stock, a minute apart."""
    for sku in skus:
        floor.shop.list_sku(sku, W1=5)
    floor.source.set(**dict.fromkeys(skus, 5))
    floor.cycle()
    for sku in skus:
        order = floor.shop.order(sku, 1)
        floor.clock.advance(60)
        floor.shop.advance(order, OrderState.CANCELLED)
        floor.shop.lines[order] = replace(floor.shop.lines[order], out_of_stock=True)
        floor.shop.set_stock(sku, MAIN, 0)


def test_a_zero_after_an_out_of_stock_cancellation_is_told_by_report_and_status_until_it_ends(
    floor: Shopfloor,
) -> None:
    cancelled_for_want(floor, "A")
    cancelled_at = floor.clock.now()

    report = floor.cycle()
    floor.clock.advance(60)
    standing = status(floor.engine(), "ledger.db").needs_attention
    floor.source.set(A=4)
    floor.source.as_of = floor.clock.now()
    floor.cycle()

    expected = Attention(
        what="shop: A: set to 0 after your out-of-stock cancellation, until a source moves by itself; "
        "if its stock is right, `syncd unpark A --reason TEXT`",
        since=cancelled_at, count=1, help="syncd explain A",
    )  # fmt: skip
    assert ((expected,), (expected,)) == (report.attention, standing)
    assert () == status(floor.engine(), "ledger.db").needs_attention


def test_many_zeros_after_cancellations_are_told_by_a_few_names_the_latest_first(
    floor: Shopfloor,
) -> None:
    cancelled_for_want(floor, *"ABCDEFG")
    floor.cycle()

    told = status(floor.engine(), "ledger.db").needs_attention

    assert [*"GFEDC"] == [item.what.split(": ")[1] for item in told[:-1]]
    more = "shop: 2 more SKUs at 0 after out-of-stock cancellations (first: B)"
    assert (more, 2, "syncd explain B") == (told[-1].what, told[-1].count, told[-1].help)


def test_a_zero_that_the_sources_tell_too_awaits_nobody(floor: Shopfloor) -> None:
    cancelled_for_want(floor, "A")
    floor.cycle()
    floor.source.set(A=0)
    floor.source.as_of = floor.clock.now()
    floor.cycle()

    assert () == status(floor.engine(), "ledger.db").needs_attention


def test_some_are_named_and_the_others_counted_with_the_oldest_time() -> None:
    rows = {Sku(f"S{number}"): START - timedelta(hours=number) for number in range(6)}

    told = list(tell_zeroed(SHOP, rows))

    assert [START - timedelta(hours=number) for number in range(6)] == [row.since for row in told]
    assert [f"syncd explain S{number}" for number in range(6)] == [row.help for row in told]
    assert "shop: 1 more SKU at 0 after out-of-stock cancellations (first: S5)" == told[-1].what
    assert [] == list(tell_zeroed(SHOP, {}))
