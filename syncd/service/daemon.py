"""`syncd run`: a job per source and per channel, until SIGTERM."""

import logging
import os
import signal
import threading
from collections.abc import Callable
from datetime import timedelta

from syncd.domain.counting import counted
from syncd.domain.errors import LedgerError
from syncd.domain.identity import ChannelName, SourceName
from syncd.domain.report import ExitCode, Report
from syncd.engine.cycle import Task, run_cycle
from syncd.engine.setup import EngineSetup, Mode, Silent, Trigger
from syncd.reporting.machine import report_document
from syncd.service.alerting import watching
from syncd.service.context import Context
from syncd.service.logs import configure_logs
from syncd.service.schedule import Schedule
from syncd.service.wiring import opened_for_work
from syncd.settings.credentials import StoredCredentials
from syncd.settings.settings import Settings

logger = logging.getLogger(__name__)


def run(context: Context) -> ExitCode:
    """Run until SIGTERM or SIGINT; what is under way is finished between batches, then exit 0."""
    settings = context.settings
    configure_logs(logging.INFO)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    with opened_for_work(settings, context.clock, Silent()) as opened:
        schedule = Schedule(settings.timezone)
        Jobs(opened.engine, settings, schedule, stopping.is_set).add()
        _watch(opened.engine, settings, schedule)
        schedule.start()
        logger.info(
            "running: %s, %s, mode %s", counted(len(settings.sources), "source"),
            counted(len(settings.channels), "channel"), settings.mode.value,
            extra={"action": "started"},
        )  # fmt: skip
        stopping.wait()
        logger.info("stopping: finishing what is under way", extra={"action": "stopping"})
        schedule.stop()
    logger.info("stopped", extra={"action": "stopped"})
    return ExitCode.DONE


ALERTS = "alerts"
LOOK_EVERY = timedelta(minutes=1)


def _watch(engine: EngineSetup, settings: Settings, schedule: Schedule) -> None:
    """Alerts and heartbeat, as a job of their own: sending never keeps a run waiting."""
    alerts = watching(settings, engine, StoredCredentials(os.environ))
    if alerts is None:
        return

    def look() -> None:
        try:
            alerts.look(engine.clock.now())
        except LedgerError:
            logger.exception("alerts: nobody was told", extra={"action": "ledger_error"})

    schedule.every(ALERTS, LOOK_EVERY, look)


class Jobs:
    """What is scheduled: reading each source, publishing each channel, and publishing at once on news."""

    def __init__(
        self, engine: EngineSetup, settings: Settings, schedule: Schedule,
        stopping: Callable[[], bool],
    ) -> None:  # fmt: skip
        self._engine = engine
        self._settings = settings
        self._schedule = schedule
        self._stopping = stopping

    def add(self) -> None:
        """Put every job on the schedule."""
        for name, source in self._settings.sources.items():
            job = self._reading(name)
            if source.cron is not None:
                self._schedule.cron(f"read {name}", source.cron, job)
            else:
                self._schedule.every(f"read {name}", source.every, job)
        for channel, item in self._settings.channels.items():
            self._schedule.every(f"publish {channel}", item.orders_every, self._publishing(channel))

    def _reading(self, name: SourceName) -> Callable[[], None]:
        def read() -> None:
            task = Task(trigger=Trigger.SCHEDULE, word=f"read {name}", sources=[name], channels=())
            report = self._cycle(task)
            if report is not None and any(part.changed or part.missing for part in report.sources):
                for channel in self._settings.channels:
                    self._schedule.at_once(f"publish {channel}")

        return read

    def _publishing(self, name: ChannelName) -> Callable[[], None]:
        def publish() -> None:
            self._cycle(
                Task(
                    trigger=Trigger.SCHEDULE, word=f"publish {name}", sources=(),
                    channels=[name], send=self._engine.mode is Mode.APPLY,
                )
            )  # fmt: skip

        return publish

    def _cycle(self, task: Task) -> Report | None:
        """One run; a ledger that cannot be used is logged and tried again at the next time."""
        if self._stopping():
            return None
        try:
            report = run_cycle(self._engine, task, report_document, self._stopping)
        except LedgerError:
            logger.exception("%s: nothing was done", task.word, extra={"action": "ledger_error"})
            return None
        self._schedule.at_once(ALERTS)
        return report
