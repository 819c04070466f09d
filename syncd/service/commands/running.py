"""The commands that run a cycle: ingest, plan and apply."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from syncd.domain.errors import UsageError
from syncd.domain.identity import ChannelName, Digest, Sku
from syncd.domain.report import ExitCode, Report
from syncd.engine.cycle import Task, run_cycle
from syncd.engine.setup import EngineSetup, Mode, ProgressSink, Trigger
from syncd.reporting.document import ReportDocument, from_report
from syncd.reporting.machine import report_document
from syncd.reporting.progress import Progress
from syncd.reporting.text import print_report
from syncd.service.context import Context
from syncd.service.handing import hand_over
from syncd.service.stopping import stop_on_signals
from syncd.service.wiring import Opened, named, opened_for_reading, opened_for_work

APPROVED_FOR = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Apply:
    """What `syncd apply` was asked for."""

    channels: Sequence[str] = ()
    digest: str | None = None
    reason: str | None = None
    skus: Sequence[str] = ()


class Renderer(Protocol):
    """Shows a finished report."""

    def __call__(self, report: Report) -> None:
        """Show it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingest:
    """What `syncd ingest` was asked for."""

    sources: Sequence[str] = ()
    accept: str | None = None
    reason: str | None = None
    whole: bool = False


def ingest(context: Context, wanted: Ingest, as_json: bool) -> ExitCode:
    """Read sources; with `accept`, take one refused content once."""
    settings = context.settings
    names = named(wanted.sources, settings.sources, "source")
    if wanted.accept is not None and (len(wanted.sources) != 1 or not wanted.reason):
        raise UsageError(
            'name the source and say why: syncd ingest SOURCE --accept FINGERPRINT --reason "…"'
        )
    with opened_for_reading(settings, context.clock, progress(context)) as opened:
        if wanted.accept is not None:
            opened.ledger.accept(names[0], wanted.accept, wanted.reason or "")
        task = Task(
            trigger=Trigger.BY_HAND, word="ingest", sources=names, channels=(), whole=wanted.whole
        )
        return _run(context, opened.engine, task, as_json)


def plan(context: Context, channels: Sequence[str], as_json: bool) -> ExitCode:
    """Ingest, plan, show, save; nothing is changed on a channel."""
    settings = context.settings
    names = named(channels, settings.channels, "channel")
    with opened_for_work(settings, context.clock, progress(context)) as opened:
        task = Task(
            trigger=Trigger.BY_HAND, word="plan", sources=list(settings.sources), channels=names
        )
        return _run(context, opened.engine, task, as_json)


def apply(context: Context, wanted: Apply, as_json: bool) -> ExitCode:
    """Ingest, plan, guard, send, read back, report."""
    settings = context.settings
    names = named(wanted.channels, settings.channels, "channel")
    if settings.mode.value != Mode.APPLY:
        raise UsageError(observing(context))
    if wanted.digest is not None and not wanted.reason:
        raise UsageError('releasing a plan needs a reason: syncd apply --plan DIGEST --reason "…"')
    with opened_for_work(settings, context.clock, progress(context)) as opened:
        if wanted.digest is not None:
            names = [_release(opened, names, wanted.digest, wanted.reason or "")]
        living = opened.ledger.running()
        if living is not None and any(opened.ledger.writer(name) == living.pid for name in names):
            skus, show = [Sku(sku) for sku in wanted.skus], _shower(context, as_json)
            return hand_over(context, opened.ledger, living, names, skus, show)
        task = Task(
            trigger=Trigger.BY_HAND,
            word="apply",
            sources=list(settings.sources),
            channels=names,
            only=[Sku(sku) for sku in wanted.skus] or None,
            send=True,
            drains=True,
        )
        return _run(context, opened.engine, task, as_json)


def _shower(context: Context, as_json: bool) -> Callable[[str], None]:
    """How the JSON of a report is shown."""

    def show(document: str) -> None:
        if as_json:
            sys.stdout.write(document + "\n")
            return
        parsed = ReportDocument.model_validate_json(document)
        print_report(parsed, context.out, context.settings.timezone)

    return show


def observing(context: Context) -> str:
    """Which line forbids sending."""
    origin = context.settings.mode_origin
    where = f"{context.config_path} has no line `mode:`, so mode is observe"
    if origin != "default":
        where = f"{origin}: mode is observe"
    return f"{where} and nothing is sent; `syncd plan` shows what would be, `mode: apply` allows it"


def _release(
    opened: Opened, channels: Sequence[ChannelName], digest: str, reason: str
) -> ChannelName:
    for name in channels:
        stored = opened.ledger.plan(name, digest)
        if stored is not None:
            until = opened.engine.clock.now() + APPROVED_FOR
            opened.ledger.approve(name, Digest(stored.digest), reason, until)
            return name
    raise UsageError(f"no saved plan of {', '.join(channels)} has the digest {digest}")


def _run(context: Context, engine: EngineSetup, task: Task, as_json: bool) -> ExitCode:
    with stop_on_signals() as stopping:
        report = run_cycle(engine, task, report_document, stopping)
    if as_json:
        sys.stdout.write(report_document(report) + "\n")
    else:
        print_report(from_report(report), context.out, context.settings.timezone)
    return report.exit_code()


def progress(context: Context) -> ProgressSink:
    """Progress bars on stderr when it is a terminal."""
    return Progress(context.err)
