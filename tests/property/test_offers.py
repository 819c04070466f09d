"""What holds for every offer, whatever the readings, rules and orders."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import example, given
from hypothesis import strategies as st

from syncd.domain.adaptive import Withholding
from syncd.domain.allocation import (
    Net,
    cut_to,
    derive,
    minus_safety,
    offer_at,
    source_offer,
    without_debts,
)
from syncd.domain.identity import DEFAULT_LOCATION, Place, Sku, SourceName, WarehouseId
from syncd.domain.rules import Component, ListingRule, Publish, StockRule

WAREHOUSES = ("W1", "W2", "W3")
units = st.integers(-50, 500)
stocks = st.dictionaries(st.sampled_from(WAREHOUSES).map(WarehouseId), units, min_size=1)
nonnegative = st.dictionaries(
    st.sampled_from(WAREHOUSES).map(WarehouseId), st.integers(0, 500), min_size=1
)


@st.composite
def stock_rules(draw: st.DrawFn) -> StockRule:
    return StockRule(
        safety=draw(st.integers(0, 40)),
        share=Decimal(draw(st.integers(0, 100))) / 100,
        cap=draw(st.integers(0, 400)),
        zero_below=draw(st.integers(0, 20)),
    )


def listing_rule(rule: StockRule, per_listing: int = 1, need: int = 1) -> ListingRule:
    sku = Sku("A")
    return ListingRule(
        sku=sku, components=(Component(sku=sku, need=need),), units=per_listing,
        publish=Publish.ALL, stock=rule, price=None, origins={},
    )  # fmt: skip


@st.composite
def readings(draw: st.DrawFn) -> tuple[Net, ...]:
    places = draw(st.lists(st.sampled_from(WAREHOUSES), min_size=1, max_size=3, unique=True))
    return tuple(
        Net(
            sku=Sku("A"), place=Place(SourceName("s"), DEFAULT_LOCATION),
            warehouse_id=WarehouseId(name), reading=draw(units),
            committed=draw(st.integers(0, 30)), unseen=draw(st.integers(0, 30)), may_raise=True,
        )
        for name in places
    )  # fmt: skip


@given(readings(), stock_rules(), st.integers(1, 6))
def test_an_offer_is_never_negative_nor_more_than_there_is(
    nets: tuple[Net, ...], rule: StockRule, per_listing: int
) -> None:
    derivation = derive(listing_rule(rule, per_listing), nets)

    there = sum(net.units for net in nets)
    assert min(derivation.offer.values()) >= 0
    assert derivation.total <= rule.cap
    assert derivation.total * per_listing <= max(0, there - rule.safety)


@given(readings(), stock_rules(), st.integers(1, 20))
def test_more_orders_never_offer_more(nets: tuple[Net, ...], rule: StockRule, more: int) -> None:
    usual = listing_rule(rule)
    before = derive(usual, nets)
    busier = derive(usual, (replace(nets[0], unseen=nets[0].unseen + more), *nets[1:]))

    assert busier.total <= before.total
    assert source_offer(usual, busier) == source_offer(usual, before)


@given(readings(), stock_rules())
def test_the_order_of_readings_does_not_matter(nets: tuple[Net, ...], rule: StockRule) -> None:
    assert (
        derive(listing_rule(rule), nets).offer
        == derive(listing_rule(rule), tuple(reversed(nets))).offer
    )


@given(readings(), stock_rules(), st.integers(1, 40))
def test_more_safety_never_offers_more(nets: tuple[Net, ...], rule: StockRule, more: int) -> None:
    safer = replace(rule, safety=rule.safety + more)

    assert derive(listing_rule(safer), nets).total <= derive(listing_rule(rule), nets).total


@given(stocks)
def test_a_debt_is_paid_by_the_fullest_and_never_lost(stock: dict[WarehouseId, int]) -> None:
    settled = without_debts(stock)

    assert sum(settled.values()) == max(0, sum(stock.values()))
    assert min(settled.values()) >= 0


@given(nonnegative, st.integers(0, 2000))
def test_withholding_takes_exactly_what_there_is(
    stock: dict[WarehouseId, int], withheld: int
) -> None:
    kept = minus_safety(stock, withheld)

    assert sum(kept.values()) == max(0, sum(stock.values()) - withheld)
    assert all(0 <= kept[name] <= stock[name] for name in stock)


@given(nonnegative, st.integers(0, 2000))
def test_a_cap_cuts_exactly_and_from_the_fullest(stock: dict[WarehouseId, int], most: int) -> None:
    cut = cut_to(stock, most)

    assert sum(cut.values()) == min(most, sum(stock.values()))
    touched = [cut[name] for name in stock if cut[name] < stock[name]]
    untouched = [cut[name] for name in stock if cut[name] == stock[name]]
    if touched and untouched:
        assert max(untouched) <= min(touched) + 1


@given(readings(), stock_rules(), st.integers(2, 5))
def test_a_kit_never_needs_more_than_there_is(
    nets: tuple[Net, ...], rule: StockRule, need: int
) -> None:
    derivation = derive(listing_rule(rule, need=need), nets)

    assert derivation.total * need <= sum(max(0, net.units) for net in nets)


withholdings = st.builds(
    Withholding,
    units=st.integers(0, 60), near=st.integers(0, 300), until=st.none(), why=st.just("why"),
)  # fmt: skip


def net(name: str, reading: int) -> Net:
    """A warehouse of which nothing is committed."""
    return Net(
        sku=Sku("A"), place=Place(SourceName("s"), DEFAULT_LOCATION),
        warehouse_id=WarehouseId(name), reading=reading, committed=0, unseen=0, may_raise=True,
    )  # fmt: skip


@given(readings(), stock_rules(), withholdings)
@example(
    (net("W1", 102), net("W2", 103)), StockRule(safety=0, share=Decimal("0.73"), cap=147),
    Withholding(units=2, near=205, until=None, why="why"),
)  # fmt: skip
def test_an_adaptive_safety_never_offers_more_and_the_sources_offer_the_same(
    nets: tuple[Net, ...], rule: StockRule, held: Withholding
) -> None:
    """A warehouse may show one unit more where shares are rounded, never more than it holds."""
    usual = listing_rule(rule)
    plain, adaptive = derive(usual, nets), derive(usual, nets, held)
    holds = {each.warehouse_id: max(0, each.units) for each in nets}

    assert adaptive.total <= plain.total
    assert all(units <= holds[name] for name, units in adaptive.offer.items())
    assert rule.safety <= adaptive.safety <= max(rule.safety, held.units)
    assert source_offer(usual, plain) == source_offer(usual, adaptive)


@given(readings(), stock_rules(), withholdings)
def test_the_offer_at_what_is_withheld_is_the_offer(
    nets: tuple[Net, ...], rule: StockRule, held: Withholding
) -> None:
    usual = listing_rule(rule)
    derived = derive(usual, nets, held)

    assert derived.offer == offer_at(usual, derived, derived.safety)


@given(readings(), stock_rules(), withholdings, st.integers(1, 50))
def test_less_stock_never_offers_more_whatever_is_withheld(
    nets: tuple[Net, ...], rule: StockRule, held: Withholding, fewer: int
) -> None:
    usual = listing_rule(rule)
    poorer = tuple(replace(net, unseen=net.unseen + fewer) for net in nets)

    assert derive(usual, poorer, held).total <= derive(usual, nets, held).total
