"""Sales and their news by the ledger: only what is recent, only what was asked for, and by an index."""

from datetime import UTC, datetime, timedelta

import pytest

from syncd.domain.change import Cause
from syncd.domain.delay import Passage
from syncd.domain.identity import ListingId, ListingRef, ProductId, Sku
from syncd.domain.orders import OrderState
from syncd.ledger.store import SqlLedger
from syncd.ports.deliveries import About, Arrival, Delivery, Hint
from syncd.ports.selling import Sold, Withheld
from tests.fakes.memory_source import Row
from tests.fakes.shopfloor import SHOP, STOCK, Shopfloor
from tests.unit.ledger.test_orders import at, line

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def test_lines_that_left_or_were_created_since_are_told(ledger: SqlLedger) -> None:
    old = line("old", created_at=at(0), left_at=at(5), state=OrderState.IN_TRANSIT)
    left = line("left", created_at=at(0), left_at=at(20), state=OrderState.IN_TRANSIT)
    new = line("new", created_at=at(20))
    dropped = line("dropped", created_at=at(20), state=OrderState.CANCELLED)
    theirs = line("theirs", created_at=at(20), platform_fulfilled=True)
    ledger.record_orders(SHOP, [old, left, new, dropped, theirs])

    assert ["dropped", "left", "new"] == sorted(one.line_id for one in ledger.lines_since(at(10)))


def test_sold_units_are_added_up_by_channel_and_sku(ledger: SqlLedger) -> None:
    ledger.record_orders(
        SHOP,
        [
            line("1", units=2, sku=Sku("A"), created_at=at(10)),
            line("2", units=3, sku=Sku("A"), created_at=at(11)),
            line("3", units=5, sku=Sku("A"), created_at=at(9)),
            line("4", units=7, sku=Sku("B"), created_at=at(11)),
            line("5", units=4, sku=Sku("A"), created_at=at(11), state=OrderState.CANCELLED),
            line(
                "6",
                units=6,
                sku=Sku("A"),
                created_at=at(11),
                entered_at=at(12),
                state=OrderState.CANCELLED,
            ),
        ],
    )

    assert [Sold(channel=SHOP, sku=Sku("A"), units=5, dropped=6)] == ledger.sold([Sku("A")], at(10))


@pytest.fixture
def selling(floor: Shopfloor) -> Shopfloor:
    """A has 9, read at 12:00."""
    floor.shop.list_sku("A", W1=9)
    floor.source.rows = [Row("A", "9", committed="1"), Row("B", "4")]
    floor.source.as_of = floor.clock.now()
    floor.cycle()
    return floor


def told(floor: Shopfloor, event: str, seconds_ago: float) -> None:
    """A webhook of the source that says when it happened."""
    now = floor.clock.now()
    delivery = Delivery(
        topic="stock", notification=event, event=event, hints=(Hint(about=About.STOCK),),
        sent_at=now - timedelta(seconds=seconds_ago),
    )  # fmt: skip
    floor.ledger.record_deliveries([Arrival(receiver=STOCK, delivery=delivery, received_at=now)])


def sells(floor: Shopfloor, quantity: str, committed: str) -> None:
    floor.clock.advance(60)
    floor.source.rows = [Row("A", quantity, committed=committed), Row("B", "4")]
    floor.source.as_of = floor.clock.now()
    floor.cycle()


def test_a_move_is_what_less_can_be_sold_whatever_column_moved(selling: Shopfloor) -> None:
    since = selling.clock.now()
    sells(selling, "9", "3")  # sold, still here
    sells(selling, "7", "1")  # shipped
    sells(selling, "4", "1")  # gone at once

    moves = selling.ledger.stock_moves([Sku("A"), Sku("B")], since)

    assert {Sku("A")} == set(moves)
    assert [-2, -3] == [move.units for move in moves[Sku("A")] if move.units]
    assert [(None, None), (9, 7), (7, 4)] == [(one.before, one.after) for one in moves[Sku("A")]]
    assert {} == selling.ledger.stock_moves([Sku("A")], selling.clock.now())


def test_news_is_timed_from_the_webhook_that_asked_for_the_reading(selling: Shopfloor) -> None:
    told(selling, "sale", seconds_ago=7)
    begun = selling.clock.now() - timedelta(seconds=7)
    sells(selling, "5", "1")
    (attempt,) = selling.ledger.attempts(SHOP, Sku("A"), 1)

    (way,) = selling.ledger.passages(SHOP, LONG_AGO, 10)

    assert way == Passage(
        source=STOCK, began_at=begun, verified_at=attempt.verified_at or LONG_AGO, told=True
    )


def test_news_that_no_webhook_told_is_timed_from_the_reading(selling: Shopfloor) -> None:
    told(selling, "another", seconds_ago=7)
    selling.ledger.settle_deliveries(STOCK, 1000)
    sells(selling, "5", "1")

    (way,) = selling.ledger.passages(SHOP, LONG_AGO, 10)

    assert (False, selling.source.as_of) == (way.told, way.began_at)


def test_an_order_is_news_for_the_listings_that_share_its_units(selling: Shopfloor) -> None:
    selling.clock.advance(60)
    number = selling.shop.order("A", 2)
    selling.shop.set_stock("A", next(iter(selling.shop.shop.values())).stock[0].warehouse_id, 9)
    selling.cycle()

    (way,) = selling.ledger.passages(SHOP, LONG_AGO, 10)

    assert (None, selling.shop.lines[number].created_at) == (way.source, way.began_at)


def test_only_the_latest_changes_since_then_are_looked_at(selling: Shopfloor) -> None:
    for units in ("8", "7", "6"):
        sells(selling, units, "1")

    assert 2 == len(selling.ledger.passages(SHOP, LONG_AGO, 2))
    assert () == selling.ledger.passages(SHOP, selling.clock.now() + timedelta(1), 9)


def test_orders_tell_how_old_they_were_when_they_were_ready_and_left(ledger: SqlLedger) -> None:
    ledger.record_orders(
        SHOP,
        [
            line("1", entered_at=at(3), left_at=at(50)),
            line("2", entered_at=at(4)),
            line("3", created_at=at(-99), entered_at=at(5)),
        ],
    )

    ages = ledger.order_ages(at(-1), 10)

    assert {timedelta(minutes=3), timedelta(minutes=4)} == set(ages.entered)
    assert (timedelta(minutes=50),) == ages.left


def test_a_receiver_was_heard_or_not(selling: Shopfloor) -> None:
    told(selling, "sale", seconds_ago=7)
    now = selling.clock.now()

    assert selling.ledger.heard_since(STOCK, now)
    assert not selling.ledger.heard_since(STOCK, now + timedelta(seconds=1))
    assert not selling.ledger.heard_since(SHOP, now)


def test_what_is_withheld_is_remembered_and_marked_once_when_it_is_due(
    selling: Shopfloor,
) -> None:
    ref = selling.shop.list_sku("A", W1=9)
    ledger, now = selling.ledger, selling.clock.now()
    ledger.remember_withheld(SHOP, [Withheld(ref=ref, units=2, until=now)])
    before = ledger.mark_withheld_due(SHOP, now - timedelta(microseconds=1))

    marked = [ledger.mark_withheld_due(SHOP, now) for _ in range(2)]

    (bound,) = ledger.bound(SHOP, [Sku("A")])[Sku("A")]
    assert (0, [1, 0]) == (before, marked)
    assert (2, None) == (bound.published.safety, bound.published.safety_until)
    assert (Sku("A"),) == tuple(ledger.dirty(SHOP, 9).skus)


def test_what_sales_moved_counts_for_no_limit(selling: Shopfloor) -> None:
    sells(selling, "8", "1")
    (sent,) = selling.ledger.attempts(SHOP, Sku("A"), 1)
    since = selling.clock.now() - timedelta(hours=1)
    assert {sent.change.ref} == selling.ledger.window(SHOP, since).changed

    with selling.ledger._database.write() as connection:
        connection.exec_driver_sql("UPDATE change SET cause = ?", (Cause.SAFETY.value,))

    assert frozenset() == selling.ledger.window(SHOP, since).changed


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        ("FROM listing WHERE channel_id = 1 AND safety_until <= 5", "listing_safety"),
        ("FROM order_line WHERE sku = 'A' AND created_at >= 5", "order_line_of_sku"),
        ("FROM delivery WHERE receiver = 'a' AND received_at >= 5", "delivery_of_receiver"),
    ],
)
def test_the_questions_of_every_plan_have_an_index(
    ledger: SqlLedger, statement: str, index: str
) -> None:
    with ledger._database.read() as connection:
        steps = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN SELECT COUNT(*) {statement}").all()

    assert [True] == [index in step.detail for step in steps]


def test_lines_of_some_skus_are_told_alone_with_those_of_none(ledger: SqlLedger) -> None:
    rows = [("a", Sku("A")), ("b", Sku("B")), ("c", Sku("C")), ("none", None)]
    ledger.record_orders(SHOP, [line(name, created_at=at(20), sku=sku) for name, sku in rows])

    def told(*skus: str) -> list[str]:
        wanted = [Sku(sku) for sku in skus]
        return sorted(one.line_id for one in ledger.lines_since(at(10), wanted))

    assert (["a", "b", "none"], ["none"]) == (told("A", "B"), told("D"))


def test_no_question_of_a_cycle_reads_all_orders_bookings_positions_or_plans(
    ledger: SqlLedger,
) -> None:
    asked: list[str] = []
    with ledger._database.read() as connection:
        connection.raw.set_trace_callback(asked.append)
    ledger.lines_in_play(at(0))
    ledger.lines_since(at(0))
    ledger.lines_to_book(SHOP, 5)
    ledger.order_lines(Sku("A"), 5)
    ledger.listing_lines(SHOP, ListingRef(ProductId("p"), ListingId("l")), at(0))
    ledger.sold_out(SHOP)
    ledger.written_orders()
    ledger.approvals(SHOP, at(0))
    connection.raw.set_trace_callback(None)

    questions = [statement for statement in asked if statement.startswith("SELECT")]
    plans = [connection.raw.execute(f"EXPLAIN QUERY PLAN {each}").fetchall() for each in questions]
    scanned = {step[-1] for steps in plans for step in steps if step[-1].startswith("SCAN")}

    few = {"SCAN k", "SCAN a"}  # keys that indexes found, and approvals
    assert set() == {scan for scan in scanned - few if "USING INDEX" not in scan}
