"""How the standing of a source moves once a reading is merged: its counts, watermark, trouble and rejects."""

# ruff: noqa: S608 - statements are put together from constants and question marks only

from dataclasses import dataclass

from syncd.domain.identity import RunId, SourceName
from syncd.domain.stock import Completeness, Expectations, Reject
from syncd.ledger.columns import micros, micros_or_none
from syncd.ledger.connection import Connection
from syncd.ledger.merge import Snapshot
from syncd.ledger.names import known_source
from syncd.ledger.source_states import NO_TROUBLE
from syncd.ledger.staging import Staging
from syncd.ports.source import SnapshotReader

_STANDING = (
    "UPDATE source_state SET rows = :rows, rejected = :rejected, snapshot_id = :snapshot, "
    "fingerprint = :fingerprint, origin = :origin, as_of = :as_of, read_at = :now, "
    "watermark = :watermark, scope = :scope, form = :form, "
    "full_at = CASE WHEN :full THEN :now ELSE full_at END, "
    f"{NO_TROUBLE} WHERE source_id = :source"
)
_ANSWERED = (
    "DELETE FROM reject WHERE source_id = :source AND ((sku IS NULL AND at = :at) OR (sku = :sku AND "
    "(location IS NULL OR location = :location)))"
)
_READ_WELL = (
    "DELETE FROM reject WHERE source_id = :source AND EXISTS (SELECT 1 FROM temp.keyed k "
    "CROSS JOIN item i ON i.id = k.item_id CROSS JOIN location l ON l.id = k.location_id "
    "WHERE i.sku = reject.sku AND (reject.location IS NULL OR l.name = reject.location))"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedReading:
    """One reading between staging and merge; `before` is the snapshot it was compared with.

    `confirmations` is how many bookings the source had confirmed before it was begun.
    """

    run: RunId
    source: SourceName
    reader: SnapshotReader
    expected: Expectations
    staging: Staging
    before: int | None
    form: str
    confirmations: int

    @property
    def full(self) -> bool:
        """Whether it names everything the source has."""
        return self.reader.completeness is Completeness.FULL


def forget_other_form(connection: Connection, source: SourceName, form: str) -> None:
    """Rows that were read in another form are no longer known: each is judged again, whatever it says.

    Of a ledger from before forms were kept, the rows are believed to be in this one.
    """
    number = known_source(connection, source)
    if number is None:
        return
    known = connection.exec_driver_sql(
        "SELECT form FROM source_state WHERE source_id = ?", (number,)
    ).scalar()
    if known is not None and known != form:
        connection.exec_driver_sql(
            "UPDATE position SET value_hash = NULL WHERE value_hash IS NOT NULL AND location_id IN "
            "(SELECT id FROM location WHERE source_id = ?)",
            (number,),
        )


def settle(connection: Connection, reading: StagedReading, rows: int, snapshot: Snapshot) -> int:
    """The snapshot's own row, the source's standing and its rejects; `rows` is what the source has now.

    Answers how many rows of the source are rejected now.
    """
    reader, staging = reading.reader, reading.staging
    connection.exec_driver_sql(
        "UPDATE snapshot SET rows = ?, rejected = ? WHERE id = ?",
        (rows, staging.rejected, snapshot.snapshot_id),
    )
    rejected = _settle_rejects(connection, reading, snapshot.source_id)
    mark = reader.watermark
    connection.exec_driver_sql(
        _STANDING,
        {
            "full": reading.full,
            "rows": rows,
            "rejected": rejected,
            "snapshot": snapshot.snapshot_id,
            "fingerprint": reader.fingerprint,
            "origin": reader.origin,
            "as_of": micros(reader.as_of),
            "watermark": micros_or_none(None if mark is None else mark.moment),
            "scope": None if mark is None else mark.scope,
            "form": reading.form,
            "now": micros(snapshot.now),
            "source": snapshot.source_id,
        },
    )
    return rejected


def _settle_rejects(connection: Connection, reading: StagedReading, source: int) -> int:
    """Replace the rejects of a full reading; answers how many the source has now.

    A reading of changes leaves those of the rows it did not read, so the number is a lower bound where
    more than the kept thousand were known.
    """
    staging = reading.staging
    if reading.full:
        connection.exec_driver_sql("DELETE FROM reject WHERE source_id = ?", (source,))
    else:
        connection.exec_driver_sql(_READ_WELL, {"source": source})
        for row in staging.first_rejects:
            _answered(connection, source, row)
    if staging.first_rejects:
        connection.exec_driver_sql(
            "INSERT INTO reject (source_id, at, sku, location, reason) VALUES (?, ?, ?, ?, ?)",
            [(source, row.at, row.sku, row.location, row.reason) for row in staging.first_rejects],
        )
    if reading.full:
        return staging.rejected
    kept = connection.exec_driver_sql("SELECT COUNT(*) FROM reject WHERE source_id = ?", (source,))
    return int(kept.scalar() or 0)


def _answered(connection: Connection, source: int, row: Reject) -> None:
    connection.exec_driver_sql(
        _ANSWERED,
        {"source": source, "at": row.at, "sku": row.sku, "location": row.location},
    )
