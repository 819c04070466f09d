"""A trial on one listing: what it learns, that it never offers more than there is, and how it ends."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from itertools import count

import pytest

from syncd.domain.errors import ChannelUnavailable, LeaseHeld, UsageError
from syncd.domain.identity import Sku, WarehouseId
from syncd.domain.listing import WarehouseStock
from syncd.domain.outcome import Rejected, Retry
from syncd.domain.rules import Limits
from syncd.domain.trial import QuantityMeans, Trial, ZeroAnswer, first_step, quantity_means
from syncd.engine.probing import Wish, try_out
from tests.fakes.shopfloor import SHOP, Shopfloor

SECOND = 2


def trial(
    floor: Shopfloor, *, zero: bool = False, stopping: Callable[[], bool] = lambda: False
) -> Trial:
    engine = floor.engine()
    return try_out(
        engine, engine.channels[SHOP], Wish(sku=Sku("A"), zero=zero),
        lambda report: report.status().value, stopping,
    )  # fmt: skip


def stocked(floor: Shopfloor, units: int, committed: int = 0) -> None:
    ref = floor.shop.list_sku("A", W1=units)
    floor.source.set(A=units)
    floor.cycle()
    stock = WarehouseStock(warehouse_id=WarehouseId("W1"), available=units, committed=committed)
    floor.shop.shop[ref] = replace(floor.shop.shop[ref], stock=(stock,))


def written(floor: Shopfloor) -> list[int]:
    return [units for _, _, units in floor.shop.journal]


def test_it_lowers_by_one_looks_and_puts_back(floor: Shopfloor) -> None:
    stocked(floor, 5, committed=2)

    found = trial(floor)

    assert (QuantityMeans.AVAILABLE, None, 0.1) == (
        found.quantity_means, found.zero, found.visible_after,
    )  # fmt: skip
    assert ([4, 5], 5, True) == (written(floor), floor.shop.shown("A"), found.restored)


def test_the_next_cycle_has_nothing_left_to_do(floor: Shopfloor) -> None:
    stocked(floor, 5)
    trial(floor)

    assert () == floor.apply().changes


def test_without_a_unit_on_order_the_meaning_stays_open(floor: Shopfloor) -> None:
    stocked(floor, 5)

    assert QuantityMeans.UNDECIDED is trial(floor).quantity_means


def test_zero_is_tried_only_when_it_was_asked_for(floor: Shopfloor) -> None:
    stocked(floor, 5)

    found = trial(floor, zero=True)

    assert (ZeroAnswer.ALLOWED, [4, 0, 5]) == (found.zero, written(floor))


def test_a_refused_zero_is_learned_and_the_stock_put_back(floor: Shopfloor) -> None:
    stocked(floor, 2)
    refusal = Rejected(change=None, code="12019024", message="invalid", retry=Retry.NEVER)  # type: ignore[arg-type]  # the fake puts the change in

    def refuse_the_second() -> None:
        floor.shop.refuse = {"A": refusal} if next(submits) == SECOND else {}

    submits = count(1)
    floor.shop.before_submit = refuse_the_second
    found = trial(floor, zero=True)

    assert (ZeroAnswer.REFUSED, True, 2) == (found.zero, found.restored, floor.shop.shown("A"))


@pytest.mark.parametrize("units", [0, 1])
def test_a_listing_that_would_have_to_show_zero_is_left_alone(floor: Shopfloor, units: int) -> None:
    stocked(floor, units)

    with pytest.raises(UsageError, match="take another SKU"):
        trial(floor)
    assert [] == floor.shop.journal


def test_units_that_campaigns_hold_are_not_touched(floor: Shopfloor) -> None:
    stocked(floor, 5)
    (ref,) = floor.shop.shop
    floor.shop.shop[ref] = replace(floor.shop.shop[ref], locked_units=5)

    with pytest.raises(UsageError, match="campaigns"):
        trial(floor)


def test_what_is_ordered_meanwhile_is_not_put_back(floor: Shopfloor) -> None:
    stocked(floor, 5)

    real = floor.shop.look

    def look_and_buy(refs: object) -> object:
        seen = real(refs)  # type: ignore[arg-type]  # passed on
        if written(floor) == [4] and not floor.shop.lines:
            floor.shop.order("A", 2)
        return seen

    floor.shop.look = look_and_buy  # type: ignore[method-assign,assignment]  # somebody buys between two looks
    found = trial(floor)

    assert (3, True) == (floor.shop.shown("A"), found.restored)


def test_it_is_put_back_no_higher_than_the_rules_offer_now(floor: Shopfloor) -> None:
    stocked(floor, 5)
    floor.source.set(A=2)
    floor.limits = Limits(changed=Decimal(0), at_least=0)
    floor.cycle()

    found = trial(floor)

    assert ([4], 4, False) == (written(floor), found.left_at, found.restored)


def test_a_death_in_the_middle_is_mended_by_the_next_cycle(floor: Shopfloor) -> None:
    stocked(floor, 5)

    def die_at_the_second() -> None:
        if next(submits) == SECOND:
            raise KeyboardInterrupt

    submits = count(1)
    floor.shop.before_submit = die_at_the_second
    with pytest.raises(KeyboardInterrupt):
        trial(floor)
    floor.shop.before_submit = None
    torn = floor.shop.shown("A")
    floor.clock.advance(120)
    floor.apply()

    assert (4, 5) == (torn, floor.shop.shown("A"))


def test_a_shop_that_fails_after_the_first_write_is_said_to_be_left_as_it_is(
    floor: Shopfloor,
) -> None:
    stocked(floor, 5)

    real = floor.shop.look

    def look(refs: object) -> object:
        if written(floor) == [4]:
            raise ChannelUnavailable("the shop is down")
        return real(refs)  # type: ignore[arg-type]  # passed on

    floor.shop.look = look  # type: ignore[method-assign,assignment]  # the line is cut
    found = trial(floor)

    assert (None, False, "the shop is down") == (found.left_at, found.restored, found.remark)


def test_a_channel_that_another_process_writes_to_is_left_alone(floor: Shopfloor) -> None:
    stocked(floor, 5)

    with floor.ledger.lease(SHOP), pytest.raises(LeaseHeld):
        trial(floor)
    assert [] == floor.shop.journal


def test_a_write_that_is_never_shown_is_contradicted(floor: Shopfloor) -> None:
    stocked(floor, 5)
    floor.shop.drop_writes = True

    found = trial(floor)

    assert (None, None, True) == (found.visible_after, found.quantity_means, found.restored)


def test_what_a_number_means_is_read_from_what_is_on_order() -> None:
    assert [
        QuantityMeans.AVAILABLE, QuantityMeans.TOTAL, QuantityMeans.UNDECIDED, None, None,
    ] == [
        quantity_means(*numbers)
        for numbers in ((4, 4, 2), (4, 2, 2), (4, 4, 0), (4, 5, 0), (4, 5, 2))
    ]  # fmt: skip


def test_the_first_step_is_one_less_and_keeps_what_must_be_kept() -> None:
    assert [4, 1, None, 0, None] == [
        first_step(5, 0, zero_wanted=False), first_step(2, 1, zero_wanted=False),
        first_step(1, 0, zero_wanted=False), first_step(1, 0, zero_wanted=True),
        first_step(5, 5, zero_wanted=True),
    ]  # fmt: skip
