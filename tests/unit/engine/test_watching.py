"""Which conditions are found in a ledger, one by one."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from syncd.domain.alerting import Condition
from syncd.domain.conditions import conditions
from syncd.domain.errors import ChannelUnauthorized, ChannelUnavailable, SourceUnavailable
from syncd.domain.identity import Sku
from syncd.domain.rules import Limits
from syncd.domain.stock import Trust
from syncd.engine.looking import status
from syncd.engine.setup import EngineSetup
from syncd.engine.watching import look
from syncd.ports.records import Park
from tests.fakes.memory_channel import EAST, MAIN
from tests.fakes.memory_source import Row
from tests.fakes.shopfloor import SHOP, STOCK, Shopfloor, kit

SPAN = timedelta(minutes=30)
ALL_ZERO = Limits(
    changed=Decimal(1), to_zero=Decimal(0), price_moved=Decimal(1), at_least=0
)  # every row to zero is held


def found(floor: Shopfloor, parked_above: int = 0) -> list[Condition]:
    return list(conditions(look(floor.engine(), floor.clock.now(), SPAN), parked_above))


def keys(floor: Shopfloor) -> list[str]:
    return [row.key for row in found(floor)]


def stocked(floor: Shopfloor, **units: int) -> None:
    for sku, number in units.items():
        floor.shop.list_sku(sku, W1=number)
    floor.source.set(**units)
    floor.cycle()


def test_a_quiet_healthy_shop_is_ready_and_nothing_is_wrong(floor: Shopfloor) -> None:
    stocked(floor, A=5)
    for _ in range(30):
        floor.clock.advance(300)
        floor.source.as_of = floor.clock.now()
        floor.cycle()

    assert [] == found(floor)
    assert look(floor.engine(), floor.clock.now(), SPAN).health.ready


def test_nothing_is_late_before_the_first_run_and_nothing_ready(floor: Shopfloor) -> None:
    assert [] == found(floor)
    assert not look(floor.engine(), floor.clock.now(), SPAN).health.ready


def test_a_held_plan_names_the_command_that_releases_it(floor: Shopfloor) -> None:
    stocked(floor, A=5, B=5)
    floor.limits = ALL_ZERO
    floor.source.set(A=0, B=5)
    plan = floor.apply().plan

    (held,) = found(floor)

    assert ("held:shop", "shop: 1 change held (to_zero)") == (held.key, held.what)
    assert f'syncd release shop {plan} --reason "…"' == held.help


def test_a_stale_source_is_told_with_its_trouble_and_a_dead_one_beside_it(
    floor: Shopfloor,
) -> None:
    floor.trust = Trust(stale_after=timedelta(minutes=45), dead_after=timedelta(hours=3))
    stocked(floor, A=5)
    floor.source.fail = SourceUnavailable("the share is gone")

    floor.clock.advance(46 * 60)
    floor.cycle()
    stale = found(floor)
    floor.clock.advance(3 * 3600)
    floor.cycle()
    dead = found(floor)

    assert ["stale:stock"] == [row.key for row in stale]
    assert "the share is gone" in stale[0].what
    assert ["stale:stock", "stale:stock:dead"] == [row.key for row in dead]


def test_a_source_that_never_answered_is_late_once_its_failures_lasted(floor: Shopfloor) -> None:
    floor.trust = Trust(stale_after=timedelta(minutes=45), dead_after=timedelta(hours=3))
    floor.source.fail = SourceUnavailable("no route")
    floor.cycle()
    at_once = keys(floor)
    floor.clock.advance(46 * 60)
    floor.cycle()

    assert [] == at_once
    assert ["stale:stock"] == keys(floor)


def test_a_channel_that_refuses_us_is_told_once_and_not_as_late_too(floor: Shopfloor) -> None:
    stocked(floor, A=5)
    floor.shop.fail = ChannelUnauthorized("the authorization is gone")
    floor.cycle()
    begun = floor.clock.now()
    floor.clock.advance(6 * 3600)
    floor.cycle()

    (refused,) = found(floor)

    assert ("unauthorized:shop", "syncd connect shop") == (refused.key, refused.help)
    assert begun == refused.since


def test_a_channel_that_works_again_is_no_trouble_any_more(floor: Shopfloor) -> None:
    stocked(floor, A=5)
    floor.shop.fail = ChannelUnauthorized("the authorization is gone")
    floor.cycle()
    floor.shop.fail = None
    floor.cycle()

    assert [] == found(floor)


def test_nothing_confirmed_for_longer_than_the_schedule_promises(floor: Shopfloor) -> None:
    stocked(floor, A=5)
    floor.shop.fail = ChannelUnavailable("the shop is down")
    floor.clock.advance(14 * 60)
    floor.cycle()
    in_time = keys(floor)
    floor.clock.advance(2 * 60)
    floor.cycle()

    (late,) = found(floor)

    assert [] == in_time
    assert ("unconfirmed:shop", "syncd doctor shop") == (late.key, late.help)
    assert "shop: its orders were not read to the end for 16 min (the shop is down)" == late.what


def test_a_paused_channel_owes_neither_orders_nor_confirmations(floor: Shopfloor) -> None:
    stocked(floor, A=5)
    floor.ledger.pause(SHOP, "stocktaking")
    floor.clock.advance(4 * 3600)
    floor.source.as_of = floor.clock.now()
    floor.cycle()

    assert [] == found(floor)
    assert look(floor.engine(), floor.clock.now(), SPAN).health.ready


def test_a_pause_of_a_day_may_have_been_forgotten(floor: Shopfloor) -> None:
    stocked(floor, A=5)
    floor.ledger.pause(SHOP, "stocktaking")
    floor.clock.advance(24 * 3600 - 1)
    floor.source.as_of = floor.clock.now()
    floor.cycle()
    before = keys(floor)
    floor.clock.advance(1)

    (told,) = found(floor)

    assert [] == before
    assert ("paused:shop", "syncd resume shop") == (told.key, told.help)
    assert "shop has been paused for 24 h: stocktaking" == told.what


def test_status_tells_rejected_rows_and_listings_no_source_knows(floor: Shopfloor) -> None:
    floor.shop.list_sku("A", W1=5)
    floor.shop.list_sku("B", W1=5)
    floor.source.rows = [Row("A", "5"), Row("X", "1", reject="quantity 'x' is no number")]
    floor.cycle()

    told = [(item.what, item.count, item.help) for item in
            status(floor.engine(), "ledger.db").needs_attention]  # fmt: skip
    rejected = "source stock: 1 row rejected, its SKU is held"

    assert [
        (f"{rejected} (first: stock.list:3: quantity 'x' is no number)", 1,
         "syncd ingest stock --json"),
        ("shop: 1 listing without a SKU in any source", 1, "syncd listings"),
    ] == told  # fmt: skip


def test_nothing_confirmed_though_orders_are_polled(floor: Shopfloor) -> None:
    stocked(floor, A=5)
    floor.clock.advance(3600)
    floor.cycle()
    floor.ledger.mark_dirty(SHOP, [Sku("A")])
    floor.clock.advance(3 * 3600 + 60)
    floor.ledger.complete_orders(SHOP, None, floor.clock.now())

    assert ["shop: nothing was confirmed for 3 h"] == [row.what for row in found(floor)]


def test_a_shop_without_a_bound_listing_owes_no_confirmation(floor: Shopfloor) -> None:
    floor.source.set(A=1)
    floor.cycle()
    floor.clock.advance(60)
    floor.cycle()

    assert look(floor.engine(), floor.clock.now(), SPAN).health.ready


def park(floor: Shopfloor, sku: str) -> None:
    floor.ledger.park(
        Park(
            channel=SHOP, sku=Sku(sku), ref=None, field=None, code="1", message="refused",
            since=floor.clock.now(), until=None,
        )
    )  # fmt: skip


def test_parked_listings_are_told_above_the_number_that_is_no_alarm(floor: Shopfloor) -> None:
    stocked(floor, A=5, B=5)
    park(floor, "A")
    park(floor, "B")

    assert [] == found(floor, parked_above=2)
    assert ["parked:shop"] == [row.key for row in found(floor, parked_above=1)]


def test_a_growing_backlog_is_told_and_one_that_falls_is_not(floor: Shopfloor) -> None:
    stocked(floor, A=5)

    def waits(count: int) -> list[str]:
        floor.ledger.mark_dirty(SHOP, [Sku(f"D{n}") for n in range(count)])
        floor.clock.advance(600)
        return [key for key in keys(floor) if key.startswith("backlog")]

    told = [waits(count) for count in (1, 2, 3, 4)]
    floor.ledger.clear_dirty(SHOP, [Sku("D0"), Sku("D1")], 10**9)

    assert [[], [], [], ["backlog:shop"]] == told
    assert [] == waits(0)


SHORT = "A is oversold: 3 units ordered in 1 open order, 2 left in the sources: 1 short"


def oversold(floor: Shopfloor) -> dict[str, tuple[int, int, int]]:
    """SKU: units ordered, units left, units short."""
    engine: EngineSetup = floor.engine()
    return {
        row.sku: (row.ordered, row.left, row.short)
        for row in look(engine, floor.clock.now(), SPAN).oversold
    }


def test_orders_for_more_than_the_readings_have_left_are_oversold(floor: Shopfloor) -> None:
    stocked(floor, A=5, B=5)
    floor.shop.order("A", 3)
    floor.shop.order("B", 4)
    floor.cycle()
    enough = oversold(floor)
    floor.source.set(A=2, B=4)
    floor.cycle()

    assert {} == enough
    assert {"A": (3, 2, 1)} == oversold(floor)
    assert ["oversold:A"] == keys(floor)
    assert SHORT == found(floor)[0].what


def test_report_and_status_tell_at_once_what_is_oversold(floor: Shopfloor) -> None:
    stocked(floor, A=5)
    floor.shop.order("A", 3)
    floor.cycle()
    floor.source.set(A=2)
    report = floor.cycle()

    (told,) = status(floor.engine(), "ledger.db").needs_attention

    assert (told,) == report.attention
    assert (SHORT, 1, "syncd explain A") == (told.what, told.count, told.help)


def test_a_kit_oversells_its_component(floor: Shopfloor) -> None:
    floor.overrides = (kit("KIT", A_1=2),)
    floor.shop.list_sku("KIT", W1=2)
    floor.source.set(**{"A-1": 4})
    floor.cycle()
    floor.shop.order("KIT", 2)
    floor.source.set(**{"A-1": 3})
    floor.cycle()

    assert {"A-1": (4, 3, 1)} == oversold(floor)


def test_places_of_one_source_fill_an_order_together(floor: Shopfloor) -> None:
    floor.warehouses = {"main": MAIN, "east": EAST}
    floor.shop.list_sku("A", W1=2, W2=2)
    floor.source.rows = [Row("A", "2", "main"), Row("A", "2", "east")]
    floor.cycle()
    floor.shop.order("A", 2, MAIN)
    floor.shop.order("A", 2, EAST)
    floor.cycle()
    enough = oversold(floor)
    floor.source.rows = [replace(row, quantity="1") for row in floor.source.rows]
    floor.cycle()

    assert {} == enough
    assert {"A": (4, 2, 2)} == oversold(floor)


def test_an_unknown_quantity_raises_no_alarm(floor: Shopfloor) -> None:
    floor.shop.list_sku("A", W1=2)
    floor.source.rows = [Row("A", "")]
    floor.cycle()
    floor.shop.order("A", 2)
    floor.cycle()

    assert {} == oversold(floor)
    assert STOCK in floor.ledger.standings()
