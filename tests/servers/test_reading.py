"""The rules of a reading, which are the same in every database."""

# ruff: noqa: S608 - statements are made up here

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from pydantic import SecretStr
from sqlalchemy.engine import make_url

from connectors.sql_query.address import read_address
from syncd.domain.errors import SourceInvalid, SourceUnauthorized, SourceUnavailable
from syncd.domain.stock import Completeness, State
from syncd.ports.source import Source
from tests.fakes.clock import FakeClock
from tests.fakes.databases import PASSWORD, Site, postgres_site, read, source_of

QUERY = "SELECT sku, qty AS quantity FROM stock"


def digest_of(source: Source) -> str | None:
    with source.snapshot(None) as reader:
        for _ in reader.batches():
            assert reader.fingerprint is None
        return reader.fingerprint


def test_every_row_is_read_in_batches_and_numbered(site: Site) -> None:
    found = read(source_of(site.url, site.words.many.format(rows=9_001)))

    assert 9_001 == len(found.readings)
    assert {1} == set(found.quantities.values())
    assert list(range(1, 9_002)) == found.positions


def test_columns_are_recognised_by_their_alias_in_any_order(site: Site) -> None:
    site.run(
        f"CREATE TABLE t (a {site.words.number}, b varchar(9), c varchar(9), d {site.words.number})"
    )
    site.run("INSERT INTO t VALUES (1.25, 'EUR', 'A-1', 3)")
    query = (
        "SELECT a AS price, b AS currency, d AS committed, 'Main' AS location, d AS quantity, "
        "c AS sku, a AS cost FROM t"
    )

    (reading,) = read(source_of(site.url, query)).readings

    assert ("A-1", "Main", 3, 3) == (
        reading.sku, reading.location, reading.quantity, reading.committed,
    )  # fmt: skip
    assert (Decimal("1.25"), "EUR", Decimal("1.25")) == (
        reading.price, reading.currency, reading.cost,
    )  # fmt: skip


def test_null_is_unknown_and_never_zero(site: Site) -> None:
    site.stock({"A": "NULL", "B": 0})

    found = read(source_of(site.url, QUERY))

    states = {reading.sku: (reading.state, reading.quantity) for reading in found.readings}
    assert {"A": (State.UNKNOWN, None), "B": (State.KNOWN, 0)} == states


def test_a_whole_number_written_with_decimals_is_that_number_and_a_fraction_is_none(
    site: Site,
) -> None:
    site.stock({"A": "12.000", "B": "12.5", "C": "-3"})

    found = read(source_of(site.url, QUERY))
    down = read(source_of(site.url, QUERY, fractions="down"))

    assert {"A": 12, "C": -3} == found.quantities
    assert ["B"] == [reject.sku for reject in found.rejects]
    assert 12 == down.quantities["B"]


def test_decimals_are_exact(site: Site) -> None:
    site.run("CREATE TABLE p (sku varchar(9), amount decimal(20,4))")
    site.run("INSERT INTO p VALUES ('A', 0.1), ('B', 1234567.8901)")

    found = read(source_of(site.url, "SELECT sku, amount AS price FROM p"))

    prices = {reading.sku: reading.price for reading in found.readings}
    assert {"A": Decimal("0.1"), "B": Decimal("1234567.8901")} == prices


def test_floating_point_is_read_as_the_shortest_text_and_never_in_scientific_notation(
    site: Site,
) -> None:
    site.run("CREATE TABLE f (sku varchar(9), qty double precision)")
    site.run("INSERT INTO f VALUES ('A', 12.0), ('B', 1e20), ('C', 0.5)")

    found = read(source_of(site.url, "SELECT sku, qty AS quantity FROM f"))

    assert {"A": 12} == found.quantities
    assert ["B", "C"] == sorted(str(reject.sku) for reject in found.rejects)


def test_text_keeps_percent_signs_quotes_and_other_alphabets(site: Site) -> None:
    site.stock({"50%-Größe-仓": 1})

    found = read(source_of(site.url, "SELECT sku, qty AS quantity FROM stock WHERE sku LIKE '50%'"))

    assert {"50%-Größe-仓": 1} == found.quantities


def test_sql_in_a_sku_is_text(site: Site) -> None:
    site.stock({"A''; DROP TABLE stock; --": 1})

    assert {"A'; DROP TABLE stock; --": 1} == read(source_of(site.url, QUERY)).quantities
    assert 1 == len(site.run("SELECT * FROM stock"))


def test_sku_rules_apply(site: Site) -> None:
    site.stock({"  7x ": 1, "42": 2})

    found = read(source_of(site.url, QUERY, sku={"trim": "yes", "upper": "yes", "pad": "4"}))

    assert {"7X": 1, "0042": 2} == found.quantities


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ("sku, qty AS quantitiy", "did you mean quantity"),
        ("sku, qty AS quantity, 1 AS zzz", "known names"),
        ("qty AS quantity", "no column is named sku"),
        ("sku, qty AS cost", "no column is named quantity or price"),
        ("sku, sku AS sku, qty AS quantity", "sku is there 2 times"),
    ],
)
def test_columns_that_say_nothing_refuse_the_reading(site: Site, columns: str, words: str) -> None:
    site.stock({"A": 1})

    with pytest.raises(SourceInvalid, match=words):
        read(source_of(site.url, f"SELECT {columns} FROM stock"))


def test_on_hand_needs_to_know_what_is_sold_but_not_shipped(site: Site) -> None:
    site.stock({"A": 1})

    with pytest.raises(SourceInvalid, match="AS committed, or write committed: none"):
        read(source_of(site.url, QUERY, basis="on_hand"))
    assert {"A": 1} == read(
        source_of(site.url, QUERY, basis="on_hand", committed="none")
    ).quantities


def test_the_same_rows_in_another_order_have_the_same_fingerprint(site: Site) -> None:
    site.stock({"A": 1, "B": 2})

    up = digest_of(source_of(site.url, f"{QUERY} ORDER BY sku"))
    down = digest_of(source_of(site.url, f"{QUERY} ORDER BY sku DESC"))
    site.run("UPDATE stock SET qty = 3 WHERE sku = 'B'")
    other = digest_of(source_of(site.url, QUERY))

    assert up == down
    assert up != other


def test_updated_at_is_no_part_of_the_values(site: Site) -> None:
    site.stock({"A": 1})
    query = "SELECT '{}' AS updated_at, sku, qty AS quantity FROM stock"

    early = digest_of(source_of(site.url, query.format("2026-01-01")))
    late = digest_of(source_of(site.url, query.format("2026-02-01")))

    assert early == late


def test_the_reading_speaks_up_to_the_servers_clock_and_never_later_than_ours(site: Site) -> None:
    site.stock({"A": 1})
    early = FakeClock()
    began = datetime.now(UTC)

    with source_of(site.url, QUERY, early).snapshot(None) as reader:
        assert early.now() - timedelta(minutes=2) == reader.as_of
        assert "ahead of the one here" in reader.notes[0]
    with source_of(site.url, QUERY, clock_tolerance="0s").snapshot(None) as reader:
        assert began - timedelta(seconds=1) <= reader.as_of <= datetime.now(UTC)
        assert [] == reader.notes


def test_a_query_without_since_is_always_read_whole(site: Site) -> None:
    site.stock({"A": 1})
    source = source_of(site.url, QUERY)

    assert source.delta_scope is None
    with source.snapshot(datetime.now(UTC)) as reader:
        assert Completeness.FULL is reader.completeness
        assert 1 == sum(len(batch.values) for batch in reader.batches())
        assert reader.watermark is None


def test_a_query_that_is_not_done_in_time_is_stopped_and_says_which_key(site: Site) -> None:
    with pytest.raises(SourceUnavailable, match="within 1s; raise `timeout`"):
        read(source_of(site.url, site.words.endless, timeout="1s"))


def test_what_a_function_had_when_it_was_stopped_is_not_taken_for_its_result(server: Site) -> None:
    slow = {
        "postgresql": "(SELECT 0 FROM pg_sleep(9))",
        "mariadb": "benchmark(1000000000000, md5('a'))",
    }[server.kind]

    with pytest.raises(SourceUnavailable, match="within 1s; raise `timeout`"):
        read(source_of(server.url, f"SELECT 'A' AS sku, {slow} AS quantity", timeout="1s"))


def test_rows_without_end_are_stopped_as_well(site: Site) -> None:
    with pytest.raises(SourceUnavailable, match="within 1s; raise `timeout`"):
        read(source_of(site.url, site.words.streaming, timeout="1s"))


def test_an_error_of_the_query_is_said_in_the_servers_words(site: Site) -> None:
    with pytest.raises(SourceInvalid, match=site.words.syntax):
        read(source_of(site.url, "SELECT sku, qty AS quantity frm stock s t"))
    with pytest.raises(SourceInvalid, match="stock"):
        read(source_of(site.url, QUERY))


def test_a_reading_that_is_left_in_the_middle_leaves_nothing_behind(site: Site) -> None:
    source = source_of(site.url, site.words.many.format(rows=100_000))

    with source.snapshot(None) as reader:
        first = next(iter(reader.batches()))

    assert len(first.values) < 100_000
    assert reader.fingerprint is None
    site.stock({"A": 1})
    site.run("DROP TABLE stock")


def test_the_database_is_named_in_every_error_and_its_password_in_none(server: Site) -> None:
    name = read_address(_secret(server.url), "erp").name
    with pytest.raises(SourceInvalid) as refused:
        read(source_of(server.url, QUERY))

    assert str(refused.value).startswith(f"{name}: ")
    assert PASSWORD not in str(refused.value)
    assert PASSWORD not in repr(read_address(_secret(server.url), "erp"))


def test_a_database_nobody_listens_at_is_unavailable(server: Site) -> None:
    url = server.url.replace(":5432", ":1").replace(":3306", ":1")

    with pytest.raises(SourceUnavailable, match="cannot be reached") as refused:
        read(source_of(url, QUERY))

    assert PASSWORD not in str(refused.value)


def test_a_user_without_the_right_is_told_what_to_grant(server: Site) -> None:
    server.run("CREATE TABLE stock (sku varchar(9), qty integer)")
    if server.kind == "postgresql":
        server.run(f"REVOKE SELECT ON stock FROM {server.reader}")
    else:
        server.run(f"REVOKE SELECT ON {server.reader}.* FROM {server.reader}")
        server.run("CREATE TABLE other AS SELECT 1 AS n")
        server.run(f"GRANT SELECT ON {server.reader}.other TO {server.reader}")

    with pytest.raises(SourceUnauthorized, match="GRANT SELECT ON"):
        read(source_of(server.url, QUERY))


def test_a_user_the_server_does_not_know_is_unauthorized(server: Site) -> None:
    url = server.url.replace(f"//{server.reader}", "//syncd_nobody")

    with pytest.raises(SourceUnauthorized, match="correct the credential") as refused:
        read(source_of(url, QUERY))

    assert PASSWORD not in str(refused.value)


@pytest.mark.server
def test_a_role_that_may_not_connect_to_the_database_is_unauthorized() -> None:
    with postgres_site() as site:
        closed = f"{site.reader}_closed"
        site.run(f"CREATE DATABASE {closed}")
        try:
            site.run(f"REVOKE CONNECT ON DATABASE {closed} FROM PUBLIC")
            url = make_url(site.url).set(database=closed).render_as_string(hide_password=False)

            with pytest.raises(SourceUnauthorized, match="correct the credential"):
                read(source_of(url, QUERY))
        finally:
            site.run(f"DROP DATABASE {closed}")


def _secret(url: str) -> SecretStr:
    return SecretStr(url)
