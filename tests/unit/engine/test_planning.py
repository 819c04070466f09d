"""One listing, its wish and what it shows: which rows come of it, and which do not."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from syncd.domain.adaptive import Withholding
from syncd.domain.allocation import Net, derive
from syncd.domain.change import Cause, Field
from syncd.domain.escrow import Account, Step
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
from syncd.domain.listing import (
    BoundListing,
    Listing,
    ListingStatus,
    PublishedStock,
    SetAside,
    WarehouseStock,
)
from syncd.domain.money import Money
from syncd.domain.pricing import PriceDerivation
from syncd.domain.rules import (
    Adaptive,
    Component,
    ListingRule,
    PriceRule,
    Publish,
    StockRule,
)
from syncd.domain.shortage import stays_at_zero
from syncd.engine.escrow_scene import Escrowed
from syncd.engine.planning import Aside, Bounds, Rows, Wanted, plan_listing
from syncd.ports.escrow import Held

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
REF = ListingRef(ProductId("p"), ListingId("l"))
A, B = WarehouseId("A"), WarehouseId("B")
OPEN = Bounds(orders_complete=True)
PARKED = Aside(
    kind=SetAside.PARKED, reason="locked", since=datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
)
PRICE = PriceRule(source=SourceName("erp"), floor=Decimal(1))


def net(warehouse: WarehouseId, units: int, *, unseen: int = 0, may_raise: bool = True) -> Net:
    return Net(
        sku=Sku("S"), place=Place(SourceName("erp"), LocationName(warehouse)),
        warehouse_id=warehouse, reading=units, committed=0, unseen=unseen, may_raise=may_raise,
        note="" if may_raise else "stale",
    )  # fmt: skip


def wanted(
    nets: tuple[Net, ...], shows: dict[WarehouseId, int], *, stock: StockRule | None = None,
    publish: Publish = Publish.ALL, status: ListingStatus = ListingStatus.LIVE, refusal: str = "",
    locked: int = 0, published: PublishedStock | None = None, price: PriceRule | None = None,
    source_offer: int | None = None,
) -> Wanted:  # fmt: skip
    rule = ListingRule(
        sku=Sku("S"), components=(Component(sku=Sku("S"), need=1),), units=1, publish=publish,
        stock=stock or StockRule(), price=price, origins={"publish": "syncd.yaml:9"},
    )  # fmt: skip
    listing = Listing(
        ref=REF, seller_sku="S", status=status, refusal=refusal, locked_units=locked,
        stock=tuple(WarehouseStock(warehouse_id=name, available=n) for name, n in shows.items()),
        price=Money(900, "USD"), observed_at=NOON,
    )  # fmt: skip
    bound = BoundListing(listing=listing, sku=Sku("S"), published=published or PublishedStock())
    derivation = derive(rule, nets) if nets else None
    return Wanted(
        bound=bound, rule=rule, stock=derivation, source_offer=source_offer, stock_why="unknown",
        price_why="no price",
    )  # fmt: skip


def moves(rows: Rows) -> list[tuple[str | None, int | None, int]]:
    return [(row.warehouse_id, row.before, row.after) for row in rows.changes]


def reasons(rows: Rows) -> list[str]:
    return [skip.reason for skip in rows.skips]


def test_only_what_differs_becomes_a_row() -> None:
    rows = plan_listing(wanted((net(A, 7), net(B, 5)), {A: 9, B: 5}), OPEN)
    assert [(A, 9, 7)] == moves(rows)
    assert not rows.settled


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"publish": Publish.NONE}, "publish: none (syncd.yaml:9)"),
        ({"status": ListingStatus.GONE}, "the channel no longer lists it"),
        ({"status": ListingStatus.NOT_WRITABLE}, "the channel takes no writes to it"),
        ({"refusal": "combo"}, "combo"),
    ],
)
def test_what_may_not_be_written_is_left_alone_and_says_why(
    given: dict[str, object], expected: str
) -> None:
    rows = plan_listing(wanted((net(A, 7),), {A: 9}, **given), OPEN)  # type: ignore[arg-type]  # keywords of a test
    assert ((), [expected]) == (rows.changes, reasons(rows))


def test_publish_price_leaves_the_quantity_alone() -> None:
    assert () == plan_listing(wanted((net(A, 7),), {A: 9}, publish=Publish.PRICE), OPEN).changes


def test_publish_stock_leaves_the_price_alone() -> None:
    rows = plan_listing(wanted((net(A, 9),), {A: 9}, publish=Publish.STOCK, price=PRICE), OPEN)
    assert Rows() == rows


@pytest.mark.parametrize("field", [Field.QUANTITY, Field.PRICE])
def test_a_parked_field_is_not_planned_and_the_other_is(field: Field) -> None:
    price = PriceDerivation(
        source_price=Decimal(8), currency="USD", adjusted=Decimal(8), rounded=Decimal(8),
        floor=Decimal(1), price=Money(800, "USD"),
    )  # fmt: skip
    both = replace(wanted((net(A, 7),), {A: 9}, price=PRICE), price=price)

    rows = plan_listing(both, replace(OPEN, aside={REF: {field: PARKED}}))

    assert {Field.QUANTITY, Field.PRICE} - {field} == {row.field for row in rows.changes}
    assert ["locked"] == reasons(rows)


def test_an_unknown_quantity_holds_the_listing() -> None:
    rows = plan_listing(wanted((), {A: 9}), OPEN)
    assert ([("held", "unknown")], False) == (
        [(skip.kind, skip.reason) for skip in rows.skips],
        rows.settled,
    )


def test_a_listing_no_source_names_is_unmapped_and_settled() -> None:
    rows = plan_listing(replace(wanted((), {A: 9}), unsourced=True), OPEN)
    assert (["unmapped"], True) == ([skip.kind for skip in rows.skips], rows.settled)


def test_a_price_that_may_not_be_pushed_says_why() -> None:
    rows = plan_listing(wanted((net(A, 9),), {A: 9}, price=PRICE), OPEN)
    assert (["price: no price"], ["price_withheld"], False) == (
        reasons(rows),
        [skip.kind for skip in rows.skips],
        rows.settled,
    )


def test_a_listing_without_a_price_in_the_source_is_settled() -> None:
    rows = plan_listing(replace(wanted((net(A, 9),), {A: 9}, price=PRICE), unpriced=True), OPEN)
    assert (["unpriced"], True) == ([skip.kind for skip in rows.skips], rows.settled)


def test_off_sale_and_nothing_to_sell_is_nothing_to_do() -> None:
    off = wanted((net(A, 0),), {A: 9}, status=ListingStatus.DEACTIVATED)
    assert Rows() == plan_listing(off, OPEN)


def test_an_offer_below_a_lock_is_set_to_the_lock_and_reported() -> None:
    rows = plan_listing(wanted((net(A, 3), net(B, 1)), {A: 9, B: 1}, locked=6), OPEN)
    assert [(A, 9, 5)] == moves(rows)
    assert [("at_risk", "campaigns and creators hold 6, more than can be offered")] == [
        (skip.kind, skip.reason) for skip in rows.skips
    ]


def test_where_the_shop_refuses_zero_one_is_left_and_reported() -> None:
    bounds = replace(OPEN, least=1, least_why="the shop refuses 0")
    rows = plan_listing(wanted((net(A, 0),), {A: 9}), bounds)
    assert ([(A, 9, 1)], ["the shop refuses 0"]) == (moves(rows), reasons(rows))


def test_nothing_rises_before_the_order_feed_is_complete() -> None:
    rows = plan_listing(wanted((net(A, 9), net(B, 1)), {A: 5, B: 5}), Bounds(orders_complete=False))
    assert [(B, 5, 1)] == moves(rows)
    assert ["may not rise: the order feed is not complete"] == reasons(rows)


def test_what_a_listing_owns_is_not_shown_before_the_order_feed_is_complete() -> None:
    sells = wanted((net(A, 9),), {A: 0})
    step = Step(show=4, covered=4, reason="4 units were taken")
    account = Account(sku=Sku("S"), need=1, lands_until=NOON, granted=4)
    held = Held(channel=ChannelName("shop"), ref=REF, account=account, booked=False)
    owning = replace(sells, escrowed=Escrowed(step=step, held=held, place=None, granted_before=4))
    rows = plan_listing(owning, Bounds(orders_complete=False))
    assert ([], ["may not rise: the order feed is not complete"]) == (moves(rows), reasons(rows))
    assert [(A, 0, 4)] == moves(plan_listing(owning, OPEN))


def test_a_stale_place_may_lower_and_not_raise() -> None:
    nets = (net(A, 9, may_raise=False), net(B, 1, may_raise=False))
    rows = plan_listing(wanted(nets, {A: 5, B: 5}), OPEN)
    assert ([(B, 5, 1)], ["may not rise: stale"]) == (moves(rows), reasons(rows))


def test_a_platform_zero_after_the_sellers_cancellation_stays() -> None:
    zeroed = replace(wanted((net(A, 9),), {A: 0}), sold_out=True)
    assert [f"may not rise: {stays_at_zero(zeroed.rule.sku)}"] == (
        reasons(plan_listing(zeroed, OPEN))
    )  # fmt: skip


@pytest.mark.parametrize(
    ("nets", "stock", "expected"),
    [
        ((net(A, -3),), StockRule(), "nothing to sell: erp/A -3"),
        ((net(A, 1), net(B, -1)), StockRule(), "taken by another warehouse's debt: erp/A 1"),
        ((net(A, 2),), StockRule(safety=2), "safety 2: erp/A 2"),
        ((net(A, 1),), StockRule(share=Decimal("0.5")), "share and units per listing: erp/A 1"),
        ((net(A, 9),), StockRule(cap=0), "cap 0: erp/A 9"),
        ((net(A, 2),), StockRule(zero_below=3), "zero_below 3: erp/A 2"),
        ((net(A, 2, unseen=2),), StockRule(), "nothing to sell: erp/A 2 − 2 ordered"),
    ],
)
def test_every_zero_names_the_step_that_made_it(
    nets: tuple[Net, ...], stock: StockRule, expected: str
) -> None:
    rows = plan_listing(wanted(nets, {A: 9}, stock=stock), OPEN)
    assert [(0, expected)] == [(row.after, row.reason) for row in rows.changes]


def published(units: int, source_offer: int, unseen: int = 0) -> PublishedStock:
    return PublishedStock(
        quantities=((A, units),), published_at=NOON, source_offer=source_offer, unseen=unseen
    )


@pytest.mark.parametrize(
    ("shows", "nets", "source_offer", "before", "expected"),
    [
        (9, net(A, 9, unseen=2), 9, published(9, 9), Cause.ORDERS),
        (9, net(A, 7), 7, published(9, 9), Cause.SOURCE),
        (30, net(A, 9), 9, published(9, 9), Cause.DRIFT),
        (30, net(A, 12, unseen=2), 12, published(9, 9), Cause.ORDERS),
        (9, net(A, 7), 7, PublishedStock(), Cause.SOURCE),
    ],
)
def test_the_cause_of_a_row_is_what_changed_since_the_last_write(
    shows: int, nets: Net, source_offer: int, before: PublishedStock, expected: Cause
) -> None:
    one = wanted((nets,), {A: shows}, published=before, source_offer=source_offer)
    assert [expected] == [row.cause for row in plan_listing(one, OPEN).changes]


def test_orders_alone_stand_in_for_a_row_that_a_guard_may_hold() -> None:
    one = wanted((net(A, 2, unseen=3),), {A: 20}, published=published(20, 20), source_offer=2)

    rows = plan_listing(one, OPEN)

    assert ([0], [17]) == ([row.after for row in rows.changes], [r.after for r in rows.order_rows])


@pytest.mark.parametrize(
    "memory",
    [
        PublishedStock(quantities=((B, 20),), source_offer=20),
        PublishedStock(quantities=((A, 20),)),
        published(20, 20, unseen=3),
        published(30, 20),
    ],
)
def test_nothing_stands_in_where_orders_took_nothing_new_or_nothing_is_known(
    memory: PublishedStock,
) -> None:
    one = wanted((net(A, 2, unseen=3),), {A: 20}, published=memory, source_offer=2)
    assert () == plan_listing(one, OPEN).order_rows


HELD = Withholding(units=2, near=10, until=None, why="adaptive, 1.0/min, 10s, 99.9%")


@pytest.mark.parametrize(
    ("shows", "reading", "remembered", "expected"),
    [
        (5, 5, 0, Cause.SAFETY),  # now 2 are withheld
        (5, 8, 4, Cause.ORDERS),  # what was withheld explains nothing
        (2, 6, 4, Cause.SAFETY),  # fewer are withheld than before
        (4, 9, 2, Cause.ORDERS),  # as much is withheld as before
        (4, 9, None, Cause.ORDERS),  # nobody knows what was withheld
    ],
)
def test_a_row_that_only_what_is_withheld_explains_is_caused_by_safety(
    shows: int, reading: int, remembered: int | None, expected: Cause
) -> None:
    rule = StockRule(adaptive=Adaptive())
    memory = PublishedStock(
        quantities=((A, 99),), source_offer=reading, unseen=1, safety=remembered
    )
    one = wanted((net(A, reading),), {A: shows}, stock=rule, published=memory)
    derived = derive(one.rule, (net(A, reading),), HELD)

    (row,) = plan_listing(
        replace(one, stock=derived, source_offer=reading, withholding=HELD), OPEN
    ).changes

    assert expected is row.cause


def test_a_rule_that_is_not_adaptive_is_never_the_cause() -> None:
    memory = PublishedStock(quantities=((A, 9),), source_offer=9, unseen=1, safety=0)
    one = wanted((net(A, 9),), {A: 9}, stock=StockRule(safety=2), published=memory)

    assert [Cause.ORDERS] == [
        row.cause for row in plan_listing(replace(one, source_offer=9), OPEN).changes
    ]
