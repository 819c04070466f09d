"""Runs and their reports, found again by their id or the beginning of it."""

import secrets
from collections.abc import Sequence

from syncd.domain.errors import LedgerUnusable
from syncd.domain.identity import RunId
from syncd.domain.report import Status
from syncd.ledger.base import StorePart
from syncd.ledger.columns import micros, moment, moment_or_none
from syncd.ledger.connection import Row
from syncd.ports.records import StoredReport


class RunStore(StorePart):
    """Runs and their reports."""

    def begin_run(self, trigger: str) -> RunId:
        """Open a run; its id begins with its time, so that ids sort."""
        now = self._clock.now()
        key = f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
        with self._database.write() as connection:
            connection.exec_driver_sql(
                "INSERT INTO run (key, trigger, started_at, status) VALUES (?, ?, ?, 'running')",
                (key, trigger, micros(now)),
            )
        return RunId(key)

    def finish_run(self, run: RunId, status: Status, document: str) -> None:
        """Close a run with its report."""
        with self._database.write() as connection:
            found = connection.exec_driver_sql(
                "UPDATE run SET finished_at = ?, status = ?, document = ? WHERE key = ?",
                (micros(self._clock.now()), status.value, document, run),
            )
            if found.rowcount != 1:
                raise LedgerUnusable(f"the ledger does not know run {run}; was its file replaced?")

    def reports(self, limit: int) -> Sequence[StoredReport]:
        """The latest finished runs, newest first."""
        with self._database.read() as connection:
            rows = connection.exec_driver_sql(
                "SELECT * FROM run WHERE finished_at IS NOT NULL ORDER BY id DESC LIMIT ?", (limit,)
            )
            return tuple(_report(row) for row in rows)

    def report(self, run: RunId) -> StoredReport | None:
        """One run; a prefix of its id is enough when it is unique."""
        if not run:
            return None
        with self._database.read() as connection:
            found = connection.exec_driver_sql(
                "SELECT * FROM run WHERE SUBSTR(key, 1, LENGTH(:key)) = :key "
                "ORDER BY key <> :key LIMIT 2",
                {"key": run},
            ).all()
            is_one = len(found) == 1 or bool(found and found[0].key == run)
            return _report(found[0]) if is_one else None


def _report(row: Row) -> StoredReport:
    return StoredReport(
        run=RunId(row.key),
        started_at=moment(row.started_at),
        finished_at=moment_or_none(row.finished_at),
        status=row.status,
        trigger=row.trigger,
        document=row.document,
    )
