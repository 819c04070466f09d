"""What a daemon does and when: every job by name, and which of them news sets going at once."""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta

from syncd.domain.change import Field
from syncd.domain.errors import ChannelError, LeaseLost, LedgerError
from syncd.domain.identity import ChannelName, SourceName
from syncd.domain.report import ChannelReport, ChannelState, ExitCode, Report, Status
from syncd.engine.cycle import Task, run_cycle
from syncd.engine.draining import until_next
from syncd.engine.hearing import hear
from syncd.engine.ordering import poll_orders
from syncd.engine.reconciling import reconcile
from syncd.engine.setup import EngineSetup, Mode, Trigger
from syncd.ledger.store import SqlLedger
from syncd.ports.deliveries import WaitingDelivery
from syncd.ports.service import Reply, Request, Word
from syncd.reporting.machine import report_document
from syncd.service.leasing import HeldLeases
from syncd.service.memory import give_back
from syncd.service.readiness import FirstCheck
from syncd.service.schedule import Schedule
from syncd.service.watchdog import Watchdog
from syncd.settings.settings import Settings

logger = logging.getLogger(__name__)

LOOKS = (0.5, 2.0)
"""A daemon does not wait longer to see a write: what the shop shows later is seen by the next cycle."""
LOOK_AGAIN = timedelta(seconds=5)
AFTERWARDS = timedelta(seconds=2)
"""So long after a moment orders up to it can be asked for, with some time to spare."""
AT_LEAST = timedelta(seconds=1)
ORDERS_AGAIN = timedelta(seconds=3)
"""After a write, so that orders made until 2 s after it landed are in the feed (reliability, rule 8)."""
ASK = timedelta(seconds=1)
BEAT = timedelta(seconds=10)
TIDY = timedelta(days=1)
SOON = timedelta(minutes=1)
SELDOM = timedelta(days=1)
"""For jobs that others set going."""
MOST_DELIVERIES = 10_000
LONG_RUN = timedelta(seconds=2)
"""A longer run handled so much that it leaves memory behind which is worth giving back."""
MEMORY = "memory"
MEMORY_LATER = timedelta(minutes=1)
"""With fifty channels some run is long at any time; giving back after each took half of all the work."""


def reading(name: str) -> str:
    """The job that reads a source."""
    return f"read {name}"


def publishing(name: str) -> str:
    """The job that polls a channel's orders and publishes what is dirty."""
    return f"publish {name}"


def late(name: str) -> str:
    """The job that asks for a channel's orders after a write."""
    return f"late orders of {name}"


def hearing(name: str) -> str:
    """The job that looks at what webhooks of a channel tell before anything is asked of it."""
    return f"hear {name}"


def reconciling(name: str) -> str:
    """The job that compares everything a channel lists."""
    return f"reconcile {name}"


@dataclass(frozen=True, kw_only=True)
class Serving:
    """One configuration in force."""

    settings: Settings
    engine: EngineSetup
    ledger: SqlLedger
    leases: HeldLeases
    schedule: Schedule
    stopping: Callable[[], bool]
    reload: Callable[[Request], None]
    displaced: Callable[[], None]
    finished: Callable[[Report], None]
    signs: "Signs"
    turns: Mapping[str, threading.Lock] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Signs:
    """Who is told that jobs run: the watchdog while they do, and the readiness when they did."""

    watchdog: Watchdog
    first: FirstCheck


def tried_first(settings: Settings) -> list[str]:
    """The jobs that run as soon as the daemon is up; a source with `cron` waits for its hour."""
    sources = [reading(name) for name, item in settings.sources.items() if item.cron is None]
    return [*sources, *(publishing(name) for name in settings.channels)]


def turns_of(settings: Settings) -> dict[str, threading.Lock]:
    """Who uses a source or channel now: one at a time, however it was set going."""
    return {name: threading.Lock() for name in (*settings.sources, *settings.channels)}


class Jobs:
    """Reads each source, publishes and reconciles each channel, answers requests, keeps the house."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving
        self._engine = replace(serving.engine, wake=self._wake)
        self._schedule = serving.schedule
        self._heard: dict[str, int] = {}
        """The last delivery of each channel that was heard: hearing one twice does no harm."""

    def add(self) -> None:
        """Put every job on the schedule."""
        settings, schedule = self._serving.settings, self._schedule
        for name, source in settings.sources.items():
            job = self._read(name)
            if source.cron is not None:
                schedule.cron(reading(name), source.cron, job)
            else:
                schedule.every(reading(name), source.every, job)
        for channel, item in settings.channels.items():
            schedule.every(publishing(channel), item.orders_every, self._publish(channel))
            self._schedule.every(late(channel), SELDOM, self._late(channel), first=SELDOM)
            schedule.on_demand(hearing(channel), self._listen(channel))
            due = self._until_reconcile(channel, item.reconcile_every)
            schedule.every(
                reconciling(channel), item.reconcile_every, self._reconcile(channel), first=due
            )
        for receiver in self._serving.ledger.waiting_counts():
            self.news(receiver)
        schedule.every("requests", ASK, self._answer)
        schedule.every("heartbeat of leases", BEAT, self._beat)
        schedule.every("retention", TIDY, self._tidy, first=SOON)
        schedule.every(MEMORY, SELDOM, give_back, first=SELDOM)

    def news(self, receiver: str) -> None:
        """A webhook came for a source or channel: look there at once, unless it tells of our own writes."""
        names = self._serving.settings
        job = reading(receiver) if receiver in names.sources else hearing(receiver)
        self._schedule.at_once(job)

    def _wake(self, channel: ChannelName) -> None:
        self._schedule.at_once(publishing(channel))

    def _listen(self, name: ChannelName) -> Callable[[], None]:
        def listen() -> None:
            ledger, until = self._serving.ledger, self._heard.get(name, 0)
            waiting = ledger.waiting_deliveries(name, MOST_DELIVERIES, until)
            if self._hear(name, waiting) < len(waiting):
                self._schedule.at_once(publishing(name))

        return listen

    def _hear(self, name: str, waiting: Sequence[WaitingDelivery]) -> int:
        """Take in what these deliveries of a channel tell; how many of them ask for nothing more."""
        setup = self._engine.channels.get(ChannelName(name))
        if setup is None or not waiting:
            return 0
        done = hear(self._engine, setup, waiting)
        self._serving.ledger.settle_each(name, done)
        self._heard[name] = max(self._heard.get(name, 0), waiting[-1].number)
        return len(done)

    def _until_reconcile(self, channel: ChannelName, every: timedelta) -> timedelta:
        """A channel never scanned is scanned by its first cycle; else the hour goes on where it was."""
        scanned = self._engine.ledger.scanned_at(channel)
        if scanned is None:
            return every
        return max(timedelta(0), min(every, scanned + every - self._engine.clock.now()))

    def _read(self, name: SourceName) -> Callable[[], None]:
        def read() -> None:
            task = Task(trigger=Trigger.SERVICE, word=reading(name), sources=[name], channels=())
            report = self._delivered(name, lambda: self._cycle(task, [name]))
            if report is not None and any(part.changed or part.missing for part in report.sources):
                for channel in self._serving.settings.channels:
                    self._schedule.at_once(publishing(channel))

        return read

    def _publish(self, name: ChannelName) -> Callable[[], None]:
        def publish() -> None:
            task = Task(
                trigger=Trigger.SERVICE, word=publishing(name), sources=(), channels=[name],
                send=self._engine.mode is Mode.APPLY, looks=LOOKS,
            )  # fmt: skip
            report = self._delivered(name, lambda: self._cycle(task, [name]))
            if report is not None and any(map(_wrote, report.channels)):
                self._schedule.later(late(name), ORDERS_AGAIN)
            again = self._again(name, report)
            if again is not None and not self._serving.stopping():
                self._go_on(name, again)

        return publish

    def _go_on(self, name: ChannelName, wait: timedelta) -> None:
        if wait:
            self._schedule.later(publishing(name), wait)
        else:
            self._schedule.at_once(publishing(name))

    def _again(self, name: ChannelName, report: Report | None) -> timedelta | None:
        """When to publish again before its time: for a write not seen yet, or bookings that are due."""
        ledger, now = self._engine.ledger, self._engine.clock.now()
        waits: list[timedelta] = [LOOK_AGAIN] if ledger.unresolved(name) else []
        if report is not None and all(part.state in _USED for part in report.channels):
            due = [until_next(self._engine, part) for part in report.channels]
            if timedelta(0) in due:
                return timedelta(0)
            waits += [wait for wait in due if wait is not None and wait <= LOOK_AGAIN]
            waits += [
                part.look_again - now + AFTERWARDS for part in report.channels if part.look_again
            ]
        return max(min(waits), AT_LEAST) if waits else None

    def _late(self, name: ChannelName) -> Callable[[], None]:
        """Ask for orders once more after a write, and publish at once when some came.

        An order that came while a quantity was on its way is overwritten by it, and its webhook may be lost.
        """

        def ask() -> None:
            if self._serving.stopping():
                return
            try:
                with self._serving.turns[name]:
                    news = poll_orders(self._engine, self._engine.channels[name]).moved
            except (ChannelError, LedgerError) as error:  # the next cycle polls again, and tells
                logger.debug("%s: %s", late(name), error, extra={"action": "late_orders"})
                return
            if news:
                self._schedule.at_once(publishing(name))

        return ask

    def _reconcile(self, name: ChannelName) -> Callable[[], None]:
        def compare() -> None:
            setup = self._engine.channels[name]
            task = Task(
                trigger=Trigger.SERVICE, word=reconciling(name), sources=(), channels=[name]
            )
            if self._engine.ledger.paused(name) is None and not self._serving.stopping():
                with self._watched(task.word) as engine:
                    report = reconcile(engine, setup, task, report_document)
                self._finished(report)
                if self._engine.ledger.dirty_count(name):
                    self._schedule.at_once(publishing(name))

        return compare

    def _answer(self) -> None:
        """Do what commands handed over."""
        for request in self._serving.ledger.take_requests():
            logger.info("asked: %s", request.word, extra={"action": "request"})
            if request.word is Word.RELOAD:
                self._serving.reload(request)
            elif request.word is Word.PUBLISH:
                for channel in request.channels:
                    self._schedule.at_once(publishing(channel))
                self._serving.ledger.reply(request.number, Reply(code=0, text="under way"))
            else:
                self._schedule.once(f"request {request.number}", self._apply(request))

    def _apply(self, request: Request) -> Callable[[], None]:
        """`syncd apply` on behalf of another process; its report answers."""

        def apply() -> None:
            reply = Reply(code=int(ExitCode.UNEXPECTED), text="the daemon failed; its log says why")
            try:
                reply = self._applied(request)
            finally:
                self._serving.ledger.reply(request.number, reply)

        return apply

    def _applied(self, request: Request) -> Reply:
        settings, sources = self._serving.settings, list(self._serving.settings.sources)
        if not set(request.channels) <= set(settings.channels):
            text = "the daemon does not know this channel yet; run `syncd reload` first"
            return Reply(code=int(ExitCode.USAGE), text=text)
        if self._engine.mode is not Mode.APPLY:
            text = "the daemon runs in mode observe; run `syncd reload` if the file says apply"
            return Reply(code=int(ExitCode.USAGE), text=text)
        task = Task(
            trigger=Trigger.BY_HAND, word="apply", sources=sources, channels=request.channels,
            only=request.skus or None, send=True,
        )  # fmt: skip
        report = self._cycle(task, [*sources, *request.channels])
        if report is None:
            text = "the daemon could not do it now; its log says why"
            return Reply(code=int(ExitCode.UNAVAILABLE), text=text)
        for part in report.channels:
            if part.unbooked:
                self._schedule.at_once(publishing(part.name))
        return Reply(code=int(report.exit_code()), text="", run=report.run)

    def _beat(self) -> None:
        try:
            self._serving.ledger.beat()
        except LeaseLost as error:
            logger.error("%s", error, extra={"action": "displaced"})  # noqa: TRY400 - it says it all
            self._serving.displaced()
        self._serving.leases.confirm()

    def _tidy(self) -> None:
        now, kept = self._engine.clock.now(), self._serving.settings.retention
        gone = self._serving.ledger.prune(now - kept.movements, now - kept.runs)
        logger.info("retention: %d old movements forgotten", gone, extra={"action": "retention"})
        problem = self._serving.ledger.integrity_problem()
        if problem is not None:
            logger.critical(
                "the ledger is damaged: %s; stop syncd and restore a backup of it", problem,
                extra={"action": "ledger_damaged"},
            )  # fmt: skip

    def _cycle(self, task: Task, places: Iterable[str]) -> Report | None:
        """One run; a ledger that cannot be used is logged and tried again at the next time."""
        if self._serving.stopping():
            return None
        with ExitStack() as stack:
            # always in the same order, so that two who wait for each other cannot come about
            for name in sorted(places):
                stack.enter_context(self._serving.turns[name])
            try:
                with self._watched(task.word) as engine:
                    report = run_cycle(engine, task, report_document, self._serving.stopping)
            except LedgerError:
                logger.exception(
                    "%s: nothing was done", task.word, extra={"action": "ledger_error"}
                )
                return None
            finally:
                self._serving.signs.first.done(task.word)
        self._finished(report)
        return report

    def _delivered(self, name: str, cycle: Callable[[], Report | None]) -> Report | None:
        """What webhooks pointed at before a cycle began is settled by it; numbers in them are never used."""
        waiting = self._serving.ledger.waiting_deliveries(name, MOST_DELIVERIES)
        until = self._heard.get(name, 0)
        self._hear(name, [item for item in waiting if item.number > until])
        report = cycle()
        if waiting and report is not None and report.status() is not Status.FAILED:
            self._serving.ledger.settle_deliveries(name, waiting[-1].number)
        return report

    @contextmanager
    def _watched(self, word: str) -> Iterator[EngineSetup]:
        """The engine for one job, whose every step the watchdog sees."""
        with self._serving.signs.watchdog.working(word, self._engine.progress) as progress:
            yield replace(self._engine, progress=progress)

    def _finished(self, report: Report) -> None:
        if report.finished_at - report.started_at > LONG_RUN:
            self._schedule.later(MEMORY, MEMORY_LATER)
        self._serving.finished(report)


_USED = frozenset({ChannelState.OK, ChannelState.HELD, ChannelState.PAUSED})


def _wrote(part: ChannelReport) -> bool:
    """Whether a quantity was sent."""
    return any(row.sent is not None and row.change.field is Field.QUANTITY for row in part.changes)
