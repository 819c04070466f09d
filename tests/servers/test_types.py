"""Types that are no number, no text or no time: never a silent number."""

import pytest

from syncd.domain.errors import SourceInvalid
from tests.fakes.databases import Site, read, source_of

NO_NUMBERS = {
    "postgresql": [
        ("true", "boolean"),
        ("'\\x01'::bytea", "bytea"),
        ("DATE '2026-01-01'", "date"),
        ("now()", "timestamp with time zone"),
        ("ARRAY[1, 2]", "integer[]"),
        ("'5'::json", "json"),
        ("'5'::jsonb", "jsonb"),
        ("'5'::money", "money"),
        ("INTERVAL '1 day'", "interval"),
        ("ROW(1)", "record"),
        ("int4range(1, 2)", "int4range"),
        ("B'1'", "bit"),
    ],
    "mariadb": [
        ("CAST('5' AS binary)", "binary"),
        ("DATE '2026-01-01'", "date"),
        ("TIME '10:00:00'", "time"),
        ("now()", "datetime"),
        ("b'1'", "binary"),
        ("ST_GeomFromText('POINT(1 1)')", "geometry"),
    ],
}


def test_what_is_no_number_is_never_taken_for_one(server: Site) -> None:
    refusals = []
    for expression, _ in NO_NUMBERS[server.kind]:
        query = f"SELECT 'A' AS sku, {expression} AS quantity"
        with pytest.raises(SourceInvalid, match="convert it in the query") as refused:
            read(source_of(server.url, query))
        refusals.append(str(refused.value).partition("of the type ")[2].partition(",")[0])

    assert [name for _, name in NO_NUMBERS[server.kind]] == refusals


def test_a_boolean_column_is_no_quantity(server: Site) -> None:
    server.run("CREATE TABLE t (sku varchar(9), active boolean)")

    with pytest.raises(SourceInvalid, match="quantity is of the type boolean"):
        read(source_of(server.url, "SELECT sku, active AS quantity FROM t"))


def test_bytes_are_no_sku_and_a_number_is_no_time(server: Site) -> None:
    raw = server.words.bytes
    for query, word in (
        (f"SELECT {raw} AS sku, 1 AS quantity", "sku"),
        ("SELECT 'A' AS sku, 1 AS quantity, 5 AS counted_at", "counted_at"),
        ("SELECT 'A' AS sku, 1 AS quantity, 5 AS currency", "currency"),
        ("SELECT CAST(1.5 AS double precision) AS sku, 1 AS quantity", "sku"),
    ):
        if server.kind == "mariadb":
            query = query.replace("double precision", "double")  # noqa: PLW2901 - another dialect
        with pytest.raises(SourceInvalid, match=f"the column {word} is of the type"):
            read(source_of(server.url, query))


def test_numbers_make_skus_and_locations(site: Site) -> None:
    (reading,) = read(
        source_of(site.url, "SELECT 4711 AS sku, 3 AS location, 1 AS quantity")
    ).readings

    assert ("4711", "3") == (reading.sku, reading.location)


def test_text_that_is_no_number_rejects_its_row_only(site: Site) -> None:
    found = read(
        source_of(
            site.url,
            "SELECT 'A' AS sku, 'many' AS quantity UNION ALL SELECT 'B', '7' "
            "UNION ALL SELECT 'C', 'NaN' UNION ALL SELECT '', '1'",
        )
    )

    assert {"B": 7} == found.quantities
    assert 3 == len(found.rejects)
    assert "row 1" in found.rejects[0].at


def test_blanks_that_pad_a_fixed_width_mean_nothing(server: Site) -> None:
    server.run("CREATE TABLE t (sku char(10), qty integer)")
    server.run("INSERT INTO t VALUES ('A-1', 5)")

    assert {"A-1": 5} == read(
        source_of(server.url, "SELECT sku, qty AS quantity FROM t")
    ).quantities


def test_what_postgresql_calls_by_other_names_is_text(server: Site) -> None:
    if server.kind == "postgresql":
        server.run("CREATE TYPE colour AS ENUM ('red')")
        server.run("CREATE DOMAIN code AS varchar(9)")
        server.run("CREATE TABLE t (sku code, place colour)")
        server.run(f"GRANT USAGE ON TYPE colour TO {server.reader}")
    else:
        server.run("CREATE TABLE t (sku varchar(9), place enum('red'))")
    server.run("INSERT INTO t VALUES ('A', 'red')")

    (reading,) = read(
        source_of(server.url, "SELECT sku, place AS location, 1 AS quantity FROM t")
    ).readings

    assert "red" == reading.location
