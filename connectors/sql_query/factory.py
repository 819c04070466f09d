"""What the entry point names: options at once, drivers only when a database is asked."""

from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel

from connectors.sql_query.lexis import MYSQL, POSTGRESQL, SQL_SERVER, SQLITE
from connectors.sql_query.options import SqlQueryOptions
from connectors.sql_query.statement import NotOneSelect, read_statement
from syncd.domain.errors import ConfigError, Problem
from syncd.domain.identity import SourceName
from syncd.ports.clock import Clock
from syncd.ports.credentials import Credentials
from syncd.ports.source import Source

if TYPE_CHECKING:
    from connectors.sql_query.address import Address
    from connectors.sql_query.database import Database

_LEXES = {"postgresql": POSTGRESQL, "mysql": MYSQL, "sqlite": SQLITE, "mssql": SQL_SERVER}


class SqlQueryFactory:
    """Opens queries for the service."""

    options_model: type[BaseModel] = SqlQueryOptions

    def refuses_write_back(self, options: BaseModel) -> str | None:
        """A query reads only."""
        del options
        return "a query only reads"

    def open(
        self, name: SourceName, options: BaseModel, *, folder: Path, credentials: Credentials,
        clock: Clock,
    ) -> Source:  # fmt: skip
        """A source; nothing is asked yet. ConfigError for an address or a query that cannot be used."""
        if not isinstance(options, SqlQueryOptions):
            raise TypeError(f"{type(options).__name__} are no options of sql_query")
        from connectors.sql_query.address import read_address
        from connectors.sql_query.source import SqlQuerySource

        address = read_address(credentials.secret(options.url), options.url.credential)
        lexis = _LEXES[address.backend]
        try:
            statement = read_statement(options.query, lexis)
        except NotOneSelect as reason:
            message = f"{reason} (as {lexis.database} would read it)"
            path = f"sources.{name}.query"
            raise ConfigError([Problem("the configuration", 1, 1, path, message)]) from None
        if lexis is SQL_SERVER:
            _require_odbc()
        database = partial(_database, address, folder, clock)
        return SqlQuerySource(name, options, address, statement, database, clock)


def _require_odbc() -> None:
    """ConfigError when the extra is not installed."""
    if find_spec("pyodbc") is None:
        hint = "pip install 'syncd[sqlserver]', and Microsoft's ODBC driver"
        problem = Problem("sql_query", 1, 1, "", "the driver for SQL Server is not installed", hint)
        raise ConfigError([problem])


def _database(address: "Address", folder: Path, clock: Clock) -> "Database":
    if address.backend == "postgresql":
        from connectors.sql_query.postgres import PostgresDatabase

        return PostgresDatabase(address)
    if address.backend == "mysql":
        from connectors.sql_query.mysql import MySqlDatabase

        return MySqlDatabase(address)
    if address.backend == "sqlite":
        from connectors.sql_query.sqlite import SqliteDatabase

        return SqliteDatabase(address, folder, clock)
    from connectors.sql_query.sqlserver import SqlServerDatabase

    return SqlServerDatabase(address)


FACTORY = SqlQueryFactory()
