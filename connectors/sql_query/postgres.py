"""PostgreSQL: a cursor on the server in a read-only transaction, every value as the server writes it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, cast

from psycopg import Connection, IsolationLevel, ServerCursor
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.types.string import TextLoader

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
from connectors.sql_query.postgres_failures import telling
from connectors.sql_query.postgres_rights import rights

_CURSOR = "syncd"
DECLARED = f'DECLARE "{_CURSOR}" CURSOR FOR '
"""What the driver puts before the query; the server counts positions from its beginning."""
_BLANK_PADDED = 1042
_APPROXIMATE = {700, 701}
_NO_NUMBER = {790}
_INSTANTS = {1082, 1114, 1184}
_UUID = 2950
_NATURES = {"N": Nature.NUMBER, "S": Nature.TEXT, "E": Nature.TEXT, "X": Nature.TEXT}
_TYPES = (
    "SELECT oid::text, format_type(oid, NULL), typcategory::text FROM pg_catalog.pg_type "
    "WHERE oid = ANY(%s::oid[])"
)


class _Unpadded(Loader):
    """char(n), whose blanks at the end mean nothing."""

    def load(self, data: Buffer) -> str:
        """The text without them."""
        return bytes(data).rstrip(b" ").decode()


class PostgresAnswer:
    """Rows of a cursor on the server."""

    notes: Sequence[str] = ()
    unfit: Sequence[Unfit] = ()

    def __init__(
        self, cursor: ServerCursor[tuple[Any, ...]], now: datetime, columns: Sequence[Column],
        question: Question,
    ) -> None:  # fmt: skip
        self.now = now
        self.columns = columns
        self._cursor = cursor
        self._question = question

    def batches(self) -> Iterator[tuple[Sequence[int], Sequence[Row]]]:
        """Numbered rows; SourceUnavailable when the connection is lost."""
        return numbered(self._fetched())

    def _fetched(self) -> Iterator[Sequence[Row]]:
        while True:
            with telling(self._question, DECLARED):
                rows = self._cursor.fetchmany(BATCH)
            if not rows:
                return
            yield filled(rows)


class PostgresDatabase:
    """A PostgreSQL database at one address."""

    def __init__(self, address: Address) -> None:
        self._address = address

    @contextmanager
    def ask(self, question: Question) -> Iterator[Answer]:
        """Begin the SELECT on a snapshot of the database."""
        with telling(question, DECLARED), self._transaction(question) as driver:
            now = _now(driver)
            with driver.cursor(name=_CURSOR) as cursor:
                text, values = _written(question)
                cursor.execute(text.encode(), values)
                yield PostgresAnswer(cursor, now, _columns(driver, cursor), question)

    def probe(self, question: Question) -> Probed:
        """Version, user and rights; the query is planned."""
        with telling(question, DECLARED), self._transaction(question) as driver:
            now, checks = _now(driver), rights(driver)
            text, values = _written(question)
            # Prepared, because only then does the server refuse a second statement.
            driver.execute(b"EXPLAIN " + text.encode(), values, prepare=True)
            return Probed(now=now, checks=checks)

    @contextmanager
    def _transaction(self, question: Question) -> Iterator[Connection[tuple[Any, ...]]]:
        """A transaction that reads one snapshot and cannot write, with time limits on both sides."""
        arguments = {
            "connect_timeout": CONNECT_WITHIN,
            "application_name": "syncd",
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 4,
        }
        with connected(self._address.url, arguments, use_native_hstore=False) as opened:
            driver = cast("Connection[tuple[Any, ...]]", opened)
            _read_text(driver)
            driver.read_only = True
            driver.isolation_level = IsolationLevel.REPEATABLE_READ
            limit = str(question.milliseconds)
            settings = {
                "statement_timeout": limit,
                "idle_in_transaction_session_timeout": limit,
                "DateStyle": "ISO, YMD",
                "TimeZone": question.zone.key,
                "extra_float_digits": "1",
                "standard_conforming_strings": "on",
                # All rows are wanted, not the first few as from most cursors.
                "cursor_tuple_fraction": "1",
            }
            _set(driver, settings)
            yield driver


def _set(driver: Connection[tuple[Any, ...]], settings: Mapping[str, str]) -> None:
    for name, value in settings.items():
        driver.execute("SELECT pg_catalog.set_config(%s, %s, true)", (name, value))


def _read_text(driver: Connection[tuple[Any, ...]]) -> None:
    """Every type arrives as the text the server writes: exact, and faster than any conversion."""
    for info in driver.adapters.types:
        for number in filter(None, (info.oid, info.array_oid)):
            driver.adapters.register_loader(number, TextLoader)
    driver.adapters.register_loader(_BLANK_PADDED, _Unpadded)


def _now(driver: Connection[tuple[Any, ...]]) -> datetime:
    """When the transaction began, so surely before its snapshot."""
    ((text,),) = driver.execute("SELECT pg_catalog.now()").fetchall()
    return datetime.fromisoformat(text).astimezone(UTC)


def _written(question: Question) -> tuple[str, tuple[str, ...]]:
    """The query for the driver, and its values: `:since` has no type, so that it suits any column."""
    text = question.statement.text("%s", "%%")
    return text, question.bound(f"{question.wall}{question.offset}")


def _columns(
    driver: Connection[tuple[Any, ...]], cursor: ServerCursor[tuple[Any, ...]]
) -> tuple[Column, ...]:
    described = cursor.description or []
    numbers = [column.type_code for column in described]
    types = {
        int(number): (name, category)
        for number, name, category in driver.execute(_TYPES, (numbers,)).fetchall()
    }
    return tuple(
        Column(
            name=column.name,
            nature=_nature(column.type_code, types[column.type_code][1]),
            type_name=types[column.type_code][0],
        )
        for column in described
    )


def _nature(number: int, category: str) -> Nature:
    if number in _APPROXIMATE:
        return Nature.APPROXIMATE
    if number in _INSTANTS:
        return Nature.TIME
    if number in _NO_NUMBER:
        return Nature.OTHER
    return Nature.TEXT if number == _UUID else _NATURES.get(category, Nature.OTHER)
