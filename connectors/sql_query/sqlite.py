"""SQLite: a file opened for reading, by a connection that may do nothing but read, within a time limit."""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from connectors.sql_query.address import Address, connected
from connectors.sql_query.database import (
    BATCH,
    CONNECT_WITHIN,
    Answer,
    Column,
    Nature,
    Probed,
    Question,
    Row,
    Unfit,
    too_long,
)
from syncd.domain.errors import SourceError, SourceInvalid, SourceUnavailable
from syncd.ports.clock import Clock
from syncd.ports.probe import Check, Verdict

_STEPS = 20_000
"""How many steps of SQLite's machine lie between two looks at the clock: a few milliseconds."""
_ALLOWED = {
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_FUNCTION,
    sqlite3.SQLITE_RECURSIVE,
}
_FORBIDDEN_FUNCTIONS = {"load_extension"}
_PASSING = {
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_PERM,
}  # fmt: skip
_WRITING = {sqlite3.SQLITE_AUTH, sqlite3.SQLITE_READONLY}
_BASE = 0xFF
"""The part of an error code that extended codes share."""


class SqliteAnswer:
    """Rows of a SELECT on one file. Any value can be of any type here, so each is looked at."""

    notes: Sequence[str] = ()

    def __init__(self, cursor: sqlite3.Cursor, now: datetime, question: Question) -> None:
        self.now = now
        self.columns = tuple(
            Column(name=str(name), nature=Nature.ANY, type_name="any")
            for name, *_ in cursor.description or ()
        )
        self.unfit: list[Unfit] = []
        self._cursor = cursor
        self._question = question

    def batches(self) -> Iterator[tuple[Sequence[int], Sequence[Row]]]:
        """Numbered rows without those that hold bytes."""
        first = 1
        while True:
            with _telling(self._question):
                rows = self._cursor.fetchmany(BATCH)
            if not rows:
                return
            yield self._texts(first, rows)
            first += len(rows)

    def _texts(
        self, first: int, rows: Sequence[tuple[object, ...]]
    ) -> tuple[Sequence[int], Sequence[Row]]:
        """The rows as text; what is none is set aside."""
        positions: list[int] = []
        texts: list[Row] = []
        for position, row in enumerate(rows, first):
            try:
                text = tuple([_text(value) for value in row])
                self._require_exact_sku(row)
            except TypeError as reason:
                self.unfit.append(self._left_out(position, row, str(reason)))
            else:
                positions.append(position)
                texts.append(text)
        return positions, texts

    def _require_exact_sku(self, row: Sequence[object]) -> None:
        for column, value in zip(self.columns, row, strict=True):
            if column.name == "sku" and isinstance(value, float):
                raise TypeError("the SKU is a floating-point number; store it as text")

    def _left_out(self, position: int, row: Sequence[object], reason: str) -> Unfit:
        told = [
            value
            for column, value in zip(self.columns, row, strict=True)
            if column.name == "sku" and isinstance(value, str)
        ]
        return Unfit(position=position, reason=reason, sku=told[0] if told else None)


def _text(value: object) -> str:
    """The shortest exact text; TypeError for bytes."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(value)
    raise TypeError("a value is a BLOB, which is no text; convert it in the query")


class SqliteDatabase:
    """An SQLite file; `booked` if orders are booked in it, by other connections."""

    def __init__(
        self, address: Address, folder: Path, clock: Clock, *, booked: bool = False
    ) -> None:
        self._address = address
        self._booked = booked
        self._path = folder / str(address.url.database)
        self._clock = clock

    @contextmanager
    def ask(self, question: Question) -> Iterator[Answer]:
        """Begin the SELECT; one statement sees one state of the file."""
        with ExitStack() as stack:
            # Not around the yield: the ledger is an SQLite database too, and its errors are its own.
            with _telling(question):
                connection = stack.enter_context(self._opened(question))
                now = _now(connection)
                cursor = connection.execute(*_written(question))
            yield SqliteAnswer(cursor, now, question)

    def probe(self, question: Question) -> Probed:
        """Version and whether the file could be written; the query is planned."""
        with _telling(question), self._opened(question) as connection:
            now = _now(connection)
            text, values = _written(question)
            connection.execute("EXPLAIN QUERY PLAN " + text, values).fetchall()
        return Probed(now=now, checks=self._rights())

    def _rights(self) -> tuple[Check, ...]:
        served = Check(text=f"SQLite {sqlite3.sqlite_version}, {self._path.name}")
        if self._booked:
            return (served, Check(text="it is read by connections that cannot write"))
        if os.access(self._path, os.W_OK, effective_ids=True):
            text = f"the user of this process could write to {self._path}; syncd itself cannot"
            help_ = f"let it read only: chown it to another user and chmod 644 {self._path}"
            return (served, Check(text=text, verdict=Verdict.WARN, help=help_))
        return (served, Check(text="the user of this process can only read it"))

    @contextmanager
    def _opened(self, question: Question) -> Iterator[sqlite3.Connection]:
        try:
            self._path.stat()
        except OSError as error:
            text = f"{self._path} cannot be looked at: {error.strerror}"
            raise SourceUnavailable(text) from None
        with connected(self._address.url, {}, creator=self._connect) as opened:
            connection: sqlite3.Connection = opened
            deadline = self._clock.monotonic() + question.timeout.total_seconds()
            connection.set_authorizer(_authorized)
            connection.set_progress_handler(lambda: int(self._clock.monotonic() > deadline), _STEPS)
            yield connection

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(
            f"file:{quote(str(self._path))}?mode=ro", uri=True, timeout=CONNECT_WITHIN,
            isolation_level=None,
        )  # fmt: skip


def _now(connection: sqlite3.Connection) -> datetime:
    ((now,),) = connection.execute("SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')").fetchall()
    return datetime.fromisoformat(now).replace(tzinfo=UTC)


def _authorized(action: int, _first: str | None, second: str | None, *_: str | None) -> int:
    """`mode=ro` alone would let ATTACH make files: only reading is let through."""
    is_forbidden = action == sqlite3.SQLITE_FUNCTION and second in _FORBIDDEN_FUNCTIONS
    return sqlite3.SQLITE_OK if action in _ALLOWED and not is_forbidden else sqlite3.SQLITE_DENY


def _written(question: Question) -> tuple[str, tuple[str, ...]]:
    return question.statement.text("?"), question.bound(question.wall)


@contextmanager
def _telling(question: Question) -> Iterator[None]:
    """Turn the driver's errors into those of sources."""
    try:
        yield
    except sqlite3.Error as error:
        raise _meaning(error, question) from None


def _meaning(error: sqlite3.Error, question: Question) -> SourceError:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & _BASE
    if code == sqlite3.SQLITE_INTERRUPT:
        return SourceUnavailable(too_long(question.timeout))
    if code in _PASSING:
        return SourceUnavailable(f"the file cannot be read now: {error}")
    if code in _WRITING:
        return SourceInvalid(f"the query does more than reading, and is not let to: {error}")
    return SourceInvalid(f"the database refuses the query: {error}")
