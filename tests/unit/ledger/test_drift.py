"""What the ledger keeps of drift: once per value and write, with whoever was named for it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from syncd.domain.drifting import Drift, Move, Mover
from syncd.domain.identity import ChannelName, ListingId, ListingRef, ProductId, Sku
from syncd.ledger.store import SqlLedger
from syncd.ports.deliveries import About, Arrival, Delivery, Hint, Moved
from tests.fakes.clock import FakeClock

SHOP = ChannelName("shop")
REF = ListingRef(ProductId("P"), ListingId("L"))
DAY = timedelta(days=1)


@pytest.fixture
def seen(ledger: SqlLedger, clock: FakeClock) -> Drift:
    """A drift, not kept yet, of a channel that has a run."""
    ledger.pause(SHOP, "names the channel")
    now = clock.now()
    return Drift(
        channel=SHOP, sku=Sku("A"), ref=REF, write=4, ours=5, ours_at=now - DAY, shown=7,
        first_seen=now, last_seen=now,
    )  # fmt: skip


def kept(ledger: SqlLedger, clock: FakeClock) -> list[Drift]:
    return list(ledger.drift(SHOP, clock.now() - 400 * DAY))


def test_drift_is_undecided_until_orders_are_known(
    ledger: SqlLedger, clock: FakeClock, seen: Drift
) -> None:
    other = replace(seen, shown=8)
    ledger.record_drift(SHOP, [seen, other])
    first, second = ledger.undecided_drift(SHOP)

    assert (7, 8) == (first.shown, second.shown)
    assert [] == kept(ledger, clock)
    ledger.decide_drift(SHOP, [first.number], [second.number])
    assert () == ledger.undecided_drift(SHOP)
    assert [replace(first, decided=True)] == kept(ledger, clock)


def test_the_same_again_only_lasts_longer_and_adds_who_did_it(
    ledger: SqlLedger, clock: FakeClock, seen: Drift
) -> None:
    later = clock.now() + timedelta(minutes=5)
    ledger.record_drift(SHOP, [seen])
    ledger.record_drift(
        SHOP,
        [replace(seen, first_seen=later, last_seen=later, mover=Mover.APP, moved_at=clock.now(),
                 decided=True)],
    )  # fmt: skip
    ledger.record_drift(SHOP, [replace(seen, mover=Mover.PERSON)])

    (row,) = kept(ledger, clock)
    assert (seen.first_seen, later) == (row.first_seen, row.last_seen)
    assert (Mover.APP, clock.now(), True) == (row.mover, row.moved_at, row.decided)


def test_drift_is_asked_for_by_sku_and_time_newest_first(
    ledger: SqlLedger, clock: FakeClock, seen: Drift
) -> None:
    old = clock.now() - DAY
    ledger.record_drift(
        SHOP,
        [
            replace(seen, decided=True, write=1, first_seen=old, last_seen=old),
            replace(seen, decided=True, write=2),
            replace(seen, decided=True, write=3, sku=Sku("B")),
        ],
    )

    assert [2, 1] == [row.write for row in ledger.drift(SHOP, old, Sku("A"))]
    assert [3, 2] == [row.write for row in ledger.drift(SHOP, clock.now())]


def test_what_led_to_a_stop_counts_no_more(
    ledger: SqlLedger, clock: FakeClock, seen: Drift
) -> None:
    elsewhere = ListingRef(ProductId("P"), ListingId("L2"))
    ledger.record_drift(
        SHOP, [replace(seen, decided=True), replace(seen, decided=True, ref=elsewhere)]
    )
    ledger.count_drift(SHOP, REF)

    assert {REF: True, elsewhere: False} == {row.ref: row.counted for row in kept(ledger, clock)}


def test_moves_of_listings_that_are_not_known_are_left_out(
    ledger: SqlLedger, clock: FakeClock, seen: Drift
) -> None:
    del seen
    ledger.record_moves(SHOP, [Move(ref=REF, mover=Mover.APP, at=clock.now())])
    ledger.record_moves(SHOP, [])

    assert {} == ledger.moves(SHOP, [REF])


def test_drift_is_forgotten_with_its_runs(ledger: SqlLedger, clock: FakeClock, seen: Drift) -> None:
    ledger.record_drift(SHOP, [replace(seen, decided=True)])
    clock.advance(60)
    ledger.prune(clock.now(), clock.now())

    assert [] == kept(ledger, clock)


def test_a_hint_keeps_who_moved_what_in_the_inbox_and_beside_it(
    ledger: SqlLedger, clock: FakeClock
) -> None:
    moved = Moved(product="P", mover=Mover.PERSON, at=clock.now(), units=7)
    hints = (
        Hint(about=About.STOCK, reference="L", cause="manual_adjustment", moved=moved),
        Hint(about=About.STOCK, reference="L", moved=Moved(product="P", mover=Mover.APP)),
        Hint(about=About.ORDER),
    )
    delivery = Delivery(topic="T", notification="1", event="", sent_at=None, hints=hints)
    spooled = replace(delivery, notification="2")
    ledger.record_deliveries([Arrival(receiver="shop", delivery=delivery, received_at=clock.now())])
    ledger.spool_deliveries([Arrival(receiver="shop", delivery=spooled, received_at=clock.now())])
    ledger.unspool_deliveries()

    assert [hints, hints] == [item.hints for item in ledger.waiting_deliveries("shop", 10)]
    assert [hints] == [item.hints for item in ledger.waiting_deliveries("shop", 10, after=1)]


def test_some_deliveries_are_settled_and_those_before_them_wait_on(
    ledger: SqlLedger, clock: FakeClock
) -> None:
    for number in range(3):
        delivery = Delivery(
            topic="T", notification=str(number), event="", sent_at=None,
            hints=(Hint(about=About.ORDER),),
        )  # fmt: skip
        ledger.record_deliveries(
            [Arrival(receiver="shop", delivery=delivery, received_at=clock.now())]
        )
    ledger.settle_each("shop", [2])
    ledger.settle_each("shop", [])

    assert [1, 3] == [item.number for item in ledger.waiting_deliveries("shop", 10)]
