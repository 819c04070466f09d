"""The commands that only look: status, report, history, explain, listings."""

import sys
from datetime import UTC, datetime, tzinfo

from syncd.domain.errors import UsageError
from syncd.domain.identity import RunId, Sku
from syncd.domain.report import ExitCode
from syncd.engine import explaining
from syncd.engine import looking as views
from syncd.engine.drafting import channel_bounds
from syncd.reporting.document import ReportDocument
from syncd.reporting.html import report_html
from syncd.reporting.machine import to_json
from syncd.reporting.tables import report_csv
from syncd.reporting.text import print_report
from syncd.reporting.views import (
    print_explanation,
    print_history,
    print_listings,
    print_status,
)
from syncd.service.context import Context
from syncd.service.wiring import opened_for_looking


def status(context: Context, as_json: bool) -> ExitCode:
    """Where everything stands."""
    with opened_for_looking(context.settings, context.clock) as opened:
        view = views.status(opened.engine, context.settings.ledger_url)
    if as_json:
        sys.stdout.write(to_json(view) + "\n")
    else:
        print_status(view, context.out, context.settings.timezone)
    return ExitCode.DONE


def report(context: Context, run: str | None, form: str) -> ExitCode:
    """The report of a run, as text, JSON, CSV or HTML."""
    if form not in {"text", "json", "csv", "html"}:
        raise UsageError(f"--format {form!r} is none of text, json, csv, html")
    with opened_for_looking(context.settings, context.clock) as opened:
        latest = next(iter(opened.ledger.reports(1)), None)
        stored = latest if run is None else opened.ledger.report(RunId(run))
    if stored is None or stored.document is None:
        which = (
            "no run is recorded yet: `syncd plan` makes one"
            if run is None
            else f"there is no run {run}"
        )
        raise UsageError(which)
    document = ReportDocument.parse(stored.document)
    if form == "text":
        print_report(document, context.out, context.settings.timezone)
    elif form == "json":
        sys.stdout.write(stored.document + "\n")
    elif form == "csv":
        sys.stdout.write(report_csv(document))
    else:
        sys.stdout.write(report_html(document, context.settings.timezone))
    return ExitCode.DONE


def history(
    context: Context, sku: str, limit: int, at: str | None, as_json: bool
) -> ExitCode:  # fmt: skip
    """What happened to a SKU."""
    moment = None if at is None else _moment(at, context.settings.timezone)
    with opened_for_looking(context.settings, context.clock) as opened:
        view = views.history(opened.engine, Sku(sku), limit, moment)
    if as_json:
        sys.stdout.write(to_json(view) + "\n")
    else:
        print_history(view, context.out, context.settings.timezone)
    return ExitCode.DONE


def _moment(text: str, timezone: tzinfo) -> datetime:
    """A time as ISO 8601; without an offset it is in the configured timezone, as reports show it."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--at {text!r} is no time; write it like 2026-11-23 18:36") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone)).astimezone(UTC)


def explain(context: Context, sku: str, as_json: bool) -> ExitCode:
    """Why a SKU's listings show what they show."""
    with opened_for_looking(context.settings, context.clock) as opened:
        engine = opened.engine
        bounds = {
            str(name): channel_bounds(engine, setup) for name, setup in engine.channels.items()
        }
        view = explaining.explain(engine, Sku(sku), bounds)
    if as_json:
        sys.stdout.write(to_json(view) + "\n")
    else:
        print_explanation(view, context.out, context.settings.timezone)
    return ExitCode.DONE


def listings(context: Context, as_json: bool) -> ExitCode:
    """What is mapped, unmapped, parked and near."""
    with opened_for_looking(context.settings, context.clock) as opened:
        view = views.listings(opened.engine)
    if as_json:
        sys.stdout.write(to_json(view) + "\n")
    else:
        print_listings(view, context.out, context.settings.timezone)
    return ExitCode.DONE
