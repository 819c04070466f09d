"""An adaptive safety stock: what is withheld at which pace, and when it falls again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.domain.adaptive import Pace, window, withhold
from syncd.domain.delay import PUSH, Delay, Passage, delay, percentile, stepped
from syncd.domain.identity import DEFAULT_LOCATION as SPOT
from syncd.domain.identity import ChannelName, ListingId, ListingRef, Place, ProductId, Sku
from syncd.domain.identity import SourceName as Source
from syncd.domain.orders import OrderLine, OrdersMode, OrdersPolicy, OrderState
from syncd.domain.rules import Adaptive, Component, ListingRule, Publish, StockRule
from syncd.domain.selling import (
    Explanation,
    Sale,
    StockMove,
    deducted,
    explanation,
    falls,
    patience,
    unexplained,
)
from syncd.domain.write_back import Booking, BookingId, BookingState, Effect

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TEN = timedelta(seconds=10)
ADAPTIVE = Adaptive()
A, B = Sku("A"), Sku("B")


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def sold(*minutes: float, units: int = 1) -> list[Sale]:
    return [Sale(at=ago(each), units=units) for each in minutes]


def rule(*components: Component, safety: int = 0, adaptive: Adaptive = ADAPTIVE) -> ListingRule:
    return ListingRule(
        sku=A, components=components or (Component(sku=A, need=1),), units=1, publish=Publish.ALL,
        stock=StockRule(safety=safety, adaptive=adaptive), price=None, origins={},
    )  # fmt: skip


def pace(*sales: Sale, exposure: timedelta = TEN) -> Pace:
    return Pace(now=NOW, exposure=exposure, sales=sales)


def test_nothing_sold_withholds_nothing() -> None:
    held = withhold(rule(), ADAPTIVE, {A: pace()})

    assert (0, 0, None) == (held.units, held.near, held.until)
    assert "adaptive, 0.0/min, 10s, 99.9%" == held.why


def test_one_sale_withholds_one_unit_until_ten_minutes_have_passed() -> None:
    held = withhold(rule(), ADAPTIVE, {A: pace(*sold(4))})

    assert (1, 5, ago(4) + timedelta(minutes=10)) == (held.units, held.near, held.until)


def test_a_sale_that_left_the_window_is_forgotten() -> None:
    assert 0 == withhold(rule(), ADAPTIVE, {A: pace(*sold(10))}).units
    assert 1 == withhold(rule(), ADAPTIVE, {A: pace(*sold(9.99))}).units


def test_the_stock_falls_when_enough_sales_have_left_not_at_the_first() -> None:
    held = withhold(rule(), ADAPTIVE, {A: pace(*sold(1, 2, 3, 8, 9))})

    assert (2, ago(3) + timedelta(minutes=10)) == (held.units, held.until)
    assert "adaptive, 0.5/min, 10s, 99.9%" == held.why


def test_the_bounds_of_the_rule_hold() -> None:
    storm = pace(Sale(at=ago(1), units=10_000))

    assert 50 == withhold(rule(), ADAPTIVE, {A: storm}).units
    assert 3 == withhold(rule(), Adaptive(at_most=3), {A: storm}).units
    calm = withhold(rule(safety=2), ADAPTIVE, {A: pace(*sold(1))})
    assert (2, None) == (calm.units, calm.until)


def test_a_surer_rule_withholds_more() -> None:
    sales = {A: pace(*sold(1, 2, 3))}
    surer = Adaptive(quantile=Decimal("0.999999"))

    assert (2, 3) == (
        withhold(rule(), ADAPTIVE, sales).units, withhold(rule(), surer, sales).units
    )  # fmt: skip


def test_slow_news_is_covered_by_a_rate_over_twice_its_time() -> None:
    slow = timedelta(minutes=15)

    assert (timedelta(minutes=10), timedelta(minutes=30)) == (window(TEN), window(slow))
    assert 2 == pace(*sold(5, 25), exposure=slow).units


def test_a_kit_withholds_whole_kits_for_its_fastest_component() -> None:
    kit = rule(Component(sku=A, need=1), Component(sku=B, need=2))
    fast = {A: pace(*sold(1)), B: pace(*sold(2, 3, 4, 5, 6, 7, 8, units=10))}

    held = withhold(kit, ADAPTIVE, fast)

    # 70 of B in 10 minutes: 6 cover 99.9 % of 10 s, which are 3 kits; 40 of B need no more than 2
    assert (3, ago(6) + timedelta(minutes=10)) == (held.units, held.until)
    assert held.why.startswith("adaptive, 7.0/min")


@given(
    st.lists(st.tuples(st.integers(0, 1200), st.integers(1, 40)), max_size=12),
    st.integers(0, 5), st.integers(5, 40),
)  # fmt: skip
def test_what_is_withheld_stays_until_then_and_falls_then(
    events: list[tuple[int, int]], least: int, most: int
) -> None:
    adaptive = Adaptive(at_most=most)
    sales = [Sale(at=NOW - timedelta(seconds=age), units=units) for age, units in events]
    now = replace(pace(), sales=sales)
    one = rule(safety=least, adaptive=adaptive)

    held = withhold(one, adaptive, {A: now})

    assert least <= held.units <= max(most, least)
    assert (held.until is None) == (held.units == least)
    if held.until is not None:
        before = replace(now, now=held.until - timedelta(microseconds=1))
        after = replace(now, now=held.until)
        assert held.units == withhold(one, adaptive, {A: before}).units
        assert held.units > withhold(one, adaptive, {A: after}).units


# What a source lost


def move(run: str, minutes: float, units: int, place: str = SPOT) -> StockMove:
    return StockMove(
        place=Place(Source("erp"), place), run=run, at=ago(minutes), as_of=ago(minutes), units=units  # type: ignore[arg-type]
    )  # fmt: skip


def test_units_moved_between_places_are_not_lost() -> None:
    moves = [move("1", 9, -5, "Main"), move("1", 9, 5, "East"), move("2", 5, -3, "Main")]

    assert [Sale(at=ago(5), units=3)] == falls(moves)


def test_what_arrives_hides_no_sale_of_another_reading() -> None:
    assert [2, 1] == [
        sale.units for sale in falls([move("3", 1, -1), move("1", 9, -2), move("2", 5, 50)])
    ]


def within(start: float, units: int, lasts: float = 60) -> Explanation:
    return Explanation(earliest=ago(start), latest=ago(start - lasts), units=units)


def test_an_order_explains_its_units_once() -> None:
    lost = sold(8, 6, 4, units=2)

    left = unexplained(lost, [within(9, 3)])

    assert [(ago(6), 1), (ago(4), 2)] == [(sale.at, sale.units) for sale in left]


def test_an_order_explains_nothing_that_was_lost_before_it_or_long_after() -> None:
    assert sold(8) == unexplained(sold(8), [within(7, 1)])
    assert sold(4) == unexplained(sold(4), [within(9, 1, lasts=2)])


def test_several_orders_explain_one_fall() -> None:
    assert [] == unexplained(sold(1, units=5), [within(9, 3), within(5, 1), within(2, 2)])


@given(
    st.lists(st.tuples(st.integers(0, 100), st.integers(1, 9)), max_size=8),
    st.lists(st.tuples(st.integers(0, 100), st.integers(1, 9), st.integers(0, 50)), max_size=8),
)
def test_no_more_is_explained_than_was_ordered_nor_than_was_lost(
    events: list[tuple[int, int]], orders: list[tuple[int, int, int]]
) -> None:
    lost = sorted((Sale(at=ago(age), units=n) for age, n in events), key=lambda sale: sale.at)
    ordered = [within(age, n, lasts=span) for age, n, span in orders]

    left = sum(sale.units for sale in unexplained(lost, ordered))

    total = sum(sale.units for sale in lost)
    assert max(0, total - sum(order.units for order in ordered)) <= left <= total


LINE = OrderLine(
    channel=ChannelName("shop"), order_id="1", line_id="1", units=1, seller_sku="A",
    ref=ListingRef(ProductId("p"), ListingId("l")), state=OrderState.IN_TRANSIT,
    created_at=ago(60), updated_at=ago(1), entered_at=ago(50), packed_at=ago(20), left_at=ago(5),
)  # fmt: skip


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (OrdersPolicy(mode=OrdersMode.WITHIN), ago(50)),
        (OrdersPolicy(mode=OrdersMode.ON_SHIPMENT), ago(5)),
        (OrdersPolicy(mode=OrdersMode.ON_SHIPMENT, left_when_packed=True), ago(20)),
        (OrdersPolicy(mode=OrdersMode.WRITE_BACK), ago(60)),
    ],
)
def test_a_source_loses_ordered_units_when_its_policy_says(
    policy: OrdersPolicy, expected: datetime
) -> None:
    found = explanation(LINE, 4, policy, timedelta(minutes=5))

    span = patience(policy, timedelta(minutes=5))
    assert found == Explanation(earliest=expected, latest=expected + span, units=4)


def test_what_did_not_happen_yet_or_is_counted_by_hand_explains_nothing() -> None:
    waiting = replace(LINE, entered_at=None)
    every = timedelta(minutes=5)

    assert None is explanation(waiting, 1, OrdersPolicy(mode=OrdersMode.WITHIN), every)
    assert None is explanation(LINE, 1, OrdersPolicy(mode=OrdersMode.NEVER), every)


# How long news takes


def ways(*seconds: float, told: bool = True) -> list[Passage]:
    return [
        Passage(
            source=Source("erp"), began_at=NOW - timedelta(seconds=each), verified_at=NOW, told=told
        )
        for each in seconds
    ]


MINUTE = timedelta(minutes=1)


def test_what_was_not_measured_is_promised() -> None:
    few = ways(*[1.0] * 19)

    live, polled = delay(few, MINUTE, told=True), delay(few, MINUTE, told=False)

    assert Delay(usual=PUSH, rare=PUSH, ways=19, told=True) == live
    assert (MINUTE + PUSH, False) == (polled.usual, polled.measured)


def test_a_measured_delay_counts_the_wait_for_a_reading_nobody_asked_for() -> None:
    measured = delay(ways(*[12.0] * 20), MINUTE, told=True)
    waited = delay(ways(*[5.0] * 20, told=False), MINUTE, told=False)

    assert (timedelta(seconds=12), True) == (measured.usual, measured.measured)
    assert (timedelta(seconds=65), timedelta(seconds=90)) == (waited.usual, waited.steady)


def test_an_outage_does_not_last_longer_than_a_reading_may() -> None:
    after = delay(ways(*[12.0] * 10, *[7200.0] * 10), MINUTE, told=True)

    assert (MINUTE + PUSH, timedelta(hours=2)) == (after.usual, after.rare)


def test_a_percentile_is_one_of_the_values() -> None:
    spans = [timedelta(seconds=each) for each in range(1, 101)]

    assert 95 == percentile(spans, Decimal("0.95")).total_seconds()
    assert 99 == percentile(spans[::-1], Decimal("0.99")).total_seconds()
    assert 1 == percentile(spans[:1], Decimal("0.01")).total_seconds()


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0, 10), (10, 10), (11, 15), (70, 90), (3600, 3600), (3601, 7200)]
)
def test_a_steady_delay_moves_in_steps(seconds: int, expected: int) -> None:
    assert timedelta(seconds=expected) == stepped(timedelta(seconds=seconds))


# What was written back for an order


def booking(
    effect: Effect, minutes: float, state: BookingState = BookingState.DONE, source: str = "erp"
) -> Booking:
    """Five units, sent so many minutes ago and confirmed a minute later."""
    place = Place(Source(source), SPOT)
    return Booking(
        id=BookingId(
            channel=ChannelName("shop"), order_id="1", line_id="1", sku=A, place=place, effect=effect
        ),
        delta=-5 if effect is Effect.DEDUCT else 5, state=state, stored_at=ago(99),
        tried_at=ago(minutes), confirmed_at=ago(minutes - 1) if state is BookingState.DONE else None,
    )  # fmt: skip


WRITTEN = OrdersPolicy(mode=OrdersMode.WRITE_BACK)
EVERY = timedelta(minutes=5)


def test_a_deduction_lowers_readings_from_when_it_was_sent_until_it_is_given_back() -> None:
    taken = booking(Effect.DEDUCT, 40)
    span = patience(WRITTEN, EVERY)

    (kept,) = deducted([taken], WRITTEN, EVERY)
    (restored,) = deducted([taken, booking(Effect.RESTORE, 20)], WRITTEN, EVERY)
    (other,) = deducted([taken, booking(Effect.RESTORE, 20, source="shop")], WRITTEN, EVERY)

    assert Explanation(earliest=ago(40), latest=ago(39) + span, units=5) == kept == other
    assert Explanation(earliest=ago(40), latest=ago(19), units=5) == restored


@pytest.mark.parametrize("state", list(BookingState))
def test_only_what_a_source_has_or_may_have_lowers_readings(state: BookingState) -> None:
    found = deducted([booking(Effect.DEDUCT, 40, state)], WRITTEN, EVERY)

    may_have = {
        BookingState.DONE, BookingState.SENT, BookingState.UNKNOWN, BookingState.PERSON,
    }  # fmt: skip
    assert (state in may_have) == bool(found)


def test_what_is_not_given_back_for_sure_lowers_readings_as_if_it_were_not() -> None:
    taken = booking(Effect.DEDUCT, 40)
    doubtful = booking(Effect.RESTORE, 20, BookingState.UNKNOWN)

    assert deducted([taken], WRITTEN, EVERY) == deducted([taken, doubtful], WRITTEN, EVERY)
