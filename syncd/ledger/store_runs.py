"""Runs and their reports, found again by their id or the beginning of it."""

import secrets
from collections.abc import Sequence

from sqlmodel import col, select

from syncd.domain.errors import LedgerUnusable
from syncd.domain.identity import RunId
from syncd.domain.report import Status
from syncd.ledger.base import StorePart
from syncd.ledger.tables import RunRow
from syncd.ports.records import StoredReport


class RunStore(StorePart):
    """Runs and their reports."""

    def begin_run(self, trigger: str) -> RunId:
        """Open a run; its id begins with its time, so that ids sort."""
        now = self._clock.now()
        key = f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
        with self._database.write_session() as session:
            session.add(RunRow(key=key, trigger=trigger, started_at=now))
        return RunId(key)

    def finish_run(self, run: RunId, status: Status, document: str) -> None:
        """Close a run with its report."""
        with self._database.write_session() as session:
            row = session.exec(select(RunRow).where(RunRow.key == run)).first()
            if row is None:
                raise LedgerUnusable(f"the ledger does not know run {run}; was its file replaced?")
            row.finished_at = self._clock.now()
            row.status = status.value
            row.document = document

    def reports(self, limit: int) -> Sequence[StoredReport]:
        """The latest finished runs, newest first."""
        finished = col(RunRow.finished_at).is_not(None)
        with self._database.read_session() as session:
            query = select(RunRow).where(finished).order_by(col(RunRow.id).desc()).limit(limit)
            return tuple(_report(row) for row in session.exec(query))

    def report(self, run: RunId) -> StoredReport | None:
        """One run; a prefix of its id is enough when it is unique."""
        if not run:
            return None
        matches = col(RunRow.key).startswith(run, autoescape=True)
        with self._database.read_session() as session:
            exact = session.exec(select(RunRow).where(RunRow.key == run)).first()
            found = [exact] if exact else session.exec(select(RunRow).where(matches).limit(2)).all()
            return _report(found[0]) if len(found) == 1 else None


def _report(row: RunRow) -> StoredReport:
    return StoredReport(
        run=RunId(row.key),
        started_at=row.started_at,
        finished_at=row.finished_at,
        status=row.status,
        trigger=row.trigger,
        document=row.document,
    )
