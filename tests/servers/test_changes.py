"""Readings of changes: from when on they are asked for, and how far they are known to reach."""

# ruff: noqa: S608 - statements are made up here

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from syncd.domain.errors import SourceInvalid
from syncd.domain.stock import Completeness, Watermark
from syncd.ports.source import SnapshotReader, Source
from tests.fakes.databases import Site, source_of

QUERY = "SELECT sku, qty AS quantity, updated_at FROM stock WHERE updated_at > :since"
NOON = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)


def table(site: Site, kind: str, rows: dict[str, str]) -> None:
    site.run(f"CREATE TABLE stock (sku varchar(9), qty integer, updated_at {kind} NULL)")
    for sku, moment in rows.items():
        site.run(f"INSERT INTO stock VALUES ('{sku}', 1, {moment})")


def asked(source: Source, since: datetime | None) -> tuple[set[str], SnapshotReader]:
    """The SKUs of one reading, and its reader as it was left."""
    with source.snapshot(since) as reader:
        rows: Iterator[tuple[str, ...]] = (
            row for batch in reader.batches() for row in batch.values
        )
        return {row[0] for row in rows}, reader


def mark(reader: SnapshotReader) -> datetime | None:
    return None if reader.watermark is None else reader.watermark.moment


def test_a_full_reading_reads_everything_and_tells_how_far_changes_are_known(site: Site) -> None:
    table(site, site.words.local, {"A": "'2026-01-15 11:00:00'", "B": "'2026-01-15 12:00:00'"})
    source = source_of(site.url, QUERY, timezone="UTC")

    skus, reader = asked(source, None)

    assert {"A", "B"} == skus
    assert Completeness.FULL is reader.completeness
    assert Watermark(moment=NOON, scope=str(source.delta_scope)) == reader.watermark


def test_a_reading_of_changes_reaches_back_by_the_overlap(site: Site) -> None:
    table(
        site, site.words.local,
        {"OLD": "'2026-01-15 11:54:00'", "LATE": "'2026-01-15 11:56:00'",
         "NEW": "'2026-01-15 12:01:00'"},
    )  # fmt: skip
    source = source_of(site.url, QUERY, timezone="UTC")

    skus, reader = asked(source, NOON)
    wide, _ = asked(source_of(site.url, QUERY, timezone="UTC", overlap="10m"), NOON)

    assert {"LATE", "NEW"} == skus
    assert {"OLD", "LATE", "NEW"} == wide
    assert Completeness.PARTIAL is reader.completeness
    assert NOON + timedelta(minutes=1) == mark(reader)


def test_no_change_keeps_the_watermark(site: Site) -> None:
    table(site, site.words.local, {"A": "'2026-01-15 11:00:00'", "B": "'2026-01-15 11:58:00'"})
    source = source_of(site.url, QUERY, timezone="UTC")

    assert NOON == mark(asked(source, NOON)[1])
    later = NOON + timedelta(hours=1)
    skus, reader = asked(source, later)
    assert (set(), later) == (skus, mark(reader))


def test_a_time_in_the_future_moves_the_watermark_no_further_than_now(site: Site) -> None:
    table(site, site.words.local, {"A": "'2037-01-01 00:00:00'"})

    _, reader = asked(source_of(site.url, QUERY, timezone="UTC"), None)

    found = mark(reader)
    assert found is not None
    assert found <= datetime.now(UTC)
    assert "an updated_at is in the future; taken as of now" in reader.notes


def test_rows_without_updated_at_are_told_of(site: Site) -> None:
    table(site, site.words.local, {"A": "'2026-01-15 12:00:00'", "B": "NULL"})
    query = f"{QUERY} OR updated_at IS NULL"

    skus, reader = asked(source_of(site.url, query, timezone="UTC"), None)

    assert {"A", "B"} == skus
    assert NOON == mark(reader)
    assert ["rows without updated_at: 1; only a full reading sees their changes"] == list(
        reader.notes
    )


def test_naive_times_are_in_the_zone_that_is_configured(site: Site) -> None:
    table(site, site.words.local, {"A": "'2026-07-15 14:00:00'", "B": "'2026-07-15 13:30:00'"})
    source = source_of(site.url, QUERY, timezone="Europe/Berlin", overlap="1m")

    _, reader = asked(source, None)

    moment = datetime(2026, 7, 15, 12, 0, tzinfo=UTC)
    assert moment == mark(reader)
    # In summer an hour more is asked for, so that the hour that comes twice in autumn is never missed.
    assert {"A", "B"} == asked(source, moment)[0]
    assert {"A"} == asked(source, moment + timedelta(minutes=45))[0]
    assert set() == asked(source, moment + timedelta(minutes=90))[0]


def test_nothing_is_missed_in_the_hour_that_comes_twice(site: Site) -> None:
    # 02:50 summer time was read; then the clock goes back, and a row changes at 02:10 winter time.
    table(site, site.words.local, {"A": "'2026-10-25 02:50:00'", "B": "'2026-10-25 02:10:00'"})
    source = source_of(site.url, QUERY, timezone="Europe/Berlin", overlap="0s")

    skus, reader = asked(source, datetime(2026, 10, 25, 0, 50, tzinfo=UTC))

    assert {"A", "B"} == skus
    assert datetime(2026, 10, 25, 0, 50, tzinfo=UTC) == mark(reader)


def test_naive_times_without_a_configured_zone_are_refused(site: Site) -> None:
    table(site, site.words.local, {"A": "'2026-01-15 12:00:00'"})

    with pytest.raises(SourceInvalid, match="gives no time zone; set `timezone`"):
        asked(source_of(site.url, QUERY), None)


def test_since_without_a_column_that_tells_how_far_it_goes_is_refused(site: Site) -> None:
    table(site, site.words.local, {"A": "'2026-01-15 12:00:00'"})
    query = "SELECT sku, qty AS quantity FROM stock WHERE updated_at > :since"

    with pytest.raises(SourceInvalid, match="select the same time AS updated_at"):
        asked(source_of(site.url, query), None)


def test_a_watermark_belongs_to_database_query_and_reading(site: Site) -> None:
    scopes = {
        source_of(site.url, QUERY).delta_scope,
        source_of(site.url, f"{QUERY} AND 1 = 1").delta_scope,
        source_of(site.url, QUERY, timezone="Europe/Berlin").delta_scope,
        source_of(site.url, QUERY, fractions="down").delta_scope,
        source_of(f"{site.url}2", QUERY).delta_scope,
    }

    assert 5 == len(scopes)
    assert None not in scopes


def test_another_user_reads_the_same(server: Site) -> None:
    other = server.url.replace(f"//{server.reader}:", "//somebody:else-")

    assert source_of(server.url, QUERY).delta_scope == source_of(other, QUERY).delta_scope


def test_an_instant_is_the_same_moment_whatever_zone_is_configured(server: Site) -> None:
    offset = "+00" if server.kind == "postgresql" else ""
    server.run("SET time_zone = '+00:00'" if server.kind == "mariadb" else "SELECT 1")
    table(
        server, server.words.instant,
        {"A": f"'2026-07-15 12:00:00{offset}'", "B": f"'2026-07-15 11:30:00{offset}'"},
    )  # fmt: skip
    moment = datetime(2026, 7, 15, 12, 0, tzinfo=UTC)
    for zone in ("Europe/Berlin", "America/St_Johns", "Asia/Kolkata"):
        source = source_of(server.url, QUERY, timezone=zone, overlap="20m")

        assert moment == mark(asked(source, None)[1])
        assert {"A"} == asked(source, moment)[0]


def test_counting_times_are_moments(site: Site) -> None:
    site.run(f"CREATE TABLE t (sku varchar(9), counted {site.words.local})")
    site.run("INSERT INTO t VALUES ('A', '2026-07-15 14:00:00')")
    source = source_of(
        site.url,
        "SELECT sku, 1 AS quantity, counted AS counted_at FROM t",
        timezone="Europe/Berlin",
    )

    with source.snapshot(None) as reader:
        (batch,) = reader.batches()
        told = reader.parse(1, batch.values[0])

    assert datetime(2026, 7, 15, 12, 0, tzinfo=UTC) == getattr(told, "counted_at", None)


def test_since_in_text_and_comments_and_casts_is_left_alone(site: Site) -> None:
    site.stock({"A": 1})
    query = "SELECT ':since' AS sku, qty AS quantity FROM stock -- not :since\n/* nor :since */"

    skus, reader = asked(source_of(site.url, query), NOON)

    assert {":since"} == skus
    assert reader.watermark is None


@pytest.mark.server
def test_a_cast_of_since_is_possible(server: Site) -> None:
    table(server, server.words.local, {"A": "'2026-01-15 12:01:00'", "B": "'2026-01-15 11:00:00'"})
    cast = ":since::timestamp" if server.kind == "postgresql" else "CAST(:since AS datetime)"
    query = QUERY.replace(":since", f"{cast} AND updated_at <> {cast}")

    assert {"A"} == asked(source_of(server.url, query, timezone="UTC"), NOON)[0]
