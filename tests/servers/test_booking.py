"""Order lines in real databases: what stands in the way, who else is at it, and what the doctor sees."""

# ruff: noqa: S608 - statements are made up here

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy.engine import make_url

from connectors.sql_query.address import read_address
from connectors.sql_query.booking import read_booking
from connectors.sql_query.lexis import MYSQL, POSTGRESQL, SQLITE
from connectors.sql_query.mysql_writing import MySqlWriting
from connectors.sql_query.postgres_writing import PostgresWriting
from connectors.sql_query.sqlite_writing import SqliteWriting
from connectors.sql_query.writing import Limits, WritableDatabase, Writer
from syncd.domain.errors import SourceUnauthorized, SourceUnavailable
from syncd.domain.identity import LocationName, Sku
from syncd.ports.clock import SystemClock
from syncd.ports.probe import Check, Verdict
from syncd.ports.write_back import Adjustment, Booked, InDoubt, NotBooked
from tests.contract.database_stages import gated
from tests.fakes.databases import Site, writable_of

QUERY = "SELECT sku, place AS location, qty AS quantity FROM stock"
KEEP = "INSERT INTO booked (id, units) VALUES (:key, :delta)"
MOVE = "UPDATE stock SET qty = qty + :delta WHERE sku = :sku AND place = :location"
BOTH = f"{KEEP}; {MOVE}"
QUICK = Limits(connect=5, statement=1, whole=2)
LEXES = {"postgresql": POSTGRESQL, "mariadb": MYSQL, "sqlite": SQLITE}
KEY = "ab" * 32


def stock(site: Site) -> Site:
    """A SKU at two places, one that stands twice at one of them, and a table of keys."""
    site.run(
        "CREATE TABLE stock (sku varchar(40), place varchar(20), qty integer, "
        "CONSTRAINT least CHECK (qty > -5))"
    )
    site.run("CREATE TABLE booked (id char(64) PRIMARY KEY, units integer NOT NULL)")
    rows = [("A", "Main", 10), ("A", "East", 10), ("TWICE", "Main", 1), ("TWICE", "Main", 2)]
    for sku, place, units in rows:
        site.run(f"INSERT INTO stock VALUES ('{sku}', '{place}', {units})")
    if site.writer:
        site.run(f"GRANT INSERT, SELECT ON booked TO {site.writer}")
        site.run(f"GRANT SELECT, UPDATE ON stock TO {site.writer}")
    return site


@pytest.fixture
def stocked(site: Site) -> Site:
    """In every kind of database."""
    return stock(site)


@pytest.fixture
def served(server: Site) -> Site:
    """On every server."""
    return stock(server)


def one(delta: int = -3, sku: str = "A", key: str = KEY) -> Adjustment:
    return Adjustment(
        key=key, sku=Sku(sku), location=LocationName("Main"), delta=delta, reference="shop/1/1"
    )


def database_of(site: Site, url: str, limits: Limits) -> WritableDatabase:
    address = read_address(SecretStr(url), "writer")
    if site.kind == "sqlite":
        return SqliteWriting(address, Path("/"), SystemClock(), limits)
    return (PostgresWriting if site.kind == "postgresql" else MySqlWriting)(address, limits)


def writer_of(site: Site, statement: str = BOTH, url: str | None = None) -> Writer:
    """Books impatiently."""
    booking = read_booking(statement, LEXES[site.kind])
    return Writer("erp", booking, database_of(site, url or site.writer_url, QUICK))


def units(site: Site, sku: str = "A") -> list[tuple[str, int]]:
    rows = site.run(f"SELECT place, qty FROM stock WHERE sku = '{sku}' ORDER BY place, qty")
    return [(str(place), int(str(quantity))) for place, quantity in rows]


def keys(site: Site) -> int:
    return len(site.run("SELECT id FROM booked"))


def test_only_the_row_of_its_location_is_moved(stocked: Site) -> None:
    assert isinstance(writer_of(stocked).adjust(one()), Booked)

    assert [("East", 10), ("Main", 7)] == units(stocked)


@pytest.mark.parametrize(("sku", "code"), [("TWICE", "several_rows"), ("NEW", "unknown_sku")])
def test_what_is_not_exactly_one_row_is_left_alone(stocked: Site, sku: str, code: str) -> None:
    answer = writer_of(stocked).adjust(one(sku=sku))

    assert isinstance(answer, NotBooked)
    assert (code, False) == (answer.code, answer.again)
    assert [("Main", 1), ("Main", 2)] == units(stocked, "TWICE")
    assert 0 == keys(stocked)


def test_a_rule_of_the_database_refuses_and_nothing_is_kept(stocked: Site) -> None:
    answer = writer_of(stocked).adjust(one(-15))

    assert isinstance(answer, NotBooked)
    assert not answer.again
    assert "least" in answer.message
    assert [("East", 10), ("Main", 10)] == units(stocked)
    assert 0 == keys(stocked)


def test_another_rule_that_allows_a_value_once_is_not_taken_for_a_repetition(
    stocked: Site,
) -> None:
    stocked.run("CREATE UNIQUE INDEX once ON booked (units)")
    writer = writer_of(stocked)
    writer.adjust(one())

    answer = writer.adjust(one(key="cd" * 32))

    assert isinstance(answer, NotBooked)
    assert not answer.again
    assert "other_adjustment" != answer.code
    assert [("East", 10), ("Main", 7)] == units(stocked)


def test_a_row_that_somebody_else_holds_is_left_for_another_time(stocked: Site) -> None:
    stocked.run("BEGIN IMMEDIATE" if stocked.kind == "sqlite" else "BEGIN")
    stocked.run("UPDATE stock SET qty = qty + 1")

    answer = writer_of(stocked).adjust(one())
    stocked.run("ROLLBACK")

    assert isinstance(answer, NotBooked)
    assert answer.again
    assert isinstance(writer_of(stocked).adjust(one()), Booked)


@pytest.mark.parametrize(("end", "expected"), [("COMMIT", True), ("ROLLBACK", False)])
def test_a_commit_that_is_still_under_way_is_waited_for(
    served: Site, end: str, *, expected: bool
) -> None:
    served.run("BEGIN")
    served.run(f"INSERT INTO booked VALUES ('{KEY}', -3)")
    writer = replace(writer_of(served), database=database_of(served, served.writer_url, Limits()))
    found: list[bool] = []
    looking = threading.Thread(target=lambda: found.append(writer.was_booked(one())))
    looking.start()
    looking.join(0.3)
    assert looking.is_alive()

    served.run(end)
    looking.join(10)

    assert [expected] == found


def test_who_is_at_a_key_for_too_long_makes_it_impossible_to_tell(served: Site) -> None:
    served.run("BEGIN")
    served.run(f"INSERT INTO booked VALUES ('{KEY}', -3)")

    with pytest.raises(SourceUnavailable):
        writer_of(served).was_booked(one())

    served.run("ROLLBACK")


def test_a_user_without_rights_and_a_statement_that_does_not_fit_are_for_a_person(
    served: Site,
) -> None:
    served.run(f"REVOKE UPDATE ON stock FROM {served.writer}")
    with pytest.raises(SourceUnauthorized):
        writer_of(served).adjust(one())
    with pytest.raises(SourceUnauthorized):
        writer_of(served, BOTH.replace("booked", "nowhere")).adjust(one())
    wrong = make_url(served.writer_url).set(username="syncd_nobody")
    with pytest.raises(SourceUnauthorized):
        writer_of(served, url=wrong.render_as_string(hide_password=False)).adjust(one())

    assert 0 == keys(served)


@contextmanager
def silent(served: Site, word: bytes) -> Iterator[Writer]:
    """A server that says nothing any more once it was told `word`."""
    url = make_url(served.writer_url)
    if served.kind == "postgresql":
        url = url.update_query_dict({"sslmode": "disable"})
    with gated(url) as (gate, shown):
        gate.hush(word)
        yield writer_of(served, url=shown)


def test_a_server_that_falls_silent_is_given_up(served: Site) -> None:
    with silent(served, b"UPDATE stock") as writer, pytest.raises(SourceUnavailable):
        writer.adjust(one())


def test_a_server_that_falls_silent_at_commit_leaves_it_in_doubt(served: Site) -> None:
    word = b"COMMIT\0" if served.kind == "postgresql" else b"\x03COMMIT"
    with silent(served, word) as writer:
        assert isinstance(writer.adjust(one()), InDoubt)

    assert writer_of(served).was_booked(one())
    assert isinstance(writer_of(served).adjust(one()), Booked)
    assert [("East", 10), ("Main", 7)] == units(served)


def checked(site: Site, statement: str = BOTH, url: str | None = None) -> list[Check]:
    source = writable_of(site, QUERY, statement, url=url)
    return list(source.write_back_checks())


def bad(checks: list[Check]) -> list[Check]:
    return [check for check in checks if check.verdict is Verdict.BAD]


def test_the_doctor_tries_everything_and_undoes_it(stocked: Site) -> None:
    texts = [check.text for check in checked(stocked)]

    assert [
        "booked keeps a key in id once only (tried, and undone)",
        "the user may move stock (tried on a SKU that is not there)",
    ] == texts
    assert 0 == keys(stocked)


def test_the_doctor_wants_a_key_to_be_unique(stocked: Site) -> None:
    stocked.run("CREATE TABLE loose (id varchar(64), units integer)")
    if stocked.writer:
        stocked.run(f"GRANT INSERT, SELECT ON loose TO {stocked.writer}")

    (check,) = bad(checked(stocked, BOTH.replace("booked", "loose")))

    assert "took the same key twice" in check.text
    assert "ALTER TABLE loose ADD UNIQUE (id)" in check.help
    assert [] == stocked.run("SELECT id FROM loose")


def test_the_doctor_wants_a_statement_to_find_its_row_by_the_sku(stocked: Site) -> None:
    (check,) = bad(
        checked(stocked, f"{KEEP}; UPDATE stock SET qty = qty + :delta WHERE :sku <> ''")
    )

    assert "4 rows are touched for a SKU that is not there" == check.text
    assert [("East", 10), ("Main", 10)] == units(stocked)


def test_the_doctor_says_that_it_could_not_try_what_a_rule_forbids(stocked: Site) -> None:
    stocked.run("CREATE TABLE goods (sku varchar(40) PRIMARY KEY)")
    stocked.run(
        "CREATE TABLE moves (id char(64) PRIMARY KEY, units integer, sku varchar(40), "
        "CHECK (sku = 'A'))"
    )
    if stocked.writer:
        stocked.run(f"GRANT INSERT, SELECT ON moves TO {stocked.writer}")

    checks = checked(stocked, "INSERT INTO moves (id, units, sku) VALUES (:key, :delta, :sku)")

    assert [Verdict.WARN] == [check.verdict for check in checks]
    assert "could not be tried" in checks[0].text


def test_the_doctor_names_missing_rights(served: Site) -> None:
    served.run(f"REVOKE UPDATE ON stock FROM {served.writer}")

    (check,) = bad(checked(served))

    assert "stock" in check.text
    assert check.help.startswith("correct the credential, or give its user what it needs: CREATE")
    assert f"GRANT SELECT, UPDATE ON stock TO {served.writer};" in check.help


def test_the_doctor_wants_the_right_to_look_a_key_up(served: Site) -> None:
    """It is looked up only where an answer was lost: too late to find that nobody may."""
    served.run(f"REVOKE SELECT ON booked FROM {served.writer}")

    (check,) = bad(checked(served))

    assert "booked" in check.text
    assert f"GRANT INSERT, SELECT ON booked TO {served.writer};" in check.help


def test_the_doctor_warns_of_two_databases(served: Site) -> None:
    elsewhere = make_url(served.writer_url).set(host="localhost")

    checks = checked(served, url=elsewhere.render_as_string(hide_password=False))

    assert Verdict.WARN is checks[0].verdict
    assert "but booked in" in checks[0].text
    assert [] == bad(checks)


@pytest.mark.server
@pytest.mark.parametrize("table", ["stock", "booked"])
def test_the_doctor_refuses_a_table_that_cannot_undo_and_tries_nothing(
    mariadb: Site, table: str
) -> None:
    stock(mariadb)
    mariadb.run(f"ALTER TABLE {table} ENGINE=MyISAM")

    (check,) = checked(mariadb)

    assert f"{table} is kept by MyISAM, which cannot undo anything" == check.text
    assert f"ALTER TABLE {table} ENGINE=InnoDB" == check.help
    assert 0 == keys(mariadb)


def test_the_doctor_cannot_judge_a_server_that_is_away(served: Site) -> None:
    away = make_url(served.writer_url).set(port=9)

    with pytest.raises(SourceUnavailable):
        checked(served, url=away.render_as_string(hide_password=False))


@pytest.mark.server
def test_a_number_that_does_not_fit_is_refused_and_never_cut(mariadb: Site) -> None:
    stock(mariadb)
    mariadb.run("ALTER TABLE stock MODIFY qty tinyint")
    lax = f"{mariadb.writer_url}?sql_mode=NO_ENGINE_SUBSTITUTION"

    answer = writer_of(mariadb, url=lax).adjust(one(200))

    assert isinstance(answer, NotBooked)
    assert [("East", 10), ("Main", 10)] == units(mariadb)


@pytest.mark.server
def test_a_row_that_is_found_counts_although_it_stays_as_it_is(mariadb: Site) -> None:
    stock(mariadb)
    mariadb.run("UPDATE stock SET qty = 0")
    least = f"{KEEP}; {MOVE.replace('qty + :delta', 'GREATEST(qty + :delta, 0)')}"

    assert isinstance(writer_of(mariadb, least).adjust(one()), Booked)


@pytest.mark.server
def test_a_booking_is_durable_whatever_the_server_thinks_of_it(postgresql: Site) -> None:
    stock(postgresql)
    postgresql.run("ALTER TABLE booked ADD kept text DEFAULT current_setting('synchronous_commit')")
    postgresql.run(f"ALTER ROLE {postgresql.writer} SET synchronous_commit = off")

    writer_of(postgresql).adjust(one())

    assert [("local",)] == postgresql.run("SELECT kept FROM booked")
