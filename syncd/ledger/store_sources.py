"""How a reading of a source is recorded whole or not at all, and where every source stands."""

# ruff: noqa: S608 - statements are put together from constants and question marks only

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection
from sqlmodel import Session, col, select

from syncd.domain.errors import SourceInvalid, SourceUnavailable, UsageError
from syncd.domain.identity import LocationName, RunId, Sku, SourceName
from syncd.domain.stock import (
    Completeness,
    Duplicates,
    Expectations,
    Freshness,
    Reject,
    SnapshotCounts,
    SourceStanding,
    snapshot_problems,
)
from syncd.ledger.base import StorePart
from syncd.ledger.columns import micros
from syncd.ledger.database import writing
from syncd.ledger.dirty import mark_everywhere
from syncd.ledger.merge import Merge, Merged, Snapshot
from syncd.ledger.merge_sql import MOVED_ITEMS
from syncd.ledger.names import run_id, source_id
from syncd.ledger.staging import Staging, known_hashes
from syncd.ledger.tables import AcceptanceRow, RejectRow, SnapshotRow, SourceRow, SourceStateRow
from syncd.ports.records import SnapshotResult
from syncd.ports.source import SnapshotReader

_PROBE = 987654321
_OF_SOURCE = "SELECT id FROM location WHERE source_id = :source"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """One reading between staging and merge; `before` is the snapshot it was compared with."""

    run: RunId
    source: SourceName
    reader: SnapshotReader
    expected: Expectations
    staging: Staging
    before: int | None


class SourceStore(StorePart):
    """What sources said, and where they stand."""

    def record_snapshot(
        self, run: RunId, source: SourceName, reader: SnapshotReader, expected: Expectations
    ) -> SnapshotResult:
        """Read to the end and record atomically.

        A full reading is judged by `expected`; shrinking compares all rows, the rejected ones too, with
        all rows of the snapshot before, because a row that is bad today has not vanished. A partial
        reading may hold any number of rows.
        """
        with self._database.private() as connection:
            with connection.begin():
                before = _current_snapshot(connection, source)
                hashing = expected.duplicates is Duplicates.ERROR
                known = known_hashes(connection, source) if hashing else None
                staging = Staging(connection, reader, known)
            with connection.begin():
                staging.read()
            reading = _Reading(
                run=run,
                source=source,
                reader=reader,
                expected=expected,
                staging=staging,
                before=before,
            )
            with writing(connection) as marked:
                return self._record(marked, reading)

    def record_unchanged(self, run: RunId, source: SourceName, as_of: datetime) -> SnapshotResult:
        """The source still says the same; answers the rows and rejects of the snapshot that stands."""
        del run
        with self._database.write_session() as session:
            state = _state(session, source)
            state.as_of, state.read_at = as_of, self._clock.now()
            _clear_trouble(state)
            rejects = session.exec(
                select(RejectRow)
                .where(RejectRow.source_id == state.source_id)
                .order_by(col(RejectRow.id))
            )
            return SnapshotResult(
                rows=state.rows,
                changed=0,
                missing=0,
                rejected=state.rejected,
                rejects=tuple(_reject(row) for row in rejects),
            )

    def record_trouble(
        self, run: RunId, source: SourceName, state: str, message: str, fingerprint: str | None
    ) -> None:
        """The source could not be read or was refused; keeps the time its trouble began."""
        del run
        with self._database.write_session() as session:
            row = _state(session, source)
            row.trouble_since = row.trouble_since or self._clock.now()
            row.trouble, row.trouble_state, row.refused_fingerprint = message, state, fingerprint

    def accept(self, source: SourceName, fingerprint: str, reason: str) -> None:
        """Let this refused content in once; UsageError when the source refused another or none."""
        with self._database.write_session() as session:
            named = session.exec(select(SourceRow).where(SourceRow.name == source)).first()
            state = None if named is None else session.get(SourceStateRow, named.id)
            refused = None if state is None else state.refused_fingerprint
            if state is None or refused is None:
                raise UsageError(f"source {source} has refused nothing that could be accepted")
            if refused != fingerprint:
                raise UsageError(
                    f"source {source} has not refused {fingerprint}; what it refused last is {refused}"
                )
            session.add(
                AcceptanceRow(
                    source_id=state.source_id,
                    fingerprint=fingerprint,
                    reason=reason,
                    given_at=self._clock.now(),
                )
            )

    def standings(self) -> Mapping[SourceName, SourceStanding]:
        """Where every source stands that was ever read or tried."""
        with self._database.read_session() as session:
            query = select(SourceRow, SourceStateRow).where(
                SourceRow.id == SourceStateRow.source_id
            )
            return {
                SourceName(named.name): _standing(named, row) for named, row in session.exec(query)
            }

    def reject_count(self, source: SourceName) -> int:
        """How many rows of the current snapshot were rejected."""
        with self._database.read() as connection:
            found = connection.exec_driver_sql(
                "SELECT t.rejected FROM source s JOIN source_state t ON t.source_id = s.id "
                "WHERE s.name = ?",
                (source,),
            )
            return int(found.scalar() or 0)

    def mark_missing_due(self, source: SourceName, due_before: datetime) -> int:
        """Mark SKUs dirty that are missing since before that moment and were not marked for it yet."""
        due = (
            f"SELECT item_id FROM position WHERE location_id IN ({_OF_SOURCE}) "
            "AND missing_since IS NOT NULL AND missing_since <= :due AND missing_step = 0"
        )
        with self._database.write() as connection:
            found: dict[str, object] = {
                "source": source_id(connection, source),
                "due": micros(due_before),
            }
            count = connection.exec_driver_sql(
                f"SELECT COUNT(DISTINCT item_id) FROM ({due})", found
            )
            number = int(count.scalar() or 0)
            if number:
                mark_everywhere(connection, f"SELECT DISTINCT item_id FROM ({due})", found)
                connection.exec_driver_sql(
                    f"UPDATE position SET missing_step = 1 WHERE location_id IN ({_OF_SOURCE}) "
                    "AND missing_since IS NOT NULL AND missing_since <= :due AND missing_step = 0",
                    found,
                )
        return number

    def mark_freshness(self, source: SourceName, step: str) -> bool:
        """Remember the freshness step; when it differs from the last, mark the source's SKUs dirty.

        A source that was never judged counts as fresh: its first snapshot marked its SKUs already.
        """
        with self._database.write() as connection:
            with Session(connection) as session:
                state = _state(session, source)
                last, number = state.freshness_step, state.source_id
                state.freshness_step = step
                session.flush()
            moved = (last or Freshness.FRESH.value) != step
            if moved:
                mark_everywhere(
                    connection,
                    f"SELECT DISTINCT item_id FROM position WHERE location_id IN ({_OF_SOURCE})",
                    {"source": number},
                )
        return moved

    def _record(self, connection: Connection, reading: _Reading) -> SnapshotResult:
        if _current_snapshot(connection, reading.source) != reading.before:
            raise SourceUnavailable(
                f"source {reading.source} was recorded by another process while it was read here; "
                "that snapshot is current, this one was not taken"
            )
        now = self._clock.now()
        reader, staging = reading.reader, reading.staging
        with Session(connection) as session:
            state = _state(session, reading.source)
            snapshot = _new_snapshot(session, reading, state.source_id, now)
            merge = Merge(connection, staging, reader, snapshot)
            merged = merge.run(reading.expected.duplicates)
            _judge(session, reading, merge, merged, state)
            mark_everywhere(connection, MOVED_ITEMS, {})
            _settle(session, reading, merged, state, snapshot)
            session.flush()
        return SnapshotResult(
            rows=merged.usable,
            changed=merged.changed,
            missing=merged.missing,
            rejected=staging.rejected,
            rejects=tuple(staging.first_rejects),
        )


def _current_snapshot(connection: Connection, source: SourceName) -> int | None:
    found = connection.exec_driver_sql(
        "SELECT t.snapshot_id FROM source s JOIN source_state t ON t.source_id = s.id "
        "WHERE s.name = ?",
        (source,),
    ).scalar()
    return None if found is None else int(found)


def _new_snapshot(session: Session, reading: _Reading, source: int, now: datetime) -> Snapshot:
    reader = reading.reader
    run = run_id(session.connection(), reading.run)
    row = SnapshotRow(
        run_id=run,
        source_id=source,
        as_of=reader.as_of,
        recorded_at=now,
        completeness=reader.completeness.value,
        fingerprint=reader.fingerprint,
        rows=0,
        rejected=0,
        origin=reader.origin,
        locator=reader.locate(_PROBE).replace(str(_PROBE), "{line}"),
    )
    session.add(row)
    session.flush()
    return Snapshot(run_id=run, source_id=source, snapshot_id=row.id or 0, now=now)


def _judge(
    session: Session, reading: _Reading, merge: Merge, merged: Merged, state: SourceStateRow
) -> None:
    """SourceInvalid when the reading may not be believed and nobody accepted it."""
    if reading.reader.completeness is not Completeness.FULL:
        return
    rejected = reading.staging.rejected
    usable = SnapshotCounts(
        rows=merged.usable,
        rejected=rejected,
        previous_rows=None,
        absent_sentinels=merge.absent(reading.expected.sentinels),
    )
    all_rows = SnapshotCounts(
        rows=merged.usable + rejected,
        rejected=rejected,
        previous_rows=state.rows + state.rejected or None,
        absent_sentinels=(),
    )
    problems = dict.fromkeys(
        (
            *reading.reader.objections(),
            *snapshot_problems(usable, reading.expected),
            *snapshot_problems(all_rows, replace(reading.expected, min_rows=0)),
        )
    )
    fingerprint = reading.reader.fingerprint
    if not problems or _use_acceptance(session, state.source_id, fingerprint, merge.now):
        return
    raise SourceInvalid(f"{reading.reader.origin} is refused: {'; '.join(problems)}", fingerprint)


def _use_acceptance(session: Session, source: int, fingerprint: str, now: datetime) -> bool:
    query = select(AcceptanceRow).where(
        AcceptanceRow.source_id == source,
        AcceptanceRow.fingerprint == fingerprint,
        col(AcceptanceRow.used_at).is_(None),
    )
    found = session.exec(query).first()
    if found is None:
        return False
    found.used_at = now
    return True


def _settle(
    session: Session, reading: _Reading, merged: Merged, state: SourceStateRow, snapshot: Snapshot
) -> None:
    """The snapshot's own row, the source's standing and its rejects."""
    reader, staging = reading.reader, reading.staging
    row = session.get_one(SnapshotRow, snapshot.snapshot_id)
    row.rows, row.rejected = merged.usable, staging.rejected
    if reader.completeness is Completeness.FULL:
        state.rows = merged.usable
    state.snapshot_id, state.rejected = snapshot.snapshot_id, staging.rejected
    state.fingerprint, state.origin = reader.fingerprint, reader.origin
    state.as_of, state.read_at = reader.as_of, snapshot.now
    _clear_trouble(state)
    connection = session.connection()
    connection.exec_driver_sql("DELETE FROM reject WHERE source_id = ?", (state.source_id,))
    if staging.first_rejects:
        connection.exec_driver_sql(
            "INSERT INTO reject (source_id, at, sku, location, reason) VALUES (?, ?, ?, ?, ?)",
            [(state.source_id, r.at, r.sku, r.location, r.reason) for r in staging.first_rejects],
        )


def _state(session: Session, source: SourceName) -> SourceStateRow:
    number = source_id(session.connection(), source)
    row = session.get(SourceStateRow, number)
    if row is None:
        row = SourceStateRow(source_id=number)
        session.add(row)
        session.flush()
    return row


def _clear_trouble(state: SourceStateRow) -> None:
    state.trouble, state.trouble_state = "", ""
    state.trouble_since, state.refused_fingerprint = None, None


def _reject(row: RejectRow) -> Reject:
    return Reject(
        at=row.at,
        sku=None if row.sku is None else Sku(row.sku),
        reason=row.reason,
        location=None if row.location is None else LocationName(row.location),
    )


def _standing(named: SourceRow, row: SourceStateRow) -> SourceStanding:
    return SourceStanding(
        source=SourceName(named.name),
        as_of=row.as_of,
        read_at=row.read_at,
        fingerprint=row.fingerprint,
        rows=row.rows,
        origin=row.origin,
        trouble=row.trouble,
        trouble_state=row.trouble_state,
        trouble_since=row.trouble_since,
        refused_fingerprint=row.refused_fingerprint,
    )
