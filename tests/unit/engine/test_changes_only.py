"""When a source that can tell what changed is asked for changes, and when for everything."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from syncd.domain.report import SourceState
from syncd.domain.stock import Completeness, Watermark
from syncd.engine.ingest import ingest
from tests.fakes.memory_source import Row
from tests.fakes.shopfloor import STOCK, Shopfloor


def read(floor: Shopfloor, *, whole: bool = False) -> tuple[SourceState, int, int]:
    """One reading; its state, and how many rows it said of how many."""
    engine = floor.engine()
    source = replace(engine.sources[STOCK], full_every=timedelta(hours=6))
    engine = replace(engine, sources={STOCK: source})
    run = floor.ledger.begin_run("test")
    (report,) = ingest(engine, run, [STOCK], whole=whole)
    return report.state, report.read, report.rows


def changing(folder: Path) -> Shopfloor:
    """A source that was read whole once."""
    floor = Shopfloor(folder)
    floor.source.delta_scope = "all"
    floor.source.watermark = Watermark(moment=floor.clock.now(), scope="all")
    floor.source.rows = [Row("A", "1"), Row("B", "2")]
    read(floor)
    floor.source.completeness = Completeness.PARTIAL
    floor.source.rows = [Row("A", "5")]
    return floor


def test_changes_are_asked_for_since_the_watermark(tmp_path: Path) -> None:
    floor = changing(tmp_path)
    mark = floor.source.watermark
    floor.clock.advance(60)

    assert (SourceState.OK, 1, 2) == read(floor)
    assert mark is not None
    assert [None, mark.moment] == floor.source.asked_since
    floor.close()


def test_no_change_at_all_leaves_a_source_unchanged(tmp_path: Path) -> None:
    floor = changing(tmp_path)
    floor.source.rows = []

    assert (SourceState.UNCHANGED, 0, 2) == read(floor)
    floor.close()


def test_everything_is_read_when_it_is_due_asked_for_or_another_thing_is_read(
    tmp_path: Path,
) -> None:
    floor = changing(tmp_path)
    read(floor, whole=True)
    floor.clock.advance(6 * 3_600)
    read(floor)
    floor.source.delta_scope = "elsewhere"
    read(floor)

    assert [None, None, None, None] == floor.source.asked_since
    floor.close()
