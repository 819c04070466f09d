"""What others do to listings of ours: told with who and when, set back, and not fought over for ever."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from syncd.domain.conditions import conditions
from syncd.domain.drifting import SECOND_WRITER, Drift, Move, Mover
from syncd.domain.errors import ChannelUnavailable
from syncd.domain.identity import ListingId, ListingRef, ProductId, Sku
from syncd.domain.listing import SetAside
from syncd.domain.orders import OrderState
from syncd.domain.outcome import Outcome, Verdict
from syncd.domain.report import Report
from syncd.engine.drafting import channel_bounds
from syncd.engine.explaining import explain
from syncd.engine.looking import history, listings, status
from syncd.engine.setup import Mode, Trigger
from syncd.engine.watching import look
from tests.fakes.memory_channel import EAST, MAIN
from tests.fakes.memory_source import Row
from tests.fakes.shopfloor import SHOP, Shopfloor, kit

A = ListingRef(ProductId("P-A"), ListingId("L-A"))
EVER = timedelta(days=3000)


def written(floor: Shopfloor, units: int = 5) -> None:
    """A is in the shop as we wrote it."""
    floor.shop.list_sku("A", W1=99)
    floor.source.set(A=units)
    floor.cycle()
    floor.clock.advance(3600)
    floor.source.as_of = floor.clock.now()


def drift(floor: Shopfloor) -> list[Drift]:
    """Oldest first."""
    return list(floor.ledger.drift(SHOP, floor.clock.now() - EVER))[::-1]


def attention(report: Report) -> list[str]:
    return [item.what for item in report.attention]


def rival(floor: Shopfloor, units: int, minutes: float = 15) -> Report:
    """After a while somebody else writes, and a cycle sees it."""
    floor.clock.advance(minutes * 60)
    floor.shop.set_stock("A", MAIN, units)
    floor.clock.advance(30)
    floor.source.as_of = floor.clock.now()
    return floor.cycle()


def test_an_edit_by_others_is_told_with_its_age_and_set_back(floor: Shopfloor) -> None:
    written(floor)

    report = rival(floor, 7)

    (seen,) = drift(floor)
    assert (5, 7, Mover.UNKNOWN) == (seen.ours, seen.shown, seen.mover)
    assert 5 == floor.shop.shown("A")
    assert [
        "shop: A: it showed 7 instead of 5, which no order explains; set back since"
    ] == attention(report)
    assert [seen.first_seen] == [item.since for item in report.attention]


def test_after_the_platforms_zero_an_edit_is_told_from_there(floor: Shopfloor) -> None:
    written(floor, 20)
    order = floor.shop.order("A", 3)
    floor.clock.advance(60)
    floor.shop.advance(order, OrderState.CANCELLED)
    floor.shop.lines[order] = replace(floor.shop.lines[order], out_of_stock=True)
    floor.shop.set_stock("A", MAIN, 0)
    floor.cycle()
    unnoticed = drift(floor)

    report = rival(floor, 4)

    assert [] == unnoticed
    assert ["shop: A: it showed 4 instead of 0, which no order explains; set back since"] == (
        attention(report)
    )


def test_it_is_seen_in_status_explain_and_history(floor: Shopfloor) -> None:
    written(floor)
    rival(floor, 7)
    engine = floor.engine()

    (told,) = status(engine, "ledger.db").needs_attention
    bounds = {str(SHOP): channel_bounds(engine, engine.channels[SHOP])}
    sections = explain(engine, Sku("A"), bounds).listings[0].sections
    rows = [row for row in history(engine, Sku("A"), 50, None).rows if row.kind == "drift"]

    assert "syncd history A" == told.help
    assert ["it showed 7 instead of 5, which no order explains"] == [
        line.value for part in sections if part.title == "Set by others" for line in part.lines
    ]
    assert [("5", "7")] == [(row.before, row.after) for row in rows]


def test_a_day_after_it_was_set_back_status_no_longer_tells_it(floor: Shopfloor) -> None:
    written(floor)
    rival(floor, 7)
    floor.clock.advance(25 * 3600)

    assert () == status(floor.engine(), "ledger.db").needs_attention
    assert 1 == len(drift(floor))


def test_what_is_not_set_back_is_told_on(floor: Shopfloor) -> None:
    written(floor)
    floor.shop.drop_writes = True
    rival(floor, 7)
    floor.clock.advance(25 * 3600)

    (told,) = [
        item for item in status(floor.engine(), "ledger.db").needs_attention
        if item.help == "syncd history A"
    ]  # fmt: skip
    assert told.what.endswith("not set back yet")


def test_orders_explain_what_they_took(floor: Shopfloor) -> None:
    written(floor)
    floor.shop.order("A", 2)
    floor.source.set(A=9)
    floor.cycle()

    assert [] == drift(floor)
    assert 7 == floor.shop.shown("A")


def test_an_order_that_lands_between_the_poll_and_the_look_is_no_drift(floor: Shopfloor) -> None:
    written(floor)
    floor.source.set(A=9)
    original = floor.shop.look
    ordered: list[str] = []

    def looking(refs: list[ListingRef]) -> object:
        if not ordered:
            ordered.append(floor.shop.order("A", 2))
        return original(refs)

    floor.shop.look = looking  # type: ignore[method-assign, assignment]  # a buyer is faster
    floor.cycle()

    assert ordered
    assert [] == drift(floor)
    assert [] == list(floor.ledger.undecided_drift(SHOP))


def test_an_edit_waits_for_the_order_feed_before_it_is_called_one(floor: Shopfloor) -> None:
    written(floor)
    floor.shop.set_stock("A", MAIN, 2)
    floor.ledger.mark_dirty(SHOP, [Sku("A")])
    floor.cycle(send=False)

    assert [] == drift(floor)
    assert 1 == len(floor.ledger.undecided_drift(SHOP))
    floor.clock.advance(60)
    floor.cycle()
    assert [2] == [row.shown for row in drift(floor)]


def test_a_clock_put_back_makes_no_cycle_wait_for_what_was_seen_before(floor: Shopfloor) -> None:
    written(floor)
    floor.shop.set_stock("A", MAIN, 2)
    floor.ledger.mark_dirty(SHOP, [Sku("A")])
    floor.cycle(send=False)
    assert 1 == len(floor.ledger.undecided_drift(SHOP))

    floor.clock.wall -= timedelta(hours=1)
    begun = floor.clock.monotonic()
    floor.cycle()
    assert floor.clock.monotonic() - begun < 60.0
    assert 5 == floor.shop.shown("A")


def test_a_cancelled_order_may_come_back_to_the_shelf(floor: Shopfloor) -> None:
    written(floor)
    number = floor.shop.order("A", 2)
    floor.cycle()
    floor.clock.advance(3600)
    floor.shop.advance(number, OrderState.CANCELLED)
    floor.source.set(A=4)
    floor.cycle()

    assert 4 == floor.shop.shown("A")
    assert [] == drift(floor)


def test_a_listing_that_is_set_back_to_what_we_last_wrote_loses_again_what_was_sold_since(
    floor: Shopfloor,
) -> None:
    written(floor)
    floor.shop.order("A", 2)
    floor.clock.advance(60)
    floor.cycle()
    sold = floor.shop.shown("A")

    rival(floor, 5)

    assert (3, 3) == (sold, floor.shop.shown("A"))


def test_the_right_number_is_no_drift_whoever_wrote_it(floor: Shopfloor) -> None:
    written(floor)
    floor.source.set(A=7)
    rival(floor, 7)

    assert [] == drift(floor)


def test_whom_the_shop_named_is_told(floor: Shopfloor) -> None:
    written(floor)
    floor.clock.advance(60)
    floor.shop.set_stock("A", MAIN, 7)
    edited = floor.clock.now()
    floor.ledger.record_moves(SHOP, [Move(ref=A, mover=Mover.PERSON, at=edited, units=7)])
    floor.clock.advance(180)
    report = floor.cycle()

    (seen,) = drift(floor)
    assert (Mover.PERSON, edited) == (seen.mover, seen.moved_at)
    assert ["shop: A: somebody set it by hand to 7 instead of 5; set back since"] == attention(
        report
    )


def test_one_telling_is_to_blame_for_one_drift(floor: Shopfloor) -> None:
    written(floor)
    for _ in range(2):
        floor.clock.advance(30)
        floor.shop.set_stock("A", MAIN, 7)
        if not drift(floor):
            edited = floor.clock.now()
            floor.ledger.record_moves(SHOP, [Move(ref=A, mover=Mover.PERSON, at=edited, units=7)])
        floor.clock.advance(1)
        floor.cycle()

    assert [Mover.PERSON, Mover.UNKNOWN] == [row.mover for row in drift(floor)]


def test_a_move_before_our_own_write_is_not_to_blame(floor: Shopfloor) -> None:
    floor.ledger.record_moves(
        SHOP, [Move(ref=A, mover=Mover.PERSON, at=floor.clock.now(), units=3)]
    )
    written(floor)
    floor.ledger.record_moves(
        SHOP,
        [Move(ref=A, mover=Mover.PERSON, at=floor.clock.now() - timedelta(hours=3), units=3)],
    )
    rival(floor, 7)

    assert [Mover.UNKNOWN] == [row.mover for row in drift(floor)]


def test_a_value_that_was_only_adopted_may_drift_too_and_is_no_write_of_ours(
    floor: Shopfloor,
) -> None:
    floor.shop.list_sku("A", W1=5)
    floor.source.set(A=5)
    floor.cycle()
    rival(floor, 7)

    assert [(0, 5, 7)] == [(row.write, row.ours, row.shown) for row in drift(floor)]


def test_nothing_drifts_while_we_only_observe(floor: Shopfloor) -> None:
    written(floor)
    floor.mode = Mode.OBSERVE
    floor.shop.set_stock("A", MAIN, 7)
    floor.ledger.mark_dirty(SHOP, [Sku("A")])
    floor.cycle(send=False)

    assert [] == list(floor.ledger.undecided_drift(SHOP))


def test_a_write_that_is_not_shown_yet_is_no_drift(floor: Shopfloor) -> None:
    written(floor)
    floor.source.set(A=6)
    floor.shop.drop_writes = True
    floor.shop.lose_answers = True
    floor.cycle(looks=())
    floor.ledger.mark_dirty(SHOP, [Sku("A")])
    floor.shop.set_stock("A", MAIN, 9)
    floor.cycle(send=False)

    assert [] == drift(floor)


def test_every_warehouse_that_we_write_is_compared_and_no_other(floor: Shopfloor) -> None:
    floor.warehouses = {"main": MAIN}
    floor.shop.list_sku("A", W1=1, W2=1)
    floor.source.rows = [Row("A", "5", "main")]
    floor.cycle()
    floor.clock.advance(3600)
    floor.shop.set_stock("A", EAST, 8)
    floor.cycle()
    unmanaged = drift(floor)
    rival(floor, 7)

    assert [] == unmanaged
    assert [(5, 7, "")] == [(row.ours, row.shown, row.places) for row in drift(floor)]


def test_units_moved_between_our_warehouses_are_named(floor: Shopfloor) -> None:
    floor.warehouses = {"main": MAIN, "east": EAST}
    floor.shop.list_sku("A", W1=1, W2=1)
    floor.source.rows = [Row("A", "3", "main"), Row("A", "2", "east")]
    floor.cycle()
    floor.clock.advance(3600)
    floor.shop.set_stock("A", MAIN, 2)
    floor.shop.set_stock("A", EAST, 3)
    floor.cycle()

    assert (3, 2) == floor.shop.shown("A")
    assert [(5, 5, "main 2, east 3")] == [(row.ours, row.shown, row.places) for row in drift(floor)]


# A second writer


def test_a_second_writer_is_stopped_at_the_third_time_and_named(floor: Shopfloor) -> None:
    written(floor)
    begun = floor.clock.now()
    for _ in range(3):
        rival(floor, 7)
    (park,) = floor.ledger.parks(SHOP, floor.clock.now())
    sent = len(floor.shop.journal)
    report = rival(floor, 7)

    assert (SetAside.CONTESTED, SECOND_WRITER, "quantity", None) == (
        park.kind, park.code, park.field, park.until,
    )  # fmt: skip
    assert (
        "another app or a person sets it back to 7 about every 15 min, last 13:46 UTC, "
        f"since {begun:%Y-%m-%d} 13:15 UTC, against our 5; turn off its stock sync, then "
        "`syncd unpark A`"
    ) == park.message
    assert sent == len(floor.shop.journal)
    assert 7 == floor.shop.shown("A")
    assert [f"shop: A is stopped: {park.message}"] == attention(report)
    assert 1 == report.channels[0].parked


def test_two_edits_by_hand_are_no_second_writer(floor: Shopfloor) -> None:
    written(floor)
    for _ in range(2):
        rival(floor, 7)
        floor.clock.advance(3600)
        floor.cycle()

    assert 2 == len(drift(floor))
    assert () == floor.ledger.parks(SHOP, floor.clock.now())


class Killed(BaseException):
    """The process dies here."""


def dying(*exchange: object) -> Sequence[Outcome]:
    """kill -9 after the intent was stored and before the shop heard of it."""
    raise Killed(exchange)


def test_a_write_that_never_reached_the_shop_was_overwritten_by_nobody(floor: Shopfloor) -> None:
    written(floor)
    rival(floor, 7)
    original = floor.shop.submit
    floor.shop.submit = dying  # type: ignore[method-assign, assignment]  # the process dies in there
    with pytest.raises(Killed):
        rival(floor, 7)
    floor.shop.submit = original  # type: ignore[method-assign]  # as it was

    floor.clock.advance(60)
    floor.cycle()

    assert 2 == len(drift(floor))
    assert [] == [park.kind for park in floor.ledger.parks(SHOP, floor.clock.now())]
    assert 5 == floor.shop.shown("A")


def test_a_write_whose_answer_was_lost_counts_once_it_was_read_back(floor: Shopfloor) -> None:
    written(floor)
    floor.shop.lose_answers = True
    for _ in range(3):
        rival(floor, 7)

    assert [SetAside.CONTESTED] == [
        park.kind for park in floor.ledger.parks(SHOP, floor.clock.now())
    ]


def test_one_edit_seen_by_many_cycles_is_one(floor: Shopfloor) -> None:
    written(floor)
    floor.ledger.pause(SHOP, "stocktaking")
    rival(floor, 7)
    floor.ledger.resume(SHOP)
    for _ in range(4):
        floor.clock.advance(60)
        floor.ledger.mark_dirty(SHOP, [Sku("A")])
        floor.cycle(send=False)

    assert 1 == len(drift(floor))


def test_a_shop_that_never_shows_our_writes_is_not_written_to_for_ever(floor: Shopfloor) -> None:
    written(floor)
    floor.source.set(A=6)
    floor.shop.drop_writes = True
    for _ in range(5):
        floor.clock.advance(600)
        floor.cycle()

    (park,) = floor.ledger.parks(SHOP, floor.clock.now())
    assert park.message.startswith("the shop took our 6 3 times and goes on showing 5, last 13:4")


def test_unparked_it_is_written_again_and_counted_anew(floor: Shopfloor) -> None:
    written(floor)
    for _ in range(4):
        rival(floor, 7)
    floor.ledger.unpark(SHOP, Sku("A"))
    floor.cycle()
    unparked = floor.shop.shown("A")
    rival(floor, 7)

    assert 5 == unparked
    assert () == floor.ledger.parks(SHOP, floor.clock.now())
    rival(floor, 7)
    rival(floor, 7)
    assert 1 == len(floor.ledger.parks(SHOP, floor.clock.now()))


def test_a_second_writer_raises_one_alert_for_the_channel(floor: Shopfloor) -> None:
    written(floor)
    for _ in range(4):
        rival(floor, 7)
    floor.source.as_of = floor.clock.now()
    found = conditions(look(floor.engine(), floor.clock.now(), timedelta(minutes=30)), 0)

    (told,) = found
    assert ("contested:shop", "syncd listings") == (told.key, told.help)
    assert told.what.startswith(
        "shop: 1 listing stopped because somebody else keeps writing: A: another app or a person"
    )
    kinds = {row.kind for row in listings(floor.engine()).rows}
    assert {"contested"} == kinds


def test_prices_flow_on_while_the_stock_is_contested(floor: Shopfloor) -> None:
    written(floor)
    for _ in range(3):
        rival(floor, 7)
    bounds = channel_bounds(floor.engine(), floor.engine().channels[SHOP])

    assert ["quantity"] == [str(field) for field in bounds.aside[A]]


# Nothing is left to do once it is verified


def test_a_verified_sku_is_clean(floor: Shopfloor) -> None:
    floor.shop.list_sku("A", W1=1)
    floor.source.set(A=5)
    (row,) = floor.apply().changes

    assert Verdict.VERIFIED is row.verdict
    assert 0 == floor.ledger.dirty_count(SHOP)


def test_what_is_marked_while_it_is_sent_stays_dirty(floor: Shopfloor) -> None:
    floor.shop.list_sku("A", W1=1)
    floor.source.set(A=5)

    def marking() -> None:
        floor.ledger.mark_dirty(SHOP, [Sku("A")])

    floor.shop.before_submit = marking
    floor.apply()

    assert [Sku("A")] == list(floor.ledger.dirty(SHOP, 10).skus)


def test_an_order_that_lands_while_it_is_sent_is_not_forgotten(floor: Shopfloor) -> None:
    floor.shop.list_sku("A", W1=1)
    floor.source.set(A=5)

    def buying() -> None:
        if not floor.shop.lines:
            floor.shop.order("A", 1)

    floor.shop.before_submit = buying
    floor.apply()
    floor.apply()

    assert 4 == floor.shop.shown("A")


def test_a_sku_that_waits_for_more_than_its_rows_stays_dirty(floor: Shopfloor) -> None:
    floor.shop.list_sku("A", W1=1)
    floor.shop.list_sku("B", W1=1)
    floor.source.set(A=5, B=5)
    floor.shop.fail = ChannelUnavailable("away")
    floor.cycle()
    floor.shop.fail = None
    floor.shop.drop_writes = True
    floor.cycle()

    assert {"A", "B"} == set(floor.ledger.dirty(SHOP, 10).skus)


def test_a_kit_is_clean_once_it_is_verified(floor: Shopfloor) -> None:
    floor.overrides = (kit("KIT", A=2),)
    floor.shop.list_sku("A", W1=1)
    floor.shop.list_sku("KIT", W1=1)
    floor.source.set(A=8)
    floor.cycle()

    assert (8, 4) == (floor.shop.shown("A"), floor.shop.shown("KIT"))
    assert 0 == floor.ledger.dirty_count(SHOP)
    floor.clock.advance(60)
    floor.source.set(A=4)
    floor.cycle()
    assert (4, 2) == (floor.shop.shown("A"), floor.shop.shown("KIT"))
    assert 0 == floor.ledger.dirty_count(SHOP)


# A write that is not read back yet


def test_a_daemon_waits_for_a_write_to_be_shown_before_it_sends_the_same_again(
    floor: Shopfloor,
) -> None:
    written(floor)
    floor.source.set(A=6)
    floor.shop.drop_writes = True
    for _ in range(16):
        floor.cycle(trigger=Trigger.SERVICE, looks=(0.5,))
        floor.clock.advance(4.5)

    tries = [item for item in floor.ledger.attempts(SHOP, Sku("A"), 10) if item.sent == 6]
    assert 2 == len(tries)
    assert Verdict.CONTRADICTED is tries[1].verdict
    assert tries[0].intent_at - tries[1].intent_at >= timedelta(seconds=60)


def test_another_number_is_sent_at_once_whatever_is_still_to_be_shown(floor: Shopfloor) -> None:
    written(floor)
    floor.source.set(A=6)
    floor.shop.drop_writes = True
    floor.cycle(trigger=Trigger.SERVICE, looks=())
    floor.clock.advance(5)
    floor.source.set(A=4)
    floor.source.as_of = floor.clock.now()
    floor.cycle(trigger=Trigger.SERVICE, looks=())

    assert [4, 6] == [item.sent for item in floor.ledger.attempts(SHOP, Sku("A"), 2)]


def test_a_write_that_somebody_is_told_to_have_overwritten_is_waited_for_no_longer(
    floor: Shopfloor,
) -> None:
    written(floor)
    floor.source.set(A=6)
    floor.shop.drop_writes = True
    floor.cycle(trigger=Trigger.SERVICE, looks=())
    floor.clock.advance(2)
    floor.ledger.record_moves(SHOP, [Move(ref=A, mover=Mover.APP, at=floor.clock.now(), units=5)])
    floor.clock.advance(2)
    floor.cycle(trigger=Trigger.SERVICE, looks=())
    latest, former = floor.ledger.attempts(SHOP, Sku("A"), 2)

    assert (6, 6) == (latest.sent, former.sent)
    assert (Verdict.CONTRADICTED, "somebody else overwrote it") == (former.verdict, former.message)
    assert [Mover.APP] == [row.mover for row in drift(floor)]
