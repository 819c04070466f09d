"""Nothing a query says can write: the database itself refuses it, also to a user that may."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr

from connectors.sql_query.address import read_address
from connectors.sql_query.database import Database, Question
from connectors.sql_query.mysql import MySqlDatabase
from connectors.sql_query.postgres import PostgresDatabase
from connectors.sql_query.sqlite import SqliteDatabase
from connectors.sql_query.statement import Statement
from syncd.domain.errors import SourceError
from syncd.ports.clock import SystemClock
from syncd.ports.probe import Check, Verdict
from tests.fakes.databases import Site, source_of

WRITING = {
    "all": [
        "UPDATE stock SET qty = 0",
        "DELETE FROM stock",
        "INSERT INTO stock VALUES ('B', 1)",
        "DROP TABLE stock",
        "CREATE TABLE other (n integer)",
        "SELECT sku, qty FROM stock; DELETE FROM stock",
        "SELECT 1; COMMIT; DELETE FROM stock",
        "/* */ SELECT 1 /* */; /* DELETE */ DELETE FROM stock -- ",
    ],
    "sqlite": [
        "ATTACH '{folder}/made.db' AS made",
        "PRAGMA user_version = 7",
        "PRAGMA journal_mode = wal",
        "VACUUM INTO '{folder}/made.db'",
        "CREATE TEMP TABLE other (n integer)",
        "SELECT load_extension('{folder}/made.db')",
        "COMMIT",
    ],
    "postgresql": [
        "WITH gone AS (DELETE FROM stock RETURNING *) SELECT * FROM gone",
        "SELECT * INTO other FROM stock",
        "COPY stock TO '{folder}/made.db'",
        "COPY (SELECT 1) TO PROGRAM 'touch {folder}/made.db'",
        "SELECT setval('counter', 7)",
        "SELECT emptied()",
        "SELECT set_config('transaction_read_only', 'off', false), emptied()",
        "TRUNCATE stock",
    ],
    "mariadb": [
        "SELECT emptied()",
        "SET GLOBAL read_only = 0; DELETE FROM stock",
        "SELECT 1 /*! INTO @x */ ; DELETE FROM stock",
        "TRUNCATE stock",
        "REPLACE INTO stock VALUES ('A', 0)",
    ],
}


def database_of(site: Site) -> Database:
    """The database as its owner sees it, so that only syncd's own boundary stands between."""
    address = read_address(SecretStr(site.owner_url), "erp")
    if site.kind == "sqlite":
        return SqliteDatabase(address, Path("/"), SystemClock())
    return PostgresDatabase(address) if site.kind == "postgresql" else MySqlDatabase(address)


def question(text: str) -> Question:
    """A statement that no check has looked at."""
    return Question(
        statement=Statement((text,)), since=datetime(1970, 1, 1, tzinfo=UTC),
        zone=ZoneInfo("UTC"), timeout=timedelta(seconds=10),
    )  # fmt: skip


@pytest.fixture
def filled(site: Site) -> Site:
    """A table that must stay as it is, and functions that would empty it."""
    site.stock({"A": 1})
    if site.kind == "postgresql":
        site.run("CREATE SEQUENCE counter")
        site.run(
            "CREATE FUNCTION emptied() RETURNS integer LANGUAGE sql AS 'DELETE FROM stock; SELECT 1'"
        )
    if site.kind == "mariadb":
        site.run(
            "CREATE FUNCTION emptied() RETURNS integer MODIFIES SQL DATA "
            "BEGIN DELETE FROM stock; RETURN 1; END"
        )
    return site


def test_every_way_to_write_is_refused_and_changes_nothing(filled: Site, tmp_path: Path) -> None:
    before = filled.run("SELECT sku, qty FROM stock")
    database = database_of(filled)
    taken = []
    for text in [*WRITING["all"], *WRITING[filled.kind]]:
        try:
            with database.ask(question(text.replace("{folder}", str(tmp_path)))) as answer:
                for _ in answer.batches():
                    pass
            taken.append(text)
        except SourceError:
            continue

    assert [] == taken
    assert before == filled.run("SELECT sku, qty FROM stock")
    assert not (tmp_path / "made.db").exists()
    if filled.kind == "sqlite":
        assert [(0,)] == filled.run("PRAGMA user_version")


def test_the_doctor_warns_of_a_user_that_could_write_and_says_how_to_make_another(
    filled: Site,
) -> None:
    query = "SELECT sku, qty AS quantity FROM stock"

    checks = source_of(filled.owner_url, query).probe(timedelta(minutes=15))

    (warned,) = [check for check in checks if check.verdict is Verdict.WARN]
    assert "could write" in warned.text or "superuser" in warned.text
    assert ("chmod" if filled.kind == "sqlite" else "GRANT SELECT ON") in warned.help


def rights_of(site: Site) -> list[Check]:
    query = "SELECT sku, qty AS quantity FROM stock"
    checks = source_of(site.url, query).probe(timedelta(minutes=15))
    return [check for check in checks if "could write" in check.text or "only read" in check.text]


def test_the_doctor_is_content_with_a_user_that_can_only_read(server: Site) -> None:
    server.stock({"A": 1})

    (check,) = rights_of(server)

    assert Verdict.OK is check.verdict


def test_one_right_to_write_is_named(server: Site) -> None:
    server.stock({"A": 1})
    server.run(f"GRANT UPDATE (qty) ON stock TO {server.reader}")
    server.run(f"GRANT INSERT ON stock TO {server.reader}")

    (check,) = rights_of(server)

    assert Verdict.WARN is check.verdict
    assert f"{server.reader}.stock" in check.text


def test_the_doctor_plans_the_query_without_running_it(site: Site) -> None:
    checks = source_of(site.url, site.words.endless, timeout="30s").probe(timedelta(minutes=1))

    assert "clocks" in checks[-1].text


def test_the_doctor_compares_the_clocks(site: Site) -> None:
    site.stock({"A": 1})
    query = "SELECT sku, qty AS quantity FROM stock"

    ours = source_of(site.url, query).probe(timedelta(minutes=15))[-1]

    assert Verdict.OK is ours.verdict
    assert "differ by 0 s" in ours.text
