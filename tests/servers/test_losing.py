"""A connection lost in the middle of a reading: it is refused whole, and the last one stays."""

# ruff: noqa: S608 - statements are made up here

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from syncd.domain.errors import SourceUnauthorized, SourceUnavailable
from syncd.domain.identity import Sku
from syncd.domain.report import SourceState
from syncd.engine.ingest import ingest
from syncd.ports.clock import SystemClock
from syncd.ports.probe import Check
from syncd.ports.source import RawBatch, SnapshotReader, Source
from tests.fakes.databases import Site, read, source_of
from tests.fakes.shopfloor import STOCK, Shopfloor


def cut(site: Site) -> None:
    """End the reader's session from the server's side."""
    if site.kind == "postgresql":
        site.run(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{site.reader}'"
        )
        return
    for (number,) in site.run(
        f"SELECT id FROM information_schema.processlist WHERE user = '{site.reader}'"
    ):
        site.run(f"KILL {number}")


class CutReader:
    """A reader whose connection is cut after the first batch."""

    def __init__(self, reader: SnapshotReader, site: Site) -> None:
        self._reader = reader
        self._site = site

    def __getattr__(self, name: str) -> object:
        return getattr(self._reader, name)

    def batches(self) -> Iterator[RawBatch]:
        for number, batch in enumerate(self._reader.batches()):
            yield batch
            if number == 0:
                cut(self._site)


class CutSource:
    """A source that is read so."""

    def __init__(self, source: Source, site: Site) -> None:
        self.name = STOCK
        self.delta_scope = source.delta_scope
        self._source = source
        self._site = site

    def fingerprint(self) -> str | None:
        return None

    def probe(self, every: timedelta) -> tuple[Check, ...]:
        return self._source.probe(every)

    @contextmanager
    def snapshot(self, since: datetime | None) -> Iterator[SnapshotReader]:
        with self._source.snapshot(since) as reader:
            yield CutReader(reader, self._site)  # type: ignore[misc]  # what is not here is the reader's


def test_a_connection_lost_in_mid_read_is_told_before_the_rows_end(server: Site) -> None:
    source = source_of(server.url, server.words.many.format(rows=1_000_000))

    with pytest.raises(SourceUnavailable, match="nothing of"):
        read(CutSource(source, server))


def test_the_last_snapshot_stays_current(server: Site, tmp_path: Path) -> None:
    floor = Shopfloor(tmp_path)
    good = source_of(server.url, server.words.many.format(rows=3))
    broken = source_of(server.url, server.words.many.format(rows=1_000_000))
    states = []
    for source in (good, CutSource(broken, server)):
        engine = replace(floor.engine(), clock=SystemClock())
        setup = replace(engine.sources[STOCK], source=source)
        engine = replace(engine, sources={STOCK: setup})
        (report,) = ingest(engine, floor.ledger.begin_run("test"), [STOCK])
        states.append((report.state, report.rows))

    assert [(SourceState.OK, 3), (SourceState.UNAVAILABLE, 3)] == states
    assert {} == floor.ledger.positions([Sku("4")])
    floor.close()


def test_a_database_that_does_not_exist_is_for_a_person(server: Site) -> None:
    url = make_url(server.url).set(database="syncd_no_such_database")
    source = source_of(
        url.render_as_string(hide_password=False), "SELECT 'A' AS sku, 1 AS quantity"
    )

    with pytest.raises(SourceUnauthorized, match="correct the credential"):
        read(source)
