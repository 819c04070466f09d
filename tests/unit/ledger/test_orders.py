"""Order lines keep the earliest step times; cursors only advance."""

from dataclasses import replace
from datetime import datetime, timedelta

from syncd.domain.identity import ChannelName, ListingId, ListingRef, ProductId, RunId, Sku
from syncd.domain.listing import Listing, ListingStatus
from syncd.domain.orders import OrderLine, OrderState
from syncd.ledger.store import SqlLedger
from syncd.ledger.tables import OrderLineRow
from syncd.ports.records import OrderCursor
from tests.fakes.clock import START, FakeClock

SHOP = ChannelName("shop")
REF = ListingRef(ProductId("p"), ListingId("l"))


def at(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


def line(name: str = "1", **fields: object) -> OrderLine:
    first = OrderLine(
        channel=SHOP,
        order_id="o",
        line_id=name,
        ref=REF,
        seller_sku="A",
        units=1,
        state=OrderState.UNPAID,
        created_at=at(0),
        updated_at=at(0),
    )
    return replace(first, **fields)  # type: ignore[arg-type]


def test_new_and_moved_lines_are_answered_and_repeated_ones_are_not(ledger: SqlLedger) -> None:
    assert (line(),) == ledger.record_orders(SHOP, [line()])
    assert () == ledger.record_orders(SHOP, [line()])
    assert () == ledger.record_orders(SHOP, [line(updated_at=at(1))])
    entered = line(state=OrderState.AWAITING_SHIPMENT, updated_at=at(2), entered_at=at(2))
    assert (entered,) == ledger.record_orders(SHOP, [entered])


def test_step_times_keep_the_earliest_and_never_vanish(ledger: SqlLedger) -> None:
    ledger.record_orders(SHOP, [line(entered_at=at(9), left_at=at(20))])
    ledger.record_orders(SHOP, [line(entered_at=at(5), updated_at=at(6))])
    (kept,) = ledger.record_orders(
        SHOP, [line(entered_at=at(7), packed_at=at(8), updated_at=at(8))]
    )
    assert (at(5), at(8), at(20)) == (kept.entered_at, kept.packed_at, kept.left_at)


def test_late_news_give_their_step_times_but_not_their_state(ledger: SqlLedger) -> None:
    ledger.record_orders(SHOP, [line(state=OrderState.CANCELLED, updated_at=at(9))])
    (kept,) = ledger.record_orders(
        SHOP, [line(state=OrderState.AWAITING_SHIPMENT, updated_at=at(3), entered_at=at(3))]
    )
    assert (OrderState.CANCELLED, at(9), at(3)) == (kept.state, kept.updated_at, kept.entered_at)


def test_cursor_and_complete_until_only_advance(ledger: SqlLedger) -> None:
    assert OrderCursor(cursor=None, complete_until=None) == ledger.order_cursor(SHOP)
    ledger.complete_orders(SHOP, None, at(5))
    assert OrderCursor(cursor=None, complete_until=at(5)) == ledger.order_cursor(SHOP)
    ledger.complete_orders(SHOP, at(4), at(3))
    ledger.complete_orders(SHOP, at(2), at(9))
    ledger.complete_orders(SHOP, None, at(8))
    assert OrderCursor(cursor=at(4), complete_until=at(9)) == ledger.order_cursor(SHOP)


def test_lines_in_play_leave_out_what_can_never_be_subtracted(ledger: SqlLedger) -> None:
    ledger.record_orders(
        SHOP,
        [
            line("open"),
            line("cancelled", state=OrderState.CANCELLED, entered_at=at(1)),
            line("cancelled-later", state=OrderState.CANCELLED, left_at=at(50)),
            line("left-long-ago", state=OrderState.COMPLETED, left_at=at(1)),
            line("left-now", state=OrderState.IN_TRANSIT, left_at=at(40)),
            line("theirs", platform_fulfilled=True),
        ],
    )
    found = [one.line_id for one in ledger.lines_in_play(at(30))]
    assert ["cancelled-later", "left-now", "open"] == found


def test_line_bears_the_sku_its_listing_is_bound_to(
    ledger: SqlLedger, clock: FakeClock, run: RunId
) -> None:
    shown = Listing(
        ref=REF,
        seller_sku="A",
        status=ListingStatus.LIVE,
        stock=(),
        price=None,
        observed_at=clock.now(),
    )
    ledger.record_listings(run, SHOP, [[shown]], lambda seller: Sku(f"OUR-{seller}"))
    (found,) = ledger.record_orders(SHOP, [line(sku=Sku("OLD"))])
    assert Sku("OUR-A") == found.sku
    assert ["1"] == [one.line_id for one in ledger.order_lines(Sku("OUR-A"), 5)]
    assert () == ledger.order_lines(Sku("OLD"), 5)


def test_nothing_of_the_buyer_has_a_column() -> None:
    ours = {
        "channel_id",
        "product_id",
        "listing_id",
        "booking_step",
        "written",
        "given_up_at",
        "sold_out_at",
        "restocked",
    }
    fields = set(OrderLine.__dataclass_fields__) - {"channel", "ref"}
    assert fields | ours == set(OrderLineRow.model_fields)


LONG_AGO = START - timedelta(days=100)
OVER = {"created_at": LONG_AGO, "updated_at": LONG_AGO}


def names(ledger: SqlLedger) -> set[str]:
    return {item.line_id for item in ledger.order_lines(Sku("A"), 100)}


def given(ledger: SqlLedger) -> None:
    """Lines of long ago, in every state in which one can stay."""
    ledger.record_orders(
        SHOP,
        [
            line("left", state=OrderState.COMPLETED, left_at=LONG_AGO, sku=Sku("A"), **OVER),
            line("cancelled", state=OrderState.CANCELLED, sku=Sku("A"), **OVER),
            line("open", state=OrderState.AWAITING_SHIPMENT, sku=Sku("A"), **OVER),
            line("left lately", left_at=at(0), sku=Sku("A"), created_at=LONG_AGO, updated_at=at(0)),
            line(
                "short", state=OrderState.CANCELLED, out_of_stock=True, sku=Sku("A"), **OVER
            ),
        ],
    )  # fmt: skip


def test_lines_that_no_reading_can_miss_go_with_the_movements(ledger: SqlLedger) -> None:
    given(ledger)
    ledger.prune(START - timedelta(days=99), START)

    assert {"open", "left lately", "short"} == names(ledger)


def test_a_line_is_remembered_for_ninety_days_whatever_retention_says(ledger: SqlLedger) -> None:
    lately = START - timedelta(days=89)
    over = line("left", left_at=lately, created_at=lately, updated_at=lately, sku=Sku("A"))
    ledger.record_orders(SHOP, [over])
    ledger.prune(START, START)

    assert {"left"} == names(ledger)


def test_a_forgotten_line_that_is_told_again_stays_forgotten(ledger: SqlLedger) -> None:
    given(ledger)
    ledger.prune(START - timedelta(days=99), START)
    again = line("left", left_at=at(5), sku=Sku("A"), created_at=LONG_AGO, updated_at=at(5))
    never_seen = line("new", sku=Sku("A"), **OVER)

    assert [never_seen] == list(ledger.record_orders(SHOP, [again, never_seen]))
