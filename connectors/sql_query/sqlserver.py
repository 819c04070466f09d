"""SQL Server through Microsoft's ODBC driver: a transaction that is always rolled back."""

import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Protocol

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
    numbered,
    too_long,
)
from syncd.domain.errors import (
    SourceError,
    SourceInvalid,
    SourceUnauthorized,
    SourceUnavailable,
)
from syncd.ports.probe import Check, Verdict

_MOMENT_WITH_OFFSET = -155
"""ODBC's number of datetimeoffset, which the driver does not convert by itself."""
_NATURES: dict[type, Nature] = {
    str: Nature.TEXT, int: Nature.NUMBER, Decimal: Nature.NUMBER, float: Nature.APPROXIMATE,
    datetime: Nature.TIME, date: Nature.TIME,
}  # fmt: skip
_PLAIN = "the reading sees no snapshot: rows that change meanwhile may be missed or seen twice; "
_ISOLATION = (
    "SELECT snapshot_isolation_state, is_read_committed_snapshot_on FROM sys.databases "
    "WHERE database_id = DB_ID()"
)
_RIGHTS = (
    "SELECT SUSER_SNAME(), CONVERT(varchar(40), SERVERPROPERTY('ProductVersion')), "
    "IS_SRVROLEMEMBER('sysadmin'), IS_ROLEMEMBER('db_owner'), "
    "IS_ROLEMEMBER('db_datawriter'), HAS_PERMS_BY_NAME(DB_NAME(), 'DATABASE', 'INSERT')"
)
_HELP = (
    "read as a user that can only read: CREATE LOGIN syncd_reader WITH PASSWORD = '…'; "
    "CREATE USER syncd_reader FOR LOGIN syncd_reader; GRANT SELECT ON … TO syncd_reader"
)


class Cursor(Protocol):
    """What the driver's cursor is, for type checkers."""

    @property
    def description(self) -> Sequence[tuple[Any, ...]]:
        """Name and Python type of every column, first of all."""
        ...

    def execute(self, statement: str, *values: object) -> object:
        """Run a statement."""
        ...

    def fetchmany(self, size: int) -> Sequence[Sequence[object]]:
        """The next rows."""
        ...

    def fetchall(self) -> Sequence[Sequence[Any]]:
        """The rest of them."""
        ...


class SqlServerAnswer:
    """Rows of a forward-only cursor."""

    unfit: Sequence[Unfit] = ()

    def __init__(self, cursor: Cursor, now: datetime, notes: Sequence[str]) -> None:
        self.now = now
        self.notes = notes
        self.columns = tuple(
            Column(name=str(name), nature=_NATURES.get(kind, Nature.OTHER), type_name=kind.__name__)
            for name, kind, *_ in cursor.description
        )
        self._cursor = cursor

    def batches(self) -> Iterator[tuple[Sequence[int], Sequence[Row]]]:
        """Numbered rows."""
        return numbered(self._fetched())

    def _fetched(self) -> Iterator[Sequence[Row]]:
        while rows := self._cursor.fetchmany(BATCH):
            yield [tuple(map(text_of, row)) for row in rows]


def text_of(value: object) -> str:
    """A value as the text of a table, exact; SourceInvalid for what is none."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return value.isoformat(" ")
    if isinstance(value, bool | bytes):
        raise SourceInvalid(f"a value is {type(value).__name__}, which is no text; convert it")
    return repr(value) if isinstance(value, float) else str(value)


def moment_of(data: bytes) -> datetime:
    """A datetimeoffset as ODBC hands it over: six numbers, nanoseconds, hours and minutes of offset."""
    year, month, day, hour, minute, second, nanoseconds, hours, minutes = struct.unpack(
        "<6hI2h", data
    )
    zone = timezone(timedelta(hours=hours, minutes=minutes))
    return datetime(
        year, month, day, hour, minute, second, nanoseconds // 1000, tzinfo=zone
    )  # fmt: skip


class SqlServerDatabase:
    """A SQL Server database at one address."""

    def __init__(self, address: Address) -> None:
        self._address = address

    @contextmanager
    def ask(self, question: Question) -> Iterator[Answer]:
        """Begin the SELECT, on a snapshot where the database allows one."""
        with self._opened(question) as connection:
            cursor: Cursor = connection.cursor()
            cursor.execute(_ISOLATION)
            ((snapshots, versions),) = cursor.fetchall()
            if snapshots == 1:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL SNAPSHOT")
            now = _now(cursor)
            cursor.execute(*_written(question))
            allow = "ALTER DATABASE … SET ALLOW_SNAPSHOT_ISOLATION ON"
            notes = () if snapshots == 1 or versions else (_PLAIN + allow,)
            yield SqlServerAnswer(cursor, now, notes)

    def probe(self, question: Question) -> Probed:
        """Version, user and rights; what the query says is first seen when it is read."""
        with self._opened(question) as connection:
            cursor: Cursor = connection.cursor()
            cursor.execute(_RIGHTS)
            ((user, version, *writing),) = cursor.fetchall()
            now = _now(cursor)
        served = Check(text=f"SQL Server {version}, read as {user}")
        could = Check(text=f"the user {user} could write", verdict=Verdict.WARN, help=_HELP)
        cannot = Check(text=f"the user {user} can only read")
        return Probed(now=now, checks=(served, could if any(writing) else cannot))

    @contextmanager
    def _opened(self, question: Question) -> Iterator[Any]:
        import pyodbc

        try:
            with connected(self._address.url, {"timeout": CONNECT_WITHIN}) as connection:
                connection.timeout = int(question.timeout.total_seconds())
                connection.add_output_converter(_MOMENT_WITH_OFFSET, moment_of)
                yield connection
        except pyodbc.Error as error:
            raise meaning(str(error.args[0]), str(error.args[-1]), question) from None


def _now(cursor: Cursor) -> datetime:
    cursor.execute("SELECT SYSUTCDATETIME()")
    ((now,),) = cursor.fetchall()
    moment: datetime = now
    return moment.replace(tzinfo=UTC)


def _written(question: Question) -> tuple[str, *tuple[str, ...]]:
    """The query and its values, in the only form of a time that every type of column takes."""
    return (question.statement.text("?"), *question.bound(question.wall.replace(" ", "T")))


def meaning(code: str, words: str, question: Question) -> SourceError:
    """What an ODBC state means for a reading."""
    if code.startswith("HYT"):
        return SourceUnavailable(too_long(question.timeout))
    if code == "28000":
        text = f"the database refuses the user of the address: {words}; correct the credential"
        return SourceUnauthorized(text)
    if "(229)" in words or "(230)" in words:
        return SourceUnauthorized(f"the database refuses: {words}; GRANT SELECT ON … TO …")
    if code.startswith(("08", "01002", "40")):
        return SourceUnavailable(f"the database cannot be reached or was lost: {words}")
    return SourceInvalid(f"the database refuses the query: {words}")
