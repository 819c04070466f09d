"""`rate`: auto, or so many requests per second as a shop can be asked and still be read back."""

import pytest
from pydantic import TypeAdapter, ValidationError

from connectors.tiktok_shop.options import Rate

RATE: TypeAdapter[float | None] = TypeAdapter(Rate)


@pytest.mark.parametrize(
    ("written", "rate"), [("auto", None), (20, 20.0), (0.01, 0.01), ("5.5", 5.5)]
)
def test_auto_or_a_number_is_a_rate(written: object, rate: float | None) -> None:
    assert rate == RATE.validate_python(written)


@pytest.mark.parametrize("written", [0, -1, 1e-13, 1001, "inf", "nan"])
def test_a_rate_that_sends_nothing_or_without_end_is_refused(written: object) -> None:
    with pytest.raises(
        ValidationError, match=r"is no rate from 0\.01 up to 1000 requests per second"
    ):
        RATE.validate_python(written)


def test_what_is_no_number_is_quoted_in_short() -> None:
    with pytest.raises(ValidationError) as refused:
        RATE.validate_python("9" * 5_000 + "x")
    (problem,) = refused.value.errors()
    assert "is neither auto nor a number" in problem["msg"]
    assert len(problem["msg"]) < 120
