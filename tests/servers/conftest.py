from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.databases import Site, mariadb_site, postgres_site, sqlite_site

SERVERS = [
    pytest.param("postgresql", marks=pytest.mark.server),
    pytest.param("mariadb", marks=pytest.mark.server),
]


@pytest.fixture(params=["sqlite", *SERVERS])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    """A corner of every database in turn."""
    yield from _opened(request.param, tmp_path)


@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    """The same, of those that are servers."""
    yield from _opened(request.param, tmp_path)


@pytest.fixture
def mariadb(tmp_path: Path) -> Iterator[Site]:
    """A corner of MariaDB."""
    yield from _opened("mariadb", tmp_path)


@pytest.fixture
def postgresql(tmp_path: Path) -> Iterator[Site]:
    """A corner of PostgreSQL."""
    yield from _opened("postgresql", tmp_path)


def _opened(kind: str, folder: Path) -> Iterator[Site]:
    opened = {
        "sqlite": lambda: sqlite_site(folder),
        "postgresql": postgres_site,
        "mariadb": mariadb_site,
    }[kind]()
    with opened as found:
        yield found
