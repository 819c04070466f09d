"""One writer per channel: a file lock tells a dead holder, a heartbeat a stuck one, a number the late one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from syncd.domain.errors import LeaseHeld, LeaseLost
from syncd.domain.identity import ChannelName
from syncd.ledger.columns import micros, moment
from syncd.ledger.connection import Row
from syncd.ledger.database import Database
from syncd.ledger.locks import FileLock, lock_path
from syncd.ledger.names import channel_id
from syncd.ledger.processes import boot_id, runs
from syncd.ports.clock import Clock

STUCK_AFTER = timedelta(seconds=30)
_RENEW_AFTER = timedelta(seconds=5)


class ChannelLease:
    """A held lease. Confirming is a read; the heartbeat is written every five seconds."""

    def __init__(
        self, database: Database, clock: Clock, channel: ChannelName, lock: FileLock, row: Row
    ) -> None:
        self._database = database
        self._clock = clock
        self._channel = channel
        self._lock = lock
        self._number = int(row.channel_id)
        self._fence = int(row.fence)
        self._renewed = moment(row.heartbeat)

    @property
    def fence(self) -> int:
        """The fencing number; it grows with every new holder."""
        return self._fence

    def confirm(self) -> None:
        """Renew the heartbeat and prove that the number is still ours; LeaseLost otherwise."""
        now = self._clock.now()
        if now - self._renewed < _RENEW_AFTER and self._lock.held:
            with self._database.read() as connection:
                found = connection.exec_driver_sql(
                    "SELECT 1 FROM lease WHERE channel_id = ? AND fence = ? AND released_at IS NULL",
                    (self._number, self._fence),
                ).first()
                held = found is not None
        else:
            locked = self._lock.try_acquire()
            with self._database.write() as connection:
                changed = connection.exec_driver_sql(
                    "UPDATE lease SET heartbeat = ?, expires = ?, locked = ? "
                    "WHERE channel_id = ? AND fence = ? AND released_at IS NULL",
                    (micros(now), micros(now + STUCK_AFTER), locked, self._number, self._fence),
                )
                held = changed.rowcount == 1
            self._renewed = now
        if not held:
            raise LeaseLost(f"channel {self._channel} was taken over by another process")

    def release(self) -> None:
        """Give the channel back, unless another holder has it already."""
        try:
            with self._database.write() as connection:
                connection.exec_driver_sql(
                    "UPDATE lease SET released_at = ? WHERE channel_id = ? AND fence = ? "
                    "AND released_at IS NULL",
                    (micros(self._clock.now()), self._number, self._fence),
                )
        finally:
            self._lock.release()


@contextmanager
def held_lease(database: Database, clock: Clock, channel: ChannelName) -> Iterator[ChannelLease]:
    """Become the channel's only writer; LeaseHeld naming the other process otherwise."""
    lock = FileLock(lock_path(database.path, "lease", channel))
    free = lock.try_acquire()
    try:
        lease = _take(database, clock, channel, lock, free=free)
    except BaseException:
        lock.release()
        raise
    try:
        yield lease
    finally:
        lease.release()


def writing_process(database: Database, channel: ChannelName) -> int | None:
    """The pid in an unreleased lease if that process still runs; never touches the lock, which is its own."""
    with database.read() as connection:
        row = connection.exec_driver_sql(
            "SELECT l.pid, l.boot_id FROM lease l JOIN channel c ON c.id = l.channel_id "
            "WHERE c.name = ? AND l.released_at IS NULL",
            (channel,),
        ).first()
    if row is None or row.boot_id != boot_id() or not runs(row.pid):
        return None
    return int(row.pid)


def _take(
    database: Database, clock: Clock, channel: ChannelName, lock: FileLock, *, free: bool
) -> ChannelLease:
    now = clock.now()
    with database.write() as connection:
        number = channel_id(connection, channel)
        held = connection.exec_driver_sql(
            "SELECT * FROM lease WHERE channel_id = ?", (number,)
        ).first()
        if held is not None and _is_held(held, clock, free=free):
            raise LeaseHeld(
                f"channel {channel} is written by another syncd process, pid {held.pid}, "
                f"since {moment(held.since):%Y-%m-%d %H:%M:%S} UTC",
                held.pid,
            )
        row = connection.exec_driver_sql(
            "INSERT INTO lease (channel_id, fence, pid, boot_id, since, heartbeat, expires, locked) "
            "VALUES (:channel, 1, :pid, :boot, :now, :now, :expires, :locked) "
            "ON CONFLICT (channel_id) DO UPDATE SET fence = fence + 1, pid = excluded.pid, "
            "boot_id = excluded.boot_id, since = excluded.since, heartbeat = excluded.heartbeat, "
            "expires = excluded.expires, locked = excluded.locked, released_at = NULL RETURNING *",
            {
                "channel": number,
                "pid": os.getpid(),
                "boot": boot_id(),
                "now": micros(now),
                "expires": micros(now + STUCK_AFTER),
                "locked": free,
            },
        ).one()
    return ChannelLease(database, clock, channel, lock, row)


def _is_held(row: Row, clock: Clock, *, free: bool) -> bool:
    """Whether a live process holds the lease.

    A free lock means that its holder is dead, unless the lease was taken from a stuck process that kept
    the lock: then only the heartbeat tells. A lock that is held right after a release is being let go.
    """
    if free and (row.locked or row.released_at is not None):
        return False
    if free and row.boot_id != boot_id():
        return False
    if row.released_at is not None:
        return True
    return clock.now() - moment(row.heartbeat) <= STUCK_AFTER
