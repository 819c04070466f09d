"""What the statements of a write-back may be, what each database is told of them, and what its errors mean."""

# ruff: noqa: S608 - statements are made up here

import pytest
from pydantic import ValidationError

from connectors.sql_query import key_tables
from connectors.sql_query.booking import EXAMPLE, Booking, NotABooking, read_booking
from connectors.sql_query.factory import FACTORY
from connectors.sql_query.key_tables import Types, creating, granting
from connectors.sql_query.lexis import EVERY, MYSQL, POSTGRESQL, SQL_SERVER, Lexis
from connectors.sql_query.options import SqlQueryOptions
from connectors.sql_query.sqlserver_writing import trouble_of
from connectors.sql_query.writing import Fault
from syncd.domain.errors import ConfigError
from syncd.domain.identity import LocationName, Sku
from syncd.ports.write_back import Adjustment, WriteBack
from tests.fakes.databases import source_of

KEEP = "INSERT INTO syncd_bookings (booking_key) VALUES (:key)"
MOVE = "UPDATE stock SET qty = qty + :delta WHERE sku = :sku"
BOTH = f"{KEEP}; {MOVE}"
ONE = Adjustment(
    key="k1", sku=Sku("A"), location=LocationName("Main"), delta=-2, reference="shop/1/1"
)


def booking(text: str, lexis: Lexis = POSTGRESQL) -> Booking:
    return read_booking(text, lexis)


@pytest.mark.parametrize("lexis", EVERY, ids=lambda lexis: lexis.database)
def test_the_example_is_read_by_every_database(lexis: Lexis) -> None:
    found = booking(EXAMPLE, lexis)

    assert ("syncd_bookings", "booking_key") == (found.keys.name, found.key_column)
    assert ("syncd_bookings", "stock") == found.tables
    assert [found.keeping] == [each for each in found.statements if "key" in each.names]


def test_names_become_values_in_their_order_and_percent_signs_are_kept() -> None:
    text = (
        "UPDATE stock SET note = '100 % \\:key' || :reference, qty = qty + :delta WHERE sku = :sku"
    )

    (move,) = booking(f"{KEEP}; {text}").others

    assert (
        "UPDATE stock SET note = '100 %% \\:key' || %s, qty = qty + %s WHERE sku = %s"
        == move.text("%s", "%%")
    )
    assert ("shop/1/1", -2, "A") == move.values(ONE)


def test_one_statement_may_do_both() -> None:
    text = "INSERT INTO moves (id, sku, place, units) VALUES (:key, :sku, :location, :delta)"

    found = booking(text)

    assert () == found.others
    assert ("moves", "id") == (found.keys.name, found.key_column)
    assert "units" == found.keys.column("delta")


@pytest.mark.parametrize(
    ("text", "table", "column"),
    [
        ('INSERT INTO erp."Keys" ("Key", at) VALUES (:key, now())', 'erp."Keys"', '"Key"'),
        ("INSERT INTO k (at, id) VALUES (coalesce(now(), now()), :key)", "k", "id"),
        ("-- first; of all\nINSERT INTO k(id)VALUES(:key)", "k", "id"),
    ],
)
def test_where_the_key_is_kept_is_read_from_the_insert(text: str, table: str, column: str) -> None:
    found = booking(f"{text};\n{MOVE};")

    assert (table, column) == (found.keys.name, found.key_column)
    assert 2 == len(found.statements)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (MOVE, "no statement keeps :key"),
        ("", "no statement keeps :key"),
        (f"{KEEP}; {KEEP}; {MOVE}", "2 statements keep :key"),
        (KEEP, ":sku is used nowhere"),
        (f"{KEEP}; UPDATE stock SET qty = 0 WHERE sku = :sku", ":delta is used nowhere"),
        (f"{KEEP}; DELETE FROM stock", "it begins with 'DELETE FROM'"),
        (f"{KEEP}; UPDATE", "it begins with 'UPDATE'"),
        (f"{KEEP}; SELECT 1", "it begins with 'SELECT 1'"),
        (f"BEGIN; {BOTH}; COMMIT", "it begins with 'BEGIN'"),
        (f"{KEEP} ON CONFLICT DO NOTHING; {MOVE}", "ON CONFLICT hides that a key is there"),
        (f"{KEEP} ON DUPLICATE KEY UPDATE n = 1; {MOVE}", "ON DUPLICATE hides"),
        (f"{KEEP.replace('INSERT', 'INSERT IGNORE')}; {MOVE}", "it begins with 'INSERT IGNORE'"),
        (f"{KEEP}; {MOVE.replace('UPDATE', 'UPDATE OR IGNORE')}", "UPDATE OR hides"),
        (f"{KEEP}; {MOVE} RETURNING qty", "RETURNING asks for rows"),
        (f"{KEEP}; {MOVE} AND lot = :lot", ":lot is not known"),
        (f"UPDATE k SET id = :key; {MOVE}", "only an INSERT keeps :key"),
        (f"INSERT INTO k VALUES (:key); {MOVE}", "the columns must be named before VALUES"),
        (f"INSERT INTO k (id) SELECT :key; {MOVE}", "the columns must be named before VALUES"),
        (f"INSERT INTO k (id) VALUES (:key), (:key); {MOVE}", "one row of as many values"),
        (f"INSERT INTO k (id, n) VALUES (:key); {MOVE}", "2 columns and one row of as many"),
        (f"INSERT INTO k (id) VALUES (upper(:key)); {MOVE}", ":key must be a value of its own"),
        (f"INSERT INTO k (id, :key; {MOVE}", "the columns must be named before VALUES"),
        (f"{KEEP}; UPDATE stock SET qty = 'open", "a quote that begins here is never closed"),
        (f"{KEEP};\n\n{MOVE} AND lot = :lot", "^line 3: :lot is not known"),
    ],
)
def test_what_does_not_book_once_is_refused(text: str, words: str) -> None:
    with pytest.raises(NotABooking, match=words.replace("(", r"\(").replace(")", r"\)")):
        booking(text)


def test_a_second_statement_without_a_semicolon_is_seen_where_none_is_needed() -> None:
    with pytest.raises(NotABooking, match="UPDATE begins another statement"):
        booking(f"{KEEP} {MOVE}", SQL_SERVER)


@pytest.mark.parametrize(
    ("types", "expected"),
    [
        (
            key_tables.POSTGRESQL,
            "CREATE TABLE k (id varchar(64) PRIMARY KEY, units integer NOT NULL, what text, at text);",
        ),
        (
            key_tables.MYSQL,
            (
                "CREATE TABLE k (id char(64) CHARACTER SET ascii COLLATE ascii_bin PRIMARY KEY, "
                "units integer NOT NULL, what varchar(200), at varchar(200)) ENGINE=InnoDB;"
            ),
        ),
    ],
)
def test_the_table_of_keys_is_what_the_statement_wants(types: Types, expected: str) -> None:
    text = "INSERT INTO k (id, units, what, at) VALUES (:key, :delta, :reference, now())"
    found = booking(f"{text}; {MOVE}; INSERT INTO journal (sku) VALUES (:sku)", MYSQL)

    assert expected == creating(found, types)
    assert (
        "GRANT INSERT, SELECT ON k TO syncd_writer; GRANT SELECT, UPDATE ON stock TO syncd_writer; "
        "GRANT INSERT ON journal TO syncd_writer;" == granting(found, types)
    )


@pytest.mark.parametrize(
    ("types", "user", "written"),
    [
        (key_tables.POSTGRESQL, "rsix_writer", "rsix_writer"),
        (key_tables.POSTGRESQL, 'Odd"One', '"Odd""One"'),
        (key_tables.MYSQL, "erp-writer", "`erp-writer`"),
        (key_tables.SQL_SERVER, r"ACME\erp", r"[ACME\erp]"),
    ],
)
def test_rights_are_for_the_user_who_books(types: Types, user: str, written: str) -> None:
    assert granting(booking(BOTH), types, user).endswith(f" TO {written};")


def test_a_file_has_no_users_to_grant_to() -> None:
    assert "" == granting(booking(BOTH), key_tables.SQLITE)


WRITER = {"url": {"credential": "w"}, "statement": BOTH}


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"orders": "within 5m", "write_back": WRITER}, "write_back goes with orders: write_back"),
        ({"write_back": {**WRITER, "statement": MOVE}}, "no statement keeps :key"),
        ({"write_back": {"statement": BOTH}}, "write_back.url\n  Field required"),
    ],
)
def test_options_that_do_not_fit_together_are_refused(more: dict[str, object], words: str) -> None:
    given = {"url": {"credential": "erp"}, "query": "SELECT 'A' AS sku, 1 AS quantity", **more}

    with pytest.raises(ValidationError) as refused:
        SqlQueryOptions.model_validate(given)

    assert words in str(refused.value)


def test_only_a_source_with_statements_can_be_written_to() -> None:
    query = "SELECT 'A' AS sku, 1 AS quantity"
    given = {"url": {"credential": "erp"}, "query": query}
    written: dict[str, object] = {"write_back": WRITER, "orders": "write_back"}
    cases: list[tuple[dict[str, object], bool]] = [({}, False), (written, True)]
    for more, writable in cases:
        options = SqlQueryOptions.model_validate({**given, **more})
        source = source_of("postgresql://u@db/erp", query, None, None, **more)

        assert writable is isinstance(source, WriteBack)
        assert writable is (FACTORY.refuses_write_back(options) is None)
    plain = SqlQueryOptions.model_validate(given)
    assert "it also needs write_back: {url: {credential" in str(FACTORY.refuses_write_back(plain))


def test_what_this_database_reads_otherwise_is_refused_when_it_is_known() -> None:
    statement = f"{KEEP}; {MOVE} AND lot <> '\\'"

    with pytest.raises(ConfigError, match=r"write_back.statement: .*MySQL"):
        source_of(
            "mysql://u@db/erp", "SELECT 'A' AS sku, 1 AS quantity",
            write_back={**WRITER, "statement": statement},
        )  # fmt: skip


@pytest.mark.parametrize(
    ("state", "words", "fault"),
    [
        ("23000", "Violation of PRIMARY KEY constraint (2627) (SQLExecDirectW)", Fault.TAKEN),
        ("23000", "Cannot insert duplicate key row (2601)", Fault.TAKEN),
        ("23000", "The UPDATE statement conflicted with the CHECK constraint (547)", Fault.REFUSED),
        ("22003", "Arithmetic overflow", Fault.REFUSED),
        ("40001", "deadlock victim (1205)", Fault.BUSY),
        ("HYT00", "Query timeout expired", Fault.BUSY),
        ("42000", "Lock request time out period exceeded. (1222)", Fault.BUSY),
        ("42000", "The UPDATE permission was denied (229)", Fault.DENIED),
        ("28000", "Login failed", Fault.DENIED),
        ("08S01", "Communication link failure", Fault.LOST),
        ("42S02", "Invalid object name 'syncd_bookings'. (208)", Fault.WRONG),
    ],
)
def test_what_sql_server_answers_means(state: str, words: str, fault: Fault) -> None:
    assert fault is trouble_of(state, words).fault
