"""What a reading of changes moves, and what only a reading of everything can clear."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

import pytest

from syncd.domain.identity import SourceName
from syncd.domain.stock import Completeness, Expectations, Reading, Reject, State, Watermark
from syncd.ledger.store import SqlLedger
from syncd.ports.records import SnapshotResult
from tests.fakes.clock import FakeClock
from tests.fakes.memory_source import MemoryReader, MemorySource, Row

STOCK = SourceName("stock")
LENIENT = Expectations(max_shrink=Decimal(1))
DAY = timedelta(hours=24)


class Feed:
    """A source that can tell what changed."""

    def __init__(self, ledger: SqlLedger, clock: FakeClock) -> None:
        self.ledger = ledger
        self.clock = clock
        self.source = MemorySource(name=STOCK, as_of=clock.now(), delta_scope="all")

    def record(self, completeness: Completeness, rows: Sequence[Row]) -> SnapshotResult:
        self.clock.advance(60)
        source = self.source
        source.rows, source.completeness, source.as_of = list(rows), completeness, self.clock.now()
        source.watermark = Watermark(moment=self.clock.now(), scope="all")
        run = self.ledger.begin_run("test")
        return self.ledger.record_snapshot(run, STOCK, MemoryReader(source), LENIENT)

    def full(self, *rows: Row) -> SnapshotResult:
        return self.record(Completeness.FULL, rows)

    def changes(self, *rows: Row) -> SnapshotResult:
        return self.record(Completeness.PARTIAL, rows)

    def state(self, sku: str) -> tuple[State, int | None]:
        (position,) = self.ledger.positions([sku])[sku]  # type: ignore[index, list-item]  # text here
        return position.state, position.quantity


@pytest.fixture
def feed(ledger: SqlLedger, clock: FakeClock) -> Feed:
    return Feed(ledger, clock)


def test_a_new_row_among_changes_is_counted_with_the_rest(feed: Feed) -> None:
    feed.full(Row("A", "1"), Row("B", "2"))
    result = feed.changes(Row("C", "3"))
    assert (3, 1, 1) == (result.rows, result.read, result.changed)
    assert 3 == feed.ledger.standings()[STOCK].rows


def test_the_next_full_reading_skips_rows_that_a_reading_of_changes_said(feed: Feed) -> None:
    feed.full(Row("A", "1"), Row("B", "2"))
    feed.changes(Row("A", "5"))
    result = feed.full(Row("A", "5"), Row("B", "2"))
    assert (2, 0, 0) == (result.rows, result.changed, result.missing)


def test_a_row_gone_since_a_reading_of_changes_is_missing_in_the_next_full_one(feed: Feed) -> None:
    feed.full(Row("A", "1"), Row("B", "2"))
    feed.changes(Row("C", "5"))
    assert 1 == feed.full(Row("A", "1"), Row("B", "2")).missing


def test_one_row_of_a_repeated_key_stays_held_until_everything_is_read(feed: Feed) -> None:
    feed.full(Row("A", "7"), Row("B", "2"))
    feed.full(Row("A", "7"), Row("A", "9"), Row("B", "2"))
    assert (State.UNKNOWN, 7) == feed.state("A")

    result = feed.changes(Row("A", "12"))

    assert (State.UNKNOWN, 7) == feed.state("A")
    assert (0, 0) == (result.read, result.changed)
    feed.full(Row("A", "12"), Row("B", "2"))
    assert (State.KNOWN, 12) == feed.state("A")


def test_changes_leave_the_rejects_of_rows_they_did_not_read(feed: Feed) -> None:
    feed.full(Row("A", "x", reject="bad"), Row("B", "x", reject="bad"), Row("C", "3"))
    result = feed.changes(Row("A", "4"), Row("C", "x", reject="worse"))
    assert 2 == result.rejected
    assert [("B", "bad"), ("C", "worse")] == [(row.sku, row.reason) for row in result.rejects]
    assert 2 == feed.ledger.reject_count(STOCK)


def test_a_row_rejected_again_is_one_reject(feed: Feed) -> None:
    feed.full(Row("A", "x", reject="bad"), Row("C", "3"))
    assert ["still bad"] == [
        row.reason for row in feed.changes(Row("A", "x", reject="still bad")).rejects
    ]


def test_a_watermark_is_kept_with_its_scope_and_the_time_of_the_last_full_reading(
    feed: Feed,
) -> None:
    feed.full(Row("A", "1"))
    read = feed.clock.now()
    feed.changes(Row("A", "2"))
    standing = feed.ledger.standings()[STOCK]

    assert Watermark(moment=feed.clock.now(), scope="all") == standing.watermark
    assert read == standing.full_at
    assert feed.clock.now() == standing.since("all", DAY, feed.clock.now())


def test_after_another_form_every_row_is_judged_anew_and_nothing_goes_missing(feed: Feed) -> None:
    feed.full(Row("A", "7"), Row("B", "2"))
    run = feed.ledger.begin_run("test")
    judged: list[str] = []

    class Telling(MemoryReader):
        def parse(self, position: int, values: tuple[str, ...]) -> Reading | Reject:
            judged.append(values[0])
            return super().parse(position, values)

    again = feed.ledger.record_snapshot(run, STOCK, Telling(feed.source), LENIENT)
    assert ([], 0) == (judged, again.missing)
    other = feed.ledger.record_snapshot(run, STOCK, Telling(feed.source), LENIENT, "commas")
    assert (["A", "B"], 0, 0) == (judged, other.changed, other.missing)
    assert "commas" == feed.ledger.standings()[STOCK].form


def test_another_scope_or_an_old_full_reading_asks_for_everything(feed: Feed) -> None:
    feed.full(Row("A", "1"))
    standing = feed.ledger.standings()[STOCK]
    assert standing.full_at is not None

    assert None is standing.since("other", DAY, feed.clock.now())
    assert None is standing.since(None, DAY, feed.clock.now())
    assert None is standing.since("all", DAY, standing.full_at + DAY)
    assert feed.clock.now() == standing.since("all", DAY, standing.full_at + DAY / 2)
