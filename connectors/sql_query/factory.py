"""What the entry point names: options at once, drivers only when a database is asked."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel

from connectors.sql_query.booking import Booking, read_booking
from connectors.sql_query.lexis import MYSQL, POSTGRESQL, SQL_SERVER, SQLITE, Lexis
from connectors.sql_query.options import WRITE_BACK, SqlQueryOptions
from connectors.sql_query.statement import WrongStatement, read_statement
from syncd.domain.errors import ConfigError, Problem
from syncd.domain.identity import SourceName
from syncd.ports.clock import Clock
from syncd.ports.credentials import Credentials, Secret
from syncd.ports.source import Source

if TYPE_CHECKING:
    from connectors.sql_query.address import Address
    from connectors.sql_query.database import Database
    from connectors.sql_query.writing import WritableDatabase, Writer

_LEXES = {"postgresql": POSTGRESQL, "mysql": MYSQL, "sqlite": SQLITE, "mssql": SQL_SERVER}


class SqlQueryFactory:
    """Opens queries for the service."""

    options_model: type[BaseModel] = SqlQueryOptions

    def refuses_write_back(self, options: BaseModel) -> str | None:
        """A query reads only; statements and a user of their own make it writable."""
        written = isinstance(options, SqlQueryOptions) and options.write_back is not None
        return None if written else f"a query only reads; it also needs write_back: {WRITE_BACK}"

    def open(
        self, name: SourceName, options: BaseModel, *, folder: Path, credentials: Credentials,
        clock: Clock,
    ) -> Source:  # fmt: skip
        """A source; nothing is asked yet. ConfigError for an address or a query that cannot be used."""
        if not isinstance(options, SqlQueryOptions):
            raise TypeError(f"{type(options).__name__} are no options of sql_query")
        from connectors.sql_query.source import SqlQuerySource

        address = _address(options.url, credentials)
        with _refusing(address, "query") as lexis:
            statement = read_statement(options.query, lexis)
        if options.write_back is None:
            database = partial(_database, address, folder, clock)
            return SqlQuerySource(name, options, address, statement, database, clock)
        from connectors.sql_query.writable import WritableSqlSource

        written = _address(options.write_back.url, credentials)
        with _refusing(written, "write_back.statement") as lexis:
            booking = read_booking(options.write_back.statement, lexis)
        booked = written.place == address.place
        database = partial(_database, address, folder, clock, booked=booked)
        writer = partial(_writer, written, booking, folder, clock)
        return WritableSqlSource(
            name, options, address, statement, database, clock, (written, writer)
        )


def _address(reference: Secret, credentials: Credentials) -> "Address":
    """Which database it is; ConfigError for one that cannot be reached from here."""
    from connectors.sql_query.address import read_address

    address = read_address(credentials.secret(reference), reference.credential)
    if _LEXES[address.backend] is SQL_SERVER:
        _require_odbc()
    return address


@contextmanager
def _refusing(address: "Address", key: str) -> Iterator[Lexis]:
    """How this database reads statements; ConfigError for what it does not take for the right kind."""
    lexis = _LEXES[address.backend]
    try:
        yield lexis
    except WrongStatement as reason:
        message = f"{reason} (as {lexis.database} would read it)"
        raise ConfigError([Problem("", 0, 0, key, message)]) from None


def _require_odbc() -> None:
    """ConfigError when the extra is not installed."""
    if find_spec("pyodbc") is None:
        hint = "pip install 'syncd[sqlserver]', and Microsoft's ODBC driver"
        problem = Problem("sql_query", 1, 1, "", "the driver for SQL Server is not installed", hint)
        raise ConfigError([problem])


def _database(
    address: "Address", folder: Path, clock: Clock, *, booked: bool = False
) -> "Database":
    if address.backend == "postgresql":
        from connectors.sql_query.postgres import PostgresDatabase

        return PostgresDatabase(address)
    if address.backend == "mysql":
        from connectors.sql_query.mysql import MySqlDatabase

        return MySqlDatabase(address)
    if address.backend == "sqlite":
        from connectors.sql_query.sqlite import SqliteDatabase

        return SqliteDatabase(address, folder, clock, booked=booked)
    from connectors.sql_query.sqlserver import SqlServerDatabase

    return SqlServerDatabase(address)


def _writer(address: "Address", booking: Booking, folder: Path, clock: Clock) -> "Writer":
    from connectors.sql_query.key_tables import WRITER
    from connectors.sql_query.writing import Writer

    database = _writable(address, folder, clock)
    return Writer(address.name, booking, database, address.url.username or WRITER)


def _writable(address: "Address", folder: Path, clock: Clock) -> "WritableDatabase":
    if address.backend == "postgresql":
        from connectors.sql_query.postgres_writing import PostgresWriting

        return PostgresWriting(address)
    if address.backend == "mysql":
        from connectors.sql_query.mysql_writing import MySqlWriting

        return MySqlWriting(address)
    if address.backend == "sqlite":
        from connectors.sql_query.sqlite_writing import SqliteWriting

        return SqliteWriting(address, folder, clock)
    from connectors.sql_query.sqlserver_writing import SqlServerWriting

    return SqlServerWriting(address)


FACTORY = SqlQueryFactory()
