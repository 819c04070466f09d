"""MySQL and MariaDB: an unbuffered result in a read-only transaction, every value as the server writes it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from pymysql import Connection
from pymysql.connections import MySQLResult
from pymysql.constants import FIELD_TYPE
from pymysql.cursors import SSCursor

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
    filled,
    numbered,
)
from connectors.sql_query.mysql_failures import telling
from connectors.sql_query.mysql_rights import rights

_BINARY = 63
"""The character set of what is no text."""
_LINGER = 5
"""Seconds that the server's own time limit comes before ours."""
_NUMBERS = {
    FIELD_TYPE.DECIMAL, FIELD_TYPE.NEWDECIMAL, FIELD_TYPE.TINY, FIELD_TYPE.SHORT, FIELD_TYPE.LONG,
    FIELD_TYPE.LONGLONG, FIELD_TYPE.INT24,
}  # fmt: skip
_TEXTS = {
    FIELD_TYPE.VARCHAR, FIELD_TYPE.VAR_STRING, FIELD_TYPE.STRING, FIELD_TYPE.ENUM, FIELD_TYPE.BLOB,
    FIELD_TYPE.TINY_BLOB, FIELD_TYPE.MEDIUM_BLOB, FIELD_TYPE.LONG_BLOB,
}  # fmt: skip
_TIMES = {FIELD_TYPE.TIMESTAMP, FIELD_TYPE.DATETIME, FIELD_TYPE.DATE, FIELD_TYPE.NEWDATE}
_NAMES = {
    number: name for name, number in vars(FIELD_TYPE).items() if isinstance(number, int)
}  # fmt: skip


class _Field:
    """What the protocol says of a column; the driver's own type for it is not typed."""

    name: str
    type_code: int
    charsetnr: int
    length: int


class _TextCursor(SSCursor):
    """An unbuffered cursor that shows its columns and can be left in the middle."""

    _result: MySQLResult | None

    def fields(self) -> Sequence[_Field]:
        """The columns of the result."""
        found: Sequence[_Field] = getattr(self._result, "fields", ())
        return found

    def forget(self) -> None:
        """Let go of what was not read; the driver would read all of it otherwise."""
        if self._result is not None:
            self._result.unbuffered_active = False


class MySqlAnswer:
    """Rows of an unbuffered cursor."""

    notes: Sequence[str] = ()
    unfit: Sequence[Unfit] = ()

    def __init__(self, cursor: _TextCursor, now: datetime, question: Question) -> None:
        fields = cursor.fields()
        self.now = now
        self.columns = tuple(_column(field) for field in fields)
        self._cursor = cursor
        self._question = question
        self._instants = [field.type_code == FIELD_TYPE.TIMESTAMP for field in fields]

    def batches(self) -> Iterator[tuple[Sequence[int], Sequence[Row]]]:
        """Numbered rows; SourceUnavailable when the connection is lost."""
        return numbered(self._fetched())

    def _fetched(self) -> Iterator[Sequence[Row]]:
        while True:
            with telling(self._question):
                rows = self._cursor.fetchmany(BATCH)
            if not rows:
                return
            yield self._zoned(filled(rows))

    def _zoned(self, rows: Sequence[Row]) -> Sequence[Row]:
        """A TIMESTAMP is an instant, shown in the zone of the session but without saying so."""
        if not any(self._instants):
            return rows
        offset = self._question.offset
        ends = [offset if is_instant else "" for is_instant in self._instants]
        return [
            tuple(text and text + end for text, end in zip(row, ends, strict=True)) for row in rows
        ]


class MySqlDatabase:
    """A MySQL or MariaDB database at one address."""

    def __init__(self, address: Address) -> None:
        self._address = address

    @contextmanager
    def ask(self, question: Question) -> Iterator[Answer]:
        """Begin the SELECT on a snapshot of the database."""
        with telling(question), self._transaction(question) as (driver, now):
            cursor = driver.cursor(_TextCursor)
            try:
                cursor.execute(*_written(question))
                yield MySqlAnswer(cursor, now, question)
            finally:
                cursor.forget()

    def probe(self, question: Question) -> Probed:
        """Version, user and rights; the query is planned."""
        with telling(question), self._transaction(question) as (driver, now):
            checks = rights(driver, self._address.url.database or "…")
            text, values = _written(question)
            _lines(driver, "EXPLAIN " + text, values)
            return Probed(now=now, checks=checks)

    @contextmanager
    def _transaction(self, question: Question) -> Iterator[tuple["Connection[Any]", datetime]]:
        """A transaction that reads one snapshot and cannot write, and the server's clock before it."""
        arguments = {
            "connect_timeout": CONNECT_WITHIN,
            "read_timeout": question.timeout.total_seconds() + _LINGER,
            "charset": "utf8mb4",
            "local_infile": False,
            "client_flag": 0,
        }
        with connected(self._address.url, arguments) as driver:
            driver.decoders = {}
            for statement in _settings(driver, question):
                _lines(driver, statement)
            ((now,),) = _lines(driver, "SELECT UTC_TIMESTAMP(6)")
            _lines(driver, "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
            yield driver, datetime.fromisoformat(str(now)).replace(tzinfo=UTC)


def _settings(driver: "Connection[Any]", question: Question) -> Iterator[str]:
    """Statements that prepare the session: clock, isolation, time limits."""
    ((version,),) = _lines(driver, "SELECT VERSION()")
    seconds = question.timeout.total_seconds()
    yield f"SET SESSION time_zone = '{question.offset}'"
    yield "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ"
    # DROP and the like end a transaction and would leave one that is read-only by itself alone.
    yield "SET SESSION TRANSACTION READ ONLY"
    # The server would give up on a reader that is busy with what it got before.
    yield f"SET SESSION net_write_timeout = {max(60, int(seconds))}"
    if "MariaDB" in str(version):
        yield f"SET SESSION max_statement_time = {seconds:.3f}"
    else:
        yield f"SET SESSION max_execution_time = {question.milliseconds}"


def _lines(
    driver: "Connection[Any]", statement: str, values: Sequence[str] | None = None
) -> Sequence[tuple[object, ...]]:
    """All rows of a small result."""
    with driver.cursor() as cursor:
        cursor.execute(statement, None if values is None else tuple(values))
        return tuple(cursor.fetchall())


def _written(question: Question) -> tuple[str, tuple[str, ...]]:
    """The query for the driver, and its values; an offset in a text would not be understood."""
    return question.statement.text("%s", "%%"), question.bound(question.wall)


def _column(field: _Field) -> Column:
    kind = field.type_code
    name = _NAMES.get(kind, str(kind)).lower()
    if kind == FIELD_TYPE.TINY and field.length == 1:
        return Column(name=field.name, nature=Nature.OTHER, type_name="boolean (tinyint(1))")
    if kind in _TEXTS and field.charsetnr == _BINARY:
        return Column(name=field.name, nature=Nature.OTHER, type_name="binary")
    return Column(name=field.name, nature=_nature(kind), type_name=name)


def _nature(kind: int) -> Nature:
    if kind in {FIELD_TYPE.FLOAT, FIELD_TYPE.DOUBLE}:
        return Nature.APPROXIMATE
    if kind == FIELD_TYPE.NULL:
        return Nature.ANY
    natures = ((_NUMBERS, Nature.NUMBER), (_TEXTS, Nature.TEXT), (_TIMES, Nature.TIME))
    return next((nature for kinds, nature in natures if kind in kinds), Nature.OTHER)
