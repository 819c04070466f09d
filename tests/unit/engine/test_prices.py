"""Rule 7: when a price is pushed, and what it is."""

from dataclasses import replace
from decimal import Decimal

import pytest

from syncd.domain.identity import SourceName
from syncd.domain.money import Money
from syncd.domain.outcome import Verdict
from syncd.domain.pricing import PriceWithheld, derive_price, round_price
from syncd.domain.rules import Adjustment, Direction, PriceRule, Rounding
from tests.fakes.memory_source import Row
from tests.fakes.shopfloor import Shopfloor

RULE = PriceRule(source=SourceName("stock"), currency="USD", floor=Decimal("1.00"))


def shown(floor: Shopfloor, sku: str = "A") -> str:
    """The price the shop shows."""
    listing = next(item for item in floor.shop.shop.values() if item.seller_sku == sku)
    return "" if listing.price is None else listing.price.text()


def test_a_price_within_its_bounds_is_pushed_and_verified(floor: Shopfloor) -> None:
    floor.price = RULE
    floor.shop.list_sku("A", price="10.00", W1=5)
    floor.source.rows = [Row("A", "5", price="11.00")]

    report = floor.apply()

    assert ("11.00", Verdict.VERIFIED) == (shown(floor), report.changes[0].verdict)


def test_without_a_floor_no_price_is_pushed(floor: Shopfloor) -> None:
    floor.price = replace(RULE, floor=None)
    floor.shop.list_sku("A", price="10.00", W1=5)
    floor.source.rows = [Row("A", "5", price="11.00")]
    floor.cycle()

    assert shown(floor) == "10.00"


@pytest.mark.parametrize(
    ("price", "ending", "words"),
    [
        ("1100", "0.99", "1099.99 is no exact amount of JPY; price.round asks for it"),
        ("9999999999999", None, "9999999999999 is larger than any price"),
    ],
)
def test_a_price_that_can_be_none_stops_nothing_else(
    floor: Shopfloor, price: str, ending: str | None, words: str
) -> None:
    rounding = None if ending is None else Rounding(ending=Decimal(ending))
    floor.price = replace(RULE, currency="JPY", rounding=rounding)
    floor.shop.list_sku("A", price="1000", currency="JPY", W1=5)
    floor.source.rows = [Row("A", "3", price=price)]

    report = floor.apply()

    assert (3, "1000") == (floor.shop.shown("A"), shown(floor))
    assert [f"price: {words}"] == [skip.reason for skip in report.skipped]


def test_a_price_that_moves_too_far_is_held_and_may_be_released(floor: Shopfloor) -> None:
    floor.price = RULE
    floor.shop.list_sku("A", price="10.00", W1=5)
    floor.source.rows = [Row("A", "5", price="13.00")]

    report = floor.apply()

    assert "10.00" == shown(floor)
    assert ["max_move"] == [row.code for row in report.changes]


def test_a_price_of_a_rejected_row_is_not_pushed(floor: Shopfloor) -> None:
    floor.price = RULE
    floor.shop.list_sku("A", price="10.00", W1=5)
    floor.source.rows = [Row("A", "5", price="10.00")]
    floor.cycle()
    floor.source.rows = [Row("A", "5", price="11.00", reject="bad"), Row("B", "1")]
    floor.cycle()

    assert shown(floor) == "10.00"


def test_the_last_price_of_a_rejected_row_does_not_follow_new_rules(floor: Shopfloor) -> None:
    floor.price = RULE
    floor.shop.list_sku("A", price="10.00", W1=5)
    floor.source.rows = [Row("A", "5", price="10.00")]
    floor.cycle()
    floor.source.rows = [Row("A", "5", price="11.00", reject="bad"), Row("B", "1")]
    floor.price = replace(RULE, adjust=(Adjustment(factor=Decimal("1.05")),))
    report = floor.apply()

    assert shown(floor) == "10.00"
    assert ["price: row rejected: bad"] == [
        row.reason for row in report.skipped if "bad" in row.reason
    ]


def test_a_price_in_another_currency_is_not_pushed(floor: Shopfloor) -> None:
    floor.price = RULE
    floor.shop.list_sku("A", price="10.00", W1=5)
    floor.source.rows = [Row("A", "5", price="11.00", currency="EUR")]

    report = floor.apply()

    assert "10.00" == shown(floor)
    assert "price is in EUR" in report.skipped[0].reason


@pytest.mark.parametrize(
    ("price", "reason"),
    [
        (None, "no price"),
        (Decimal(0), "no positive"),
        (Decimal(-1), "no positive"),
        (Decimal("0.50"), "below the floor"),
        (Decimal(901), "above the ceiling"),
        (Decimal("NaN"), "no positive"),
    ],
)
def test_a_price_outside_its_bounds_is_withheld(price: Decimal | None, reason: str) -> None:
    rule = replace(RULE, ceiling=Decimal(900))

    with pytest.raises(PriceWithheld, match=reason):
        derive_price(rule, price, "USD", None, "USD")


def test_a_floor_by_cost_needs_a_cost() -> None:
    rule = replace(RULE, floor=None, floor_of_cost=Decimal("1.15"))

    with pytest.raises(PriceWithheld, match="no cost"):
        derive_price(rule, Decimal(10), "USD", None, "USD")
    with pytest.raises(PriceWithheld, match=r"below the floor 11\.50"):
        derive_price(rule, Decimal(10), "USD", Decimal("10.00"), "USD")


def test_adjustments_apply_from_left_to_right() -> None:
    rule = replace(
        RULE, adjust=(Adjustment(factor=Decimal("1.12")), Adjustment(amount=Decimal("1.00")))
    )

    derived = derive_price(rule, Decimal("10.00"), None, None, "USD")

    assert Money(1220, "USD") == derived.price


@pytest.mark.parametrize(
    ("price", "rounding", "expected"),
    [
        ("12.20", Rounding(ending=Decimal("0.99")), "11.99"),
        ("12.50", Rounding(ending=Decimal("0.99")), "12.99"),
        ("12.20", Rounding(ending=Decimal("0.99"), direction=Direction.UP), "12.99"),
        ("12.98", Rounding(ending=Decimal("0.99"), direction=Direction.DOWN), "11.99"),
        ("12.99", Rounding(ending=Decimal("0.99"), direction=Direction.UP), "12.99"),
        ("12.22", Rounding(step=Decimal("0.05")), "12.20"),
        ("12.22", Rounding(step=Decimal("0.05"), direction=Direction.UP), "12.25"),
        ("12.225", None, "12.23"),
    ],
)
def test_prices_are_rounded_as_configured(
    price: str, rounding: Rounding | None, expected: str
) -> None:
    assert Decimal(expected) == round_price(Decimal(price), rounding, "USD")


def test_whole_currencies_have_no_decimals() -> None:
    assert "1200" == Money.of(Decimal(1200), "JPY").text()
    with pytest.raises(ValueError, match="no exact amount"):
        Money.of(Decimal("1200.50"), "JPY")


def test_two_prices_for_one_sku_are_not_guessed(floor: Shopfloor) -> None:
    floor.price = RULE
    floor.shop.list_sku("A", price="10.00", W1=5)
    floor.source.rows = [
        Row("A", "5", "Main", price="11.00"),
        Row("A", "5", "East", price="10.50"),
    ]

    report = floor.apply()

    assert "10.00" == shown(floor)
    assert any("several prices" in skip.reason for skip in report.skipped)
