"""When things run: the only importer of APScheduler, with its surprises set on purpose."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

THREADS = 8
JITTER_SHARE = 0.1
LONGEST_JITTER = 30.0


class Schedule:
    """Jobs by name. One of a name runs at a time, a late run is run once, an overlap is skipped.

    APScheduler's default forgets a run that is late by more than one second; here none is forgotten.
    """

    def __init__(self, timezone: tzinfo) -> None:
        self._timezone = timezone
        self._workers = ThreadPoolExecutor(THREADS)
        self._scheduler = BackgroundScheduler(
            timezone=timezone,
            executors={"default": self._workers},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def every(self, name: str, span: timedelta, job: Callable[[], None]) -> None:
        """Run a job now and then at this interval, a little scattered so that many never coincide."""
        seconds = span.total_seconds()
        jitter = int(min(seconds * JITTER_SHARE, LONGEST_JITTER))
        trigger = IntervalTrigger(seconds=seconds, jitter=jitter or None, timezone=self._timezone)
        self._scheduler.add_job(job, trigger, id=name, name=name, next_run_time=_now())

    def cron(self, name: str, expression: str, job: Callable[[], None]) -> None:
        """Run a job by the clock: five fields, in the configured time zone."""
        trigger = CronTrigger.from_crontab(expression, timezone=self._timezone)
        self._scheduler.add_job(job, trigger, id=name, name=name)

    def at_once(self, name: str) -> None:
        """Run this job as soon as it is free; its later times stay."""
        job = self._scheduler.get_job(name)
        if job is not None:
            job.modify(next_run_time=_now())

    def start(self) -> None:
        """Begin."""
        self._scheduler.start()

    def stop(self) -> None:
        """Begin no more jobs and wait for those that run.

        APScheduler's own shutdown waits for them under a lock that `at_once` needs: a job that asks for
        another while it ends would wait for ever.
        """
        self._scheduler.pause()
        self._workers.shutdown(wait=True)
        self._scheduler.shutdown(wait=False)


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - APScheduler itself lives on the machine's clock
