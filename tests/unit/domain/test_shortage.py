"""What a source says of a SKU after the seller cancelled an order for want of it."""

from datetime import UTC, datetime, timedelta

import pytest

from syncd.domain.identity import LocationName, Place, Sku, SourceName
from syncd.domain.orders import OrdersMode, OrdersPolicy
from syncd.domain.selling import StockMove
from syncd.domain.shortage import is_restated, moved_by_itself
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


def moved(at: datetime, as_of: datetime, told_until: datetime | None) -> bool:
    place = Place(SourceName("stock"), LocationName("default"))
    moves = [StockMove(place=place, run="r", at=at, as_of=as_of, units=5, before=0, after=5)]
    policy = OrdersPolicy(mode=OrdersMode.WRITE_BACK)
    return moved_by_itself(moves, (), CANCELLED, policy, timedelta(minutes=15), told_until)


@pytest.mark.parametrize("as_of", [AFTER, BEFORE], ids=["surely after", "maybe, and said again"])
def test_a_source_moved_once_it_surely_tells_of_the_time_after(as_of: datetime) -> None:
    assert moved(AFTER, as_of, AFTER)


@pytest.mark.parametrize(
    ("at", "told_until"),
    [(BEFORE, AFTER), (AFTER, CANCELLED), (AFTER, None)],
    ids=["recorded before", "not surely told yet", "believed no more"],
)
def test_until_then_it_did_not(at: datetime, told_until: datetime | None) -> None:
    assert not moved(at, BEFORE, told_until)
