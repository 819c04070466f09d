"""Adoption, drift and dirty marks."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from syncd.domain.errors import ChannelUnavailable
from syncd.domain.identity import (
    ChannelName,
    ListingId,
    ListingRef,
    ProductId,
    RunId,
    Sku,
    SourceName,
    WarehouseId,
)
from syncd.domain.listing import BoundListing, Listing, ListingStatus, WarehouseStock
from syncd.domain.money import Money
from syncd.domain.stock import Expectations
from syncd.ledger.store import SqlLedger
from syncd.ports.records import ListingScan
from tests.fakes.clock import FakeClock
from tests.fakes.memory_source import MemoryReader, MemorySource, Row

SHOP = ChannelName("shop")
OTHER = ChannelName("other")
STOCK = SourceName("stock")
W1, W2 = WarehouseId("W1"), WarehouseId("W2")


def listing(clock: FakeClock, sku: str, *units: int, price: int | None = 999) -> Listing:
    return Listing(
        ref=ListingRef(ProductId(f"p-{sku}"), ListingId(f"l-{sku}")),
        seller_sku=sku,
        status=ListingStatus.LIVE,
        stock=tuple(
            WarehouseStock(warehouse_id=WarehouseId(f"W{number}"), available=amount)
            for number, amount in enumerate(units, 1)
        ),
        price=None if price is None else Money(price, "EUR"),
        observed_at=clock.now(),
        title=f"Title {sku}",
    )


def one(ledger: SqlLedger, sku: str) -> BoundListing:
    (found,) = ledger.bound(SHOP, [Sku(sku)])[Sku(sku)]
    return found


def moved(ledger: SqlLedger, channel: ChannelName = SHOP) -> list[str]:
    found = ledger.dirty(channel, 1000)
    ledger.clear_dirty(channel, found.skus, found.token)
    return list(found.skus)


def test_new_listings_are_adopted_as_they_are(
    ledger: SqlLedger, clock: FakeClock, run: RunId
) -> None:
    shown = [listing(clock, "A", 5, 2), listing(clock, "B", 0)]
    scan = ledger.record_listings(run, SHOP, [shown], Sku)
    found = one(ledger, "A")
    assert ListingScan(total=2, new=2, gone=0, differing=0) == scan
    assert shown[0] == found.listing
    assert ((W1, 5), (W2, 2)) == found.published.quantities
    assert (Money(999, "EUR"), None, clock.now()) == (
        found.published.price,
        found.published.published_at,
        found.adopted_at,
    )
    assert ["A", "B"] == moved(ledger)
    assert clock.now() == ledger.scanned_at(SHOP)
    assert 2 == ledger.listing_count(SHOP)
    assert [True, True, False] == [ledger.lists_more_than(count, SHOP) for count in (0, 1, 2)]


def test_same_scan_again_marks_nothing_and_confirms(
    ledger: SqlLedger, clock: FakeClock, run: RunId
) -> None:
    ledger.record_listings(run, SHOP, [[listing(clock, "A", 5)]], Sku)
    assert None is ledger.confirmed_at(SHOP)
    moved(ledger)
    clock.advance(60)
    scan = ledger.record_listings(run, SHOP, [[listing(clock, "A", 5)]], Sku)
    assert ListingScan(total=1, new=0, gone=0, differing=0) == scan
    assert [] == moved(ledger)
    assert clock.now() == ledger.confirmed_at(SHOP)


def test_observed_quantity_that_differs_from_published_is_drift(
    ledger: SqlLedger, clock: FakeClock, run: RunId
) -> None:
    ledger.record_listings(run, SHOP, [[listing(clock, "A", 5), listing(clock, "B", 1)]], Sku)
    moved(ledger)
    clock.advance(60)
    again = [listing(clock, "A", 4), listing(clock, "B", 1)]
    assert 1 == ledger.record_listings(run, SHOP, [again], Sku).differing
    assert ["A"] == moved(ledger)
    assert ((W1, 5),) == one(ledger, "A").published.quantities
    assert 4 == one(ledger, "A").listing.available


def test_vanished_listing_is_gone_and_comes_back_unadopted(
    ledger: SqlLedger, clock: FakeClock, run: RunId
) -> None:
    both = [listing(clock, "A", 5), listing(clock, "B", 1)]
    ledger.record_listings(run, SHOP, [both], Sku)
    moved(ledger)
    assert 1 == ledger.record_listings(run, SHOP, [both[:1]], Sku).gone
    assert ["B"] == moved(ledger)
    assert {} == ledger.bound(SHOP, [Sku("B")])
    assert [ListingStatus.LIVE, ListingStatus.GONE] == [
        bound.listing.status for bound in ledger.listings(SHOP)
    ]
    back = ledger.record_listings(run, SHOP, [both], Sku)
    assert (0, 0) == (back.new, back.gone)
    assert ["B"] == moved(ledger)


@pytest.mark.parametrize("field", ["status", "refusal", "price"])
def test_what_a_write_depends_on_marks_dirty(
    ledger: SqlLedger, clock: FakeClock, run: RunId, field: str
) -> None:
    first = listing(clock, "A", 5)
    ledger.record_listings(run, SHOP, [[first]], Sku)
    moved(ledger)
    other = {
        "status": replace(first, status=ListingStatus.DEACTIVATED),
        "refusal": replace(first, refusal="combo"),
        "price": replace(first, price=Money(1, "EUR")),
    }[field]
    ledger.record_listings(run, SHOP, [[other]], Sku)
    assert ["A"] == moved(ledger)


def test_scan_that_breaks_off_changes_nothing(
    ledger: SqlLedger, clock: FakeClock, run: RunId
) -> None:
    ledger.record_listings(run, SHOP, [[listing(clock, "A", 5)]], Sku)
    moved(ledger)

    def broken() -> Iterator[Sequence[Listing]]:
        yield [listing(clock, "B", 1)]
        raise ChannelUnavailable("page 2 of 3")

    with pytest.raises(ChannelUnavailable):
        ledger.record_listings(run, SHOP, broken(), Sku)
    assert ["A"] == [bound.sku for bound in ledger.listings(SHOP)]
    assert [] == moved(ledger)


def test_of_what_vanished_some_is_shown_to_doubt_which_keeps_the_former_list(
    ledger: SqlLedger, clock: FakeClock, run: RunId
) -> None:
    rows = [listing(clock, f"S{number:02}", 5) for number in range(60)]
    shown: list[Sequence[ListingRef]] = []
    ledger.record_listings(run, SHOP, [rows], Sku, shown.append)
    moved(ledger)

    def doubt(vanished: Sequence[ListingRef]) -> None:
        shown.append(vanished)
        raise ChannelUnavailable("they are there")

    with pytest.raises(ChannelUnavailable, match="they are there"):
        ledger.record_listings(run, SHOP, [rows[:10]], Sku, doubt)

    assert [20] == [len(set(refs) - {row.ref for row in rows[:10]}) for refs in shown]
    assert 60 == ledger.listing_count(SHOP)
    assert [] == moved(ledger)
    assert 50 == ledger.record_listings(run, SHOP, [rows[:10]], Sku, shown.append).gone


def test_scan_older_than_the_last_observation_counts_for_nothing(
    ledger: SqlLedger, clock: FakeClock, run: RunId
) -> None:
    ledger.record_listings(run, SHOP, [[listing(clock, "A", 5)]], Sku)
    moved(ledger)
    late = listing(clock, "A", 9)
    clock.advance(60)
    ledger.record_observed(SHOP, [listing(clock, "A", 5)])
    assert 0 == ledger.record_listings(run, SHOP, [[late]], Sku).differing
    assert (5, []) == (one(ledger, "A").listing.available, moved(ledger))


def test_live_values_without_price_leave_the_remembered_one(
    ledger: SqlLedger, clock: FakeClock, run: RunId
) -> None:
    first = replace(listing(clock, "A", 5), status=ListingStatus.DEACTIVATED)
    ledger.record_listings(run, SHOP, [[first]], Sku)
    clock.advance(5)
    ledger.record_observed(SHOP, [listing(clock, "A", 3, price=None), listing(clock, "X", 1)])
    found = one(ledger, "A")
    assert (3, Money(999, "EUR"), ListingStatus.DEACTIVATED) == (
        found.listing.available,
        found.listing.price,
        found.listing.status,
    )
    assert ((W1, 5),) == found.published.quantities


def test_warehouse_seen_for_the_first_time_is_adopted_and_a_lost_one_forgotten(
    ledger: SqlLedger, clock: FakeClock, run: RunId
) -> None:
    ledger.record_listings(run, SHOP, [[listing(clock, "A", 5)]], Sku)
    assert 0 == ledger.record_listings(run, SHOP, [[listing(clock, "A", 5, 7)]], Sku).differing
    assert ((W1, 5), (W2, 7)) == one(ledger, "A").published.quantities
    ledger.record_listings(run, SHOP, [[listing(clock, "A", 5)]], Sku)
    assert ((W1, 5),) == one(ledger, "A").published.quantities


def test_new_rules_bind_again_and_mark_old_and_new_skus(
    ledger: SqlLedger, clock: FakeClock, run: RunId
) -> None:
    assert ledger.rebind(SHOP, "1", Sku)
    ledger.record_listings(run, SHOP, [[listing(clock, "A", 5), listing(clock, "", 1)]], Sku)
    moved(ledger)
    assert not ledger.rebind(SHOP, "1", Sku)
    assert [] == moved(ledger)
    assert ledger.rebind(SHOP, "2", lambda seller: Sku(seller and f"X-{seller}"))
    assert ["A", "X-A"] == moved(ledger)
    assert ["X-A"] == list(ledger.bound_skus(SHOP))
    assert 1 == ledger.listing_count(SHOP)


def test_unlisted_and_unsourced_are_told_apart(
    ledger: SqlLedger, clock: FakeClock, run: RunId
) -> None:
    rows = [Row("A", "1"), Row("B", "2")]
    reader = MemoryReader(MemorySource(name=STOCK, as_of=clock.now(), rows=rows))
    ledger.record_snapshot(run, STOCK, reader, Expectations())
    ledger.record_listings(run, SHOP, [[listing(clock, "A", 1), listing(clock, "KIT", 1)]], Sku)
    assert ((Sku("B"), clock.now()),) == ledger.unlisted_skus(SHOP, [STOCK])
    assert () == ledger.unlisted_skus(SHOP, [SourceName("else")])
    assert ["KIT"] == [bound.sku for bound in ledger.unsourced(SHOP)]


def test_sku_marked_after_the_reading_stays_dirty(ledger: SqlLedger) -> None:
    ledger.mark_dirty(SHOP, [Sku("A"), Sku("B")])
    read = ledger.dirty(SHOP, 10)
    ledger.mark_dirty(SHOP, [Sku("B")])
    ledger.clear_dirty(SHOP, read.skus, read.token)
    assert ["B"] == list(ledger.dirty(SHOP, 10).skus)
    ledger.clear_dirty(SHOP, [Sku("B")], read.token)
    assert 1 == ledger.dirty_count(SHOP)


def test_old_token_never_clears_marks_made_after_everything_was_cleared(ledger: SqlLedger) -> None:
    ledger.mark_dirty(SHOP, [Sku("A")])
    old = ledger.dirty(SHOP, 10)
    ledger.clear_dirty(SHOP, old.skus, old.token)
    ledger.mark_dirty(SHOP, [Sku("A")])
    ledger.clear_dirty(SHOP, old.skus, old.token)
    assert 1 == ledger.dirty_count(SHOP)


def test_dirty_skus_come_page_by_page_in_order_and_by_channel(ledger: SqlLedger) -> None:
    ledger.mark_dirty(SHOP, [Sku("C"), Sku("A"), Sku("B")])
    ledger.mark_dirty(OTHER, [Sku("Z")])
    first = ledger.dirty(SHOP, 2)
    assert (["A", "B"], ["C"]) == (
        list(first.skus),
        list(ledger.dirty(SHOP, 2, after=first.skus[-1]).skus),
    )
    assert 3 == ledger.dirty_count(SHOP)


def test_listings_come_by_seller_sku_over_many_pages(
    ledger: SqlLedger, clock: FakeClock, run: RunId
) -> None:
    shown = [listing(clock, f"S-{number:05d}", 1) for number in range(2500)]
    ledger.record_listings(run, SHOP, [shown[1000:], shown[:1000]], Sku)
    assert [one.seller_sku for one in shown] == [
        bound.listing.seller_sku for bound in ledger.listings(SHOP)
    ]
    assert 2500 == len(ledger.bound(SHOP, [Sku(one.seller_sku) for one in shown]))
    assert 2500 == sum(1 for _ in ledger.bound_skus(SHOP))


def test_age_of_a_scan_is_known_only_after_it_ended(ledger: SqlLedger, clock: FakeClock) -> None:
    assert None is ledger.scanned_at(SHOP)
    clock.advance(timedelta(hours=1).total_seconds())
    ledger.record_listings(ledger.begin_run("t"), SHOP, [], Sku)
    assert clock.now() == ledger.scanned_at(SHOP)
