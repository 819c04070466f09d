"""Several sources for one warehouse, locks of campaigns, and what makes a listing undecidable."""

from dataclasses import replace

import pytest

from syncd.domain.allocation import Net, Undecidable, Unsourced, combine, derive, raised_to_lock
from syncd.domain.identity import LocationName, Place, Sku, SourceName, WarehouseId
from syncd.domain.rules import Combine, Component, Draw, ListingRule, Publish, StockRule

A, B = WarehouseId("A"), WarehouseId("B")
DRAWS = (Draw(source=SourceName("erp")), Draw(source=SourceName("shop")))


def net(sku: str = "S", source: str = "erp", reading: int | None = 5) -> Net:
    return Net(
        sku=Sku(sku), place=Place(SourceName(source), LocationName("Main")), warehouse_id=A,
        reading=reading, committed=0, unseen=0, may_raise=True,
    )  # fmt: skip


def rule(*parts: str, stock: StockRule | None = None) -> ListingRule:
    return ListingRule(
        sku=Sku("S"), components=tuple(Component(sku=Sku(part), need=1) for part in parts or ("S",)),
        units=1, publish=Publish.ALL, stock=stock or StockRule(draws=DRAWS), price=None, origins={},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("how", "expected"), [(Combine.SUM, 11), (Combine.MIN, 4), (Combine.FIRST, 7)]
)
def test_sources_of_one_warehouse_become_one_number(how: Combine, expected: int) -> None:
    assert expected == combine(StockRule(draws=DRAWS, combine=how), {"shop": 4, "erp": 7})


def test_first_takes_the_only_source_that_speaks_of_the_sku() -> None:
    assert 4 == combine(StockRule(draws=DRAWS, combine=Combine.FIRST), {"shop": 4})


def test_first_takes_any_source_when_the_rule_names_none() -> None:
    assert 4 == combine(StockRule(combine=Combine.FIRST), {"shop": 4})


def test_min_of_two_sources_goes_through_the_whole_derivation() -> None:
    stock = StockRule(draws=DRAWS, combine=Combine.MIN)
    derivation = derive(rule(stock=stock), [net(reading=7), net(source="shop", reading=4)])
    assert {A: 4} == derivation.offer


def test_a_kit_whose_part_no_source_names_is_not_touched() -> None:
    with pytest.raises(Unsourced, match="names P2"):
        derive(rule("S", "P2"), [net()])


def test_a_part_that_was_never_known_leaves_the_listing_alone() -> None:
    with pytest.raises(Undecidable, match="S at erp/Main: quantity unknown"):
        derive(rule(), [net(reading=None)])


def test_what_was_never_read_says_why_when_the_source_said_why() -> None:
    with pytest.raises(Undecidable, match="no number"):
        derive(rule(), [replace(net(reading=None), note="no number")])


@pytest.mark.parametrize(
    ("offer", "locked", "expected"),
    [
        ({A: 5, B: 2}, 7, {A: 5, B: 2}),
        ({A: 5, B: 2}, 9, {A: 7, B: 2}),
        ({A: 2, B: 2}, 5, {A: 3, B: 2}),
        ({}, 5, {}),
    ],
)
def test_an_offer_below_what_is_locked_is_set_to_the_lock(
    offer: dict[WarehouseId, int], locked: int, expected: dict[WarehouseId, int]
) -> None:
    assert expected == raised_to_lock(offer, locked)
