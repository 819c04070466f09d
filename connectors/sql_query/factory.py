"""What the entry point names: options at once, drivers only when a source of this kind is opened."""

from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel

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


class SqlQueryFactory:
    """Opens queries for the service."""

    options_model: type[BaseModel] = SqlQueryOptions

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
        database = _database(address, folder, clock)
        try:
            statement = read_statement(options.query, database.lexis)
        except NotOneSelect as reason:
            message = f"{reason} (as {database.lexis.database} reads it)"
            path = f"sources.{name}.query"
            raise ConfigError([Problem("the configuration", 1, 1, path, message)]) from None
        return SqlQuerySource(name, options, address, statement, database, clock)


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
    from connectors.sql_query.sqlserver import SqlServerDatabase, require_driver

    require_driver()
    return SqlServerDatabase(address)


FACTORY = SqlQueryFactory()
