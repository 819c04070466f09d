"""The hot loop: which rows of a reading are new text, told by hashes, and staged outside the ledger.

Unchanged rows cost one hash and one set operation. Nothing here touches the ledger's own tables, so a
source that is read for minutes blocks nobody.
"""

# ruff: noqa: S608 - statements are put together from constants and question marks only

import json
from array import array
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import compress
from operator import not_

from xxhash import xxh3_64_intdigest

from syncd.domain.identity import SourceName
from syncd.domain.stock import Reading, Reject
from syncd.ledger.columns import decimal_text, micros_or_none
from syncd.ledger.connection import Connection
from syncd.ledger.database import marks
from syncd.ports.source import RawBatch, SnapshotReader

CHUNK_ROWS = 5000
_SPARE_BITS = (
    4  # 60 bits fit two digits of a Python integer, which saves a third of the set's memory
)

_TEMPORARY = (
    (
        "CREATE TEMP TABLE IF NOT EXISTS staged (line INTEGER, sku TEXT, location TEXT, state TEXT, "
        "quantity INTEGER, committed INTEGER, price TEXT, currency TEXT, cost TEXT, counted_at INTEGER, "
        "note TEXT, hash INTEGER)"
    ),
    "CREATE TEMP TABLE IF NOT EXISTS refused (at TEXT, sku TEXT, location TEXT, reason TEXT, line INTEGER)",
    "CREATE TEMP TABLE IF NOT EXISTS leftover (hash INTEGER PRIMARY KEY)",
)
_STAGE = f"INSERT INTO temp.staged VALUES ({marks(range(12))})"
_REFUSE = "INSERT INTO temp.refused VALUES (?, ?, ?, ?, ?)"

HASHES_AT_ONCE = 20_000
"""Half a megabyte of text."""
# As a list in JSON they arrive in two thirds of the time that a million rows of their own take.
_HASHES = (
    "SELECT '[' || group_concat(value_hash) || ']', MAX(item_id) FROM (SELECT value_hash, item_id "
    "FROM position WHERE location_id = ? AND item_id > ? AND value_hash IS NOT NULL "
    "AND missing_since IS NULL ORDER BY item_id LIMIT ?)"
)

Staged = tuple[int, str, str, str, int | None, int | None, str | None, str | None, str | None,
               int | None, str, int | None]  # fmt: skip


def row_hashes(rows: Iterable[Sequence[str]]) -> list[int]:
    """60 bits over the text of each row; who wants a row to be skipped can simply not change it."""
    return [
        xxh3_64_intdigest("\0".join(row).encode("utf-8", "surrogatepass")) >> _SPARE_BITS
        for row in rows
    ]


def _spared(hashes: Iterable[int]) -> list[int]:
    """What `row_hashes` gives, of hashes that a source made itself."""
    return [value >> _SPARE_BITS for value in hashes]


def known_hashes(connection: Connection, source: SourceName) -> set[int]:
    """The hashes of the rows a source said last and that may be skipped when it says them again."""
    known: set[int] = set()
    places = connection.exec_driver_sql(
        "SELECT l.id FROM location l JOIN source s ON s.id = l.source_id WHERE s.name = ?",
        (source,),
    ).all()
    for (place,) in places:
        last: int | None = 0
        while last is not None:
            values = (place, last, HASHES_AT_ONCE)
            text, last = connection.exec_driver_sql(_HASHES, values).one()
            known.update(json.loads(text or "[]"))
    return known


class Staging:
    """One reading on its way in: known rows are ticked off, the others lie in temporary tables."""

    def __init__(
        self, connection: Connection, reader: SnapshotReader, known: set[int] | None
    ) -> None:
        self._connection = connection
        self._reader = reader
        self._known = known
        self._skipped: list[tuple[array[int], Sequence[int]]] = []
        self._rows: list[Staged] = []
        self._refused: list[tuple[str, str | None, str | None, str, int | None]] = []
        self.staged = 0
        self.skipped = 0
        self.first_rejects: list[Reject] = []
        self.rejected = 0
        for statement in _TEMPORARY:
            connection.exec_driver_sql(statement)

    def read(self) -> None:
        """Take every row of the reader; whatever it raises passes through."""
        for batch in self._reader.batches():
            self._take(batch)
        for reject in self._reader.rejects():
            self.refuse(reject, None)
        self.flush()
        if self._known:
            for part in _parts(self._known):
                self._connection.exec_driver_sql("INSERT INTO temp.leftover VALUES (?)", part)
            self._known.clear()

    def skipped_lines(self, hashes: set[int]) -> dict[int, int]:
        """Where the skipped rows with these hashes stood."""
        return {
            value: line
            for skipped, lines in self._skipped
            for value, line in zip(skipped, lines, strict=True)
            if value in hashes
        }

    def refuse(self, reject: Reject, line: int | None) -> None:
        """Put a reject aside; the first thousand are also kept for the report."""
        self.rejected += 1
        if len(self.first_rejects) < 1000:  # noqa: PLR2004 - the port's own limit
            self.first_rejects.append(reject)
        if reject.sku is None:
            return
        self._refused.append((reject.at, reject.sku, reject.location, reject.reason, line))
        if len(self._refused) >= CHUNK_ROWS:
            self.flush()

    def flush(self) -> None:
        """Write what is gathered to the temporary tables."""
        if self._rows:
            self._connection.exec_driver_sql(_STAGE, self._rows)
            self._rows = []
        if self._refused:
            self._connection.exec_driver_sql(_REFUSE, self._refused)
            self._refused = []

    def _take(self, batch: RawBatch) -> None:
        if self._known is None:
            for line, values in zip(batch.positions, batch.values, strict=True):
                self._judge(line, values, None)
            return
        hashes = _spared(batch.hashes) if batch.hashes is not None else row_hashes(batch.values)
        alone = set(hashes)
        if len(alone) < len(hashes):
            self._pick(batch, hashes, self._known)
            return
        fresh = _ticked_off(hashes, alone, self._known)
        if not any(fresh):
            self._skip(hashes, batch.positions)
            return
        told = list(map(not_, fresh))
        again = list(compress(hashes, told))
        self._skip(again, array("q", compress(batch.positions, told)))
        rows = zip(batch.positions, batch.values, hashes, strict=True)
        for line, values, value_hash in compress(rows, fresh):
            self._judge(line, values, value_hash)

    def _pick(self, batch: RawBatch, hashes: Sequence[int], known: set[int]) -> None:
        """One by one: the first of two equal rows says what is known, the second is judged."""
        skipped: list[int] = []
        lines: list[int] = []
        for line, values, value_hash in zip(batch.positions, batch.values, hashes, strict=True):
            if value_hash in known:
                known.discard(value_hash)
                skipped.append(value_hash)
                lines.append(line)
            else:
                self._judge(line, values, value_hash)
        self._skip(skipped, array("q", lines))

    def _skip(self, hashes: Sequence[int], lines: Sequence[int]) -> None:
        """Remember where known rows stood; lines are most often a range, which takes no room."""
        self.skipped += len(hashes)
        self._skipped.append((array("q", hashes), lines))

    def _judge(self, line: int, values: tuple[str, ...], value_hash: int | None) -> None:
        found = self._reader.parse(line, values)
        if isinstance(found, Reject):
            self.refuse(found, line)
            return
        self.staged += 1
        self._rows.append(_staged(line, found, value_hash))
        if len(self._rows) >= CHUNK_ROWS:
            self.flush()


def _ticked_off(hashes: Sequence[int], alone: set[int], known: set[int]) -> Sequence[bool]:
    """Take what is known out of `known`; answers which of these rows are not, or nothing if all are.

    `alone` are the same hashes, each once. One operation takes out what is in both sets and puts in what is
    in one only, which is then what is fresh; a look-up and a removal of each would take twice as long.
    """
    awaited = len(known)
    known.symmetric_difference_update(alone)
    if awaited - len(known) == len(alone):
        return ()
    fresh = list(map(known.__contains__, hashes))
    deque(map(known.discard, compress(hashes, fresh)), maxlen=0)
    return fresh


def _staged(line: int, found: Reading, value_hash: int | None) -> Staged:
    return (
        line,
        found.sku,
        found.location,
        found.state.value,
        found.quantity,
        found.committed,
        decimal_text(found.price),
        found.currency,
        decimal_text(found.cost),
        micros_or_none(found.counted_at),
        found.note,
        value_hash,
    )


def _parts(values: set[int]) -> Iterator[list[tuple[int]]]:
    part: list[tuple[int]] = []
    for value in values:
        part.append((value,))
        if len(part) == CHUNK_ROWS:
            yield part
            part = []
    if part:
        yield part
