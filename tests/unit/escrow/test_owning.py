"""A listing shows only what it owns: taken from the source before, counted before it goes back."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from syncd.domain.change import Cause
from syncd.domain.errors import UsageError
from syncd.domain.identity import Sku
from syncd.domain.orders import OrderState
from syncd.domain.outcome import Rejected, Retry, Verdict
from syncd.domain.rules import Allocation, Draw, StockRule
from syncd.domain.views import EscrowStatus
from syncd.domain.write_back import BookingState, Effect
from syncd.engine.looking import status
from syncd.engine.probing import Wish, try_out
from syncd.ports.channel import Fact
from tests.fakes.memory_channel import MAIN
from tests.fakes.shopfloor import SHOP, STOCK, kit, pack
from tests.fakes.written_source import Fault
from tests.unit.escrow.vault import Vault

DONE = BookingState.DONE


def test_units_are_taken_off_the_source_before_they_are_shown(vault: Vault) -> None:
    vault.opened("A", 10)
    assert (5, 5) == (vault.shop.shown("A"), vault.left("A"))
    assert [("allot", 5, 5)] == vault.moves("A")


def test_an_order_books_nothing_because_its_unit_was_taken_before(vault: Vault) -> None:
    vault.opened("A", 10)
    vault.shop.order("A", 3)
    vault.step()
    assert [(Effect.ALLOT, DONE)] == vault.bookings("A")
    assert (2, 5, 2) == (vault.shop.shown("A"), vault.left("A"), vault.account("A").owned)


def test_a_listing_that_sold_out_takes_its_share_again(vault: Vault) -> None:
    vault.opened("A", 10)
    vault.shop.order("A", 5)
    vault.step()
    assert (2, 3, [5, 2]) == (vault.shop.shown("A"), vault.left("A"), vault.sent("A"))


def test_what_left_is_forgotten_and_what_is_owned_stays(vault: Vault) -> None:
    vault.opened("A", 10)
    number = vault.shop.order("A", 3)
    vault.step()
    vault.shop.advance(number, OrderState.IN_TRANSIT)
    vault.step()
    account = vault.account("A")
    assert (2, 2, 0, 2) == (account.granted, account.exposed, account.sold, account.owned)


def test_what_the_own_shop_sold_meanwhile_is_not_granted(vault: Vault) -> None:
    vault.stock_of.set(A=10)
    vault.shop.list_sku("A", W1=0)
    vault.step(62)
    vault.step(62)
    vault.source.as_of = vault.clock.now()
    vault.cycle_reading_nothing_new(lambda: vault.sell_in_own_shop("A", 8))
    assert [("allot", 5, 2), ("return", 0, None)] == vault.moves("A")
    assert (2, 0) == (vault.shop.shown("A"), vault.left("A"))


def test_a_source_that_does_not_tell_what_it_has_is_read_before_units_count(vault: Vault) -> None:
    vault.quiet.silent = True
    vault.opened("A", 10)
    assert (0, 5, [("allot", 5, None)]) == (
        vault.shop.shown("A"),
        vault.left("A"),
        vault.moves("A"),
    )
    vault.step()
    assert (5, [("allot", 5, 5)]) == (vault.shop.shown("A"), vault.moves("A"))


def test_units_whose_booking_is_in_doubt_are_not_shown(vault: Vault) -> None:
    vault.stock_of.set(A=10)
    vault.shop.list_sku("A", W1=0)
    vault.step(62)
    vault.step(62)
    vault.stock_of.faults = [Fault.LOST_AFTER]
    vault.step(62)
    assert (0, 5) == (vault.shop.shown("A"), vault.left("A"))
    vault.step(62)
    assert (5, 5) == (vault.shop.shown("A"), vault.left("A"))


def test_a_raise_that_was_lost_is_not_repeated_before_it_can_no_longer_land(vault: Vault) -> None:
    vault.stock_of.set(A=10)
    vault.shop.list_sku("A", W1=0)
    vault.step(62)
    vault.step(62)
    vault.late.fates = [200.0]
    vault.step(62)  # sent, no answer; lands in the middle of what follows
    vault.step(62)
    assert (0, 5) == (vault.shop.shown("A"), vault.account("A").unsure)
    vault.step(62)
    vault.step(62)
    vault.shop.order("A", 5)
    vault.step(62)
    assert [5, 2] == vault.sent("A")
    assert (2, 3) == (vault.shop.shown("A"), vault.left("A"))


def test_a_raise_that_never_landed_is_counted_and_sent_again(vault: Vault) -> None:
    vault.stock_of.set(A=10)
    vault.shop.list_sku("A", W1=0)
    vault.step(62)
    vault.step(62)
    vault.late.fates = [None]
    vault.step(62)
    for _ in range(4):
        vault.step(250)
    assert (0, [], 5) == (vault.shop.shown("A"), vault.sent("A"), vault.account("A").unsure)
    for _ in range(2):
        vault.step(350)
    assert (5, [5], 5) == (vault.shop.shown("A"), vault.sent("A"), vault.left("A"))


def test_units_go_back_when_the_own_shop_has_run_dry(vault: Vault) -> None:
    vault.opened("A", 10)
    vault.sell_in_own_shop("A", 5)
    assert () == vault.step(62).changes  # what was sent may still land
    vault.step(400)
    assert 0 == vault.shop.shown("A")
    vault.step(62)
    vault.step(62)
    assert (2, 3) == (vault.shop.shown("A"), vault.left("A"))
    assert [("allot", 5, 5), ("return", 3, 0)] == vault.moves("A")


def test_an_order_in_the_moment_of_lowering_is_not_given_back(vault: Vault) -> None:
    vault.opened("A", 10)
    vault.sell_in_own_shop("A", 5)
    vault.late.meanwhile = lambda: vault.buy("A", 2)
    vault.step(400)
    vault.late.meanwhile = None
    vault.step(62)
    vault.step(62)
    assert (1, 2) == (vault.shop.shown("A"), vault.left("A"))


def test_a_cancelled_unit_comes_back_to_the_listing_and_not_to_the_source(vault: Vault) -> None:
    vault.opened("A", 10)
    number = vault.shop.order("A", 1)
    vault.step()
    vault.shop.advance(number, OrderState.CANCELLED)
    vault.step()
    assert (5, 5, 5) == (vault.shop.shown("A"), vault.left("A"), vault.account("A").owned)
    assert [(Effect.ALLOT, DONE)] == vault.bookings("A")


def test_a_unit_cancelled_for_want_of_stock_is_gone(vault: Vault) -> None:
    vault.opened("A", 10)
    number = vault.shop.order("A", 1)
    vault.step()
    vault.shop.lines[number] = replace(vault.shop.lines[number], out_of_stock=True)
    vault.shop.advance(number, OrderState.CANCELLED)
    vault.shop.set_stock("A", MAIN, 0)
    vault.step()
    told = [row.help for row in status(vault.engine(), "ledger.db").needs_attention]
    assert (0, 4) == (vault.shop.shown("A"), vault.account("A").owned)
    assert "syncd explain A" in told


def test_a_number_written_by_hand_is_taken_back(vault: Vault) -> None:
    vault.opened("A", 10)
    vault.shop.set_stock(
        "A", vault.shop.shop[next(iter(vault.shop.shop))].stock[0].warehouse_id, 50
    )
    (row,) = vault.step().changes
    assert (0, Cause.DRIFT) == (row.change.after, row.change.cause)
    for _ in range(8):
        vault.step(130)
    assert (5, 5) == (vault.shop.shown("A"), vault.left("A"))


# how it begins and ends


def test_what_the_pool_showed_is_lowered_before_anything_is_owned(vault: Vault) -> None:
    vault.allocation = Allocation.POOL
    vault.stock = replace(vault.stock, share=Decimal(1))
    vault.stocked(A=10)
    assert 10 == vault.shop.shown("A")
    vault.allocation = Allocation.ESCROW
    vault.stock = replace(vault.stock, share=Decimal("0.5"))
    vault.step()
    assert (0, 10) == (vault.shop.shown("A"), vault.left("A"))
    for _ in range(5):
        vault.step(130)
    assert (5, 5) == (vault.shop.shown("A"), vault.left("A"))


def test_an_order_of_the_pool_that_is_cancelled_in_escrow_gives_its_unit_to_the_listing(
    vault: Vault,
) -> None:
    vault.allocation = Allocation.POOL
    vault.stocked(A=10)
    number = vault.shop.order("A", 1)
    vault.step()
    vault.allocation = Allocation.ESCROW
    for _ in range(6):
        vault.step(130)
    assert (4, 5) == (vault.shop.shown("A"), vault.left("A"))
    vault.shop.advance(number, OrderState.CANCELLED)
    vault.step()
    assert (5, 5, 5) == (vault.shop.shown("A"), vault.left("A"), vault.account("A").owned)
    assert Effect.RESTORE not in {effect for effect, _ in vault.bookings("A")}


def test_everything_goes_back_when_escrow_ends(vault: Vault) -> None:
    vault.opened("A", 10)
    vault.shop.order("A", 2)
    vault.allocation = Allocation.POOL
    vault.stock = replace(vault.stock, share=Decimal(1))
    for _ in range(6):
        vault.step(200)
    assert not vault.has_account()
    assert (8, 8) == (vault.left("A"), vault.shop.shown("A"))


def test_a_pack_owns_whole_packs(vault: Vault) -> None:
    vault.overrides = (pack("A-6", "A", 6),)
    vault.stock_of.set(A=40)
    vault.shop.list_sku("A-6", W1=0)
    for _ in range(3):
        vault.step(62)
    assert (3, 22) == (vault.shop.shown("A-6"), vault.left("A"))


# what keeps it from acting


def test_a_stale_source_gives_nothing_and_what_is_owned_stays_on_sale(vault: Vault) -> None:
    vault.opened("A", 10)
    vault.trust = replace(vault.trust, stale_after=timedelta(minutes=1))
    vault.shop.order("A", 5)
    vault.clock.advance(600)
    vault.publish()
    assert (0, [("allot", 5, 5)]) == (vault.shop.shown("A"), vault.moves("A"))


def test_a_sku_that_its_source_lost_is_lowered_and_keeps_its_units(vault: Vault) -> None:
    vault.opened("A", 10)
    vault.stock_of.rows[0] = replace(vault.stock_of.rows[0], sku="B")
    vault.step()
    assert 5 == vault.shop.shown("A")  # held, as `missing` says
    vault.step(25 * 3600)
    assert (0, 5) == (vault.shop.shown("A"), vault.account("A").owned)


def test_a_raise_that_a_guard_holds_takes_nothing_from_the_source(vault: Vault) -> None:
    vault.opened("A", 4)
    vault.shop.order("A", 2)
    vault.stock_of.set(A=900)
    report = vault.step()
    assert [Verdict.HELD] == [row.verdict for row in report.changes]
    assert (900, [("allot", 2, 2)]) == (vault.left("A"), vault.moves("A"))


def test_a_plan_moves_nothing(vault: Vault) -> None:
    vault.opened("A", 10)
    vault.shop.order("A", 5)
    vault.step_without_sending()
    assert ([("allot", 5, 5)], 5) == (vault.moves("A"), vault.left("A"))


def test_a_shop_that_refuses_zero_is_left_alone(vault: Vault) -> None:
    vault.opened("A", 10)
    vault.shop.zero_refused = Fact(name="zero", value="yes", learned_at=vault.clock.now())
    vault.shop.order("A", 5)
    report = vault.step()
    assert ((), True) == (
        report.changes,
        "escrow needs a shop that takes 0" in report.skipped[0].reason,
    )


def test_a_refused_raise_is_parked_and_its_units_are_kept(vault: Vault) -> None:
    vault.stock_of.set(A=10)
    ref = vault.shop.list_sku("A", W1=0)
    vault.step(62)
    vault.step(62)
    vault.shop.refuse["A"] = Rejected(
        change=vault.change_of(ref), code="1", message="no", retry=Retry.LATER
    )
    vault.step(62)
    assert (0, 5, 5) == (vault.shop.shown("A"), vault.left("A"), vault.account("A").owned)


def test_a_listing_with_two_warehouses_is_not_touched(vault: Vault) -> None:
    vault.warehouses = {"default": MAIN}
    vault.stock_of.set(A=10)
    vault.shop.list_sku("A", W1=0, W2=0)
    report = vault.step()
    assert "escrow needs listings with one warehouse, and this has 2" == report.skipped[0].reason


def test_a_kit_is_not_touched(vault: Vault) -> None:
    vault.overrides = (kit("K", A=1, B=2),)
    vault.stock_of.set(A=10, B=10)
    vault.shop.list_sku("K", W1=0)
    report = vault.step()
    assert "escrow takes plain SKUs and packs" in report.skipped[0].reason


def test_a_listing_whose_pack_changed_gives_its_units_back_first(vault: Vault) -> None:
    vault.overrides = (pack("A-6", "A", 6),)
    vault.stock_of.set(A=40)
    vault.shop.list_sku("A-6", W1=0)
    for _ in range(3):
        vault.step(62)
    vault.overrides = (pack("A-6", "A", 4),)
    for _ in range(9):
        vault.step(200)
    assert (4, 5) == (vault.account("A-6").need, vault.shop.shown("A-6"))
    assert 40 == vault.left("A") + 5 * 4


def test_safety_stays_at_the_source(vault: Vault) -> None:
    vault.stock = StockRule(draws=(Draw(source=STOCK),), share=Decimal(1), safety=3)
    vault.opened("A", 10)
    assert (7, 3) == (vault.shop.shown("A"), vault.left("A"))


# how it is told


def test_explain_tells_what_is_owned_and_how_it_came(vault: Vault) -> None:
    vault.opened("A", 10)
    vault.shop.order("A", 2)
    vault.step()
    lines = {line.label: line.value for line in vault.explained("A")}
    assert ("3 units", "4 units") == (lines["owns"], lines["should own"])
    assert "took 5 units" == vault.explained("A")[-1].value


def test_explain_tells_what_is_waited_for(vault: Vault) -> None:
    vault.opened("A", 10)
    vault.sell_in_own_shop("A", 5)
    vault.step(400)
    vault.step(5)
    lines = {line.label: line.value for line in vault.explained("A")}
    assert lines["waits"].startswith("all its orders are known at")


def test_status_tells_what_a_channel_owns(vault: Vault) -> None:
    vault.opened("A", 10)
    vault.shop.order("A", 2)
    vault.step()
    (channel,) = status(vault.engine(), "ledger").channels
    assert EscrowStatus(listings=1, owned=3, coming=0, counted=0) == channel.escrow


def test_nothing_is_tried_out_on_a_channel_in_escrow(vault: Vault) -> None:
    vault.opened("A", 10)
    engine = vault.engine()
    wish = Wish(sku=Sku("A"))
    with pytest.raises(UsageError, match="owns"):
        try_out(engine, engine.channels[SHOP], wish, lambda report: report.run, lambda: False)


def test_moves_that_are_over_are_forgotten_with_old_movements(vault: Vault) -> None:
    vault.opened("A", 10)
    vault.step()
    now = vault.clock.now()
    vault.ledger.prune(now, now)
    assert ([], []) == (vault.moves("A"), vault.bookings("A"))
    assert 5 == vault.account("A").owned


def test_units_of_a_listing_that_is_gone_need_attention(vault: Vault) -> None:
    vault.opened("A", 10)
    vault.shop.shop.clear()
    vault.step(3700)
    (item,) = [
        row for row in status(vault.engine(), "ledger").needs_attention if "gone" in row.what
    ]
    assert ("shop: 1 listing gone from the shop with units of its own", 1) == (
        item.what,
        item.count,
    )
