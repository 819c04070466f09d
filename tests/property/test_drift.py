"""Orders explain what they took, whatever the clocks say; and no second writer is made of few edits."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import assume, example, given
from hypothesis import strategies as st

from syncd.domain.drifting import SLACK, WITHIN, Drift, Mover, contest, explained
from syncd.domain.identity import ChannelName, ListingId, ListingRef, ProductId, Sku
from syncd.domain.orders import OrderLine, OrderState

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
REF = ListingRef(ProductId("P"), ListingId("L"))
hours = st.floats(-60, 60)
skews = st.floats(-1, 1).map(lambda share: SLACK * share)


@dataclass(frozen=True)
class Buy:
    """Hours at which a buyer orders and, if ever, cancels; whether the shop restocks then."""

    at: float
    units: int
    cancelled_after: float | None
    restocked: bool


buys = st.lists(
    st.builds(
        Buy, at=hours, units=st.integers(1, 5),
        cancelled_after=st.none() | st.floats(0.01, 50), restocked=st.booleans(),
    ),
    max_size=8,
)  # fmt: skip


def hour(count: float) -> datetime:
    return NOW + timedelta(hours=count)


def taken(buy: Buy, since: float, until: float) -> int:
    """What an order takes off the shelf between two moments; negative when it comes back."""
    units = buy.units if since < buy.at <= until else 0
    if buy.cancelled_after is not None and buy.restocked:
        back = buy.at + buy.cancelled_after
        units -= buy.units if since < back <= until else 0
    return units


def line(number: int, buy: Buy, skew: timedelta) -> OrderLine:
    """The line as the feed tells it, dated by the shop's clock."""
    cancelled = buy.cancelled_after is not None
    moved = buy.at + (buy.cancelled_after or 0)
    return OrderLine(
        channel=ChannelName("shop"), order_id=f"O{number}", line_id="1", ref=REF, seller_sku="A",
        units=buy.units, state=OrderState.CANCELLED if cancelled else OrderState.UNPAID,
        created_at=hour(buy.at) + skew, updated_at=hour(moved) + skew,
    )  # fmt: skip


@given(buys=buys, since=hours, span=st.floats(0, 50), skew=skews, spare=st.integers(0, 9))
@example(
    buys=[Buy(at=0.0, units=1, cancelled_after=None, restocked=False)],
    since=0.0, span=1.0, skew=SLACK, spare=0,
)  # fmt: skip
def test_orders_explain_what_they_took(
    buys: list[Buy], since: float, span: float, skew: timedelta, spare: int
) -> None:
    until = since + span
    sold = sum(taken(buy, since, until) for buy in buys)
    ours = max(0, sum(buy.units for buy in buys)) + spare

    assert explained(
        ours - sold, ours, hour(since), hour(until),
        [line(number, buy, skew) for number, buy in enumerate(buys)],
    )  # fmt: skip


@given(buys=buys, spare=st.integers(0, 9), edit=st.integers(-20, 20).filter(bool))
def test_an_edit_beside_certain_orders_is_not_explained(
    buys: list[Buy], spare: int, edit: int
) -> None:
    """Orders well inside the time, none cancelled."""
    certain = [
        Buy(at=abs(buy.at) % 20 + 1, units=buy.units, cancelled_after=None, restocked=False)
        for buy in buys
    ]
    sold = sum(buy.units for buy in certain)
    shown = spare + edit
    assume(shown >= 0)

    assert not explained(
        shown, sold + spare, hour(0), hour(30),
        [line(number, buy, timedelta(0)) for number, buy in enumerate(certain)],
    )  # fmt: skip


drifts = st.lists(
    st.builds(
        lambda write, minutes, shown, ours, mover, decided, counted: Drift(
            channel=ChannelName("shop"), sku=Sku("A"), ref=REF, write=write, ours=ours,
            ours_at=NOW, shown=shown, first_seen=NOW - timedelta(minutes=minutes),
            last_seen=NOW, mover=mover, decided=decided, counted=counted,
        ),
        write=st.integers(0, 6), minutes=st.integers(0, 3000), shown=st.integers(0, 9),
        ours=st.integers(0, 9), mover=st.sampled_from(Mover), decided=st.booleans(),
        counted=st.booleans(),
    ),
    max_size=12,
)  # fmt: skip


def seen(write: int, minutes: int, number: int) -> Drift:
    """A write of ours that another app set to 0, so long ago."""
    at = NOW - timedelta(minutes=minutes)
    return Drift(
        channel=ChannelName("shop"), sku=Sku("A"), ref=REF, write=write, ours=5, ours_at=at, shown=0,
        first_seen=at, last_seen=at, mover=Mover.APP, decided=True, number=number,
    )  # fmt: skip


@given(drifts=drifts)
@example(drifts=[seen(1, 9, 1), seen(2, 8, 2), seen(3, 7, 3), seen(1, 6, 4)])
def test_a_second_writer_overwrote_three_writes_of_ours_within_a_day(drifts: list[Drift]) -> None:
    found = contest(drifts, NOW)
    counting = [
        row for row in drifts
        if row.write and row.decided and not row.counted and NOW - row.first_seen <= WITHIN
    ]  # fmt: skip

    if found is not None:
        assert found.count >= 3
        assert found.count <= len({row.write for row in counting})
        assert min(row.first_seen for row in counting) <= found.since <= found.last
        assert len(found.values) <= found.count
        assert f"syncd unpark {found.sku}" in str(found)


@given(drifts=drifts, order=st.randoms(use_true_random=False))
def test_the_order_in_which_drift_is_told_does_not_matter(
    drifts: list[Drift], order: object
) -> None:
    unique = list({row.write: row for row in drifts}.values())
    shuffled = list(unique)
    order.shuffle(shuffled)  # type: ignore[attr-defined]  # a Random of hypothesis

    assert (contest(unique, NOW) is None) == (contest(shuffled, NOW) is None)
