"""What people are shown of bookings: what is open, since when, and the command that helps."""

import io
import json
from datetime import UTC, timedelta

from rich.console import Console

from syncd.domain.conditions import conditions
from syncd.domain.identity import Sku
from syncd.domain.orders import OrderState
from syncd.engine import explaining, looking
from syncd.engine.drafting import channel_bounds
from syncd.engine.examining import examine_source
from syncd.engine.watching import look
from syncd.reporting.document import ReportDocument, from_report
from syncd.reporting.html import report_html
from syncd.reporting.machine import to_json
from syncd.reporting.tables import report_csv
from syncd.reporting.text import print_report
from syncd.reporting.views import print_bookings, print_status
from tests.fakes.shopfloor import SHOP, STOCK
from tests.fakes.written_source import Fault
from tests.unit.write_back.counter import Counter

SPAN = timedelta(minutes=30)


def page() -> Console:
    return Console(file=io.StringIO(), width=100, highlight=False)


def text(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return " ".join(console.file.getvalue().split())


def sold(counter: Counter, *faults: Fault) -> ReportDocument:
    """One unit of ten is ordered, and this happens to the first calls; the report of the cycle."""
    counter.stocked(A=10)
    counter.shop.order("A", 1)
    counter.stock_of.faults = list(faults)
    return from_report(counter.cycle())


def test_the_report_tells_what_was_booked(counter: Counter) -> None:
    document = sold(counter)
    console = page()
    print_report(document, console, UTC)

    (part,) = document.channels[0].bookings
    assert ("deduct", "A", "stock", "default", -1, "done") == (
        part.effect, part.sku, part.source, part.location, part.delta, part.state,
    )  # fmt: skip
    assert "1 booking written into stock" in text(console)
    assert () == document.needs_attention


def test_the_report_tells_what_was_refused_and_how_it_is_settled(counter: Counter) -> None:
    document = sold(counter, Fault.REFUSED)
    console = page()
    print_report(document, console, UTC)
    (booking,) = counter.rows("A")

    (told,) = document.needs_attention
    assert told.what.startswith("stock: 1 booking refused: the source still sells these units")
    assert told.help.startswith(f"syncd bookings settle {booking.key[:12]} ")
    assert "deduct -1 O1 refused NO it is not stocked there" in text(console)
    assert "<span class='refused'>refused</span>" in report_html(document, UTC)
    assert "booking,shop,A,,,,,deduct,,,-1,,refused,,order O1 line O1-1,NO," in report_csv(document)


def test_a_report_of_an_earlier_version_has_no_bookings(counter: Counter) -> None:
    document = json.loads(sold(counter).model_dump_json(by_alias=True))
    del document["channels"][0]["bookings"]

    assert () == ReportDocument.parse(json.dumps(document)).channels[0].bookings


def test_many_open_bookings_are_cut_with_the_command_that_shows_them_all(counter: Counter) -> None:
    counter.stocked(A=50)
    for _ in range(25):
        counter.shop.order("A", 1)
    counter.stock_of.faults = [Fault.LOST_BEFORE] * 25
    console = page()

    print_report(from_report(counter.cycle()), console, UTC)

    assert "… and 5 more: syncd bookings" in text(console)


def test_status_shows_what_the_source_still_sells(counter: Counter) -> None:
    sold(counter, Fault.LOST_BEFORE)
    counter.clock.advance(600)
    view = looking.status(counter.engine(), "ledger.db")
    console = page()
    print_status(view, console, UTC)

    (row,) = view.at_risk
    assert ("A", 1, 1, ("unknown",)) == (row.sku, row.units, row.orders, row.states)
    assert "stock: 1 booking without an answer, tried again" in text(console)
    assert "A stock/default 1 1 10 min ago unknown" in text(console)


def test_what_is_booked_is_not_at_risk_and_what_nobody_looked_at_is(counter: Counter) -> None:
    sold(counter)
    assert () == looking.status(counter.engine(), "ledger.db").at_risk

    counter.shop.order("A", 1)
    counter.cycle(send=False)

    (row,) = looking.status(counter.engine(), "ledger.db").at_risk
    assert ("not looked at yet",) == row.states


def test_many_skus_at_risk_are_cut(counter: Counter) -> None:
    names = [f"S{number:02}" for number in range(12)]
    counter.stocked(**dict.fromkeys(names, 5))
    for name in names:
        counter.shop.order(name, 1)
    counter.stock_of.faults = [Fault.AWAY]
    counter.cycle()
    console = page()

    print_status(looking.status(counter.engine(), "ledger.db"), console, UTC)

    assert "… and 2 more SKUs: syncd bookings" in text(console)


def test_a_source_that_is_not_written_back_has_nothing_at_risk(counter: Counter) -> None:
    counter.orders = counter.reading_only()
    counter.stocked(A=10)
    counter.shop.order("A", 1)
    counter.cycle()

    assert () == looking.status(counter.engine(), "ledger.db").at_risk


def test_alerts_name_the_bookings_that_wait_for_a_person(counter: Counter) -> None:
    sold(counter, Fault.REFUSED)

    found = conditions(look(counter.engine(), counter.clock.now(), SPAN), 0)

    assert ["booking:stock:refused"] == [row.key for row in found]


def test_open_bookings_are_listed_those_for_a_person_first(counter: Counter) -> None:
    counter.stocked(A=10, B=10)
    counter.shop.order("A", 1)
    counter.shop.order("B", 1)
    counter.stock_of.faults = [Fault.LOST_BEFORE, Fault.REFUSED]
    counter.cycle()
    view, console = looking.bookings(counter.engine()), page()
    print_bookings(view, console)

    assert ["refused", "unknown"] == [row.state for row in view.rows]
    assert view.rows[0].key[:12] in text(console)
    assert "syncd bookings settle KEY --booked|--not-booked" in text(console)
    assert ["B", "A"] == [row["sku"] for row in json.loads(to_json(view))["rows"]]


def test_where_nothing_is_open_that_is_said(counter: Counter) -> None:
    sold(counter)
    console = page()
    print_bookings(looking.bookings(counter.engine()), console)

    assert "Every booking is done: no source sells what was sold here." == text(console)


def test_history_and_explain_tell_of_bookings(counter: Counter) -> None:
    sold(counter)
    engine = counter.engine()
    bounds = {SHOP: channel_bounds(engine, engine.channels[SHOP])}

    history = looking.history(engine, Sku("A"), 50, None)
    view = explaining.explain(engine, Sku("A"), {str(name): row for name, row in bounds.items()})

    booked = [row for row in history.rows if row.kind == "deduct"]
    assert [("stock/default", "-1 done", "order O1")] == [
        (row.where, row.after, row.detail) for row in booked
    ]
    sections = {section.title: section.lines for section in view.listings[0].sections}
    assert "deduct -1 A at stock/default" == sections["Bookings"][0].value


def test_explain_tells_whether_an_open_order_is_subtracted(counter: Counter) -> None:
    def fate() -> str:
        view = explaining.explain(engine, Sku("A"), bounds)
        sections = {section.title: section.lines for section in view.listings[0].sections}
        return sections["Open orders"][0].note.partition(";")[0]

    counter.orders = counter.reading_only()
    sold(counter)
    engine = counter.engine()
    bounds = {str(SHOP): channel_bounds(engine, engine.channels[SHOP])}
    assert "subtracted" == fate()

    counter.cycle_later(3600)
    assert "contained in the reading" == fate()


def test_explain_has_no_section_for_bookings_where_there_is_none(counter: Counter) -> None:
    counter.stocked(A=10)
    engine = counter.engine()
    bounds = {str(SHOP): channel_bounds(engine, engine.channels[SHOP])}

    view = explaining.explain(engine, Sku("A"), bounds)

    assert "Bookings" not in [section.title for section in view.listings[0].sections]


def test_the_doctor_tells_what_the_first_start_will_take_off_and_since_when_it_does(
    counter: Counter,
) -> None:
    counter.stock_of.set(A=1)
    engine = counter.engine()
    before = [check.text for check in examine_source(engine, engine.sources[STOCK])]
    counter.cycle()
    after = [check.text for check in examine_source(engine, engine.sources[STOCK])]

    assert any("takes off every order line that has not left" in line for line in before)
    assert "order lines are taken off it since 2026-11-23 12:00 UTC" == after[-1]


def oversold(counter: Counter) -> list[tuple[str, int, int, int]]:
    """SKU, units ordered, units left before that, units short."""
    view = look(counter.engine(), counter.clock.now(), SPAN)
    return [(row.sku, row.ordered, row.left, row.short) for row in view.oversold]


def test_an_order_that_takes_a_written_source_below_zero_is_oversold(counter: Counter) -> None:
    """The own shop sold the last units meanwhile; the reading contains our deduction and is negative."""
    counter.stocked(A=3)
    counter.shop.order("A", 2)
    counter.stock_of.set(A=1)
    counter.cycle()
    counter.cycle_later()

    assert -1 == counter.left("A")
    assert [("A", 2, 1, 1)] == oversold(counter)


def test_enough_units_or_goods_that_left_are_no_alarm(counter: Counter) -> None:
    counter.stocked(A=3)
    order = counter.shop.order("A", 2)
    counter.cycle_later()
    assert [] == oversold(counter)

    counter.stock_of.set(A=-1)
    counter.cycle_later()
    assert [("A", 2, 1, 1)] == oversold(counter)

    counter.shop.advance(order, OrderState.IN_TRANSIT)
    counter.cycle_later()
    assert [] == oversold(counter)
