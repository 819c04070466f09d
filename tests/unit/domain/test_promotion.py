"""Until when a price waits for the shop's own promotions."""

from datetime import UTC, datetime, timedelta

from syncd.domain.identity import ProductId
from syncd.domain.promotion import Promotion, price_locks

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
A, B = ProductId("1"), ProductId("2")


def hours(begin: float, end: float, *products: ProductId) -> Promotion:
    return Promotion(
        title=f"{begin}-{end}", begins=NOW + timedelta(hours=begin),
        ends=NOW + timedelta(hours=end), products=frozenset(products),
    )  # fmt: skip


def locks(*promotions: Promotion) -> dict[str, tuple[float, float]]:
    """Product: hours from now at which its lock begins and ends."""
    return {
        row.product: tuple((moment - NOW) / timedelta(hours=1) for moment in (row.begins, row.ends))  # type: ignore[misc]  # two of them
        for row in price_locks(promotions, NOW)
    }


def test_a_running_promotion_locks_its_products_until_its_end() -> None:
    assert {A: (-1, 2), B: (-1, 2)} == locks(hours(-1, 2, A, B))


def test_a_promotion_that_is_over_locks_nothing() -> None:
    assert {} == locks(hours(-2, 0, A))


def test_promotions_without_a_gap_are_one_lock_and_with_a_gap_the_first_counts() -> None:
    assert {A: (-1, 5), B: (-1, 2)} == locks(
        hours(-1, 2, A, B), hours(2, 5, A), hours(3, 4, A), hours(2.5, 9, B)
    )


def test_the_reason_names_the_promotion_and_its_end() -> None:
    (lock,) = price_locks([hours(-1, 2, A)], NOW)

    assert "waits for the end of the promotion “-1-2” at 2026-11-23 14:00 UTC" == lock.reason
