"""Rules that fit on one line each: ages, amounts, what a reading contains, what a price may be."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from syncd.domain.change import Cause, Change, Field
from syncd.domain.counting import counted
from syncd.domain.duration import age
from syncd.domain.guard import no_riskier
from syncd.domain.identity import ChannelName, ListingId, ListingRef, ProductId, Sku, SourceName
from syncd.domain.money import amount_text, exact_decimal
from syncd.domain.orders import (
    OrderLine,
    OrdersMode,
    OrdersPolicy,
    OrderState,
    contained,
    subtracts,
)
from syncd.domain.plan import Plan
from syncd.domain.pricing import PriceWithheld, Unpriced, derive_price
from syncd.domain.rules import PriceRule
from syncd.domain.stock import Freshness, SourceStanding, Trust, freshness

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
REF = ListingRef(ProductId("p"), ListingId("l"))


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(-5, "0 s"), (119, "119 s"), (120, "2 min"), (7199, "119 min"), (7200, "2 h"),
     (259_199, "71 h"), (259_200, "3 d")],
)  # fmt: skip
def test_ages_use_the_largest_unit_that_tells_enough(seconds: int, expected: str) -> None:
    assert expected == age(timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("count", "expected"), [(0, "0 rows left"), (1, "1 row left"), (2, "2 rows left")]
)
def test_counts_are_written_as_people_do(count: int, expected: str) -> None:
    assert expected == counted(count, "row", "left")


@pytest.mark.parametrize("text", ["", "-", ".", "--1", "1e3", "NaN", "1 2", "٣", "1_0", "9" * 31])
def test_amounts_are_plain_decimals(text: str) -> None:
    with pytest.raises(ValueError, match="plain decimal"):
        exact_decimal(text)


@pytest.mark.parametrize(
    ("text", "expected"), [(" 12 ", "12"), ("-3.50", "-3.50"), (".5", "0.5"), ("1.", "1")]
)
def test_amounts_keep_every_digit(text: str, expected: str) -> None:
    assert Decimal(expected) == exact_decimal(text)


def line(state: OrderState, left: datetime | None = None) -> OrderLine:
    return OrderLine(
        channel=ChannelName("c"), order_id="1", line_id="1", ref=REF, seller_sku="S", units=1,
        state=state, created_at=NOON, updated_at=NOON, left_at=left,
    )  # fmt: skip


ON_SHIPMENT = OrdersPolicy(mode=OrdersMode.ON_SHIPMENT)


def test_platform_fulfilled_units_are_never_ours_to_subtract() -> None:
    fulfilled = replace(line(OrderState.AWAITING_SHIPMENT), platform_fulfilled=True)
    assert not subtracts(fulfilled, ON_SHIPMENT, NOON, None)


def test_a_line_cancelled_before_it_left_is_no_longer_subtracted() -> None:
    assert not subtracts(line(OrderState.CANCELLED), ON_SHIPMENT, NOON, None)


def test_a_line_cancelled_after_it_left_is_subtracted_until_the_reading_knows() -> None:
    gone = line(OrderState.CANCELLED, left=NOON)
    assert subtracts(gone, ON_SHIPMENT, NOON - timedelta(minutes=1), None)
    assert not subtracts(gone, ON_SHIPMENT, NOON, None)


def test_a_source_that_must_be_written_back_contains_nothing_by_itself() -> None:
    policy = OrdersPolicy(mode=OrdersMode.WRITE_BACK)
    assert not contained(line(OrderState.DELIVERED, left=NOON), policy, NOON, NOON)


def test_a_plan_without_rows_is_empty() -> None:
    assert Plan(channel=ChannelName("c"), listings=3, changes=()).is_empty


def price_change(before: int | None, after: int, currency: str = "USD") -> Change:
    return Change(
        sku=Sku("S"), seller_sku="S", ref=REF, field=Field.PRICE, before=before, after=after,
        cause=Cause.SOURCE, reason="r", currency=currency,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("approved", "now", "expected"),
    [
        ((900, 1100), 1000, True),
        ((900, 1100), 1101, False),
        ((1100, 900), 899, False),
        ((1100, 900), 950, True),
        ((None, 900), 900, True),
        ((None, 900), 899, False),
    ],
)
def test_a_released_price_covers_what_lies_between_shown_and_approved(
    approved: tuple[int | None, int], now: int, *, expected: bool
) -> None:
    assert expected is no_riskier(price_change(800, now), price_change(*approved))


def test_a_release_in_another_currency_covers_only_the_same_number() -> None:
    assert not no_riskier(price_change(800, 950, "EUR"), price_change(900, 1000, "USD"))


RULE = PriceRule(source=SourceName("erp"), floor=Decimal(1))


def test_no_price_is_no_fault_and_nothing_is_pushed() -> None:
    with pytest.raises(Unpriced):
        derive_price(RULE, None, "USD", None, "USD")


@pytest.mark.parametrize(
    ("currency", "match"), [(None, "no currency"), ("EUR", "in EUR, the shop sells in USD")]
)
def test_a_price_of_unknown_or_other_currency_is_withheld(currency: str | None, match: str) -> None:
    with pytest.raises(PriceWithheld, match=match):
        derive_price(RULE, Decimal(5), currency, None, "USD")


@pytest.mark.parametrize("price", ["0", "-1", "NaN", "Infinity"])
def test_only_a_positive_number_is_a_price(price: str) -> None:
    with pytest.raises(PriceWithheld):
        derive_price(RULE, Decimal(price), "USD", None, "USD")


def test_an_adjustment_that_leaves_nothing_is_withheld() -> None:
    free = replace(RULE, adjust=RULE.adjust, floor=Decimal(-5))
    with pytest.raises(PriceWithheld, match="no positive price"):
        derive_price(free, Decimal("0.001"), "USD", None, "USD")


def test_a_source_never_read_is_neither_fresh_nor_stale() -> None:
    standing = SourceStanding(source=SourceName("erp"))
    trust = Trust(stale_after=timedelta(hours=1), dead_after=timedelta(hours=48))
    assert Freshness.NEVER is freshness(standing, trust, NOON)


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        ("14.5", "USD", "14.50 USD"),
        ("14.125", "USD", "14.125 USD"),
        ("1E+3", "JPY", "1000 JPY"),
        ("14.5", None, "14.5"),
    ],
)
def test_an_amount_has_the_decimals_of_its_currency(
    amount: str, currency: str | None, expected: str
) -> None:
    assert expected == amount_text(Decimal(amount), currency)
