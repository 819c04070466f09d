"""The number that is really sent, decided by the live value at send time (rules 3 and 5)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from syncd.domain.change import Cause, Change, Field
from syncd.domain.identity import ListingId, ListingRef, ProductId, Sku, WarehouseId
from syncd.domain.listing import Listing, ListingStatus, WarehouseStock
from syncd.domain.orders import OrderState
from syncd.domain.outcome import NOT_TOLD, Verdict
from syncd.domain.report import ExitCode
from syncd.engine.applying import amount
from syncd.engine.ingest import ingest
from tests.fakes.memory_channel import EAST, MAIN
from tests.fakes.shopfloor import Shopfloor, kit

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
REF = ListingRef(ProductId("1"), ListingId("2"))
COMPLETE, INCOMPLETE = NOW, NOW - timedelta(seconds=1)


def row(before: int, after: int) -> Change:
    return Change(
        sku=Sku("A"), seller_sku="A", ref=REF, field=Field.QUANTITY, before=before, after=after,
        cause=Cause.SOURCE, reason="r", warehouse_id=MAIN,
    )  # fmt: skip


def live(units: int) -> Listing:
    return Listing(
        ref=REF, seller_sku="A", status=ListingStatus.LIVE, price=None, observed_at=NOW,
        stock=(WarehouseStock(warehouse_id=MAIN, available=units),),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "shown", "target", "complete", "expected"),
    [
        (row(5, 9), 5, 9, COMPLETE, 9),  # a raise that may be sent
        (row(5, 9), 5, 9, INCOMPLETE, None),  # orders not known up to the look: no raise
        (row(5, 9), 3, 7, COMPLETE, 7),  # two were ordered meanwhile: seven is right
        (row(5, 9), 5, 12, COMPLETE, 9),  # never more than the plan that was judged
        (row(9, 5), 9, 5, INCOMPLETE, 5),  # lowering needs no orders
        (row(9, 5), 4, 5, COMPLETE, None),  # a lowering never becomes a raise
        (row(9, 5), 9, 3, COMPLETE, 3),  # orders meanwhile lower it further
        (row(9, 5), 5, 5, COMPLETE, None),  # already so
        (row(9, 5), 9, None, INCOMPLETE, 5),  # no fresh target: the judged number
    ],
)
def test_the_number_sent_is_decided_by_the_live_value(
    change: Change, shown: int, target: int | None, complete: datetime, expected: int | None
) -> None:
    assert expected == amount(change, live(shown), target, complete)


def test_nothing_is_sent_for_a_listing_or_warehouse_that_is_gone() -> None:
    elsewhere = Change(
        sku=Sku("A"), seller_sku="A", ref=REF, field=Field.QUANTITY, before=1, after=0,
        cause=Cause.SOURCE, reason="r", warehouse_id=WarehouseId("other"),
    )  # fmt: skip

    assert amount(row(9, 5), None, 5, COMPLETE) is None
    assert amount(elsewhere, live(1), 0, COMPLETE) is None


def sell_at_look(floor: Shopfloor, number: int, sku: str, units: int) -> None:
    """A buyer comes right before the n-th look at live values."""
    original = floor.shop.look
    looks = iter(range(1, 1000))

    def look(refs: Sequence[ListingRef]) -> Mapping[ListingRef, Listing]:
        if next(looks) == number:
            floor.shop.order(sku, units, state=OrderState.ON_HOLD)
        return original(refs)

    floor.shop.look = look  # type: ignore[method-assign]  # a buyer in between


def test_an_order_between_plan_and_look_lowers_what_is_sent(floor: Shopfloor) -> None:
    floor.shop.list_sku("A", W1=5)
    floor.source.set(A=9)
    sell_at_look(floor, 2, "A", 2)

    floor.cycle()

    assert [("A", "quantity", 7)] == floor.shop.journal


def test_an_order_between_plan_and_look_is_not_put_back_by_a_lowering(floor: Shopfloor) -> None:
    floor.shop.list_sku("A", W1=9)
    floor.source.set(A=5)
    sell_at_look(floor, 2, "A", 6)

    floor.cycle()

    assert [] == floor.shop.journal
    assert 3 == floor.shop.shown("A")


def test_a_warehouse_the_shop_no_longer_tells_is_written_to_by_nobody_and_told(
    floor: Shopfloor,
) -> None:
    ref = floor.shop.list_sku("A", W1=9)
    floor.source.set(A=5)
    original = floor.shop.look
    looks = iter(range(1, 1000))

    def look(refs: Sequence[ListingRef]) -> Mapping[ListingRef, Listing]:
        live = dict(original(refs))
        if next(looks) == 2:
            live[ref] = replace(live[ref], stock=(WarehouseStock(warehouse_id=EAST, available=9),))
        return live

    floor.shop.look = look  # type: ignore[method-assign]  # an answer that lacks something
    report = floor.cycle()

    assert [] == floor.shop.journal
    assert [(Verdict.REJECTED, NOT_TOLD)] == [
        (row.verdict, row.code) for row in report.channels[0].changes
    ]
    assert ExitCode.PARTIAL == report.exit_code()


def test_a_source_that_moves_after_the_plan_waits_for_its_own_judgement(floor: Shopfloor) -> None:
    floor.overrides = (kit("KIT", A=1),)
    floor.shop.list_sku("A", W1=9)
    floor.source.set(A=8)
    original = floor.shop.look
    looks = iter(range(1, 1000))

    def look(refs: Sequence[ListingRef]) -> Mapping[ListingRef, Listing]:
        if next(looks) == 2:
            floor.source.set(A=0)
            run = floor.ledger.begin_run("other")
            engine = floor.engine()
            ingest(engine, run, list(engine.sources))
        return original(refs)

    floor.shop.look = look  # type: ignore[method-assign]  # another process reads a new file
    floor.cycle()

    assert [("A", "quantity", 8)] == floor.shop.journal
