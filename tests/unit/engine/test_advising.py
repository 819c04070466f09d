"""`syncd advise`: proposed safety stocks by own sales and measured delays, and what they cannot do."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from rich.console import Console

from syncd.domain.adaptive import Pace, withhold
from syncd.domain.advice import Advice, AdviceView, ChannelAdvice, Exposure, Sales, advised, lowered
from syncd.domain.delay import Delay
from syncd.domain.identity import ChannelName, ListingId, ListingRef, ProductId, Sku, SourceName
from syncd.domain.orders import OrdersMode, OrdersPolicy, OrderState
from syncd.domain.rules import Adaptive, Combine, Component, Draw, ListingRule, Publish, StockRule
from syncd.domain.selling import Sale
from syncd.domain.stock import Basis
from syncd.engine.advising import advise
from syncd.engine.telling_delays import to_channel
from syncd.reporting.advice import print_advice
from syncd.reporting.machine import to_json
from tests.fakes.clock import START
from tests.fakes.memory_source import MemorySource, Row
from tests.fakes.shopfloor import SHOP, Shopfloor, kit, pack, within

SHARE = Decimal("0.999")
HOUR = 3600


@pytest.fixture
def floor(floor: Shopfloor) -> Shopfloor:
    floor.basis, floor.orders = Basis.AVAILABLE, within(timedelta(minutes=15))
    floor.stock = replace(floor.stock, safety=2)
    return floor


def read(floor: Shopfloor, **stock: int) -> None:
    floor.source.rows = [Row(sku, str(units)) for sku, units in stock.items()]
    floor.source.as_of = floor.clock.now()
    floor.cycle()


def channel(floor: Shopfloor, *skus: str) -> ChannelAdvice:
    return advise(floor.engine(), [SHOP], [Sku(sku) for sku in skus], SHARE).channels[0]


def days_of_sales(floor: Shopfloor, days: int = 8) -> None:
    """Of A, 30 a day go in the own shop and 20 by orders; B sells nothing."""
    for sku in ("A", "B"):
        floor.shop.list_sku(sku, W1=0)
    read(floor, A=50 * days + 50, B=9)
    floor.clock.advance(days * 12 * HOUR)
    for _ in range(20):
        floor.shop.order("A", days)
    floor.cycle()
    floor.clock.advance(days * 12 * HOUR)
    read(floor, A=50, B=9)


def test_a_sku_is_advised_by_its_orders_and_by_what_the_source_lost_besides(
    floor: Shopfloor,
) -> None:
    days_of_sales(floor)

    (row,) = channel(floor).rows

    assert (20, 30) == (round(row.ordered_per_day), round(row.elsewhere_per_day))
    # 30 a day in 20 minutes: 0.42, and in 15: 0.31; 3 or fewer in 99.9 % of all times
    assert (3, 3, 3, 2) == (row.for_channel, row.for_own_shop, row.proposed, row.present)
    assert '- {match: "A", stock: {safety: 3}}' == row.line


def test_what_does_not_sell_gets_no_advice_unless_it_is_asked_for(floor: Shopfloor) -> None:
    days_of_sales(floor)

    everything, asked = channel(floor), channel(floor, "B")

    assert (1, 0) == (everything.unsold, everything.unchanged)
    assert [("B", False)] == [(row.sku, row.changes) for row in asked.rows]


def test_what_is_right_already_is_only_counted(floor: Shopfloor) -> None:
    days_of_sales(floor)
    floor.stock = replace(floor.stock, safety=3)

    assert ((), 1) == (channel(floor).rows, channel(floor).unchanged)


def test_an_adaptive_rule_needs_advice_for_the_own_shop_only(floor: Shopfloor) -> None:
    days_of_sales(floor)
    floor.stock = replace(floor.stock, safety=0, adaptive=Adaptive(at_most=2))

    (row,) = channel(floor).rows

    assert (3, 3) == (row.for_channel, row.proposed)
    assert "stock: {safety: {adaptive: 99.9%, at_least: 3, at_most: 3}}}" in row.line


def test_orders_of_a_kit_count_for_its_components_and_kits_are_whole(floor: Shopfloor) -> None:
    floor.overrides = (kit("KIT", A=3), pack("TWO", "A", 2))
    for sku in ("A", "KIT", "TWO"):
        floor.shop.list_sku(sku, W1=0)
    read(floor, A=900)
    floor.clock.advance(10 * 24 * HOUR)
    for _ in range(20):
        floor.shop.order("KIT", 10)
    floor.cycle()

    rows = {row.sku: row for row in channel(floor, "A", "KIT", "TWO").rows}

    assert (60, 20) == (rows[Sku("A")].ordered_per_day, rows[Sku("KIT")].ordered_per_day)
    # 60 of A a day: 0.83 in 20 minutes; the kit sold all of them, and what it sold itself is no news to it
    assert (5, 0, 5) == tuple(rows[Sku(sku)].for_channel for sku in ("A", "KIT", "TWO"))


def test_what_the_listing_sold_itself_needs_nothing_kept_back(floor: Shopfloor) -> None:
    floor.shop.list_sku("A", W1=0)
    read(floor, A=900)
    floor.clock.advance(10 * 24 * HOUR)
    floor.shop.order("A", 600)
    floor.cycle()
    alone = channel(floor, "A").rows[0]
    one = next(iter(floor.shop.shop.values()))
    two = replace(one, ref=ListingRef(ProductId("P-2"), ListingId("L-2")))
    floor.shop.shop[two.ref] = two
    floor.clock.advance(24 * HOUR)
    floor.cycle()

    # another listing of the same SKU has to hear of it: who sold it is not told apart
    assert (60, 0, 5) == (
        alone.ordered_per_day, alone.for_channel, channel(floor, "A").rows[0].for_channel
    )  # fmt: skip
    assert 1 == alone.proposed


@pytest.mark.parametrize(
    ("needs", "present", "expected"), [(0, 2, 1), (0, 1, 1), (0, 0, 0), (1, 0, 1), (3, 2, 3)]
)
def test_a_fixed_safety_stock_is_never_lowered_to_none(
    needs: int, present: int, expected: int
) -> None:
    assert expected == lowered(needs, present)


def test_orders_of_other_listings_are_news_that_travels_as_orders_do(floor: Shopfloor) -> None:
    days_of_sales(floor)
    alone = channel(floor).news
    floor.overrides = (pack("TWO", "A", 2),)

    assert not any(line.startswith("other listings' orders") for line in alone)
    assert (
        "other listings' orders → shop: a sale is shown within 5 min (promised: it is read so often, "
        "and no webhook came; 0 measured)"
    ) in channel(floor).news


@pytest.mark.parametrize(
    ("combine", "expected"), [(Combine.SUM, 30), (Combine.FIRST, 20), (Combine.MIN, 20)]
)
def test_sources_that_tell_of_the_same_units_count_once(
    floor: Shopfloor, combine: Combine, expected: int
) -> None:
    other = MemorySource(SourceName("erp"), floor.clock.now())
    floor.more_sources[other.name] = (other, floor.orders, floor.basis)
    draws = (Draw(source=floor.source.name), Draw(source=other.name))
    floor.stock = replace(floor.stock, draws=draws, combine=combine)
    floor.shop.list_sku("A", W1=0)
    other.rows = [Row("A", "60")]
    read(floor, A=60)
    floor.clock.advance(24 * HOUR)
    other.rows, other.as_of = [Row("A", "50")], floor.clock.now()
    read(floor, A=40)

    assert expected == channel(floor, "A").rows[0].elsewhere_per_day


def test_refusals_are_bounded_by_how_often_so_few_were_left(floor: Shopfloor) -> None:
    floor.shop.list_sku("A", W1=0)
    for units in (60, 1, 60, 1, 60):
        read(floor, A=units)
        floor.clock.advance(48 * HOUR)

    (row,) = channel(floor, "A").rows

    assert (row.proposed * 2, True) == (row.refused, row.proposed >= 1)


@pytest.mark.parametrize(
    ("orders", "expected"),
    [
        (OrdersPolicy(mode=OrdersMode.NEVER), "it learns of an order when it is counted"),
        (
            OrdersPolicy(mode=OrdersMode.ON_SHIPMENT, delay=timedelta(hours=2)),
            "within 2 h (until the goods leave: not measured yet; booked within 2h)",
        ),
        (
            OrdersPolicy(mode=OrdersMode.WITHIN, delay=timedelta(minutes=15)),
            "within 15 min (until one is ready: 0 s for 95% of 20 orders; imported within 15m)",
        ),
        (
            OrdersPolicy(mode=OrdersMode.WRITE_BACK),
            "within 5 min (until it is written back: not measured yet)",
        ),
    ],
)
def test_how_long_the_own_shop_does_not_know_is_told(
    floor: Shopfloor, orders: OrdersPolicy, expected: str
) -> None:
    days_of_sales(floor)
    floor.orders = orders

    found = channel(floor)

    assert (
        "stock → shop: a sale is shown within 15 min (promised: it is read so often"
        in found.news[0]
    )
    assert expected in found.news[1]
    honest = [text for text in found.remarks if text.startswith("No safety stock cures")]
    assert (orders.mode is not OrdersMode.WRITE_BACK) == bool(honest)


def test_what_was_measured_is_told_with_what_is_rare() -> None:
    measured = Delay(usual=timedelta(seconds=12), rare=timedelta(minutes=3), ways=40, told=True)
    promised = Delay(usual=timedelta(seconds=10), rare=timedelta(seconds=10), ways=3, told=True)

    assert (
        "a sale is shown within 12 s (95% of 40 measured; 99%: 3 min)",
        "a sale is shown within 10 s (promised: webhooks come; 3 measured)",
    ) == (to_channel(measured), to_channel(promised))


def test_a_young_ledger_says_that_it_knows_too_little(floor: Shopfloor) -> None:
    days_of_sales(floor, days=1)

    young = channel(floor).remarks
    floor.clock.advance(7 * 24 * HOUR)

    assert young[0].startswith("Too little is known: the ledger begins 24 h ago.")
    assert not any(text.startswith("Too little") for text in channel(floor).remarks)


def test_a_young_ledger_shows_doubtful_numbers_and_no_line_to_paste(
    floor: Shopfloor, capsys: pytest.CaptureFixture[str]
) -> None:
    days_of_sales(floor, days=6)

    view = advise(floor.engine(), [SHOP], [], SHARE)
    print_advice(view, Console(width=100, highlight=False))
    told = capsys.readouterr().out

    (row,) = view.channels[0].rows
    assert (True, False, 2, 3) == (row.differs, row.changes, row.present, row.proposed)
    assert ["A", "20", "30", "2", "3?", "3", "3"] in [
        line.split()[:7] for line in told.splitlines()
    ]
    assert "no line to paste" in " ".join(told.split())
    assert "match:" not in told


def test_the_sales_of_an_hour_count_as_those_of_a_day(floor: Shopfloor) -> None:
    floor.shop.list_sku("A", W1=0)
    read(floor, A=100)
    floor.clock.advance(HOUR)
    read(floor, A=80)

    (row,) = channel(floor).rows

    # 20 in 15 minutes of a day: 0.2; 3 or fewer in 99.9 % of all times
    assert (False, 20, 3) == (row.known, row.elsewhere_per_day, row.for_own_shop)


def test_cancelled_orders_are_no_sales(floor: Shopfloor) -> None:
    floor.shop.list_sku("A", W1=0)
    read(floor, A=9)
    floor.shop.advance(floor.shop.order("A", 1), OrderState.CANCELLED)
    floor.clock.advance(HOUR)
    floor.cycle()

    assert 1 == channel(floor).unsold


def test_an_empty_ledger_is_no_trouble(floor: Shopfloor) -> None:
    assert ((), 0, 0) == (channel(floor).rows, channel(floor).unchanged, channel(floor).unsold)


def test_a_guess_is_marked_and_nothing_to_change_prints_no_lines(
    floor: Shopfloor, capsys: pytest.CaptureFixture[str]
) -> None:
    floor.shop.list_sku("A", W1=0)
    floor.stock = replace(floor.stock, safety=0, adaptive=Adaptive())
    read(floor, A=9)
    floor.clock.advance(30 * 24 * HOUR)
    read(floor, A=8)

    view = advise(floor.engine(), [SHOP], [Sku("A")], SHARE)
    print_advice(view, Console(width=100, highlight=False))

    told = capsys.readouterr().out
    assert "~0.04" in told
    assert "≥ 0" in told
    assert "Marked ~: fewer than 5 units sold, so the rate is a guess." in told
    assert "With ≥: adaptive" in told
    assert "match:" not in told


def row(name: str, present: int, proposed: int, pace: float = 1.0, units: int = 50) -> Advice:
    return Advice(
        sku=Sku(name), ordered_per_day=pace, elsewhere_per_day=0.0, units=units, present=present,
        adaptive="", at_most=0, for_channel=proposed, for_own_shop=0, proposed=proposed, refused=0,
    )  # fmt: skip


def test_what_needs_more_comes_first_the_fastest_first() -> None:
    rows = [row("same", 2, 2), row("less", 2, 1, 9.0), row("more", 2, 3), row("fast", 2, 3, 5.0)]

    assert ["fast", "more", "less", "same"] == [
        each.sku for each in sorted(rows, key=lambda each: each.rank)
    ]


@pytest.mark.parametrize("need", [1, 3])
@pytest.mark.parametrize("elsewhere", [0, 1, 7])
@pytest.mark.parametrize("others", [0, 2])
@pytest.mark.parametrize("own", [0, 40])
def test_advice_for_the_channel_is_what_an_adaptive_rule_withholds_at_that_rate(
    need: int, elsewhere: int, others: int, own: int
) -> None:
    """The rate of days there, of the last minutes here; what the listing sold itself is in neither."""
    follows, exposure = Adaptive(at_most=99), timedelta(minutes=5)
    rule = ListingRule(
        sku=Sku("A"), components=(Component(sku=Sku("A"), need=need),), units=1,
        publish=Publish.STOCK, stock=StockRule(adaptive=follows), price=None, origins={},
    )  # fmt: skip
    sales = [Sale(at=START, units=units) for units in (elsewhere, others)]
    pace = Pace(now=START, exposure=exposure, sales=sales)
    told = Sales(ordered=own + others, own=own, elsewhere=elsewhere, need=need)

    here, _ = advised(told, pace.window, Exposure(channel=exposure, own_shop=None), SHARE)

    assert here == withhold(rule, follows, {Sku("A"): pace}).units


def test_what_nobody_can_tell_needs_nothing() -> None:
    never = Exposure(channel=timedelta(hours=1), own_shop=None)

    assert (5, 0) == advised(Sales(ordered=0, elsewhere=24), timedelta(days=1), never, SHARE)


@pytest.mark.parametrize("width", [80, 120])
def test_the_table_fits_and_every_line_can_be_pasted(
    width: int, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [row("S" * 50, 0, 2), *(row(f"S{number:02}", 2, 3) for number in range(60))]
    found = ChannelAdvice(
        channel=ChannelName("shop"), news=("a → b",), remarks=("Mind.",), rows=tuple(rows),
        unchanged=3, unsold=1,
    )  # fmt: skip
    view = AdviceView(at=START, days=28.0, quantile="99.9%", channels=(found,))

    print_advice(view, Console(width=width, highlight=False))

    told = capsys.readouterr().out
    table, _, pasted = told.partition("channels.shop.rules:")
    assert max(len(line.rstrip()) for line in table.splitlines()) <= width
    assert "Refuses" in table
    assert "for here: what sells beside the listing before the channel knows of it" in table
    assert "for own: what the own shop sells before it knows" in table
    assert "Refuses up to: sales that Advice can have refused" in table
    assert "3 SKUs with the right safety stock" in table
    assert "stock: {safety: adaptive}" in table
    assert "… and 21 more: syncd advise --json" in table
    assert 40 == pasted.count("- {match:")
    assert f'      - {{match: "{"S" * 50}", stock: {{safety: 2}}}}' in pasted.splitlines()
    assert '"proposed": 2' in to_json(view)
