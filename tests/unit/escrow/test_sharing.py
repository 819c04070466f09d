"""Two shops share units that nobody else sells: each shows what it owns, and one that is dry gets its part."""

from dataclasses import replace

from syncd.domain.escrow import Account
from syncd.domain.identity import ListingId, ListingRef, ProductId, Sku
from syncd.domain.write_back import Effect
from syncd.ports.escrow import Held, NewMove
from tests.fakes.memory_source import Row
from tests.fakes.shopfloor import SHOP
from tests.unit.escrow.two_shops import OTHER, TwoShops

A = ListingRef(ProductId("P-A"), ListingId("L-A"))


def test_each_shop_shows_its_half(two: TwoShops) -> None:
    two.opened(9)
    assert (4, 4) == (two.shop.shown("A"), two.other.shown("A"))


def test_a_shop_that_sold_out_gets_units_of_the_other(two: TwoShops) -> None:
    two.opened(8)
    two.shop.order("A", 4)
    for _ in range(8):
        two.step(130)
    assert (2, 2) == (two.shop.shown("A"), two.other.shown("A"))
    assert {SHOP: 2, OTHER: 2} == two.owned()


def test_the_last_unit_does_not_wander(two: TwoShops) -> None:
    two.opened(2)
    two.shop.order("A", 1)
    for _ in range(8):
        two.step(130)
    assert (0, 1) == (two.shop.shown("A"), two.other.shown("A"))


def test_orders_are_subtracted_from_a_reading_that_does_not_contain_them(two: TwoShops) -> None:
    two.opened(8)
    two.shop.order("A", 4)
    two.step(10)
    assert {SHOP: 0, OTHER: 4} == two.owned()
    assert (0, 4) == (two.shop.shown("A"), two.other.shown("A"))


def test_a_reading_with_fewer_units_than_are_owned_takes_them_back(two: TwoShops) -> None:
    two.opened(8)
    two.source.rows = [Row("A", "4")]
    for _ in range(8):
        two.step(130)
    assert (2, 2) == (two.shop.shown("A"), two.other.shown("A"))


def test_units_are_granted_once_when_two_want_them_in_the_same_moment(two: TwoShops) -> None:
    two.opened(8)
    ledger = two.ledger
    move = NewMove(
        ref=A, effect=Effect.ALLOT, units=1, base=1, place=None, reason="", granted_before=8
    )
    with ledger.lease(SHOP) as lease:
        assert 1 == ledger.move_escrow(SHOP, lease.fence, [move])
    with ledger.lease(OTHER) as lease:
        assert 0 == ledger.move_escrow(OTHER, lease.fence, [move])


def test_more_than_is_owned_is_neither_exposed_nor_given_back(two: TwoShops) -> None:
    two.opened(8)
    back = NewMove(ref=A, effect=Effect.RETURN, units=1, base=1, place=None, reason="")
    with two.ledger.lease(SHOP) as lease:
        exposed = two.ledger.expose(SHOP, lease.fence, [(A, 1)], [], two.clock.now())
        assert (frozenset(), 0) == (exposed, two.ledger.move_escrow(SHOP, lease.fence, [back]))
    assert 4 == two.owned()[SHOP]


def test_an_account_stays_as_it_is_when_it_is_opened_again(two: TwoShops) -> None:
    two.opened(8)
    account = Account(sku=Sku("A"), need=1, lands_until=two.clock.now())
    with two.ledger.lease(SHOP) as lease:
        held = Held(channel=SHOP, ref=A, account=replace(account, granted=99), booked=False)
        two.ledger.open_escrow(SHOP, lease.fence, [held])
    assert 4 == two.owned()[SHOP]
