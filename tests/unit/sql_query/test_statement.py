"""One statement, and a SELECT: told before any database is asked, as each database would read it."""

# ruff: noqa: S608 - statements are made up here

import pytest

from connectors.sql_query.lexis import EVERY, MYSQL, POSTGRESQL, SQL_SERVER, SQLITE, Lexis
from connectors.sql_query.statement import NotOneSelect, check_anywhere, read_statement

PLAIN = "SELECT sku, qty AS quantity FROM stock"
GOOD = [
    PLAIN,
    f"{PLAIN};",
    f"{PLAIN} ;  -- the end\n",
    f"-- the stock\n{PLAIN}\n/* no more; really */",
    f"  ({PLAIN}) UNION ALL ({PLAIN})",
    f"WITH a AS (SELECT 1 AS n), b AS (SELECT 2) {PLAIN}",
    f"with recursive t(n) as (select 1 union all select n + 1 from t) {PLAIN}",
    "SELECT 'a;b' AS sku, 'it''s; DROP TABLE x' AS location, 1 AS quantity",
    "SELECT sku, replace(a, 'x', 'y') AS location, 1 AS quantity FROM t",
    'SELECT "delete" AS sku, 1 AS quantity FROM t',
    "SELECT sku, 5 - -1 AS quantity FROM t",
    "SELECT sku, updated_at, 1 AS quantity FROM t WHERE updated_at > :since",
]
BAD = [
    ("", "holds none"),
    ("-- nothing", "holds none"),
    ("UPDATE stock SET qty = 0", "begins with 'UPDATE'"),
    ("DELETE FROM stock", "begins with 'DELETE'"),
    ("INSERT INTO stock VALUES (1)", "begins with 'INSERT'"),
    ("EXPLAIN SELECT 1", "begins with 'EXPLAIN'"),
    ("CALL emptied()", "begins with 'CALL'"),
    ("PRAGMA user_version = 7", "begins with 'PRAGMA'"),
    ("ATTACH 'x' AS y", "begins with 'ATTACH'"),
    ("COPY stock TO PROGRAM 'sh'", "begins with 'COPY'"),
    ("SET ROLE postgres", "begins with 'SET'"),
    (f"{PLAIN}; DELETE FROM stock", "second statement"),
    (f"{PLAIN};;SELECT 2", "second statement"),
    (f"{PLAIN} -- ;\n; DROP TABLE stock", "second statement"),
    (f"/* one */ {PLAIN} /* two */; /* three */ DROP TABLE stock -- four", "second statement"),
    ("SELECT ';' AS sku; DROP TABLE stock", "second statement"),
    ("WITH a AS (DELETE FROM stock RETURNING *) SELECT * FROM a", "DELETE changes data"),
    ("WITH a AS (INSERT INTO s SELECT 1) SELECT 1", "INSERT changes data"),
    ("WITH a AS MATERIALIZED (UPDATE s SET n = 1 RETURNING 1) SELECT 1", "UPDATE changes data"),
    ("WITH a AS (SELECT 1) DELETE FROM stock", "DELETE changes data"),
    ("WITH a AS (WITH b AS (SELECT 1) UPDATE s SET n = 1) SELECT 1", "UPDATE changes data"),
    ("WITH a AS (SELECT 1) MERGE s USING a", "MERGE changes data"),
    ("SELECT * INTO copy FROM stock", "INTO writes"),
    ("SELECT sku FROM stock INTO OUTFILE '/tmp/x'", "INTO writes"),
    (f"{PLAIN} FOR UPDATE", "FOR UPDATE locks"),
    (f"{PLAIN} FOR NO KEY UPDATE", "locks rows"),
    (f"{PLAIN} for share skip locked", "FOR SHARE locks"),
    (f"{PLAIN} LOCK IN SHARE MODE", "locks rows"),
    ("SELECT sku FROM stock WITH (UPDLOCK)", "UPDLOCK locks"),
    ("SELECT 'never closed AS sku", "never closed"),
    ("SELECT 1 /* never closed", "never closed"),
    (f"{PLAIN} WHERE t > :sinse", ":sinse is not known: only :since"),
]


@pytest.mark.parametrize("lexis", EVERY, ids=lambda lexis: lexis.database)
@pytest.mark.parametrize("text", GOOD)
def test_one_select_is_taken_by_every_database(text: str, lexis: Lexis) -> None:
    assert "SELECT" in read_statement(text, lexis).text("?").upper()


@pytest.mark.parametrize(("text", "words"), BAD)
def test_anything_else_is_refused_before_a_database_is_known(text: str, words: str) -> None:
    with pytest.raises(NotOneSelect, match=words):
        check_anywhere(text, read_statement)


@pytest.mark.parametrize(
    ("lexis", "text"),
    [
        # What is a comment or a string here is a second statement there.
        (MYSQL, "SELECT 1 /* /* */ ; DROP TABLE x -- */"),
        (MYSQL, "SELECT 5--1 ; DROP TABLE x"),
        (MYSQL, r"SELECT 'a\\' ; DROP TABLE x -- '"),
        (MYSQL, "SELECT 1 # ' \n ; DROP TABLE x -- '"),
        (MYSQL, "SELECT $$ ; DROP TABLE x $$"),
        (MYSQL, "SELECT sku /*! INTO OUTFILE '/tmp/x' */ FROM stock"),
        (MYSQL, "SELECT sku /*M!100100 INTO OUTFILE '/tmp/x' */ FROM stock"),
        (POSTGRESQL, r"SELECT 'a\' ; DROP TABLE x -- '"),
        (POSTGRESQL, r"SELECT E'a\\' ; DROP TABLE x -- '"),
        (POSTGRESQL, "SELECT 1 # 2 ; DROP TABLE x"),
        (POSTGRESQL, "SELECT $a$ $b$ $a$ ; DROP TABLE x"),
        (POSTGRESQL, "SELECT a$$ ; DROP TABLE x -- $$"),
        (POSTGRESQL, "SELECT `a ; DROP TABLE x --`"),
        (SQLITE, """SELECT [a"] ; DROP TABLE x --"]"""),
        (SQLITE, "SELECT 1 /* /* */ ; DROP TABLE x -- */"),
        (SQL_SERVER, "SELECT [a--b] ; DROP TABLE x"),
        (SQL_SERVER, "SELECT [a]]'] ; DROP TABLE x --']"),
        (SQL_SERVER, "SELECT 1 AS sku DROP TABLE x"),
        (SQL_SERVER, "SELECT 1 AS sku EXEC xp_cmdshell 'dir'"),
        (SQL_SERVER, "SELECT * FROM OPENROWSET('x', 'y', 'DELETE FROM z')"),
    ],
)
def test_each_database_reads_it_as_it_is(lexis: Lexis, text: str) -> None:
    with pytest.raises(NotOneSelect):
        read_statement(text, lexis)


@pytest.mark.parametrize(
    ("lexis", "text"),
    [
        (MYSQL, r"SELECT 'it\'s; fine' AS sku"),
        (MYSQL, r"SELECT 'it\' ; DROP TABLE x -- ' AS sku"),
        (MYSQL, "SELECT # and; so on\n `a;b` AS sku"),
        (MYSQL, "SELECT @row := 1 AS sku"),
        (POSTGRESQL, "SELECT 1 /* a /* b; */ c; */ AS sku"),
        (POSTGRESQL, r"SELECT E'it\'s; fine' AS sku"),
        (POSTGRESQL, "SELECT $$it's; fine$$ AS sku, $tag$ $$;$$ $tag$ AS location"),
        (POSTGRESQL, "SELECT n::text AS sku, (ARRAY[1, 2])[1:m] AS quantity, data #>> '{a}'"),
        (POSTGRESQL, "SELECT t.update AS sku, count(insert) AS quantity FROM t"),
        (SQLITE, "SELECT [a;b] AS sku, `c;d` AS quantity"),
        (SQL_SERVER, "SELECT /* a /* b; */ c; */ [a;b]]c] AS sku"),
    ],
)
def test_what_only_one_database_writes_is_read_there(lexis: Lexis, text: str) -> None:
    assert text == read_statement(text, lexis).text("?")


def test_the_line_of_a_mistake_is_told() -> None:
    with pytest.raises(NotOneSelect, match=r"^line 3: DELETE changes data"):
        read_statement("WITH a AS (\n-- comment\nDELETE FROM stock)\nSELECT 1", POSTGRESQL)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT a > :since", "SELECT a > ?"),
        ("SELECT a > :since AND b > :since", "SELECT a > ? AND b > ?"),
        ("SELECT ':since', \":since\", 1 -- :since", "SELECT ':since', \":since\", 1"),
        ("SELECT /* :since */ 1", "SELECT /* :since */ 1"),
        ("SELECT a::since, b", "SELECT a::since, b"),
        (r"SELECT \:since", "SELECT :since"),
        ("SELECT :since::date LIKE '5%'", "SELECT ?::date LIKE '5%%'"),
    ],
)
def test_since_is_replaced_where_it_is_a_name_and_nowhere_else(text: str, expected: str) -> None:
    statement = read_statement(text, POSTGRESQL)

    assert expected == statement.text("?", "%%")
    assert statement.asks_since is ("?" in expected)
