"""DESIGN section 4, rule by rule, through the whole engine."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from syncd.domain.change import Cause
from syncd.domain.errors import ChannelUnauthorized, SourceUnavailable
from syncd.domain.identity import Sku
from syncd.domain.orders import OrderState
from syncd.domain.outcome import Outcome, Rejected, Retry, Verdict
from syncd.domain.report import ChannelReport, ChannelState, ExitCode, SourceState, Status
from syncd.domain.rules import Limits, Publish, RuleOverride, Untracked, Zero
from syncd.domain.stock import After, Completeness, Reject, Trust
from syncd.ports.channel import Exchange, Fact
from syncd.ports.records import Park
from tests.fakes.memory_channel import EAST, MAIN
from tests.fakes.memory_source import Row
from tests.fakes.shopfloor import SHOP, Shopfloor, kit


def verdicts(floor: Shopfloor) -> dict[str, Verdict]:
    """One cycle; the verdict per SKU."""
    return {row.change.sku: row.verdict for row in floor.apply().changes}


def stocked(floor: Shopfloor, count: int, units: int = 10) -> None:
    """So many SKUs, equal in source and shop, adopted."""
    names = {f"S{number:03}": units for number in range(count)}
    for name in names:
        floor.shop.list_sku(name, W1=units)
    floor.source.set(**names)
    floor.cycle()


def set_rows(floor: Shopfloor, **quantities: int) -> None:
    """Change some rows of the source."""
    floor.source.rows = [
        replace(row, quantity=str(quantities.get(row.sku, row.quantity)))
        for row in floor.source.rows
    ]


def test_a_cycle_makes_the_shop_equal_and_the_next_finds_nothing(floor: Shopfloor) -> None:
    floor.shop.list_sku("A", W1=3)
    floor.shop.list_sku("B", W1=9)
    floor.source.set(A=5, B=2)

    first, second = floor.cycle(), floor.cycle()

    assert (5, 2) == (floor.shop.shown("A"), floor.shop.shown("B"))
    assert Status.CHANGED is first.status()
    assert Status.CLEAN is second.status()
    assert [("B", "quantity", 2), ("A", "quantity", 5)] == floor.shop.journal


# Rule 1: absence is never zero


def test_what_a_reading_remarks_is_told_and_needs_nobody(floor: Shopfloor) -> None:
    stocked(floor, 3)
    floor.source.notes = ["1 gift card left out"]
    set_rows(floor, S000=9)

    report = floor.cycle()

    assert "1 gift card left out" == report.sources[0].message
    assert () == report.attention


def test_a_row_missing_from_a_full_snapshot_is_held_and_then_zero(floor: Shopfloor) -> None:
    floor.shop.list_sku("A", W1=5)
    floor.shop.list_sku("B", W1=5)
    floor.expectations = replace(floor.expectations, max_shrink=Decimal(1))
    floor.source.set(A=5, B=5)
    floor.cycle()
    floor.source.set(A=5)

    floor.clock.advance(3600)
    floor.cycle()
    held = floor.shop.shown("B")
    floor.clock.advance(25 * 3600)
    report = floor.apply()

    assert (5, 0) == (held, floor.shop.shown("B"))
    assert "grace over" in report.changes[0].change.reason


def test_a_row_missing_from_a_partial_snapshot_means_nothing(floor: Shopfloor) -> None:
    floor.shop.list_sku("A", W1=5)
    floor.shop.list_sku("B", W1=5)
    floor.expectations = replace(floor.expectations, max_shrink=Decimal(1))
    floor.source.set(A=5, B=5)
    floor.cycle()
    floor.source.completeness = Completeness.PARTIAL
    floor.source.set(A=4)
    floor.cycle()
    floor.clock.advance(48 * 3600)
    floor.cycle()

    assert (4, 5) == (floor.shop.shown("A"), floor.shop.shown("B"))


def test_an_empty_source_changes_nothing(floor: Shopfloor) -> None:
    floor.shop.list_sku("A", W1=5)
    floor.source.set(A=5)
    floor.cycle()
    floor.source.rows = []

    report = floor.cycle()

    assert SourceState.INVALID is report.sources[0].state
    assert 5 == floor.shop.shown("A")
    assert ExitCode.HELD is report.exit_code()


def test_a_source_that_fails_at_its_end_changes_nothing(floor: Shopfloor) -> None:
    floor.shop.list_sku("A", W1=5)
    floor.source.set(A=5)
    floor.cycle()
    floor.source.set(A=1)
    floor.source.fail_at_end = SourceUnavailable("cut in the middle")

    report = floor.cycle()

    assert SourceState.UNAVAILABLE is report.sources[0].state
    assert ExitCode.UNAVAILABLE is report.exit_code()
    assert 5 == floor.shop.shown("A")


def test_a_stale_source_may_lower_but_never_raise(floor: Shopfloor) -> None:
    floor.trust = Trust(
        stale_after=timedelta(hours=1), dead_after=timedelta(days=3), then=After.KEEP
    )
    floor.shop.list_sku("A", W1=5)
    floor.shop.list_sku("B", W1=5)
    floor.source.set(A=5, B=5)
    floor.cycle()
    floor.source.fail = SourceUnavailable("down")
    floor.clock.advance(2 * 3600)
    floor.shop.set_stock("A", MAIN, 3)
    floor.shop.set_stock("B", MAIN, 8)

    report = floor.apply()

    assert (3, 5) == (floor.shop.shown("A"), floor.shop.shown("B"))
    assert any("stale" in skip.reason for skip in report.skipped)


def test_a_dead_source_keeps_or_zeroes_as_configured(floor: Shopfloor) -> None:
    floor.trust = Trust(
        stale_after=timedelta(hours=1), dead_after=timedelta(days=2), then=After.ZERO
    )
    floor.shop.list_sku("A", W1=5)
    floor.source.set(A=5)
    floor.cycle()
    floor.source.fail = SourceUnavailable("down")
    floor.clock.advance(49 * 3600)

    report = floor.cycle()

    assert 0 == floor.shop.shown("A")
    assert any("dead" in item.what for item in report.attention)


def test_a_quantity_never_known_leaves_the_listing_alone(floor: Shopfloor) -> None:
    floor.shop.list_sku("A", W1=5)
    floor.source.rows = [Row("A", ""), Row("B", "1")]

    report = floor.apply()

    assert 5 == floor.shop.shown("A")
    assert ["held"] == [skip.kind for skip in report.skipped]


def test_a_rejected_row_holds_its_sku_and_the_rest_goes_on(floor: Shopfloor) -> None:
    floor.shop.list_sku("A", W1=5)
    floor.shop.list_sku("B", W1=5)
    floor.source.set(A=5, B=5)
    floor.cycle()
    floor.source.rows = [Row("A", "9", reject="quantity 9x is no number"), Row("B", "7")]

    report = floor.cycle()

    assert (5, 7) == (floor.shop.shown("A"), floor.shop.shown("B"))
    assert 1 == report.sources[0].rejected_count
    assert ExitCode.PARTIAL is report.exit_code()


def test_an_untracked_sku_is_held_or_offered_up_to_the_cap(floor: Shopfloor) -> None:
    floor.shop.list_sku("A", W1=5)
    floor.source.rows = [Row("A", "untracked"), Row("B", "1")]
    held = floor.apply()
    floor.stock = replace(floor.stock, untracked=Untracked.CAP, cap=50)
    floor.cycle()

    assert ["held"] == [skip.kind for skip in held.skipped]
    assert 50 == floor.shop.shown("A")


# Rule 2: every zero has a reason


def test_a_debt_is_offered_as_zero_and_says_so(floor: Shopfloor) -> None:
    floor.shop.list_sku("A", W1=5)
    floor.source.set(A=-3)

    report = floor.apply()

    assert 0 == floor.shop.shown("A")
    assert "source reports −3" in report.changes[0].change.reason


def test_the_rule_that_made_a_zero_is_named(floor: Shopfloor) -> None:
    floor.stock = replace(floor.stock, zero_below=3)
    floor.shop.list_sku("A", W1=5)
    floor.source.set(A=2)

    report = floor.apply()

    assert report.changes[0].change.reason.startswith("zero_below 3")


# Rule 3: orders the source has not seen


def test_an_order_that_lands_between_plan_and_send_is_not_put_back_on_the_shelf(
    floor: Shopfloor,
) -> None:
    floor.shop.list_sku("A", W1=5)
    floor.shop.list_sku("B", W1=5)
    floor.source.set(A=9, B=5)
    sold = iter([3])

    def buyer() -> None:
        for units in sold:
            floor.shop.order("A", units)

    floor.shop.before_submit = buyer
    floor.cycle()
    floor.shop.before_submit = None
    floor.cycle()

    assert 6 == floor.shop.shown("A")


def test_an_order_before_the_look_is_never_overwritten(floor: Shopfloor) -> None:
    floor.shop.list_sku("A", W1=5)
    floor.source.set(A=5)
    floor.cycle()
    floor.source.set(A=4)
    floor.shop.order("A", 2)

    floor.cycle()

    assert 2 == floor.shop.shown("A")


def test_a_deleted_ledger_with_open_orders_oversells_nothing(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    floor = Shopfloor(first)
    floor.shop.list_sku("A", W1=200)
    floor.source.set(A=200)
    floor.cycle()
    for number in range(50):
        moment = floor.clock.now() - timedelta(days=number + 20)
        floor.shop.order("A", 1, state=OrderState.AWAITING_SHIPMENT, at=moment)
    floor.close()
    floor.clock.advance(60)

    fresh = Shopfloor(second, clock=floor.clock)
    fresh.shop, fresh.source = floor.shop, floor.source
    fresh.source.as_of = floor.clock.now()
    fresh.cycle()
    fresh.close()

    assert 150 == floor.shop.shown("A")


def test_nothing_rises_while_the_order_feed_cannot_be_read(floor: Shopfloor) -> None:
    floor.shop.list_sku("A", W1=5)
    floor.source.set(A=9)
    floor.shop.fail = ChannelUnauthorized("token expired")

    report = floor.cycle()

    assert ChannelState.UNAUTHORIZED is report.channels[0].state
    assert ExitCode.UNAVAILABLE is report.exit_code()
    floor.shop.fail = None
    assert 5 == floor.shop.shown("A")


# Rules 4 and 5: absolute values, verified by reading back


def test_a_lost_answer_is_read_back_and_then_counts_as_verified(floor: Shopfloor) -> None:
    floor.shop.list_sku("A", W1=5)
    floor.source.set(A=2)
    floor.shop.lose_answers = True

    assert {"A": Verdict.VERIFIED} == verdicts(floor)
    assert 2 == floor.shop.shown("A")


def test_a_number_whose_answer_was_lost_is_planned_again_to_remember_where_it_came_from(
    floor: Shopfloor,
) -> None:
    floor.shop.list_sku("A", W1=5)
    floor.source.set(A=2)
    floor.shop.lose_answers = True
    floor.cycle()
    floor.shop.lose_answers = False

    floor.cycle()
    (bound,) = floor.ledger.bound(SHOP, [Sku("A")])[Sku("A")]
    assert 2 == bound.published.source_offer


def test_a_write_that_has_no_effect_is_contradicted_after_a_minute(floor: Shopfloor) -> None:
    floor.shop.list_sku("A", W1=5)
    floor.source.set(A=2)
    floor.shop.drop_writes = True
    before = floor.clock.monotonic()

    report = floor.cycle()

    assert Verdict.CONTRADICTED is report.channels[0].changes[0].verdict
    assert floor.clock.monotonic() - before >= 60
    assert ExitCode.PARTIAL is report.exit_code()


def test_an_order_after_the_send_still_verifies(floor: Shopfloor) -> None:
    floor.shop.list_sku("A", W1=9)
    floor.source.set(A=5)
    original = floor.shop.submit

    def submit_then_sell(exchange: Exchange, zero: Zero) -> Sequence[Outcome]:
        outcomes = original(exchange, zero)
        floor.shop.order("A", 1)
        return outcomes

    floor.shop.submit = submit_then_sell  # type: ignore[method-assign]  # a buyer comes in between

    assert {"A": Verdict.VERIFIED} == verdicts(floor)
    assert 4 == floor.shop.shown("A")


# Rule 8: guards


def test_first_contact_adopts_and_holds_a_large_difference(floor: Shopfloor) -> None:
    floor.limits = Limits()
    for number in range(40):
        floor.shop.list_sku(f"S{number}", W1=1)
    floor.source.set(**{f"S{number}": 5 for number in range(40)})

    report = floor.cycle()

    assert ["changed"] == [hazard.kind for hazard in report.channels[0].hazards]
    assert [] == floor.shop.journal
    assert ExitCode.HELD is report.exit_code()


def held_and_released(floor: Shopfloor) -> ChannelReport:
    """A file lowers forty percent of a shop, which is held, and a person releases the plan."""
    floor.limits = Limits()
    stocked(floor, 50)
    set_rows(floor, **{f"S{number:03}": 4 for number in range(20)})
    held = floor.apply()
    stored = floor.ledger.plan(SHOP, held.plan or "")
    assert stored is not None
    floor.ledger.approve(SHOP, stored.digest, "stocktake", floor.clock.now() + timedelta(hours=1))
    return held


def test_a_file_that_lowers_forty_percent_is_held_and_released_by_digest(floor: Shopfloor) -> None:
    held = held_and_released(floor)
    released = floor.apply()

    assert 20 == len([row for row in held.changes if row.verdict is Verdict.HELD])
    assert {Verdict.VERIFIED} == {row.verdict for row in released.changes}
    assert 4 == floor.shop.shown("S000")


def test_a_row_that_became_riskier_since_approval_stays_held(floor: Shopfloor) -> None:
    held_and_released(floor)
    set_rows(floor, **{f"S{number:03}": 1 for number in range(20)})

    again = floor.apply()

    assert {"changed since approval"} == {
        row.code for row in again.changes if row.verdict is Verdict.HELD
    }
    assert 10 == floor.shop.shown("S000")


def test_a_new_change_of_a_row_that_was_released_and_sent_is_judged_as_new(
    floor: Shopfloor,
) -> None:
    held_and_released(floor)
    floor.apply()
    set_rows(floor, **{f"S{number:03}": 1 for number in range(20)})

    again = floor.apply()

    assert {"changed"} == {row.code for row in again.changes if row.verdict is Verdict.HELD}
    assert 4 == floor.shop.shown("S000")


def test_many_small_plans_do_not_walk_around_the_limit(floor: Shopfloor) -> None:
    floor.limits = Limits()
    stocked(floor, 50)
    for start in range(0, 50, 5):
        set_rows(floor, **{f"S{number:03}": 4 for number in range(start, start + 5)})
        floor.clock.advance(60)
        floor.cycle()

    lowered = [sku for sku in range(50) if floor.shop.shown(f"S{sku:03}") == 4]
    assert 15 == len(lowered)


def test_decreases_caused_by_orders_pass_while_the_rest_is_held(floor: Shopfloor) -> None:
    floor.limits = Limits()
    floor.overrides = (kit("KIT", S000=1, S049=1),)
    floor.shop.list_sku("KIT", W1=10)
    stocked(floor, 50)
    set_rows(floor, **{f"S{number:03}": 4 for number in range(20)})
    floor.cycle()
    floor.shop.order("KIT", 2)

    report = floor.apply()

    assert (8, 8) == (floor.shop.shown("S000"), floor.shop.shown("S049"))
    sent = [row for row in report.changes if row.verdict is Verdict.VERIFIED]
    assert {Cause.ORDERS} == {row.change.cause for row in sent}
    assert 10 == floor.shop.shown("S001")


def test_new_zeros_past_their_limit_are_held_alone(floor: Shopfloor) -> None:
    floor.limits = Limits()
    stocked(floor, 100)
    zeros = {f"S{number:03}": 0 for number in range(12)}
    others = {f"S{number:03}": 9 for number in range(12, 20)}
    set_rows(floor, **zeros, **others)

    floor.cycle()

    assert (10, 9) == (floor.shop.shown("S000"), floor.shop.shown("S012"))


def test_a_quantity_ten_times_its_history_is_held_alone(floor: Shopfloor) -> None:
    stocked(floor, 3)
    set_rows(floor, S000=5000, S001=20)

    floor.cycle()

    assert (10, 20) == (floor.shop.shown("S000"), floor.shop.shown("S001"))


# Rules 10 and 14


def test_one_refused_listing_is_parked_and_the_rest_goes_on(floor: Shopfloor) -> None:
    stocked(floor, 3)
    set_rows(floor, S000=4, S001=4, S002=4)
    change = floor.cycle(send=False).channels[0].changes[0].change
    floor.shop.refuse["S001"] = Rejected(
        change=change, code="12052557", message="SKU not in product", retry=Retry.NEVER
    )

    first = floor.cycle()
    second = floor.cycle()

    assert (4, 10, 4) == tuple(floor.shop.shown(f"S00{number}") for number in range(3))
    assert ExitCode.PARTIAL is first.exit_code()
    assert 1 == second.channels[0].parked
    assert any("parked" in item.what for item in second.attention)


def test_a_park_by_hand_stops_a_sku_until_it_is_taken_back(floor: Shopfloor) -> None:
    stocked(floor, 2)
    sku = floor.source.rows[0].sku
    floor.ledger.park(
        Park(
            channel=SHOP, sku=Sku(sku), ref=None, field=None, code="by hand",
            message="counting", since=floor.clock.now(), until=None,
        )
    )  # fmt: skip
    set_rows(floor, S000=4, S001=4)
    floor.cycle()
    parked = floor.shop.shown("S000")
    floor.ledger.unpark(SHOP, Sku(sku))
    floor.cycle()

    assert (10, 4) == (parked, floor.shop.shown("S000"))


def test_a_paused_channel_is_left_alone(floor: Shopfloor) -> None:
    stocked(floor, 2)
    set_rows(floor, S000=4)
    floor.ledger.pause(SHOP, "stocktake")

    report = floor.apply()

    assert ChannelState.PAUSED is report.state
    assert 10 == floor.shop.shown("S000")


def test_publish_none_keeps_a_listing_out(floor: Shopfloor) -> None:
    floor.overrides = (RuleOverride(match="S0*", origin="test.yaml:9", publish=Publish.NONE),)
    stocked(floor, 2)
    set_rows(floor, S000=4)
    floor.cycle()

    assert 10 == floor.shop.shown("S000")


def test_an_edit_by_hand_is_set_right_as_drift(floor: Shopfloor) -> None:
    stocked(floor, 3)
    set_rows(floor, S000=8)
    floor.cycle()
    floor.shop.set_stock("S000", MAIN, 99)

    report = floor.apply()

    assert [Cause.DRIFT] == [row.change.cause for row in report.changes]
    assert 8 == floor.shop.shown("S000")


def test_a_warehouse_the_sources_do_not_name_is_left_as_it_is(floor: Shopfloor) -> None:
    floor.warehouses = {"Main": MAIN}
    floor.shop.list_sku("A", W1=5, W2=7)
    floor.source.rows = [Row("A", "3", "Main")]

    floor.cycle()

    assert (3, 7) == floor.shop.shown("A")


def test_a_location_without_a_warehouse_is_not_offered(floor: Shopfloor) -> None:
    floor.warehouses = {"Main": MAIN, "East": EAST}
    floor.shop.list_sku("A", W1=5, W2=1)
    floor.source.rows = [Row("A", "3", "Main"), Row("A", "2", "East"), Row("A", "90", "Outlet")]

    floor.cycle()

    assert (3, 2) == floor.shop.shown("A")


def test_where_the_shop_refuses_zero_one_is_left_and_reported(floor: Shopfloor) -> None:
    floor.shop.list_sku("A", W1=5)
    floor.shop.zero_refused = Fact(
        name="zero_refused", value="yes", learned_at=datetime(2026, 11, 1, tzinfo=UTC)
    )
    floor.source.set(A=0)

    report = floor.cycle()

    assert 1 == floor.shop.shown("A")
    assert any("refuses 0" in item.what for item in report.attention)


def test_only_the_named_skus_are_planned(floor: Shopfloor) -> None:
    stocked(floor, 3)
    set_rows(floor, S000=4, S001=4)
    floor.cycle(only=["S001"])
    assert (10, 4) == (floor.shop.shown("S000"), floor.shop.shown("S001"))

    floor.cycle()
    assert 4 == floor.shop.shown("S000")


def test_a_ragged_row_without_a_sku_is_reported(floor: Shopfloor) -> None:
    floor.shop.list_sku("A", W1=5)
    floor.source.set(A=5)
    floor.source.ragged = [Reject(at="stock.list:9", sku=None, reason="3 fields instead of 2")]

    report = floor.cycle()

    assert ["stock.list:9"] == [row.at for row in report.sources[0].rejected]
    assert ExitCode.PARTIAL is report.exit_code()


def test_a_zero_set_after_an_out_of_stock_cancellation_stays_until_the_source_moves(
    floor: Shopfloor,
) -> None:
    floor.shop.list_sku("A", W1=5)
    floor.source.set(A=5)
    floor.cycle()
    order = floor.shop.order("A", 1)
    floor.clock.advance(60)
    floor.shop.advance(order, OrderState.CANCELLED)
    floor.shop.lines[order] = replace(floor.shop.lines[order], out_of_stock=True)
    floor.shop.set_stock("A", MAIN, 0)

    report = floor.apply()
    stayed = floor.shop.shown("A")
    floor.clock.advance(60)
    floor.source.set(A=4)
    floor.source.as_of = floor.clock.now()
    floor.cycle()

    assert (0, 4) == (stayed, floor.shop.shown("A"))
    assert any("out-of-stock cancellation" in skip.reason for skip in report.skipped)
