"""One run from sources to report: ingest, plan, guard, send, read back; each channel on its own."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from syncd.domain.change import Change
from syncd.domain.errors import (
    ChannelError,
    ChannelUnauthorized,
    LeaseHeld,
    LeaseLost,
)
from syncd.domain.guard import HELD_BY
from syncd.domain.identity import ChannelName, RunId, Sku, SourceName
from syncd.domain.outcome import Accepted, Rejected, Unknown, Verdict
from syncd.domain.report import (
    ChangeReport,
    ChannelReport,
    ChannelState,
    Report,
    Requests,
    SourceReport,
)
from syncd.engine.applying import Interrupted, Sender, Sent
from syncd.engine.attention import attention, parked
from syncd.engine.drafting import Drafted, draft_plan
from syncd.engine.draining import drain
from syncd.engine.drifting import decide_drift, decide_now
from syncd.engine.escrow_moving import carry_out, credit, doubt_what_died, next_look
from syncd.engine.ingest import ingest_marked, mark_what_time_changed
from syncd.engine.mapping import unmapped
from syncd.engine.ordering import poll_orders
from syncd.engine.scanning import scan_if_due, vanished
from syncd.engine.setup import ChannelSetup, EngineSetup, Mode, ProgressSink, Trigger
from syncd.engine.telling import tell
from syncd.engine.verifying import (
    LOOKS,
    VERIFY_WITHIN,
    clear_verified,
    settle_unresolved,
    verify,
)
from syncd.engine.watching import shortages
from syncd.engine.writing_back import Books, write_back
from syncd.ports.ledger import Lease
from syncd.ports.records import Pause


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What one run is asked to do: which sources, which channels, how far, and for which SKUs only."""

    trigger: Trigger
    word: str
    sources: Sequence[SourceName]
    channels: Sequence[ChannelName]
    only: Sequence[Sku] | None = None
    send: bool = False
    drains: bool = False
    """Whether it goes on until no booking is due, because nobody comes after it."""
    whole: bool = False
    """Whether sources that could tell what changed are read whole."""
    looks: Sequence[float] = LOOKS
    """Seconds after the last send at which it is read back; what is not seen by then is left to the next
    cycle, which calls it contradicted once the last of LOOKS is over."""


class Confirming:
    """Every step of long work proves that the lease is still ours, and keeps it alive."""

    def __init__(self, lease: Lease, inner: ProgressSink) -> None:
        self._lease = lease
        self._inner = inner

    def step(self, label: str, done: int, total: int | None) -> None:
        """Confirm, then tell; LeaseLost when another process took the channel over."""
        self._lease.confirm()
        self._inner.step(label, done, total)

    def close(self) -> None:
        """Pass it on."""
        self._inner.close()


def never() -> bool:
    """Nobody asked to stop."""
    return False


def run_cycle(
    engine: EngineSetup, task: Task, render: Callable[[Report], str],
    stopping: Callable[[], bool] = never,
) -> Report:  # fmt: skip
    """Do the task and record it. One source's or channel's failure touches no other."""
    run = engine.ledger.begin_run(task.word)
    started = engine.clock.now()
    sources = ingest_marked(engine, run, task.sources, whole=task.whole)
    mark_what_time_changed(engine)
    channels = [
        channel_cycle(engine, engine.channels[name], run, task, stopping) for name in task.channels
    ]
    if task.drains:
        further = replace(task, trigger=Trigger.SCHEDULE)  # a small shop is read whole once only
        channels = drain(
            engine, channels,
            lambda name: channel_cycle(engine, engine.channels[name], run, further, stopping),
            stopping,
        )  # fmt: skip
    return finish(engine, run, started, task, (sources, channels), render)


def finish(
    engine: EngineSetup, run: RunId, started: datetime, task: Task,
    parts: tuple[Sequence[SourceReport], Sequence[ChannelReport]],
    render: Callable[[Report], str],
) -> Report:  # fmt: skip
    """Put the report together and keep it."""
    engine.progress.close()
    sources, channels = parts
    for part in channels:
        if not part.leased:  # another process had the channel: nothing was learned about the shop
            engine.ledger.record_standing(part.name, part.state, part.message)
    standings = engine.ledger.standings()
    report = Report(
        run=run,
        started_at=started,
        finished_at=engine.clock.now(),
        trigger=task.word,
        sources=tuple(sources),
        channels=tuple(channels),
        attention=(
            *shortages(engine, standings, engine.clock.now()),
            *attention(engine, sources, channels, started, standings),
        ),
    )
    engine.ledger.finish_run(run, report.status(), render(report))
    tell(report)
    return report


def channel_cycle(
    engine: EngineSetup, setup: ChannelSetup, run: RunId, task: Task, stopping: Callable[[], bool]
) -> ChannelReport:
    """Plan one channel, and send the plan when the task says so; every failure is part of the report."""
    report = _served(engine, setup, run, task, stopping)
    if not task.send or report.leased or engine.mode is not Mode.APPLY:
        return report
    left = engine.ledger.waiting_bookings(setup.name, engine.writers())
    return replace(report, unbooked=left)


def _served(
    engine: EngineSetup, setup: ChannelSetup, run: RunId, task: Task, stopping: Callable[[], bool]
) -> ChannelReport:
    before = setup.channel.requests()
    try:
        if not task.send:
            return _planned(engine, setup, run, task, before)
        with engine.lease(setup.name) as lease:
            leased = replace(engine, progress=Confirming(lease, engine.progress))
            paused = engine.ledger.paused(setup.name)
            if paused is not None:
                return _only_heard(leased, setup, paused, before, lease, stopping)
            return _applied(leased, setup, run, task, before, lease, stopping)
    except ChannelUnauthorized as error:
        return _stopped(engine, setup, ChannelState.UNAUTHORIZED, str(error), before)
    except ChannelError as error:
        return _stopped(engine, setup, ChannelState.UNAVAILABLE, str(error), before)
    except (LeaseHeld, LeaseLost) as error:
        return ChannelReport(
            name=setup.name,
            state=ChannelState.UNAVAILABLE,
            listings=engine.ledger.listing_count(setup.name),
            message=str(error),
            leased=True,
        )


def _stopped(
    engine: EngineSetup, setup: ChannelSetup, state: ChannelState, message: str, before: Requests
) -> ChannelReport:
    return ChannelReport(
        name=setup.name,
        state=state,
        listings=engine.ledger.listing_count(setup.name),
        message=message,
        requests=_since(setup, before),
        parked=len(parked(engine, setup.name, engine.clock.now())),
        unmapped=sum(1 for _ in unmapped(engine, setup)),
    )


def _only_heard(
    engine: EngineSetup, setup: ChannelSetup, paused: Pause, before: Requests, lease: Lease,
    stopping: Callable[[], bool],
) -> ChannelReport:  # fmt: skip
    """A paused channel is sent nothing, but it goes on selling: its orders are read and taken off sources."""
    books = Books(engine, setup, lease, stopping)
    try:
        poll_orders(engine, setup)
    finally:
        books.write()  # the sources may be well
    report = _stopped(engine, setup, ChannelState.PAUSED, paused.reason, before)
    return replace(report, bookings=books.written())


def _prepare(engine: EngineSetup, setup: ChannelSetup, run: RunId, task: Task) -> str:
    """What has to be known before a plan; what a full read of the listings found, in words."""
    engine.ledger.release_due_parks(setup.name, engine.clock.now())
    engine.ledger.rebind(setup.name, setup.rules.fingerprint, setup.rules.bound_sku)
    found = scan_if_due(engine, setup, run, task.trigger)
    poll_orders(engine, setup)
    decide_drift(engine, setup)
    return vanished(found)


def _planned(
    engine: EngineSetup, setup: ChannelSetup, run: RunId, task: Task, before: Requests
) -> ChannelReport:
    told = _prepare(engine, setup, run, task)
    drafted = draft_plan(engine, setup, run, task.only, {})
    rows = [ChangeReport(change=change, verdict=Verdict.PLANNED) for change in drafted.plan.changes]
    return replace(_report(engine, setup, drafted, rows, before), message=told)


def _applied(
    engine: EngineSetup, setup: ChannelSetup, run: RunId, task: Task, before: Requests,
    lease: Lease, stopping: Callable[[], bool],
) -> ChannelReport:  # fmt: skip
    # a daemon leaves a late read-back to its next cycle; any other process decides before it goes on
    waits = task.trigger is Trigger.SERVICE
    doubt_what_died(engine, setup, lease)
    try:
        hoped = settle_unresolved(engine, setup, run, VERIFY_WITHIN if waits else timedelta(0))
        told = _prepare(engine, setup, run, task)
    except ChannelError:
        write_back(engine, setup, lease, stopping)  # the source may be well
        raise
    # before anything is planned, so that the merchant's own shop stops selling what was sold here
    books = Books(engine, setup, lease, stopping)
    books.write()
    credit(engine, setup, lease)
    drafted = draft_plan(engine, setup, run, task.only, hoped)
    if carry_out(engine, setup, lease, drafted):
        books.write()
        credit(engine, setup, lease)
    sender = Sender(engine, setup, run, lease, drafted, stopping, books.keep_up)
    stopped_by: ChannelError | None = None
    try:
        sent = sender.send(drafted.plan.changes)
    except Interrupted as error:
        sent, stopped_by = error.results, error.cause
    verdicts: Mapping[tuple[str, str, str, str], Verdict] = {}
    if stopped_by is None:
        try:
            verdicts = verify(engine, setup, run, sent, task.looks, stopping)
            clear_verified(engine, setup, drafted, sent, verdicts)
            if not stopping():
                decide_now(engine, setup)
        except ChannelError as error:
            stopped_by = error
    rows = change_reports(drafted.plan.changes, sent, verdicts)
    books.write()  # for orders that came in the meantime
    report = replace(
        _report(engine, setup, drafted, rows, before), message=told, bookings=books.written()
    )
    return report if stopped_by is None else _with_failure(report, stopped_by)


def _with_failure(report: ChannelReport, error: ChannelError) -> ChannelReport:
    unauthorized = isinstance(error, ChannelUnauthorized)
    state = ChannelState.UNAUTHORIZED if unauthorized else ChannelState.UNAVAILABLE
    return replace(report, state=state, message=str(error))


def change_reports(
    changes: Sequence[Change], sent: Sequence[Sent],
    verdicts: Mapping[tuple[str, str, str, str], Verdict],
) -> list[ChangeReport]:  # fmt: skip
    """What became of every planned row, in the plan's order; a row nobody came to is still planned."""
    results = {row.change.key: row for row in sent}
    return [
        _change_report(results[change.key], verdicts.get(change.key))
        if change.key in results
        else ChangeReport(change=change, verdict=Verdict.PLANNED, message="not sent: stopping")
        for change in changes
    ]


def _change_report(row: Sent, verdict: Verdict | None) -> ChangeReport:
    outcome = row.outcome
    if isinstance(outcome, Rejected):
        word = Verdict.SKIPPED if outcome.skip else Verdict.REJECTED
        return ChangeReport(
            change=row.change, verdict=word, code=outcome.code, message=outcome.message
        )
    if isinstance(outcome, Unknown):
        word = Verdict.VERIFIED if verdict is Verdict.VERIFIED else Verdict.UNKNOWN
        return ChangeReport(change=row.change, verdict=word, sent=row.sent, message=outcome.reason)
    if isinstance(outcome, Accepted):
        message = outcome.note or (
            "the shop shows another value" if verdict is Verdict.CONTRADICTED else None
        )
        return ChangeReport(
            change=row.change, verdict=verdict or Verdict.ACCEPTED, sent=row.sent, message=message
        )
    word = Verdict.PLANNED if row.note.startswith("not sent") else Verdict.SKIPPED
    return ChangeReport(change=row.change, verdict=word, message=row.note)


def _report(
    engine: EngineSetup, setup: ChannelSetup, drafted: Drafted, rows: Sequence[ChangeReport],
    before: Requests,
) -> ChannelReport:  # fmt: skip
    plan = drafted.plan
    held = [
        ChangeReport(
            change=row.change, verdict=Verdict.HELD, code=row.hazard,
            message=HELD_BY.get(row.hazard, row.hazard),
        )
        for row in plan.held
    ]  # fmt: skip
    with engine.ledger.at_one_moment():
        aside = len(parked(engine, setup.name, engine.clock.now()))
        homeless = sum(1 for _ in unmapped(engine, setup))
    return ChannelReport(
        name=setup.name,
        state=ChannelState.HELD if held else ChannelState.OK,
        listings=plan.listings,
        plan=plan.digest,
        hazards=plan.hazards,
        changes=(*held, *rows),
        skipped=plan.skipped,
        parked=aside,
        unmapped=homeless,
        requests=_since(setup, before),
        warehouses=setup.rules.warehouse_names,
        look_again=next_look(drafted),
    )


def _since(setup: ChannelSetup, before: Requests) -> Requests:
    now = setup.channel.requests()
    return Requests(
        sent=now.sent - before.sent,
        throttled=now.throttled - before.throttled,
        retried=now.retried - before.retried,
    )
