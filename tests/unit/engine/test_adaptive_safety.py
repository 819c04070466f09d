"""`safety: adaptive` through the whole engine: what sells fast is withheld, and given back later."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from syncd.domain.change import Cause
from syncd.domain.identity import ListingId, ListingRef, ProductId, Sku, SourceName
from syncd.domain.listing import Listing
from syncd.domain.orders import OrdersMode, OrdersPolicy, OrderState
from syncd.domain.report import ChannelReport, Status
from syncd.domain.rules import Adaptive, Combine, Draw, Limits
from syncd.domain.stock import Basis
from syncd.domain.views import Line
from syncd.engine.drafting import channel_bounds
from syncd.engine.explaining import explain
from syncd.ports.deliveries import About, Arrival, Delivery, Hint
from tests.fakes.memory_channel import EAST, MAIN
from tests.fakes.memory_source import MemorySource, Row
from tests.fakes.shopfloor import SHOP, STOCK, Shopfloor, kit, pack, within

MINUTES = 60


def adaptive(floor: Shopfloor) -> None:
    floor.stock = replace(floor.stock, safety=0, adaptive=Adaptive())
    floor.basis, floor.orders = Basis.AVAILABLE, within(timedelta(minutes=15))


def webhooks(floor: Shopfloor) -> None:
    """Both sides send webhooks: news takes 10 s."""
    for name in (STOCK, SHOP):
        delivery = Delivery(
            topic="t",
            notification=f"{floor.clock.now()}",
            event="",
            sent_at=None,
            hints=(Hint(about=About.STOCK),),
        )
        arrival = Arrival(receiver=name, delivery=delivery, received_at=floor.clock.now())
        floor.ledger.record_deliveries([arrival])


def read(floor: Shopfloor, **stock: int) -> ChannelReport:
    """The source says this now; one cycle."""
    floor.clock.advance(1)
    floor.source.rows = [Row(sku, str(units)) for sku, units in stock.items()]
    floor.source.as_of = floor.clock.now()
    report = floor.apply()
    for name in (STOCK, SHOP):  # as the daemon does
        waiting = floor.ledger.waiting_deliveries(name, 100)
        if waiting:
            floor.ledger.settle_deliveries(name, waiting[-1].number)
    return report


@pytest.fixture
def live(floor: Shopfloor) -> Shopfloor:
    """A shop with webhooks and an adaptive safety stock, in which nothing sold yet."""
    adaptive(floor)
    webhooks(floor)
    return floor


def test_nothing_is_withheld_while_nothing_sells(live: Shopfloor) -> None:
    live.shop.list_sku("A", W1=0)
    read(live, A=3)

    assert 3 == live.shop.shown("A")


def test_a_sale_in_the_own_shop_withholds_a_unit_and_ten_minutes_later_gives_it_back(
    live: Shopfloor,
) -> None:
    live.shop.list_sku("A", W1=0)
    read(live, A=4)

    sold = read(live, A=3)
    shown = live.shop.shown("A")
    live.clock.advance(10 * MINUTES - 2)
    early = live.cycle()
    live.clock.advance(4)
    late = live.apply()

    assert (2, 3) == (shown, live.shop.shown("A"))
    assert [Cause.SOURCE] == [row.change.cause for row in sold.changes]
    assert Status.CLEAN is early.status()
    assert [(Cause.SAFETY, 2, 3)] == [
        (row.change.cause, row.change.before, row.change.after) for row in late.changes
    ]
    assert Status.CLEAN is live.cycle().status()


def test_the_reason_tells_how_the_number_came_about(live: Shopfloor) -> None:
    live.shop.list_sku("A", W1=0)
    read(live, A=9)

    sold = read(live, A=5)

    assert (
        "stock/default 5, safety 2 (adaptive, 0.4/min, 10s, 99.9%)" == sold.changes[0].change.reason
    )
    (told,) = safety_lines(live)
    assert ("safety 2", "3") == (told.label, told.value)
    assert told.note.startswith("adaptive, 0.4/min, 10s, 99.9%; fewer from 12:10:")


def safety_lines(floor: Shopfloor) -> list[Line]:
    """What `explain` says of A's safety stock."""
    engine = floor.engine()
    bounds = {str(SHOP): channel_bounds(engine, engine.channels[SHOP])}
    sections = explain(engine, Sku("A"), bounds).listings[0].sections
    return [row for part in sections for row in part.lines if row.label.startswith("safety")]


def test_plenty_is_shown_whole_and_explained(live: Shopfloor) -> None:
    live.shop.list_sku("A", W1=0)
    read(live, A=500)

    read(live, A=499)

    assert 499 == live.shop.shown("A")
    (told,) = safety_lines(live)
    assert ("safety 0", "499") == (told.label, told.value)
    assert "adaptive, 0.1/min, 10s, 99.9%: 1 once 5 or fewer are left" == told.note


def test_a_zero_by_adaptive_safety_says_so(live: Shopfloor) -> None:
    live.shop.list_sku("A", W1=0)
    read(live, A=2)

    row = read(live, A=1).changes[0].change

    assert 0 == row.after
    assert row.reason.startswith("safety 1 (adaptive, 0.1/min, 10s, 99.9%): stock/default 1")


def test_an_order_of_the_listing_itself_is_no_sale_elsewhere_also_when_the_source_imports_it(
    live: Shopfloor,
) -> None:
    """The shop lowered it with the sale."""
    live.shop.list_sku("A", W1=0)
    read(live, A=6)
    live.clock.advance(5)
    live.shop.order("A", 2)

    live.cycle()
    ordered = live.shop.shown("A")
    live.clock.advance(5)
    read(live, A=4)  # imported; it is still subtracted within 15m, so 2 are left by this reading

    assert (4, 2) == (ordered, live.shop.shown("A"))


def test_an_order_of_another_listing_of_the_same_sku_is_a_sale_elsewhere(live: Shopfloor) -> None:
    one = live.shop.shop[live.shop.list_sku("A", W1=0)]
    two = replace(one, ref=ListingRef(ProductId("P-2"), ListingId("L-2")))
    live.shop.shop[two.ref] = two
    read(live, A=6)
    live.clock.advance(5)
    live.shop.order("A", 2)
    live.cycle()

    assert [3, 3] == [live.shop.shop[each.ref].stock[0].available for each in (one, two)]


def test_an_order_of_a_pack_counts_once_also_when_the_source_imports_it(live: Shopfloor) -> None:
    live.overrides = (pack("TWO", "A", 2),)
    for sku in ("A", "TWO"):
        live.shop.list_sku(sku, W1=0)
    read(live, A=6)
    live.clock.advance(5)
    live.shop.order("TWO", 1)

    live.cycle()
    ordered = live.shop.shown("A")
    live.clock.advance(5)
    read(live, A=4)  # imported; it is still subtracted within 15m, so 2 are left by this reading
    told = live.ledger.attempts(SHOP, Sku("A"), 1)[0]

    assert 3 == ordered
    assert "adaptive, 0.2/min" in told.change.reason


def test_a_cancelled_order_withholds_nothing(live: Shopfloor) -> None:
    live.overrides = (pack("TWO", "A", 2),)
    for sku in ("A", "TWO"):
        live.shop.list_sku(sku, W1=0)
    read(live, A=5)
    live.clock.advance(5)
    number = live.shop.order("TWO", 1, state=OrderState.ON_HOLD)
    live.cycle()
    assert 2 == live.shop.shown("A")

    live.clock.advance(5)
    live.shop.advance(number, OrderState.CANCELLED)
    live.cycle()

    assert 5 == live.shop.shown("A")


def test_a_cancelled_order_that_the_source_had_imported_is_no_sale_elsewhere(
    live: Shopfloor,
) -> None:
    live.shop.list_sku("A", W1=0)
    read(live, A=4)
    live.clock.advance(5)
    number = live.shop.order("A", 1)
    live.clock.advance(5)
    read(live, A=3)
    live.clock.advance(5)

    live.shop.advance(number, OrderState.CANCELLED)
    live.cycle()

    assert 3 == live.shop.shown("A")


def test_orders_of_a_kit_are_sales_of_its_components(live: Shopfloor) -> None:
    live.overrides = (kit("KIT", A=1, B=2), pack("SIX", "A", 6))
    for sku in ("A", "B", "KIT", "SIX"):
        live.shop.list_sku(sku, W1=0)
    read(live, A=40, B=5)
    live.clock.advance(5)
    assert (40, 5, 2, 6) == tuple(live.shop.shown(sku) for sku in ("A", "B", "KIT", "SIX"))

    live.shop.order("KIT", 1)
    live.cycle()

    # B: 3 left, of which 1 is withheld; KIT: 1 can be built, and what it sold itself is no news to it
    assert (39, 2, 1, 6) == tuple(live.shop.shown(sku) for sku in ("A", "B", "KIT", "SIX"))


def test_without_webhooks_news_takes_as_long_as_a_reading(floor: Shopfloor) -> None:
    adaptive(floor)
    floor.shop.list_sku("A", W1=0)
    read(floor, A=9)

    read(floor, A=8)

    # 1 in 40 minutes, and 20 minutes until TikTok Shop knows: half a unit, 99.9 % of the time below 4
    assert 4 == floor.shop.shown("A")
    assert (
        "adaptive, 0.0/min, 20m, 99.9%" in floor.ledger.attempts(SHOP, Sku("A"), 1)[0].change.reason
    )


def test_the_measured_delay_replaces_the_promised_one(live: Shopfloor) -> None:
    live.shop.list_sku("A", W1=0)
    live.shop.before_submit = lambda: live.clock.advance(40)
    for units in range(26, 3, -1):  # each reading is asked for by a webhook
        webhooks(live)
        read(live, A=units)

    told = live.ledger.attempts(SHOP, Sku("A"), 1)[0].change.reason

    assert "45s" in told


def test_a_transfer_between_locations_is_no_sale(live: Shopfloor) -> None:
    live.warehouses = {"Main": MAIN, "East": EAST}
    live.shop.list_sku("A", W1=0, W2=0)
    rows = [Row("A", "3", "Main"), Row("A", "1", "East")]
    live.source.rows, live.source.as_of = rows, live.clock.now()
    live.cycle()
    live.clock.advance(60)

    live.source.rows = [Row("A", "2", "Main"), Row("A", "2", "East")]
    live.source.as_of = live.clock.now()
    live.cycle()

    assert (2, 2) == live.shop.shown("A")


@pytest.mark.parametrize(("combine", "expected"), [(Combine.SUM, 13), (Combine.FIRST, 5)])
def test_sources_that_tell_of_the_same_units_tell_of_the_same_sale(
    live: Shopfloor, combine: Combine, expected: int
) -> None:
    other = MemorySource(SourceName("erp"), live.clock.now())
    live.more_sources[other.name] = (other, live.orders, live.basis)
    draws = (Draw(source=STOCK), Draw(source=other.name))
    live.stock = replace(live.stock, draws=draws, combine=combine)
    live.shop.list_sku("A", W1=0)
    other.rows = [Row("A", "11")]
    read(live, A=11)
    live.clock.advance(5)
    live.shop.order("A", 1)  # booked in the first of them
    other.rows, other.as_of = [Row("A", "9")], live.clock.now()
    read(live, A=10)

    # in 40 minutes 2 were sold elsewhere, 5 cover 20; or, told of twice, 1 was sold, 4 cover 20
    assert expected == live.shop.shown("A")


def test_a_count_by_hand_is_no_sale(live: Shopfloor) -> None:
    live.basis, live.orders = Basis.ON_HAND, OrdersPolicy(mode=OrdersMode.NEVER)
    live.shop.list_sku("A", W1=0)
    read(live, A=9)

    read(live, A=3)

    assert 3 == live.shop.shown("A")


def test_a_viral_hour_trips_no_limit_in_either_direction(live: Shopfloor) -> None:
    live.limits = Limits(
        changed=Decimal("0.3"), to_zero=Decimal("0.1"), price_moved=Decimal("0.3"),
        at_least=1, window=timedelta(hours=1),
    )  # fmt: skip
    names = [f"S{number}" for number in range(20)]
    live.overrides = tuple(pack(f"TWO-{name}", name, 2) for name in names)
    for name in names:
        live.shop.list_sku(name, W1=5)
        live.shop.list_sku(f"TWO-{name}", W1=2)
    read(live, **dict.fromkeys(names, 5))
    live.clock.advance(5)

    for name in names:
        live.shop.order(f"TWO-{name}", 1)
    viral = live.apply()
    shown = {live.shop.shown(name) for name in names}
    live.clock.advance(10 * MINUTES)
    calm = live.apply()

    assert ({2}, {3}) == (shown, {live.shop.shown(name) for name in names})
    assert [(), ()] == [viral.hazards, calm.hazards]
    assert {Cause.SAFETY} == {row.change.cause for row in calm.changes}


def test_what_a_source_changed_is_held_as_ever(live: Shopfloor) -> None:
    live.limits = Limits(changed=Decimal("0.3"), at_least=1)
    names = [f"S{number}" for number in range(20)]
    for name in names:
        live.shop.list_sku(name, W1=30)
    read(live, **dict.fromkeys(names, 30))

    wrong = read(live, **dict.fromkeys(names, 9))

    assert ["changed"] == [hazard.kind for hazard in wrong.hazards]
    assert {30} == {live.shop.shown(name) for name in names}


def test_going_over_to_adaptive_is_a_change_of_rules_that_the_guard_judges(
    live: Shopfloor,
) -> None:
    live.stock = replace(live.stock, safety=2, adaptive=None)
    live.shop.list_sku("A", W1=0)
    read(live, A=9)
    adaptive(live)

    rows = live.apply().changes

    assert [(Cause.SOURCE, 7, 9)] == [
        (row.change.cause, row.change.before, row.change.after) for row in rows
    ]


def test_an_order_that_lands_after_the_plan_is_subtracted_and_raises_what_is_withheld(
    live: Shopfloor, monkeypatch: pytest.MonkeyPatch
) -> None:
    live.overrides = (pack("TWO", "A", 2),)
    live.shop.list_sku("A", W1=0)
    live.shop.list_sku("TWO", W1=4)
    read(live, A=7)
    look, looks = live.shop.look, []

    def look_and_sell(refs: Sequence[ListingRef]) -> Mapping[ListingRef, Listing]:
        looks.append(refs)
        if len(looks) == 2:  # planned with 2 sold and 1 withheld; the send looks again
            live.clock.advance(1)
            number = live.shop.order("TWO", 1)
            live.ledger.record_orders(SHOP, [replace(live.shop.lines[number], sku=Sku("TWO"))])
        return look(refs)

    monkeypatch.setattr(live.shop, "look", look_and_sell)
    read(live, A=5)

    sent = live.ledger.attempts(SHOP, Sku("A"), 1)[0]
    assert (4, 1) == (sent.change.after, sent.sent)  # 5 − 2 ordered − 2 withheld


def test_a_rule_that_stops_being_adaptive_is_not_looked_at_again(live: Shopfloor) -> None:
    live.shop.list_sku("A", W1=0)
    read(live, A=4)
    read(live, A=3)
    live.stock = replace(live.stock, adaptive=None)
    live.cycle()
    live.clock.advance(20 * MINUTES)

    marked = live.ledger.mark_withheld_due(SHOP, live.clock.now())

    assert (0, 3) == (marked, live.shop.shown("A"))


def test_a_plan_that_finds_nothing_new_has_the_same_digest(live: Shopfloor) -> None:
    live.shop.list_sku("A", W1=0)
    live.shop.list_sku("B", W1=0)
    read(live, A=4, B=4)
    live.clock.advance(5)
    live.source.rows = [Row("A", "3"), Row("B", "3")]
    live.source.as_of = live.clock.now()

    first = live.cycle(send=False).channels[0]
    live.clock.advance(30)
    second = live.cycle(send=False).channels[0]

    assert first.plan == second.plan
    assert 2 == len(second.changes)
