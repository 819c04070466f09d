"""Stages whose place is a table in a real database, reached through a gate where it is a server."""

# ruff: noqa: S608 - statements are made up here

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.engine import make_url

from tests.contract.source_contract import SourceStage
from tests.fakes.databases import PASSWORD, Site, source_of
from tests.fakes.gate import Gate, gate_to

AT_ONCE = 1_000
"""Rows of one INSERT."""
INTO_THE_ROWS = 1_500
"""Bytes of an answer: more than what comes before the rows, less than the rows of the contract."""
PAGE = 4_096
"""Bytes of an SQLite file."""


@dataclass(frozen=True)
class Losing:
    """How this database goes away, breaks off and locks us out."""

    away: Callable[[], None]
    back: Callable[[], None]
    cut: Callable[[], None]
    lock: Callable[[], None] | None = None
    unlock: Callable[[], None] | None = None


def sqlite_stage(site: Site, path: Path) -> SourceStage:
    """The file is moved away, or loses its last page."""
    elsewhere = path.with_suffix(".elsewhere")

    def move(start: Path, end: Path) -> Callable[[], None]:
        def run() -> None:
            start.rename(end)

        return run

    losing = Losing(
        away=move(path, elsewhere),
        back=move(elsewhere, path),
        cut=lambda: os.truncate(path, path.stat().st_size - PAGE),
    )
    return _stage(site, site.url, losing)


@contextmanager
def postgres_stage(site: Site) -> Iterator[SourceStage]:
    """In clear, so that the gate sees when rows are asked for. A password would not do: trust may rule."""
    url = make_url(site.url).update_query_dict({"sslmode": "disable"})
    with gated(url) as (gate, shown):
        losing = _losing(
            site, gate, b"FETCH FORWARD",
            lock=f"ALTER ROLE {site.reader} NOLOGIN", unlock=f"ALTER ROLE {site.reader} LOGIN",
        )  # fmt: skip
        yield _stage(site, shown, losing)


@contextmanager
def mariadb_stage(site: Site) -> Iterator[SourceStage]:
    """The gate sees the query."""
    with gated(make_url(site.url)) as (gate, shown):
        change = f"ALTER USER {site.reader} IDENTIFIED BY "
        losing = _losing(
            site, gate, b"SELECT sku", lock=f"{change}'another'", unlock=f"{change}'{PASSWORD}'"
        )
        yield _stage(site, shown, losing)


@contextmanager
def gated(url: URL) -> Iterator[tuple[Gate, str]]:
    """The same server behind a gate, and the address of that."""
    assert url.host is not None
    port = url.port or (5432 if url.get_backend_name() == "postgresql" else 3306)
    with gate_to(url.host, port) as gate:
        through = url.set(host="127.0.0.1", port=gate.port)
        yield gate, through.render_as_string(hide_password=False)


def _losing(site: Site, gate: Gate, word: bytes, *, lock: str, unlock: str) -> Losing:
    def do(statement: str) -> Callable[[], None]:
        def run() -> None:
            site.run(statement)

        return run

    return Losing(
        away=gate.shut,
        back=gate.open,
        cut=lambda: gate.cut(word, INTO_THE_ROWS),
        lock=do(lock),
        unlock=do(unlock),
    )


def _stage(site: Site, url: str, losing: Losing) -> SourceStage:
    words = site.words
    site.run(f"CREATE TABLE stock (sku varchar(40), qty {words.number}, at {words.instant})")

    def put(quantities: Mapping[str, int]) -> None:
        site.run("DELETE FROM stock")
        rows = [f"('{sku}', {units}, CURRENT_TIMESTAMP)" for sku, units in quantities.items()]
        for start in range(0, len(rows), AT_ONCE):
            site.run(f"INSERT INTO stock VALUES {', '.join(rows[start : start + AT_ONCE])}")

    def spoil() -> None:
        site.run("INSERT INTO stock VALUES ('BAD', 12.5, CURRENT_TIMESTAMP)")

    def touch(sku: str, units: int) -> None:
        site.run(f"UPDATE stock SET qty = {units}, at = CURRENT_TIMESTAMP WHERE sku = '{sku}'")

    query = "SELECT sku, qty AS quantity, at AS updated_at FROM stock WHERE at > :since"
    return SourceStage(
        source=source_of(url, query, timezone="UTC"),
        put=put,
        spoil=spoil,
        away=losing.away,
        back=losing.back,
        cut=losing.cut,
        touch=touch,
        lock=losing.lock,
        unlock=losing.unlock,
    )
