"""When things run: the only importer of APScheduler, with its surprises set on purpose."""

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from threading import Lock
from typing import Self

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger

logger = logging.getLogger(__name__)

THREADS = 8
TICK = "tick"
JITTER_SHARE = 0.1
LONGEST_JITTER = 30.0
LEAST_JITTERED = 10.0
"""Jobs more frequent than this many seconds are not scattered."""


@dataclass(slots=True)
class _Turn:
    """One job by name: runs one at a time, and once more when it was asked for meanwhile."""

    name: str
    job: Callable[[], None]
    lock: Lock = field(default_factory=Lock)
    running: bool = False
    again: bool = False

    def __call__(self) -> None:
        with self.lock:
            if self.running:
                self.again = True
                return
            self.running = True
        while True:
            try:
                self.job()
            except Exception:
                logger.exception("%s failed", self.name, extra={"action": "job_failed"})
            with self.lock:
                if not self.again:
                    self.running = False
                    return
                self.again = False

    def once_more(self) -> bool:
        """Whether it runs now; it is then run again right after."""
        with self.lock:
            self.again = self.running
            return self.running


class Schedule:
    """Jobs by name. One of a name runs at a time, a late run is run once, an overlap runs afterwards.

    APScheduler's default forgets a run that is late by more than one second and one that comes while the
    job still runs; here none is forgotten, and several that were missed are one.
    """

    def __init__(self, timezone: tzinfo, threads: int = THREADS) -> None:
        self._timezone = timezone
        self._workers = ThreadPoolExecutor(threads)
        self._turns: dict[str, _Turn] = {}
        self._scheduler = BackgroundScheduler(
            timezone=timezone,
            # The tick has a thread of its own, so that many long jobs are not taken for a dead scheduler.
            executors={"default": self._workers, TICK: ThreadPoolExecutor(1)},
            # two instances, so that one that comes early leaves word with the one that runs
            job_defaults={"coalesce": True, "max_instances": 2, "misfire_grace_time": None},
        )

    def every(
        self, name: str, span: timedelta, job: Callable[[], None], *,
        first: timedelta = timedelta(0),
    ) -> None:  # fmt: skip
        """Run a job after `first` and then at this interval, a little scattered so that many never coincide."""
        seconds = span.total_seconds()
        jitter = int(min(seconds * JITTER_SHARE, LONGEST_JITTER))
        if seconds < LEAST_JITTERED:
            jitter = 0
        trigger = IntervalTrigger(seconds=seconds, jitter=jitter or None, timezone=self._timezone)
        self._add(name, trigger, job, _now() + first)

    def on_demand(self, name: str, job: Callable[[], None]) -> None:
        """Run this job only when it is asked for by `at_once`."""
        self._turns[name] = _Turn(name, job)

    def cron(self, name: str, expression: str, job: Callable[[], None]) -> None:
        """Run a job by the clock: five fields, in the configured time zone."""
        self._add(name, ByTheClock.of(expression, self._timezone), job, None)

    def tick(self, span: timedelta, job: Callable[[], None]) -> None:
        """Run this very short job at this interval, whatever else is running: the scheduler's sign of life."""
        trigger = IntervalTrigger(seconds=span.total_seconds(), timezone=self._timezone)
        self._scheduler.add_job(job, trigger, id=TICK, executor=TICK, next_run_time=_now())

    def _add(
        self, name: str, trigger: object, job: Callable[[], None], first: datetime | None
    ) -> None:
        turn = _Turn(name, job)
        self._turns[name] = turn
        begin = {} if first is None else {"next_run_time": first}
        self._scheduler.add_job(turn, trigger, id=name, name=name, **begin)

    def at_once(self, name: str) -> None:
        """Run this job now, or once more right after when it runs; its later times stay."""
        turn = self._turns.get(name)
        if turn is None or turn.once_more():
            return
        try:
            self._scheduler.modify_job(name, next_run_time=_now())
        except JobLookupError:
            trigger = DateTrigger(_now(), timezone=self._timezone)
            self._scheduler.add_job(turn, trigger, id=name, name=name, replace_existing=True)

    def later(self, name: str, span: timedelta) -> None:
        """Run this job after so long unless it runs earlier anyway."""
        job = self._scheduler.get_job(name)
        due = _now() + span
        if job is not None and (job.next_run_time is None or job.next_run_time > due):
            with suppress(JobLookupError):  # it ran meanwhile, or the schedule ends
                self._scheduler.modify_job(name, next_run_time=due)

    def once(self, name: str, job: Callable[[], None], after: timedelta = timedelta(0)) -> None:
        """Run something one single time, after so long."""
        trigger = DateTrigger(_now() + after, timezone=self._timezone)
        self._scheduler.add_job(_Turn(name, job), trigger, id=name, name=name)

    def realign(self) -> None:
        """The clock jumped: run every interval job now, because its next time means nothing any more."""
        for job in self._scheduler.get_jobs():
            with suppress(JobLookupError):  # it ran meanwhile, or the schedule ends
                if isinstance(job.trigger, IntervalTrigger):
                    job.modify(next_run_time=_now())
                else:
                    job.reschedule(job.trigger)

    def start(self) -> None:
        """Begin."""
        self._scheduler.start()

    def stop(self) -> None:
        """Begin no more jobs and wait for those that run.

        APScheduler's own shutdown waits for them under a lock that `at_once` needs: a job that asks for
        another while it ends would wait for ever. Pausing does not wait for the look at what is due that
        is under way, which would then hand jobs to workers who have left; taking the jobs away does.
        """
        self._scheduler.pause()
        self._scheduler.remove_all_jobs()
        self._workers.shutdown(wait=True)
        self._scheduler.shutdown(wait=False)


class ByTheClock(BaseTrigger):  # type: ignore[misc]  # APScheduler has no types
    """Five cron fields. An hour that is named comes once a day, also when the clocks are put back.

    APScheduler's own trigger runs 02:30 twice in the night in which 02:00 to 03:00 comes twice. A job of
    every hour does run in both; one of an hour that is left out in spring runs an hour later by the clock.
    """

    def __init__(self, trigger: CronTrigger, *, repeats: bool) -> None:
        self._trigger = trigger
        self._repeats = repeats

    @classmethod
    def of(cls, expression: str, timezone: tzinfo) -> Self:
        """The trigger of an expression that the settings have accepted."""
        trigger = CronTrigger.from_crontab(expression, timezone=timezone)
        return cls(trigger, repeats=expression.split()[1].startswith("*"))

    def get_next_fire_time(
        self, previous_fire_time: datetime | None, now: datetime
    ) -> datetime | None:
        """The next time after the previous one, or from now on."""
        found: datetime | None = self._trigger.get_next_fire_time(previous_fire_time, now)
        while found is not None and found.fold and not self._repeats:
            found = self._trigger.get_next_fire_time(found, found)
        return found


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - APScheduler itself lives on the machine's clock
