"""How the row that tells where a source stands is read and made."""

from dataclasses import dataclass

from syncd.domain.identity import LocationName, Sku, SourceName
from syncd.domain.stock import Reject, SourceStanding, Watermark
from syncd.ledger.columns import moment_or_none
from syncd.ledger.connection import Connection, Row
from syncd.ledger.names import source_id

NO_TROUBLE = "trouble = '', trouble_state = '', trouble_since = NULL, refused_fingerprint = NULL"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """What the next reading of a source is compared with."""

    source_id: int
    rows: int
    rejected: int
    refused_fingerprint: str | None
    freshness_step: str | None


def state_of(connection: Connection, source: SourceName) -> SourceState:
    """The source's state, made when it was never tried."""
    number = source_id(connection, source)
    connection.exec_driver_sql(
        "INSERT OR IGNORE INTO source_state (source_id, rows, rejected, origin, trouble, trouble_state) "
        "VALUES (?, 0, 0, '', '', '')",
        (number,),
    )
    row = connection.exec_driver_sql(
        "SELECT rows, rejected, refused_fingerprint, freshness_step FROM source_state "
        "WHERE source_id = ?",
        (number,),
    ).one()
    return SourceState(
        source_id=number,
        rows=row.rows,
        rejected=row.rejected,
        refused_fingerprint=row.refused_fingerprint,
        freshness_step=row.freshness_step,
    )


def rejects_of(connection: Connection, source: int) -> tuple[Reject, ...]:
    """The first thousand rejects of the source's current snapshot."""
    rows = connection.exec_driver_sql(
        "SELECT at, sku, location, reason FROM reject WHERE source_id = ? ORDER BY id", (source,)
    )
    return tuple(
        Reject(
            at=row.at,
            sku=None if row.sku is None else Sku(row.sku),
            reason=row.reason,
            location=None if row.location is None else LocationName(row.location),
        )
        for row in rows
    )


def standing_of(row: Row) -> SourceStanding:
    """A row of `source_state` with the source's name."""
    return SourceStanding(
        source=SourceName(row.name),
        as_of=moment_or_none(row.as_of),
        read_at=moment_or_none(row.read_at),
        fingerprint=row.fingerprint,
        rows=row.rows,
        origin=row.origin,
        trouble=row.trouble,
        trouble_state=row.trouble_state,
        trouble_since=moment_or_none(row.trouble_since),
        refused_fingerprint=row.refused_fingerprint,
        full_at=moment_or_none(row.full_at),
        watermark=_watermark(row),
        form=row.form,
    )


def _watermark(row: Row) -> Watermark | None:
    moment = moment_or_none(row.watermark)
    return None if moment is None else Watermark(moment=moment, scope=row.scope)
