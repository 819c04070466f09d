"""Rule 7, for every price rule and every source: what may be pushed at all, and what waits for a person."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from syncd.domain.identity import SourceName
from syncd.domain.money import Money
from syncd.domain.pricing import PriceWithheld, derive_price, moves_too_far, price_floor
from syncd.domain.rules import Adjustment, Direction, PriceRule, Rounding

CURRENCIES = ("USD", "JPY", "KWD")

amounts = st.decimals(Decimal("-1e13"), Decimal("1e13"), places=3) | st.decimals(0, 2_000, places=2)
odd = st.sampled_from([Decimal("NaN"), Decimal("Infinity"), Decimal("1E+999999"), Decimal(0)])
prices = st.none() | amounts | odd
currencies = st.none() | st.sampled_from(CURRENCIES)
endings = st.sampled_from([None, Decimal("0.99"), Decimal("0.5"), Decimal(0)])
steps = st.sampled_from([None, Decimal("0.05"), Decimal("0.005"), Decimal(100)])
roundings = st.builds(
    Rounding, direction=st.sampled_from(Direction), ending=endings, step=steps
) | st.none()  # fmt: skip
adjustments = st.builds(
    Adjustment, factor=st.decimals(0, 3, places=2), amount=st.decimals(-50, 50, places=2)
)
floors = st.none() | st.decimals(Decimal("0.01"), 500, places=2)
rules = st.builds(
    PriceRule, source=st.just(SourceName("erp")), currency=currencies, rounding=roundings,
    adjust=st.lists(adjustments, max_size=3).map(tuple), floor=floors,
    floor_of_cost=st.none() | st.decimals(1, 2, places=2),
    ceiling=st.none() | st.decimals(1, 5_000, places=2), max_move=st.decimals(0, 1, places=2),
)  # fmt: skip


@given(rules, prices, currencies, st.none() | amounts, st.sampled_from(CURRENCIES))
def test_a_price_is_exact_positive_in_the_shops_currency_and_within_its_bounds_or_is_withheld(
    rule: PriceRule, price: Decimal | None, stated: str | None, cost: Decimal | None, shop: str
) -> None:
    try:
        found = derive_price(rule, price, stated, cost, shop)
    except PriceWithheld:
        return
    pushed = found.price.decimal()
    assert (shop, shop) == (found.price.currency, stated or rule.currency)
    assert rule.floor is not None or rule.floor_of_cost is not None
    assert price_floor(rule, cost) <= pushed
    assert pushed > 0
    assert rule.ceiling is None or pushed <= rule.ceiling


@given(rules, st.integers(1, 10**9), st.integers(1, 10**9))
def test_a_step_larger_than_max_move_waits_for_a_person(
    rule: PriceRule, shown: int, wanted: int
) -> None:
    far = moves_too_far(rule, Money(shown, "USD"), Money(wanted, "USD"))

    assert far == (abs(Decimal(wanted) / shown - 1) > rule.max_move)
