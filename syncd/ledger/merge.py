"""How a staged reading becomes positions and movements: set-based SQL inside one transaction.

The order matters. Rows that contradict each other become rejects first; a position that any reject
covers is held with its last quantity and is neither changed nor missing; what is left is compared.
"""

from dataclasses import dataclass
from datetime import datetime

from syncd.domain.identity import DEFAULT_LOCATION, LocationName, Sku
from syncd.domain.stock import REJECTED, Completeness, Duplicates, Reject
from syncd.ledger import merge_sql as sql
from syncd.ledger.columns import micros
from syncd.ledger.connection import Connection
from syncd.ledger.staging import Staging
from syncd.ports.source import SnapshotReader

REPEATED = "the same SKU and location"
NAMED = 3
"""Rows of one repeated SKU that a reject names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Which reading is being merged: ids of its run, source and own row, and the present moment."""

    run_id: int
    source_id: int
    snapshot_id: int
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What a merge did; `usable` counts rows that said something, unchanged ones too, `fresh` new positions."""

    usable: int
    fresh: int
    changed: int
    missing: int


class Merge:
    """One merge on the connection that holds the staged rows."""

    def __init__(
        self, connection: Connection, staging: Staging, reader: SnapshotReader, snapshot: Snapshot
    ) -> None:
        self._connection = connection
        self._staging = staging
        self._reader = reader
        self.now = snapshot.now
        self._full = reader.completeness is Completeness.FULL
        self._parameters: dict[str, object] = {
            "run": snapshot.run_id,
            "source": snapshot.source_id,
            "snapshot": snapshot.snapshot_id,
            "now": micros(snapshot.now),
            "default": DEFAULT_LOCATION,
            "rejected": REJECTED,
            "repeated": REPEATED,
        }

    def run(self, duplicates: Duplicates) -> Merged:
        """Merge everything; the caller commits or rolls back."""
        for statement in sql.TEMPORARY:
            self._run(statement)
        for statement in sql.IDENTIFY:
            self._run(statement)
        repeated = self._settle_duplicates(duplicates)
        if not self._full:
            repeated += self._keep_repeated()
        if self._staging.rejected:
            for statement in sql.HOLD:
                self._run(statement)
        self._run(sql.KEEP_LAST_KNOWN)
        if self._full:
            self._find_gone()
        for statement in (*sql.COMPARE, *sql.MOVEMENTS, *sql.APPLY):
            self._run(statement)
        gone = self._count("SELECT COUNT(*) FROM temp.gone")
        moved = self._count("SELECT COUNT(*) FROM temp.moved")
        usable = self._staging.skipped + self._staging.staged - repeated
        fresh = self._count("SELECT COUNT(*) FROM temp.moved WHERE fresh")
        return Merged(usable=usable, fresh=fresh, changed=moved - gone, missing=gone)

    def absent(self, skus: tuple[Sku, ...]) -> tuple[Sku, ...]:
        """Those SKUs that the source does not have now."""
        return tuple(
            sku for sku in skus if not self._count(sql.PRESENT, {**self._parameters, "sku": sku})
        )

    def _settle_duplicates(self, duplicates: Duplicates) -> int:
        """Hold or combine rows of one key; answers how many rows became rejects."""
        keyed = self._count("SELECT COUNT(*) FROM temp.keyed")
        if duplicates is not Duplicates.ERROR:
            if keyed < self._staging.staged:
                self._run(sql.COMBINE_SUM if duplicates is Duplicates.SUM else sql.COMBINE_MIN)
            return 0
        if keyed < self._staging.staged:
            self._run(sql.REPEATED_IN_STAGE)
        if self._staging.skipped:
            self._run(sql.REPEATED_OF_SKIPPED)
        if not self._count("SELECT COUNT(*) FROM temp.repeated"):
            return 0
        return self._refuse_repeated()

    def _refuse_repeated(self) -> int:
        rows = self._connection.exec_driver_sql(sql.REPEATED_ROWS, self._parameters).all()
        skipped = self._staging.skipped_lines({row.skipped for row in rows if row.skipped})
        refused = 0
        for row in rows:
            lines = sorted(int(line) for line in row.lines.split(","))
            if row.skipped in skipped:
                lines.insert(0, skipped[row.skipped])
                lines.sort()
            refused += len(lines)
            reason = self._repeated(lines)
            for line in lines:
                reject = Reject(
                    at=self._reader.locate(line),
                    sku=Sku(row.sku),
                    location=LocationName(row.location),
                    reason=reason,
                )
                self._staging.refuse(reject, line)
        self._staging.flush()
        return refused

    def _keep_repeated(self) -> int:
        """Hold what the last full reading held as repeated; answers how many rows became rejects."""
        rows = self._connection.exec_driver_sql(sql.STILL_REPEATED, self._parameters).all()
        for row in rows:
            reject = Reject(
                at=self._reader.locate(row.line),
                sku=Sku(row.sku),
                location=LocationName(row.location),
                reason=row.reason,
            )
            self._staging.refuse(reject, row.line)
        self._staging.flush()
        return len(rows)

    def _repeated(self, lines: list[int]) -> str:
        """Where they stand: a few of them, because a SKU may be that of every row."""
        *others, last = [self._reader.locate(line) for line in lines[:NAMED]]
        if len(lines) > NAMED:
            others, last = [*others, last], f"{len(lines) - NAMED} more places"
        return f"{REPEATED} stand at {', '.join(others)} and {last}"

    def _find_gone(self) -> None:
        for statement in sql.TICK_OFF:
            self._run(statement)
        self._run(sql.GONE_UNHASHED)
        if self._count("SELECT EXISTS (SELECT 1 FROM temp.leftover)"):
            self._run(sql.GONE)

    def _run(self, statement: str) -> None:
        self._connection.exec_driver_sql(statement, self._parameters)

    def _count(self, query: str, parameters: dict[str, object] | None = None) -> int:
        return int(self._connection.exec_driver_sql(query, parameters or {}).scalar() or 0)
