"""How a reading of a source is recorded whole or not at all, and where every source stands."""

# ruff: noqa: S608 - statements are put together from constants and question marks only

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from syncd.domain.counting import counted
from syncd.domain.errors import SourceInvalid, SourceUnavailable, UsageError
from syncd.domain.identity import RunId, SourceName
from syncd.domain.stock import (
    Completeness,
    Duplicates,
    Expectations,
    Freshness,
    Reject,
    SnapshotCounts,
    SourceStanding,
    rejection_problems,
    snapshot_problems,
)
from syncd.ledger.base import StorePart
from syncd.ledger.booking_rows import contain
from syncd.ledger.columns import micros
from syncd.ledger.connection import Connection
from syncd.ledger.dirty import mark_everywhere
from syncd.ledger.merge import Merge, Merged, Snapshot
from syncd.ledger.merge_sql import MOVED_ITEMS
from syncd.ledger.names import known_source, run_id
from syncd.ledger.settling import StagedReading, forget_other_form, settle
from syncd.ledger.source_states import NO_TROUBLE, SourceState, rejects_of, standing_of, state_of
from syncd.ledger.staging import Staging, known_hashes
from syncd.ports.records import SnapshotResult
from syncd.ports.source import SnapshotReader

_PROBE = 987654321
_OF_SOURCE = "SELECT id FROM location WHERE source_id = :source"


class SourceStore(StorePart):
    """What sources said, and where they stand."""

    def record_snapshot(
        self, run: RunId, source: SourceName, reader: SnapshotReader, expected: Expectations,
        form: str = "", confirmations: int = 0,
    ) -> SnapshotResult:  # fmt: skip
        """Read to the end and record atomically; after another `form` every row is judged anew.

        A full reading is judged by `expected`; shrinking compares all rows, the rejected ones too, with
        all rows of the snapshot before, because a row that is bad today has not vanished. A partial
        reading may hold any number of rows.
        """
        with self._database.write() as connection:
            forget_other_form(connection, source, form)
        with self._database.private() as connection:
            with connection.begin():
                before = _current_snapshot(connection, source)
                known = _known(connection, source, reader, expected)
                staging = Staging(connection, reader, known)
            with connection.begin():
                staging.read()
            reading = StagedReading(
                run=run,
                source=source,
                reader=reader,
                expected=expected,
                staging=staging,
                before=before,
                form=form,
                confirmations=confirmations,
            )
            with self._database.writing(connection) as marked:
                return self._record(marked, reading)

    def record_unchanged(
        self, run: RunId, source: SourceName, as_of: datetime, confirmations: int = 0
    ) -> SnapshotResult:
        """The source still says the same; answers the rows and rejects of the snapshot that stands."""
        del run
        with self._database.write() as connection:
            state = state_of(connection, source)
            connection.exec_driver_sql(
                f"UPDATE source_state SET as_of = ?, read_at = ?, {NO_TROUBLE} WHERE source_id = ?",
                (micros(as_of), micros(self._clock.now()), state.source_id),
            )
            contain(connection, state.source_id, confirmations, named_only=False)
            return SnapshotResult(
                rows=state.rows,
                read=state.rows,
                changed=0,
                missing=0,
                rejected=state.rejected,
                rejects=rejects_of(connection, state.source_id),
            )

    def record_trouble(
        self, run: RunId, source: SourceName, state: str, message: str, fingerprint: str | None
    ) -> None:
        """The source could not be read or was refused; keeps the time its trouble began."""
        del run
        with self._database.write() as connection:
            number = state_of(connection, source).source_id
            connection.exec_driver_sql(
                "UPDATE source_state SET trouble = ?, trouble_state = ?, refused_fingerprint = ?, "
                "trouble_since = COALESCE(trouble_since, ?) WHERE source_id = ?",
                (message, state, fingerprint, micros(self._clock.now()), number),
            )

    def accept(self, source: SourceName, fingerprint: str, reason: str) -> None:
        """Let this refused content in once; UsageError when the source refused another or none."""
        with self._database.write() as connection:
            known = known_source(connection, source)
            state = None if known is None else state_of(connection, source)
            if state is None or state.refused_fingerprint is None:
                raise UsageError(f"source {source} has refused nothing that could be accepted")
            if state.refused_fingerprint != fingerprint:
                raise UsageError(
                    f"source {source} has not refused {fingerprint}; what it refused last is "
                    f"{state.refused_fingerprint}"
                )
            connection.exec_driver_sql(
                "INSERT INTO acceptance (source_id, fingerprint, reason, given_at) "
                "VALUES (?, ?, ?, ?)",
                (state.source_id, fingerprint, reason, micros(self._clock.now())),
            )

    def standings(self) -> Mapping[SourceName, SourceStanding]:
        """Where every source stands that was ever read or tried."""
        with self._database.read() as connection:
            rows = connection.exec_driver_sql(
                "SELECT s.name, t.* FROM source s JOIN source_state t ON t.source_id = s.id"
            )
            return {SourceName(row.name): standing_of(row) for row in rows}

    def reject_count(self, source: SourceName) -> int:
        """How many rows of the current snapshot were rejected."""
        with self._database.read() as connection:
            found = connection.exec_driver_sql(
                "SELECT t.rejected FROM source s JOIN source_state t ON t.source_id = s.id "
                "WHERE s.name = ?",
                (source,),
            )
            return int(found.scalar() or 0)

    def rejects(self, source: SourceName, limit: int) -> Sequence[Reject]:
        """The first rejected rows of the current snapshot; at most a thousand are kept."""
        with self._database.read() as connection:
            number = known_source(connection, source)
            return () if number is None else rejects_of(connection, number)[:limit]

    def mark_missing_due(self, source: SourceName, due_before: datetime) -> int:
        """Mark SKUs dirty that are missing since before that moment and were not marked for it yet."""
        due = (
            "SELECT item_id FROM position INDEXED BY position_missing "
            f"WHERE location_id IN ({_OF_SOURCE}) AND missing_since IS NOT NULL "
            "AND missing_since <= :due AND missing_step = 0"
        )
        with self._database.read() as connection:
            found: dict[str, object] = {
                "source": known_source(connection, source),
                "due": micros(due_before),
            }
            if connection.exec_driver_sql(f"{due} LIMIT 1", found).first() is None:
                return 0
        with self._database.write() as connection:
            count = connection.exec_driver_sql(
                f"SELECT COUNT(DISTINCT item_id) FROM ({due})", found
            )
            mark_everywhere(connection, f"SELECT DISTINCT item_id FROM ({due})", found)
            connection.exec_driver_sql(
                f"UPDATE position SET missing_step = 1 WHERE location_id IN ({_OF_SOURCE}) "
                "AND missing_since IS NOT NULL AND missing_since <= :due AND missing_step = 0",
                found,
            )
            return int(count.scalar() or 0)

    def mark_freshness(self, source: SourceName, step: str) -> bool:
        """Remember the freshness step; when it differs from the last, mark the source's SKUs dirty.

        A source that was never judged counts as fresh: its first snapshot marked its SKUs already.
        """
        with self._database.read() as connection:
            known = connection.exec_driver_sql(
                "SELECT t.freshness_step FROM source_state t JOIN source s ON s.id = t.source_id "
                "WHERE s.name = ?",
                (source,),
            ).scalar()
        if known == step:  # a cycle that marks nothing writes nothing
            return False
        with self._database.write() as connection:
            state = state_of(connection, source)
            connection.exec_driver_sql(
                "UPDATE source_state SET freshness_step = ? WHERE source_id = ?",
                (step, state.source_id),
            )
            moved = (state.freshness_step or Freshness.FRESH.value) != step
            if moved:
                mark_everywhere(
                    connection,
                    f"SELECT DISTINCT item_id FROM position WHERE location_id IN ({_OF_SOURCE})",
                    {"source": state.source_id},
                )
        return moved

    def _record(self, connection: Connection, reading: StagedReading) -> SnapshotResult:
        if _current_snapshot(connection, reading.source) != reading.before:
            raise SourceUnavailable(
                f"source {reading.source} was recorded by another process while it was read here; "
                "that snapshot is current, this one was not taken"
            )
        now = self._clock.now()
        reader, staging = reading.reader, reading.staging
        state = state_of(connection, reading.source)
        snapshot = _new_snapshot(connection, reading, state.source_id, now)
        merge = Merge(connection, staging, reader, snapshot)
        merged = merge.run(reading.expected.duplicates)
        _judge(connection, reading, merge, merged, state)
        mark_everywhere(connection, MOVED_ITEMS, {})
        contain(connection, state.source_id, reading.confirmations, named_only=not reading.full)
        rows = merged.usable if reading.full else state.rows + merged.fresh
        rejected = settle(connection, reading, rows, snapshot)
        return SnapshotResult(
            rows=rows,
            read=merged.usable,
            changed=merged.changed,
            missing=merged.missing,
            rejected=rejected,
            rejects=rejects_of(connection, state.source_id),
        )


def _current_snapshot(connection: Connection, source: SourceName) -> int | None:
    found = connection.exec_driver_sql(
        "SELECT t.snapshot_id FROM source s JOIN source_state t ON t.source_id = s.id "
        "WHERE s.name = ?",
        (source,),
    ).scalar()
    return None if found is None else int(found)


def _known(
    connection: Connection, source: SourceName, reader: SnapshotReader, expected: Expectations
) -> set[int] | None:
    """The hashes that let rows be skipped; a reading of changes expects to skip none, so it loads none."""
    if expected.duplicates is not Duplicates.ERROR:
        return None
    full = reader.completeness is Completeness.FULL
    return known_hashes(connection, source) if full else set()


def _new_snapshot(
    connection: Connection, reading: StagedReading, source: int, now: datetime
) -> Snapshot:
    reader = reading.reader
    run = run_id(connection, reading.run)
    number = connection.exec_driver_sql(
        "INSERT INTO snapshot (run_id, source_id, as_of, recorded_at, completeness, fingerprint, "
        "rows, rejected, origin, locator) VALUES (?, ?, ?, ?, ?, ?, 0, 0, ?, ?) RETURNING id",
        (
            run,
            source,
            micros(reader.as_of),
            micros(now),
            reader.completeness.value,
            reader.fingerprint or "",
            reader.origin,
            reader.locate(_PROBE).replace(str(_PROBE), "{line}"),
        ),
    ).scalar_one()
    return Snapshot(run_id=run, source_id=source, snapshot_id=int(number), now=now)


def _judge(
    connection: Connection, reading: StagedReading, merge: Merge, merged: Merged, state: SourceState
) -> None:
    """SourceInvalid when the reading may not be believed and nobody accepted it."""
    if not reading.full:
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
            *rejection_problems(rejected, state.rejected, state.rows, reading.expected),
        )
    )
    fingerprint = reading.reader.fingerprint or ""
    if not problems or _use_acceptance(connection, state.source_id, fingerprint, merge.now):
        return
    if reading.staging.first_rejects and not merged.usable:
        first = reading.staging.first_rejects[0]
        problems[f"{counted(rejected, 'row')} rejected (first: {first.at}: {first.reason})"] = None
    raise SourceInvalid(f"{reading.reader.origin} is refused: {'; '.join(problems)}", fingerprint)


def _use_acceptance(connection: Connection, source: int, fingerprint: str, now: datetime) -> bool:
    used = connection.exec_driver_sql(
        "UPDATE acceptance SET used_at = ? WHERE id = (SELECT MIN(id) FROM acceptance "
        "WHERE source_id = ? AND fingerprint = ? AND used_at IS NULL)",
        (micros(now), source, fingerprint),
    )
    return used.rowcount == 1
