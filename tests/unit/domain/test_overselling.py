"""Which of several sources' claims on a SKU decides whether it is oversold."""

from datetime import UTC, datetime

from syncd.domain.authorization import Authorization
from syncd.domain.identity import SourceName
from syncd.domain.overselling import Claim, claimed, is_oversold
from syncd.domain.rules import Combine


def claim(source: str, left: int, ordered: int) -> Claim:
    return Claim(source=SourceName(source), left=left, ordered=ordered)


def test_nobody_claims_a_sku_without_a_source() -> None:
    assert None is claimed([], Combine.SUM)


def test_sources_that_add_up_fill_orders_together() -> None:
    both = claimed([claim("a", 1, 3), claim("b", 4, 0)], Combine.SUM)

    assert claim("a", 5, 3) == both
    assert not is_oversold(claim("a", 5, 3))


def test_of_alternatives_the_one_with_most_left_decides() -> None:
    rows = [claim("a", 1, 3), claim("b", 2, 3)]

    assert rows[1] == claimed(rows, Combine.FIRST)
    assert is_oversold(rows[1])


def test_a_scope_that_nothing_uses_is_superfluous() -> None:
    grant = Authorization(
        holder="shop", expires_at=datetime(2027, 1, 1, tzinfo=UTC),
        needed={"stock": "writing"}, granted=("stock", "orders", "money"), useful=("orders",),
    )  # fmt: skip
    assert ("money",) == grant.superfluous()
