"""Which processes live, and whether one of them serves the ledger; loads nothing, so that it is soon known."""

import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

from syncd.domain.errors import LeaseHeld
from syncd.ledger.access import refuse_strangers
from syncd.ports.service import Running

SILENT_FOR = timedelta(seconds=30)
"""A daemon that did not beat for so long is stuck or dead."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_DAEMON = "SELECT pid, boot_id, started_at, beat_at FROM service WHERE id = 1 AND ended_at IS NULL"


def boot_id() -> str:
    """Tells this start of the machine from any other."""
    try:
        return _BOOT.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def runs(pid: int) -> bool:
    """Whether a process of this number lives."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def living(running: Running, boot: str, beat_at: datetime, now: datetime) -> Running | None:
    """The daemon, unless its process or its machine is gone or it has been silent for too long."""
    if boot != boot_id() or not runs(running.pid) or now - beat_at > SILENT_FOR:
        return None
    return running


def already_served(path: Path, other: Running) -> LeaseHeld:
    """What a second daemon is told."""
    return LeaseHeld(
        f"`syncd run` already serves the ledger {path} in another process, "
        f"pid {other.pid}, since {other.since:%Y-%m-%d %H:%M:%S} UTC; stop that one first",
        other.pid,
    )


def refuse_second_daemon(path: Path, now: datetime) -> None:
    """LeaseHeld when a daemon serves this ledger, as far as a look from outside can tell.

    `begin_service` decides; this look comes before all that a daemon must load for it. A ledger that cannot be
    read so is left to those who open it.
    """
    if not os.path.exists(path):  # noqa: PTH110 - False too where this user may not look
        return
    refuse_strangers(path)
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as ledger:
            row = ledger.execute(_DAEMON).fetchone()
    except sqlite3.Error:
        return
    if row is None:
        return
    pid, boot, started_at, beat_at = row
    began, beaten = (_EPOCH + timedelta(microseconds=value) for value in (started_at, beat_at))
    other = living(Running(pid=pid, since=began), boot, beaten, now)
    if other is not None:
        raise already_served(path, other)
