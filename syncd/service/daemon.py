"""`syncd run`: one configuration after another in force, until SIGTERM."""

import faulthandler
import logging
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import timedelta

from syncd.domain.counting import counted
from syncd.domain.errors import ConfigError, LeaseHeld, LedgerError, SyncdError, UsageError
from syncd.domain.report import ExitCode, Report
from syncd.engine.comparing import blast_radius
from syncd.engine.setup import EngineSetup, Silent
from syncd.ledger.store import SqlLedger, open_ledger_for_writing
from syncd.ports.clock import Clock
from syncd.ports.service import Reply, Request
from syncd.service.alerting import News, watching
from syncd.service.clock_watch import ClockWatch
from syncd.service.connectors import installed_kinds
from syncd.service.context import Context
from syncd.service.jobs import Jobs, Serving, Signs, tried_first, turns_of
from syncd.service.leasing import HeldLeases
from syncd.service.logs import configure_logs
from syncd.service.memory import keep, let_go
from syncd.service.notify import Notifier
from syncd.service.readiness import FirstCheck
from syncd.service.schedule import Schedule
from syncd.service.secrecy import WatchedCredentials
from syncd.service.stopping import FORCED
from syncd.service.watchdog import Watchdog
from syncd.service.web.configured import web_surface
from syncd.service.wiring import Opened, opened_for_work
from syncd.settings.credentials import StoredCredentials
from syncd.settings.loading import load_settings
from syncd.settings.settings import Settings

logger = logging.getLogger(__name__)

ALERTS = "alerts"
LOOK_EVERY = timedelta(minutes=1)

TICK = 1.0
READY_AFTER = timedelta(seconds=3)
"""A daemon that works is ready, also while its first readings take long; /readyz tells how current it is."""
FORCE = 25.0
"""Seconds after SIGTERM by which the work under way must have come to a rest; systemd waits longer."""


def run(context: Context) -> ExitCode:
    """Run until SIGTERM or SIGINT; what is under way is finished between batches, then exit 0.

    LeaseHeld when another daemon runs on this ledger or a command holds one of the channels. A daemon that
    stood still so long that another one took its place ends, too, with the same exit code.
    """
    configure_logs(logging.INFO)
    faulthandler.enable()  # systemd's watchdog ends us with SIGABRT: the log then says where we hung
    wishes = Wishes()
    wishes.install()
    settings = context.settings
    with open_ledger_for_writing(settings.ledger_url, context.clock) as ledger:
        ledger.begin_service()
        leases = HeldLeases(ledger)
        try:
            return Daemon(context, ledger, leases, wishes).serve(settings)
        finally:
            leases.release()
            ledger.end_service()
            logger.info("stopped", extra={"action": "stopped"})


class Wishes:
    """What signals ask for: to stop, at once when they ask twice, or to read the configuration again."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.wake = threading.Event()
        self.reloads: list[Request | None] = []
        self.displaced = False

    def install(self) -> None:
        """Take SIGTERM, SIGINT and SIGHUP."""
        signal.signal(signal.SIGTERM, self._asked_to_stop)
        signal.signal(signal.SIGINT, self._asked_to_stop)
        signal.signal(signal.SIGHUP, lambda *_: self.reload(None))

    def reload(self, request: Request | None) -> None:
        """Read the configuration again; the request, if a command asked, is answered then."""
        self.reloads.append(request)
        self.wake.set()

    def give_way(self) -> None:
        """Stop, because another daemon serves the ledger now."""
        if not self.stop.is_set():
            self.displaced = True
            self._stop()

    def _asked_to_stop(self, *_: object) -> None:
        if self.stop.is_set():
            os._exit(FORCED)
        self._stop()

    def _stop(self) -> None:
        self.stop.set()
        self.wake.set()
        watcher = threading.Timer(FORCE, os._exit, [FORCED])
        watcher.daemon = True
        watcher.start()


@dataclass(frozen=True, kw_only=True)
class InForce:
    """An opened configuration and all that must be closed with it."""

    settings: Settings
    opened: Opened
    closing: ExitStack = field(repr=False)


class Daemon:
    """Serves one configuration until it is told to stop or to take another."""

    def __init__(
        self, context: Context, ledger: SqlLedger, leases: HeldLeases, wishes: Wishes
    ) -> None:
        self._context = context
        self._ledger = ledger
        self._leases = leases
        self._wishes = wishes
        self._clock: Clock = context.clock
        self._notifier = Notifier.of(os.environ, self._clock)
        self._watchdog = Watchdog.of(os.environ, os.getpid(), self._notifier, self._clock)

    def serve(self, settings: Settings) -> ExitCode:
        """Run every job of this configuration, and of those that replace it."""
        present = self._open(settings)
        try:
            self._leases.keep(settings.channels)
            while True:
                with self._working(present) as schedule:
                    following = self._wait(present, schedule)
                if following is None:
                    return ExitCode.UNAVAILABLE if self._wishes.displaced else ExitCode.DONE
                present.closing.close()
                let_go()
                present = following
        finally:
            present.closing.close()

    def _open(self, settings: Settings) -> InForce:
        stack = ExitStack()
        opened = stack.enter_context(opened_for_work(settings, self._clock, Silent()))
        engine = replace(opened.engine, leases=self._leases)
        return InForce(
            settings=settings, opened=Opened(engine=engine, ledger=opened.ledger), closing=stack
        )

    @contextmanager
    def _working(self, present: InForce) -> Iterator[Schedule]:
        """Its jobs run; on leaving, those under way come to a rest between batches."""
        settings, engine = present.settings, present.opened.engine
        resting, news = threading.Event(), News()
        schedule = Schedule(settings.timezone, _threads(settings))
        first = FirstCheck(tried_first(settings), lambda: self._notifier.ready("running"))

        def told(report: Report) -> None:
            if news.is_in(report):
                schedule.at_once(ALERTS)

        jobs = Jobs(
            Serving(
                settings=settings, engine=engine, ledger=present.opened.ledger,
                leases=self._leases, schedule=schedule,
                stopping=lambda: resting.is_set() or self._wishes.stop.is_set(),
                reload=self._wishes.reload, displaced=self._wishes.give_way,
                finished=told, turns=turns_of(settings),
                signs=Signs(self._watchdog, first),
            )
        )  # fmt: skip
        jobs.add()
        _watch(settings, engine, schedule)
        surface = web_surface(settings, engine, os.environ, jobs.news)
        schedule.tick(self._watchdog.every, self._watchdog.tick)
        schedule.once("readiness", first.enough, after=READY_AFTER)
        keep()
        schedule.start()
        logger.info(
            "running: %s, %s, mode %s", counted(len(settings.sources), "source"),
            counted(len(settings.channels), "channel"), settings.mode.value,
            extra={"action": "started"},
        )  # fmt: skip
        try:
            with nullcontext() if surface is None else surface.serving():
                yield schedule
        finally:
            logger.info("finishing what is under way", extra={"action": "stopping"})
            if self._wishes.stop.is_set():
                self._notifier.stopping()
            resting.set()
            schedule.stop()

    def _wait(self, present: InForce, schedule: Schedule) -> InForce | None:
        """Until a new configuration is to be taken, or None to stop; minds the clock meanwhile."""
        watch = ClockWatch(self._clock)
        while not self._wishes.stop.is_set():
            self._wishes.wake.wait(TICK)
            self._wishes.wake.clear()
            while self._wishes.reloads and not self._wishes.stop.is_set():
                following = self._reloaded(present, self._wishes.reloads.pop(0))
                if following is not None:
                    return following
            moved = watch.jumped()
            if moved is not None:
                logger.warning(
                    "the clock moved by %.0f s; every job runs anew", moved,
                    extra={"action": "clock_jumped"},
                )  # fmt: skip
                schedule.realign()
        return None

    def _reloaded(self, present: InForce, request: Request | None) -> InForce | None:
        """The configuration as it is written now, opened; None when it is refused, which is said."""
        self._notifier.reloading()
        try:
            settings = load_settings(self._context.config_path, installed_kinds(), os.environ)
            if settings.ledger_url != present.settings.ledger_url:
                raise UsageError("`ledger` cannot change while syncd runs; restart it")
            following = self._open(settings)
        except ConfigError as error:
            lines = [str(problem) for problem in error.problems]
            self._refused(request, lines, ExitCode.USAGE)
            return None
        except SyncdError as error:
            self._refused(request, [str(error)], ExitCode.USAGE)
            return None
        try:
            self._leases.keep(settings.channels)
        except LeaseHeld as error:
            following.closing.close()
            self._refused(request, [str(error)], ExitCode.UNAVAILABLE)
            return None
        self._answer(request, Reply(code=0, text="\n".join(self._radius(following))))
        return following

    def _radius(self, following: InForce) -> Sequence[str]:
        """What the new configuration changes, in sentences, also in the log."""
        engine = following.opened.engine
        lines = ["the configuration is in force"]
        for setup in engine.channels.values():
            radius = blast_radius(engine, setup)
            held = "; more than its limits allow, so it will be held"
            lines.append(f"{radius}{held if radius.exceeds(setup.rules.limits) else ''}")
        for line in lines:
            logger.info("reload: %s", line, extra={"action": "reloaded"})
        return lines

    def _refused(self, request: Request | None, lines: Sequence[str], code: ExitCode) -> None:
        for line in lines:
            logger.error("reload refused: %s", line, extra={"action": "reload_refused"})
        logger.error("the former configuration stays in force", extra={"action": "reload_refused"})
        self._notifier.ready("running; the last reload was refused")
        text = "\n".join([*lines, "the former configuration stays in force"])
        self._answer(request, Reply(code=int(code), text=text))

    def _answer(self, request: Request | None, reply: Reply) -> None:
        if request is not None:
            self._ledger.reply(request.number, reply)


def _watch(settings: Settings, engine: EngineSetup, schedule: Schedule) -> None:
    """Alerts and heartbeat, as a job of their own: sending never keeps a run waiting."""
    alerts = watching(settings, engine, WatchedCredentials(StoredCredentials(os.environ)))
    if alerts is None:
        return

    def look() -> None:
        try:
            alerts.look(engine.clock.now())
        except LedgerError:
            logger.exception("alerts: nobody was told", extra={"action": "ledger_error"})

    schedule.every(ALERTS, LOOK_EVERY, look)


def _threads(settings: Settings) -> int:
    """Enough that a source or shop that hangs takes nobody else's turn."""
    return 5 + len(settings.sources) + 3 * len(settings.channels)
