"""What a source says of a SKU after the seller cancelled an order for want of it."""

from datetime import UTC, datetime, timedelta

import pytest

from syncd.domain.identity import LocationName, Place, Sku, SourceName
from syncd.domain.shortage import is_restated
from syncd.domain.stock import Position, State

CANCELLED = datetime(2026, 3, 1, 12, tzinfo=UTC)
BEFORE, AFTER = CANCELLED - timedelta(hours=1), CANCELLED + timedelta(hours=1)


def position(state: State, born: datetime, counted: datetime | None) -> Position:
    return Position(
        sku=Sku("A"), place=Place(SourceName("stock"), LocationName("default")), state=state,
        quantity=3, committed=None, price=None, currency=None, cost=None, counted_at=counted,
        reason="", since=AFTER, born_at=born, missing_since=None, origin="stock.csv:2",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("born", "counted"),
    [(BEFORE, AFTER), (AFTER, None)],
    ids=["counted since", "named since"],
)
def test_a_source_restates_a_sku_by_a_later_count_or_by_naming_it_first(
    born: datetime, counted: datetime | None
) -> None:
    assert is_restated(position(State.KNOWN, born, counted), CANCELLED)


@pytest.mark.parametrize(
    ("state", "born", "counted"),
    [
        (State.KNOWN, BEFORE, CANCELLED),
        (State.KNOWN, AFTER, BEFORE),
        (State.UNKNOWN, AFTER, None),
        (State.KNOWN, BEFORE, None),
    ],
    ids=["counted then", "an old count", "unknown", "as before"],
)
def test_nothing_else_restates_it(state: State, born: datetime, counted: datetime | None) -> None:
    assert not is_restated(position(state, born, counted), CANCELLED)
