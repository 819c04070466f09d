"""The quantile of a Poisson variable against its definition, worked out with 80 decimals."""

from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.domain.poisson import quantile

means = st.fractions(min_value=0, max_value=400, max_denominator=10**6)
shares = st.decimals("0.5", "0.99999", places=5)


def by_definition(mean: Fraction, share: Decimal) -> int:
    """Add up e^-mean × mean^k / k! until it is enough."""
    with localcontext() as context:
        context.prec = 80
        exact = Decimal(mean.numerator) / Decimal(mean.denominator)
        term = total = (-exact).exp()
        count = 0
        while total < share:
            count += 1
            term = term * exact / count
            total += term
    return count


@given(means, shares)
def test_the_quantile_is_the_smallest_count_that_is_enough(mean: Fraction, share: Decimal) -> None:
    assert by_definition(mean, share) == quantile(mean, share)


@given(means, means, shares)
def test_more_sales_never_need_less(one: Fraction, more: Fraction, share: Decimal) -> None:
    assert quantile(one, share) <= quantile(one + more, share)


@given(means, shares, shares)
def test_more_certainty_never_needs_less(mean: Fraction, one: Decimal, other: Decimal) -> None:
    assert quantile(mean, min(one, other)) <= quantile(mean, max(one, other))


@pytest.mark.parametrize(
    ("mean", "expected"),
    [("0", 0), ("0.001", 0), ("0.0011", 1), ("0.045", 1), ("0.046", 2), ("1", 5), ("10", 21)],
)
def test_the_quantile_of_999_in_1000_is_that_of_the_tables(mean: str, expected: int) -> None:
    assert expected == quantile(Fraction(mean), Decimal("0.999"))


def test_a_million_and_thirty_nines_are_no_trouble() -> None:
    assert 1_003_092 == quantile(Fraction(10**6), Decimal("0.999"))
    assert 28 == quantile(Fraction(1), Decimal("0." + "9" * 30))


@pytest.mark.parametrize(("mean", "share"), [("-1", "0.5"), ("1", "0"), ("1", "1")])
def test_what_has_no_quantile_is_refused(mean: str, share: str) -> None:
    with pytest.raises(ValueError, match="no quantile"):
        quantile(Fraction(mean), Decimal(share))
