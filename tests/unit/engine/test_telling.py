"""What a run says in the log, as the records say it."""

import logging
from datetime import timedelta

import pytest

from syncd.domain.change import Cause, Change, Field
from syncd.domain.errors import SourceUnavailable
from syncd.domain.identity import ChannelName, ListingId, ListingRef, ProductId, RunId, Sku
from syncd.domain.outcome import Verdict
from syncd.domain.report import ChangeReport, ChannelReport, ChannelState, Report
from syncd.engine.telling import MOST_NAMED, tell
from tests.fakes.clock import START
from tests.fakes.shopfloor import Shopfloor

Said = dict[str, object]
KEYS = ("action", "run", "source", "channel", "sku", "field", "state", "status")


def said(caplog: pytest.LogCaptureFixture) -> list[Said]:
    """The keys of every record that names what it is about."""
    return [
        {key: vars(record)[key] for key in KEYS if key in vars(record)} for record in caplog.records
    ]


def row(sku: str, verdict: Verdict) -> ChangeReport:
    change = Change(
        sku=Sku(sku), seller_sku=sku, ref=ListingRef(ProductId("1"), ListingId(sku)),
        field=Field.QUANTITY, before=5, after=3, cause=Cause.SOURCE, reason="",
    )  # fmt: skip
    return ChangeReport(change=change, verdict=verdict, code="E7", message="locked")


def report(*rows: ChangeReport) -> Report:
    channel = ChannelReport(name=ChannelName("shop"), state=ChannelState.OK, changes=rows)
    return Report(
        run=RunId("r1"), started_at=START, finished_at=START + timedelta(seconds=1),
        trigger="test", channels=(channel,),
    )  # fmt: skip


def test_a_run_in_which_nothing_happened_says_only_that_all_is_well(
    floor: Shopfloor, caplog: pytest.LogCaptureFixture
) -> None:
    floor.shop.list_sku("A", W1=5)
    floor.source.set(A=5)
    floor.cycle()
    caplog.clear()
    caplog.set_level(logging.INFO)

    done = floor.cycle()

    assert [
        {"action": "source_read", "run": done.run, "source": "stock", "state": "ok"},
        {"action": "channel_done", "run": done.run, "channel": "shop", "state": "ok"},
    ] == said(caplog)


def test_what_was_sent_is_one_line_and_each_sku_is_in_order_again(
    floor: Shopfloor, caplog: pytest.LogCaptureFixture
) -> None:
    floor.shop.list_sku("A", W1=5)
    floor.source.set(A=3)
    caplog.set_level(logging.INFO)

    done = floor.cycle()

    named = {"run": done.run, "channel": "shop"}
    assert [
        {"action": "verified", **named, "sku": "A", "field": "quantity", "state": "ok"},
        {"action": "published", **named},
        {"action": "run_finished", "run": done.run, "status": "changed"},
    ] == said(caplog)[2:]
    assert "channel shop: 1 change sent" in caplog.messages


def test_a_source_in_trouble_is_a_warning_with_its_reason(
    floor: Shopfloor, caplog: pytest.LogCaptureFixture
) -> None:
    floor.source.fail = SourceUnavailable("no answer from the till")

    done = floor.cycle()

    (first,) = [one for one in said(caplog) if "source" in one]
    assert {
        "action": "source_refused", "run": done.run, "source": "stock", "state": "unavailable",
    } == first  # fmt: skip
    assert "source stock: unavailable: no answer from the till" in caplog.messages


def test_a_held_plan_is_told_with_its_count_and_the_command(
    caplog: pytest.LogCaptureFixture,
) -> None:
    held = report(row("A", Verdict.HELD), row("B", Verdict.HELD))
    channel = ChannelReport(
        name=ChannelName("shop"), state=ChannelState.HELD, changes=held.channels[0].changes
    )

    tell(
        Report(run=held.run, started_at=START, finished_at=START, trigger="t", channels=(channel,))
    )

    assert ["channel shop: held: 2 changes held for a person, see `syncd status`: "] == (
        caplog.messages
    )


def test_a_refused_sku_is_named_with_code_and_reason(caplog: pytest.LogCaptureFixture) -> None:
    tell(report(row("A", Verdict.REJECTED)))

    assert ["A on shop: quantity rejected: E7 locked"] == caplog.messages
    assert [
        {"action": "rejected", "run": "r1", "channel": "shop", "sku": "A", "field": "quantity",
         "state": "rejected"}
    ] == said(caplog)  # fmt: skip


def test_of_many_refused_skus_the_first_are_named_and_all_are_counted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    rows = [row(f"S{number:03}", Verdict.REJECTED) for number in range(MOST_NAMED + 7)]

    tell(report(*rows))

    assert MOST_NAMED == sum("sku" in one for one in said(caplog))
    assert (
        f"channel shop: {MOST_NAMED + 7} changes sent, {MOST_NAMED + 7} of them not as wanted"
        in (caplog.messages)
    )


def test_what_is_not_read_back_yet_is_named_without_a_reason_that_it_has_not(
    floor: Shopfloor,
) -> None:
    floor.shop.list_sku("A", W1=9)
    floor.source.set(A=5)

    done = floor.cycle(looks=())

    assert ["shop: 1 change accepted, not read back yet (A)"] == [
        item.what for item in done.attention
    ]
