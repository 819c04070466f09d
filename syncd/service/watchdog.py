"""Knows when the daemon is stuck: the scheduler's tick feeds systemd's watchdog only while the work moves."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from threading import Lock
from typing import Self

from syncd.domain.duration import age
from syncd.engine.setup import ProgressSink
from syncd.ports.clock import Clock
from syncd.service.notify import Notifier

PATIENCE = timedelta(minutes=15)
"""A job that shows no progress for so long is stuck: longer than any single wait that may end well."""
UNWATCHED = timedelta(seconds=30)
"""Time between two ticks where systemd watches nothing."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stuck:
    """A job that shows no progress, and for how long."""

    name: str
    quiet: timedelta


class Work:
    """One job under way. Every step of it is a sign of life, so it takes the place of a ProgressSink."""

    def __init__(self, name: str, patience: timedelta, clock: Clock, inner: ProgressSink) -> None:
        self.name = name
        self.label = name
        self._patience = patience
        self._clock = clock
        self._inner = inner
        self._moved = clock.monotonic()

    def step(self, label: str, done: int, total: int | None) -> None:
        """The work moved; pass it on."""
        self._moved = self._clock.monotonic()
        self.label = label
        self._inner.step(label, done, total)

    def close(self) -> None:
        """One part of the work is over; pass it on."""
        self._moved = self._clock.monotonic()
        self._inner.close()

    def stuck(self) -> Stuck | None:
        """That it is stuck and for how long, or None while it moves."""
        quiet = timedelta(seconds=self._clock.monotonic() - self._moved)
        return Stuck(name=self.label, quiet=quiet) if quiet > self._patience else None


class Watchdog:
    """Every job runs inside `working`; the scheduler calls `tick` every `every`.

    Nothing else feeds systemd: a dead scheduler, no thread left for its tick, and a job that hangs all end the
    same way, with SIGABRT and a restart once WatchdogSec is over.
    """

    def __init__(self, notifier: Notifier, clock: Clock, every: timedelta) -> None:
        self.every = every
        self._notifier = notifier
        self._clock = clock
        self._works: list[Work] = []
        self._lock = Lock()

    @classmethod
    def of(cls, environ: Mapping[str, str], pid: int, notifier: Notifier, clock: Clock) -> Self:
        """The watchdog that systemd asked this process for: it ticks three times per WatchdogSec."""
        return cls(notifier, clock, _interval(environ, pid))

    @contextmanager
    def working(
        self, name: str, inner: ProgressSink, patience: timedelta = PATIENCE
    ) -> Iterator[ProgressSink]:
        """While a job runs: what it must tell its progress to, at least once per `patience`."""
        work = Work(name, patience, self._clock, inner)
        with self._lock:
            self._works.append(work)
        try:
            yield work
        finally:
            with self._lock:
                self._works.remove(work)

    def tick(self) -> None:
        """Feed systemd, unless a job is stuck: then say which, and let systemd end the process."""
        with self._lock:
            works = tuple(self._works)
        stuck = [found for work in works if (found := work.stuck()) is not None]
        for one in stuck:
            logger.error(
                "stuck for %s: %s", age(one.quiet), one.name,
                extra={"action": "stuck", "state": "stuck", "job": one.name},
            )  # fmt: skip
        if stuck:
            self._notifier.status("stuck: " + ", ".join(one.name for one in stuck))
            return
        self._notifier.status(", ".join(work.label for work in works) or "waiting")
        self._notifier.alive()


def _interval(environ: Mapping[str, str], pid: int) -> timedelta:
    """A third of WATCHDOG_USEC, where it is meant for this process (sd_watchdog_enabled(3))."""
    written = environ.get("WATCHDOG_USEC", "")
    meant = environ.get("WATCHDOG_PID", str(pid)) == str(pid)
    if not meant or not written.isascii() or not written.isdigit() or int(written) == 0:
        return UNWATCHED
    return timedelta(microseconds=int(written)) / 3
