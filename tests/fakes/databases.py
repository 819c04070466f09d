"""Real databases for tests: each test gets its own corner, a user that can only read it, and nothing stays."""

import os
import secrets
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pymysql
import pytest
from sqlalchemy import URL
from sqlalchemy.engine import make_url

from connectors.sql_query.factory import FACTORY
from connectors.sql_query.options import SqlQueryOptions
from connectors.sql_query.writable import WritableSqlSource
from syncd.domain.identity import SourceName
from syncd.ports.clock import Clock, SystemClock
from syncd.ports.source import Source
from tests.fakes.credentials import Named
from tests.fakes.csv_files import Read, read_all
from tests.fakes.tiktok import OneSecret

POSTGRES = "SYNCD_TEST_POSTGRES_URL"
MARIADB = "SYNCD_TEST_MARIADB_URL"
DEFAULTS = {
    POSTGRES: "postgresql://postgres@127.0.0.1:5432/test",
    MARIADB: "mysql://root@127.0.0.1:3306/test",
}
PASSWORD = "pa55-w0rd"


@dataclass(frozen=True)
class Words:
    """How one database writes what all of them can do."""

    number: str
    instant: str
    local: str
    bytes: str
    blob: str
    endless: str
    streaming: str
    many: str
    syntax: str


@dataclass
class Site:
    """A corner of a database. `run` acts as its owner, `url` reads it, `owner_url` could write to it.

    `writer` is a user without any right, at `writer_url`; where there are no users, whoever runs the test.
    """

    kind: str
    url: str
    owner_url: str
    words: Words
    run: Callable[[str], list[tuple[object, ...]]]
    reader: str = ""
    writer: str = ""
    writer_url: str = ""

    def stock(self, rows: Mapping[str, object]) -> None:
        """A table of quantities by SKU."""
        self.run(f"CREATE TABLE stock (sku varchar(40), qty {self.words.number})")
        for sku, quantity in rows.items():
            self.run(f"INSERT INTO stock VALUES ('{sku}', {quantity})")  # noqa: S608 - made up here


def source_of(
    url: str, query: str, clock: Clock | None = None, folder: Path | None = None, **more: object
) -> Source:
    """A source over one query."""
    options = SqlQueryOptions.model_validate({"url": {"credential": "erp"}, "query": query, **more})
    return FACTORY.open(
        SourceName("erp"), options, folder=folder or Path("/"), credentials=OneSecret(url),
        clock=clock or SystemClock(),
    )  # fmt: skip


def writable_of(
    site: Site, query: str, statement: str, *, url: str | None = None, **more: object
) -> WritableSqlSource:
    """A source over one query of the site's reader, booked by its writer or at `url`."""
    secrets = {"erp": site.url, "writer": url or site.writer_url}
    options = SqlQueryOptions.model_validate(
        {
            "url": {"credential": "erp"},
            "query": query,
            "write_back": {"url": {"credential": "writer"}, "statement": statement},
            "orders": "write_back",
            **more,
        }
    )
    source = FACTORY.open(
        SourceName("erp"), options, folder=Path("/"), credentials=Named(**secrets),
        clock=SystemClock(),
    )  # fmt: skip
    assert isinstance(source, WritableSqlSource)
    return source


def read(source: Source) -> Read:
    """Everything the source says now."""
    return read_all(source)


_SQLITE = Words(
    number="numeric",
    instant="text",
    local="text",
    bytes="x'4131'",
    blob="BLOB",
    endless="WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) "
    "SELECT 'A' AS sku, count(*) AS quantity FROM t",
    streaming="WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) "
    "SELECT n AS sku, 1 AS quantity FROM t",
    many="WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t LIMIT {rows}) "
    "SELECT n AS sku, 1 AS quantity FROM t",
    syntax='near "frm"',
)
_POSTGRES = Words(
    number="numeric(14,4)",
    instant="timestamptz",
    local="timestamp",
    bytes="'A1'::bytea",
    blob="bytea",
    endless="WITH RECURSIVE t(n) AS (SELECT 1::numeric UNION ALL SELECT n + 1 FROM t) "
    "SELECT 'A' AS sku, count(*) AS quantity FROM t",
    streaming="WITH RECURSIVE t(n) AS (SELECT 1::numeric UNION ALL SELECT n + 1 FROM t) "
    "SELECT n AS sku, 1 AS quantity FROM t",
    many="SELECT n AS sku, 1 AS quantity FROM generate_series(1, {rows}) n",
    syntax='syntax error at or near "frm"',
)
_MARIADB = Words(
    number="decimal(14,4)",
    instant="timestamp",
    local="datetime",
    bytes="CAST('A1' AS binary)",
    blob="binary",
    endless="SELECT 'A' AS sku, count(*) AS quantity FROM seq_1_to_4000000000 a, seq_1_to_9 b",
    streaming="SELECT seq AS sku, 1 AS quantity FROM seq_1_to_4000000000",
    many="SELECT seq AS sku, 1 AS quantity FROM seq_1_to_{rows}",
    syntax="error in your SQL syntax",
)


@contextmanager
def sqlite_site(folder: Path) -> Iterator[Site]:
    """A file."""
    path = folder / "erp.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as owner:
        url = f"sqlite:///{path}"

        def run(statement: str) -> list[tuple[object, ...]]:
            return owner.execute(statement).fetchall()

        yield Site("sqlite", url, url, _SQLITE, run, writer_url=url)


@contextmanager
def postgres_site() -> Iterator[Site]:
    """A schema, and a role that may only select from it."""
    url = _address(POSTGRES)
    name = f"syncd_{secrets.token_hex(4)}"
    try:
        opened = psycopg.connect(_plain(url), autocommit=True)
    except psycopg.OperationalError:
        pytest.skip(f"needs a PostgreSQL server at {url.host}:{url.port} (or ${POSTGRES})")
    with closing(opened) as owner:

        def run(statement: str) -> list[tuple[object, ...]]:
            done = owner.execute(statement.encode())
            return done.fetchall() if done.description else []

        run(f"CREATE SCHEMA {name}")
        run(f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'")
        run(f"GRANT USAGE ON SCHEMA {name} TO {name}")
        run(f"ALTER DEFAULT PRIVILEGES IN SCHEMA {name} GRANT SELECT ON TABLES TO {name}")
        run(f"ALTER ROLE {name} SET search_path = {name}")
        run(f"CREATE ROLE {name}_w LOGIN PASSWORD '{PASSWORD}'")
        run(f"GRANT USAGE ON SCHEMA {name} TO {name}_w")
        run(f"ALTER ROLE {name}_w SET search_path = {name}")
        run(f"SET search_path = {name}")
        options = {"options": f"-c search_path={name}"}
        try:
            yield Site(
                "postgresql",
                _as(url, name),
                url.update_query_dict(options).render_as_string(hide_password=False),
                _POSTGRES,
                run,
                name,
                f"{name}_w",
                _as(url, f"{name}_w"),
            )
        finally:
            run(f"DROP SCHEMA {name} CASCADE")
            run(f"DROP OWNED BY {name}, {name}_w")
            run(f"DROP ROLE {name}, {name}_w")


@contextmanager
def mariadb_site() -> Iterator[Site]:
    """A database, and a user that may only select from it."""
    url = _address(MARIADB)
    name = f"syncd_{secrets.token_hex(4)}"
    try:
        opened = pymysql.connect(
            host=url.host, port=url.port or 3306, user=url.username, password=url.password or "",
            autocommit=True,
        )  # fmt: skip
    except pymysql.err.OperationalError:
        pytest.skip(f"needs a MariaDB server at {url.host}:{url.port} (or ${MARIADB})")
    with closing(opened) as owner:

        def run(statement: str) -> list[tuple[object, ...]]:
            with owner.cursor() as cursor:
                cursor.execute(statement)
                return list(cursor.fetchall())

        run(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        run(f"CREATE USER {name} IDENTIFIED BY '{PASSWORD}'")
        run(f"GRANT SELECT ON {name}.* TO {name}")
        run(f"CREATE USER {name}_w IDENTIFIED BY '{PASSWORD}'")
        run(f"USE {name}")
        try:
            yield Site(
                "mariadb",
                _as(url.set(database=name), name),
                url.set(database=name).render_as_string(hide_password=False),
                _MARIADB,
                run,
                name,
                f"{name}_w",
                _as(url.set(database=name), f"{name}_w"),
            )
        finally:
            run(f"DROP USER {name}, {name}_w")
            run(f"DROP DATABASE {name}")


def _address(variable: str) -> URL:
    return make_url(os.environ.get(variable, DEFAULTS[variable]))


def _plain(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def _as(url: URL, user: str) -> str:
    return url.set(username=user, password=PASSWORD).render_as_string(hide_password=False)
