"""What is wrong with a query or an address is said before anything is asked, and with its place."""

from pathlib import Path

import pytest
from pydantic import BaseModel, SecretStr

from connectors.sql_query.address import read_address
from connectors.sql_query.factory import FACTORY
from connectors.sql_query.options import SqlQueryOptions
from syncd.domain.errors import ConfigError
from syncd.domain.identity import SourceName
from syncd.settings.kinds import Kinds
from syncd.settings.loading import load_settings
from tests.fakes.clock import FakeClock
from tests.fakes.databases import source_of
from tests.fakes.tiktok import OneSecret
from tests.unit.settings.standins import STANDINS

KINDS = Kinds(
    sources={"sql_query": SqlQueryOptions},
    channels=STANDINS.channels,
    writing={"sql_query": FACTORY.refuses_write_back},
)
CONFIG = """\
sources:
  erp:
    kind: sql_query
    url: {{credential: erp_url}}
    basis: available
    orders: within 15m
    {line}
channels:
  shop: {{kind: tiktok_shop, app_key: k, app_secret: {{credential: c}}, stock: {{safety: 1}}}}
"""
QUERY = "SELECT sku, qty AS quantity FROM stock"


def said(folder: Path, line: str, config: str = CONFIG) -> str:
    """What is said of a configuration with these lines in its source."""
    path = folder / "syncd.yaml"
    path.write_text(config.format(line=line.replace("\n", "\n    ")))
    try:
        load_settings(path, KINDS, {})
    except ConfigError as refused:
        return str(refused).replace(f"{folder}/", "")
    return "nothing"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (f"query: {QUERY}", "nothing"),
        (
            "query: DELETE FROM stock",
            "syncd.yaml:7:12: sources.erp.query: it begins with 'DELETE'; the query must be one SELECT",
        ),
        (
            f"query: |\n  {QUERY};\n  DROP TABLE stock",
            (
                "syncd.yaml:7:12: sources.erp.query: line 2: a second statement begins after the "
                "semicolon; the query must be one SELECT"
            ),
        ),
        ("every: 5m", "syncd.yaml:2:3: sources.erp.query: this key is required"),
        (
            "query:",
            (
                "syncd.yaml:7:11: sources.erp.query: this has no value (give it one, or remove "
                "the key to take the default)"
            ),
        ),
        (
            f"query: {QUERY}\ntimeout: 0s",
            "syncd.yaml:8:14: sources.erp.timeout: this is outside 1s to 1d",
        ),
        (
            f"query: {QUERY}\noverlap: 5",
            "syncd.yaml:8:14: sources.erp.overlap: '5' is no duration; write it as 30s, 15m, 24h or 7d",
        ),
        (
            f"query: {QUERY}\ntimezone: CET1",
            "syncd.yaml:8:15: sources.erp.timezone: 'CET1' is no time zone; write it as Europe/Berlin",
        ),
        (
            f"query: {QUERY}\nsku: {{pad: 65}}",
            "syncd.yaml:8:16: sources.erp.sku.pad: 65 must be at most 64",
        ),
        (
            f"qurey: {QUERY}",
            (
                "syncd.yaml:2:3: sources.erp.query: this key is required\n"
                "syncd.yaml:7:5: sources.erp.qurey: this key is not known (did you mean query?)"
            ),
        ),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place(tmp_path: Path, line: str, expected: str) -> None:
    assert expected == said(tmp_path, line)


KEPT = "INSERT INTO k (id) VALUES (:key);"
BOOKED = f"{KEPT} UPDATE stock SET qty = qty + :delta WHERE sku = :sku"  # noqa: S608 - never run


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (f"write_back: {{url: {{credential: w}}, statement: '{BOOKED}'}}", "nothing"),
        (
            "every: 1m",
            (
                "syncd.yaml:6:13: sources.erp.orders: write_back is not possible here: a query only "
                "reads; it also needs write_back: {url: {credential: NAME}"
            ),
        ),
        (
            f"write_back:\n  url: {{credential: w}}\n  statement: |\n    {KEPT}\n    DELETE FROM k",  # noqa: S608 - never run
            (
                "syncd.yaml:10:18: sources.erp.write_back.statement: line 2: it begins with 'DELETE "
                "FROM'; each statement must be INSERT INTO or UPDATE"
            ),
        ),
        (
            f"write_back: {{statement: '{BOOKED}'}}",
            "syncd.yaml:8:5: sources.erp.write_back.url: this key is required",
        ),
    ],
)
def test_a_mistake_in_what_is_written_is_told_with_its_place(
    tmp_path: Path, written: str, expected: str
) -> None:
    text = CONFIG.replace("within 15m", "write_back")

    assert said(tmp_path, f"query: {QUERY}\n{written}", text).startswith(expected)


def test_an_address_in_the_file_is_refused_and_not_repeated(tmp_path: Path) -> None:
    path = tmp_path / "syncd.yaml"
    text = CONFIG.format(line=f"query: {QUERY}")
    path.write_text(text.replace("{credential: erp_url}", "postgresql://u:hunter2@db/erp"))

    with pytest.raises(ConfigError) as refused:
        load_settings(path, KINDS, {})

    assert "sources.erp.url: this must be {credential: NAME}" in str(refused.value)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("hunter2", "no address of a database"),
        ("postgresql://u:hunter2@db:port/erp", "no address of a database"),
        ("oracle://u:hunter2@db/erp", "no database that can be read"),
        ("postgresql+psycopg2://u:hunter2@db/erp", "no database that can be read"),
        ("sqlite://", "no SQLite file"),
        ("sqlite:///:memory:", "no SQLite file"),
    ],
)
def test_an_address_that_cannot_be_used_names_its_credential_and_is_not_repeated(
    address: str, words: str
) -> None:
    with pytest.raises(ConfigError, match=f"credential erp.*{words}.*postgresql://USER") as refused:
        source_of(address, QUERY)

    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("address", "backend", "name"),
    [
        ("postgresql://u:hunter2@db.example.com/erp", "postgresql", "erp at db.example.com"),
        ("postgres://u:hunter2@db/erp", "postgresql", "erp at db"),
        ("postgresql+psycopg://u:hunter2@db/erp", "postgresql", "erp at db"),
        ("mysql://u:hunter2@db:3306/erp", "mysql", "erp at db"),
        ("mariadb+pymysql://u:hunter2@db/erp", "mysql", "erp at db"),
        ("mssql://u:hunter2@db/erp?driver=ODBC+Driver+18", "mssql", "erp at db"),
        ("postgresql:///erp", "postgresql", "erp at this machine"),
        ("sqlite:////srv/erp/stock.db", "sqlite", "stock.db"),
    ],
)
def test_an_address_is_named_without_user_and_password(
    address: str, backend: str, name: str
) -> None:
    found = read_address(SecretStr(address), "erp")

    assert (backend, name) == (found.backend, found.name)
    assert "hunter2" not in repr(found)
    assert "hunter2" not in str(found.url)


def test_what_this_database_reads_otherwise_is_refused_when_it_is_known() -> None:
    query = "SELECT sku, qty AS quantity FROM stock /* /* */ ; DROP TABLE stock -- */"
    nested = source_of("postgresql://u@db/erp", query.replace(" -- */", " */ -- "))

    with pytest.raises(ConfigError, match=r"query: .*as MySQL and MariaDB would read it"):
        source_of("mysql://u@db/erp", query)
    assert nested.delta_scope is None


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("hunter2", "syncd.yaml:2:3: sources.erp: credential erp_url: this is no address"),
        ("mysql://u@db/erp", "syncd.yaml:7:12: sources.erp.query: "),
    ],
)
def test_what_is_found_on_opening_is_told_with_its_place_in_the_file(
    tmp_path: Path, address: str, expected: str
) -> None:
    path = tmp_path / "syncd.yaml"
    query = "SELECT sku, qty AS quantity FROM stock /* /* */ ; DROP TABLE stock */ -- "
    path.write_text(CONFIG.format(line=f"query: '{query}'"))
    settings = load_settings(path, KINDS, {})
    erp = SourceName("erp")

    with pytest.raises(ConfigError) as refused, settings.placing("sources", erp):
        FACTORY.open(
            erp, settings.sources[erp].options, folder=tmp_path, credentials=OneSecret(address),
            clock=FakeClock(),
        )  # fmt: skip

    assert str(refused.value).startswith(f"{tmp_path}/{expected}")


class Other(BaseModel):
    """Options of another kind."""


def test_options_of_another_kind_are_a_fault_of_the_program(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="are no options of sql_query"):
        FACTORY.open(
            SourceName("s"), Other(), folder=tmp_path, credentials=OneSecret(""), clock=FakeClock()
        )
