"""Reports as JSON, text, CSV and HTML: complete, stable, and harmless whatever is in them."""

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from syncd.domain.change import Cause, Change, Field
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
from syncd.domain.outcome import Verdict
from syncd.domain.plan import Hazard, Skip
from syncd.domain.report import (
    Attention,
    ChangeReport,
    ChannelReport,
    ChannelState,
    ExitCode,
    Report,
    SourceReport,
    SourceState,
    Status,
)
from syncd.domain.stock import Completeness, Reject
from syncd.domain.views import ChannelStatus, ListingRow, ListingsView, StatusView
from syncd.reporting.document import AttentionPart, ReportDocument, from_report
from syncd.reporting.html import report_html
from syncd.reporting.machine import report_document
from syncd.reporting.progress import Progress
from syncd.reporting.safety import cell, visible
from syncd.reporting.tables import report_csv
from syncd.reporting.text import MOST_ROWS, print_attention, print_report
from syncd.reporting.views import print_listings, print_status

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def change(sku: str, *, price: bool = False) -> Change:
    return Change(
        sku=Sku(sku), seller_sku=sku, ref=ListingRef(ProductId("17"), ListingId(f"9{sku}")),
        field=Field.PRICE if price else Field.QUANTITY, before=1999 if price else 5,
        after=2099 if price else 3, cause=Cause.SOURCE, reason="stock/default 3",
        warehouse_id=None if price else WarehouseId("7068"), currency="USD" if price else None,
    )  # fmt: skip


def report_of(*rows: ChangeReport, **parts: object) -> Report:
    channel = ChannelReport(
        name=ChannelName("shop"), state=ChannelState.OK, listings=10, plan="sha256:ab", changes=rows
    )
    report = Report(
        run=RunId("r1"), started_at=NOW - timedelta(seconds=2), finished_at=NOW, trigger="apply",
        channels=(channel,),
    )  # fmt: skip
    return replace(report, **parts)  # type: ignore[arg-type]  # keywords of a test


def full() -> Report:
    rows = [
        ChangeReport(change=change(verdict.value), verdict=verdict, code="12", message="told")
        for verdict in Verdict
    ]
    report = report_of(
        *rows, ChangeReport(change=change("P", price=True), verdict=Verdict.VERIFIED)
    )
    channel = replace(
        report.channels[0],
        hazards=(
            Hazard(kind="changed", count=4, allowed=3, text="4 of 10 listings would be changed"),
        ),
    )
    source = SourceReport(
        name=SourceName("stock"), state=SourceState.OK, as_of=NOW, rows=9, changed=2,
        fingerprint="blake2b:1", rejected_count=1,
        rejected=(Reject(at="stock.csv:17", sku=Sku("A-1"), reason="n/a is no number"),),
    )  # fmt: skip
    attention = Attention(
        what="shop: 1 changes held", since=NOW - timedelta(hours=3), count=1,
        help='syncd release shop sha256:ab --reason "…"',
    )  # fmt: skip
    return replace(report, channels=(channel,), sources=(source,), attention=(attention,))


def shown(report: Report, width: int = 100) -> str:
    out = io.StringIO()
    print_report(from_report(report), Console(file=out, width=width, highlight=False), UTC)
    return out.getvalue()


def test_the_document_has_the_agreed_keys() -> None:
    document = json.loads(report_document(full()))

    assert {
        "schema", "run", "status", "started_at", "finished_at", "needs_attention", "sources",
        "channels",
    } <= document.keys()  # fmt: skip
    assert (1, "partial", "2026-11-23T12:00:00Z") == (
        document["schema"],
        document["status"],
        document["finished_at"],
    )
    assert {"what", "since", "count", "help"} <= document["needs_attention"][0].keys()
    assert {
        "name", "state", "as_of", "rows", "changed", "missing", "fingerprint", "rejected",
    } <= document["sources"][0].keys()  # fmt: skip
    assert [{"at": "stock.csv:17", "sku": "A-1", "reason": "n/a is no number"}] == (
        document["sources"][0]["rejected"]
    )
    channel = document["channels"][0]
    assert {"name", "state", "listings", "plan", "hazards", "counts", "requests", "changes"} <= (
        channel.keys()
    )
    assert {
        "planned", "accepted", "verified", "contradicted", "rejected", "unknown", "held", "parked",
        "unmapped",
    } == channel["counts"].keys()  # fmt: skip
    assert {"sent", "throttled", "retried"} == channel["requests"].keys()
    assert {
        "sku", "product_id", "listing_id", "warehouse_id", "field", "before", "after", "reason",
        "outcome", "code", "message",
    } <= channel["changes"][0].keys()  # fmt: skip


def test_quantities_are_numbers_and_prices_are_text() -> None:
    changes = json.loads(report_document(full()))["channels"][0]["changes"]

    assert (5, 3) == (changes[0]["before"], changes[0]["after"])
    assert ("19.99", "20.99") == (changes[-1]["before"], changes[-1]["after"])


def test_a_stored_document_reads_back_as_it_was() -> None:
    text = report_document(full())

    assert json.loads(text) == json.loads(
        ReportDocument.parse(text).model_dump_json(by_alias=True, indent=2)
    )


@pytest.mark.parametrize(
    ("verdict", "status", "code"),
    [
        (Verdict.VERIFIED, Status.CHANGED, ExitCode.DONE),
        (Verdict.PLANNED, Status.CHANGED, ExitCode.DONE),
        (Verdict.HELD, Status.HELD, ExitCode.HELD),
        (Verdict.REJECTED, Status.PARTIAL, ExitCode.PARTIAL),
        (Verdict.UNKNOWN, Status.PARTIAL, ExitCode.PARTIAL),
        (Verdict.CONTRADICTED, Status.PARTIAL, ExitCode.PARTIAL),
        (Verdict.ACCEPTED, Status.PARTIAL, ExitCode.PARTIAL),
    ],
)
def test_status_and_exit_code_follow_the_worst_row(
    verdict: Verdict, status: Status, code: ExitCode
) -> None:
    report = report_of(ChangeReport(change=change("A"), verdict=verdict))

    assert (status, code) == (report.status(), report.exit_code())


def test_an_unavailable_channel_outranks_what_is_held() -> None:
    report = report_of(ChangeReport(change=change("A"), verdict=Verdict.HELD))
    channel = replace(report.channels[0], state=ChannelState.UNAVAILABLE)

    assert ExitCode.UNAVAILABLE is replace(report, channels=(channel,)).exit_code()


def test_the_text_begins_with_what_needs_attention_and_its_command() -> None:
    lines = shown(full()).splitlines()

    assert "Needs attention" == lines[0]
    assert 'syncd release shop sha256:ab --reason "…"' == lines[2].strip()
    assert "3 h" in lines[1]


def test_an_address_is_never_cut_however_narrow_the_terminal() -> None:
    address = f"https://admin.example.com/store/{'long-name-' * 9}/products/1000143"
    out = io.StringIO()
    item = AttentionPart(what=f"first: {address}: no SKU", since=None, count=1, help="syncd report")

    print_attention((item,), Console(file=out, width=40), datetime(2026, 1, 1, tzinfo=UTC))

    assert address in "".join(out.getvalue().split())


@pytest.mark.parametrize(
    ("ago", "told"), [(timedelta(0), "held"), (timedelta(hours=3), "held (for 3 h)")]
)
def test_an_age_is_told_once_there_is_one(ago: timedelta, told: str) -> None:
    out = io.StringIO()
    item = AttentionPart(what="held", since=NOW - ago, count=1, help="syncd report")

    print_attention((item,), Console(file=out, width=80), NOW)

    assert f"• {told}" == out.getvalue().splitlines()[1].strip()


def test_the_heads_of_the_status_page_are_whole_words_in_80_columns() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    channel = ChannelStatus(
        name=ChannelName("shop"), state="ok", mode="apply", listings=337, dirty=54, held=0, parked=0,
        scanned_at=now, orders_complete_until=now, confirmed_at=now, writer_pid=4711, message="",
    )  # fmt: skip
    view = StatusView(
        at=now, ledger="x", last_run=None, last_run_at=None, last_run_status=None,
        needs_attention=(), sources=(), channels=(channel,),
    )  # fmt: skip
    out = io.StringIO()

    print_status(view, Console(file=out, width=80), UTC)

    words = set(out.getvalue().split())
    assert {"Channel", "Listings", "Parked", "Confirmed", "Orders", "Writer", "4711"} <= words


def test_a_narrow_status_page_leaves_columns_out_before_it_folds_a_word() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    channel = ChannelStatus(
        name=ChannelName("tiktok-germany"), state="unauthorized", mode="observe", listings=123456,
        dirty=54, held=1000, parked=1000, scanned_at=now, orders_complete_until=now,
        confirmed_at=now, writer_pid=4194304, message="",
    )  # fmt: skip
    view = StatusView(
        at=now, ledger="x", last_run=None, last_run_at=None, last_run_status=None,
        needs_attention=(), sources=(), channels=(channel,),
    )  # fmt: skip

    def words(width: int) -> set[str]:
        out = io.StringIO()
        print_status(view, Console(file=out, width=width), UTC)
        assert {"tiktok-germany", "unauthorized", "123456"} <= set(out.getvalue().split())
        return set(out.getvalue().split())

    assert {"Confirmed", "Mode", "Orders"} <= words(100)
    assert {"4194304", "Orders"} & words(80) == set()
    assert "4194304" in words(120)


LONG = "MUG-CERAMIC-WHITE-350ML-DISHWASHER"


@pytest.mark.parametrize("width", [80, 120])
def test_a_sku_is_never_folded_in_a_report(width: int) -> None:
    why = "the warehouse does not exist; assign the SKU a sales warehouse"
    row = ChangeReport(change=change(LONG), verdict=Verdict.REJECTED, code="12052097", message=why)

    text = shown(report_of(row), width)

    assert LONG in text
    assert f"stock/default 3; 12052097 {why}" in " ".join(text.split())
    assert all(len(line.rstrip()) <= width for line in text.splitlines())


@pytest.mark.parametrize("width", [80, 120])
def test_a_sku_is_never_folded_in_the_listings(width: int) -> None:
    row = ListingRow(
        channel=ChannelName("shop"), kind="mapped", sku=Sku(LONG), seller_sku=LONG,
        product_id="1", listing_id="2", status="live", observed=5, published=5,
        price="19.99 USD", since=NOW, note="",
    )  # fmt: skip
    odd = replace(row, kind="contested", note="another app sets it back to 7 about every 15 min")
    out = io.StringIO()

    view = ListingsView(rows=(row, odd), near_misses=())
    print_listings(view, Console(file=out, width=width, highlight=False), UTC)

    assert 2 == out.getvalue().count(LONG)
    assert {"contested", "19.99"} <= set(out.getvalue().split())
    assert (width == 120) == ("2026-11-23" in out.getvalue())
    assert all(len(line.rstrip()) <= width for line in out.getvalue().splitlines())


def noted(state: SourceState) -> Report:
    source = SourceReport(
        name=SourceName("store"), state=state, as_of=NOW, rows=52, read=2,
        completeness=Completeness.PARTIAL, message="1 gift card left out",
    )  # fmt: skip
    return report_of(sources=(source,))


def test_what_a_source_remarks_stands_below_the_sources() -> None:
    text, page = shown(noted(SourceState.OK)), report_html(from_report(noted(SourceState.OK)), UTC)

    assert "\n  store: 1 gift card left out" in text
    assert "<p class='sub'>store: 1 gift card left out</p>" in page


def test_what_was_refused_is_no_remark() -> None:
    assert "gift card" not in shown(noted(SourceState.INVALID))


def test_rows_of_a_reading_of_changes_are_told_from_those_of_the_source() -> None:
    report = noted(SourceState.OK)

    assert "2 of 52" in shown(report)
    assert "2 of 52" in report_html(from_report(report), UTC)


def test_held_and_failed_rows_come_before_the_rest() -> None:
    rows = [ChangeReport(change=change(f"V{n}"), verdict=Verdict.VERIFIED) for n in range(30)]
    rows.append(ChangeReport(change=change("HELD"), verdict=Verdict.HELD))

    text = shown(report_of(*rows))

    assert text.index("HELD") < text.index("V0")
    assert f"and {31 - MOST_ROWS} more" in text


def test_a_run_without_changes_says_so_briefly() -> None:
    text = shown(report_of())

    assert "Nothing to do" in text
    assert len(text.splitlines()) < 8


def test_a_run_that_holds_everything_names_a_reason_and_does_not_say_all_is_right() -> None:
    held = Skip(
        sku=Sku("A"),
        seller_sku="A",
        ref=None,
        kind="held",
        reason="no warehouse of the shop is mapped",
    )
    channel = replace(
        report_of().channels[0], listings=2, skipped=(held, replace(held, sku=Sku("B")))
    )

    text = shown(report_of(channels=(channel,)))

    assert "Nothing to do" not in text
    assert "2 listings left as they are (2 held); A: no warehouse of the shop is mapped" in text


def test_a_run_that_holds_some_says_that_the_others_are_right_and_names_a_reason() -> None:
    held = Skip(sku=Sku("A"), seller_sku="A", ref=None, kind="held", reason="its row was rejected")
    channel = replace(report_of().channels[0], skipped=(held,))

    text = " ".join(shown(report_of(channels=(channel,))).split())

    assert (
        "Nothing to do: every listing that may be written shows what it should. 1 listing" in text
    )
    assert "1 listing left as it is (1 held); A: its row was rejected" in text


def test_a_listing_that_nobody_wants_published_is_nothing_to_do() -> None:
    unwanted = Skip(sku=Sku("A"), seller_sku="A", ref=None, reason="publish: none (default)")
    channel = replace(report_of().channels[0], skipped=(unwanted,))

    assert "Nothing to do" in shown(report_of(channels=(channel,)))


@pytest.mark.parametrize("width", [60, 80, 140])
def test_hostile_text_is_shown_and_not_obeyed(width: int) -> None:
    hostile = "[red]x\x1b[31m\u202egnp.exe\r\nfake line"

    text = shown(report_of(ChangeReport(change=change(hostile), verdict=Verdict.VERIFIED)), width)

    joined = "".join(line.strip() for line in text.splitlines())
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "[red]x" in joined.replace(" ", "")


def test_progress_is_silent_where_nobody_looks() -> None:
    out = io.StringIO()
    progress = Progress(Console(file=out))
    progress.step("reading", 1, 2)
    progress.close()

    assert "" == out.getvalue()


def test_progress_is_shown_on_a_terminal() -> None:
    out = io.StringIO()
    progress = Progress(Console(file=out, force_terminal=True, width=80))
    progress.step("reading", 1, 2)
    progress.step("reading", 2, 2)
    progress.close()

    assert "reading" in out.getvalue()


anything = st.text(max_size=30)


@given(anything)
def test_no_cell_of_a_csv_report_is_a_formula(text: str) -> None:
    report = report_of(
        ChangeReport(change=change(text or "x"), verdict=Verdict.VERIFIED, message=text)
    )

    rows = list(csv.reader(io.StringIO(report_csv(from_report(report)), newline="")))

    for field in rows[1]:
        assert not field.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋"))
    assert "5" == rows[1][rows[0].index("before")]


@pytest.mark.parametrize(("value", "expected"), [(-3, "-3"), ("-3", "'-3"), (None, ""), ("a", "a")])
def test_numbers_stay_numbers_in_cells(value: object, expected: str) -> None:
    assert expected == cell(value)


@given(anything)
def test_html_holds_no_tag_of_the_data(text: str) -> None:
    plain = report_of(ChangeReport(change=change("x"), verdict=Verdict.VERIFIED, message="y"))
    report = report_of(ChangeReport(change=change(text), verdict=Verdict.VERIFIED, message=text))

    page = report_html(from_report(report), UTC)

    assert report_html(from_report(plain), UTC).count("<") == page.count("<")
    assert "default-src 'none'" in page


@given(anything)
def test_shown_text_has_no_control_characters(text: str) -> None:
    assert all(char.isprintable() or ord(char) >= 0xA0 for char in visible(text))
