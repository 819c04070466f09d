"""Bookings that belong to no order line are stored once, and old ones are forgotten with the movements."""

from dataclasses import replace
from datetime import timedelta

from syncd.domain.identity import (
    ChannelName,
    ListingId,
    ListingRef,
    LocationName,
    Place,
    ProductId,
    RunId,
    Sku,
)
from syncd.domain.orders import OrderLine, OrderState
from syncd.domain.stock import Expectations
from syncd.domain.write_back import Booking, BookingId, BookingState, Effect
from syncd.ledger.store import SqlLedger
from tests.fakes.clock import START, FakeClock
from tests.fakes.memory_source import MemoryReader, MemorySource, Row
from tests.unit.ledger.conftest import STOCK

SHOP = ChannelName("shop")
DEDUCTION = Booking(
    id=BookingId(
        channel=SHOP, order_id="7", line_id="1", sku=Sku("A"),
        place=Place(STOCK, LocationName("default")), effect=Effect.DEDUCT,
    ),
    delta=-1, state=BookingState.NEW, stored_at=START, due_at=START,
)  # fmt: skip
MOVE = replace(DEDUCTION, id=replace(DEDUCTION.id, order_id="", effect=Effect.ALLOT))
LINE = OrderLine(
    channel=SHOP, order_id="7", line_id="1", ref=ListingRef(ProductId("p"), ListingId("l")),
    seller_sku="A", units=1, state=OrderState.UNPAID, created_at=START, updated_at=START,
)  # fmt: skip


def read(ledger: SqlLedger, run: RunId, known: int) -> None:
    """A reading begun after so many confirmations."""
    source = MemorySource(STOCK, START, [Row("A", "9")])
    ledger.record_snapshot(run, STOCK, MemoryReader(source), Expectations(), "", known)


def done(ledger: SqlLedger, *bookings: Booking) -> None:
    """Store them, and let a person say that the source has them."""
    ledger.add_bookings(bookings)
    for booking in bookings:
        assert ledger.settle_booking(booking, replace(booking, state=BookingState.DONE))


def test_a_move_is_stored_once_and_its_key_finds_it(ledger: SqlLedger, run: RunId) -> None:
    read(ledger, run, 0)
    for _ in range(2):
        ledger.add_bookings([MOVE])

    assert (MOVE,) == ledger.bookings(Sku("A"), 10)
    assert MOVE == ledger.booking(MOVE.key[:8])


def test_a_change_of_what_is_no_longer_so_is_refused(ledger: SqlLedger, run: RunId) -> None:
    read(ledger, run, 0)
    done(ledger, MOVE)

    assert not ledger.settle_booking(MOVE, replace(MOVE, state=BookingState.REFUSED))


def test_old_bookings_go_with_the_movements_once_they_mean_nothing_more(
    ledger: SqlLedger, run: RunId, clock: FakeClock
) -> None:
    read(ledger, run, 0)
    open_one = replace(DEDUCTION, id=replace(DEDUCTION.id, order_id="8"))
    doubtful = replace(DEDUCTION, id=replace(DEDUCTION.id, order_id="9"))
    ledger.record_orders(SHOP, [replace(LINE, order_id="8")])
    ledger.add_bookings([doubtful])
    done(ledger, DEDUCTION, open_one, MOVE)
    later = clock.now() + timedelta(days=1)

    ledger.prune(later, later)
    assert 4 == len(ledger.bookings(Sku("A"), 10))

    read(ledger, ledger.begin_run("later"), 3)
    ledger.prune(later, later)
    kept = {(item.id.order_id, item.id.effect) for item in ledger.bookings(Sku("A"), 10)}
    assert {("8", Effect.DEDUCT), ("9", Effect.DEDUCT), ("", Effect.ALLOT)} == kept


def test_a_sku_is_dirty_once_a_reading_contains_its_booking(ledger: SqlLedger, run: RunId) -> None:
    read(ledger, run, 0)
    done(ledger, DEDUCTION)
    before = ledger.dirty(SHOP, 10)
    ledger.clear_dirty(SHOP, before.skus, before.token)

    read(ledger, ledger.begin_run("too early"), 0)
    assert () == tuple(ledger.dirty(SHOP, 10).skus)

    read(ledger, ledger.begin_run("later"), 1)
    assert (Sku("A"),) == tuple(ledger.dirty(SHOP, 10).skus)
