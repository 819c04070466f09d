"""What recording a snapshot changes, and what it must leave alone."""

import random
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from sqlite3 import connect

import pytest
from xxhash import xxh3_64_intdigest

from syncd.domain.errors import SourceInvalid, SourceUnavailable, UsageError
from syncd.domain.identity import DEFAULT_LOCATION, ChannelName, LocationName, Sku, SourceName
from syncd.domain.stock import (
    Completeness,
    Duplicates,
    Expectations,
    Position,
    Reading,
    Reject,
    State,
)
from syncd.ledger.store import SqlLedger
from syncd.ports.records import SnapshotResult
from syncd.ports.source import RawBatch
from tests.fakes.clock import FakeClock
from tests.fakes.memory_source import MemoryReader, MemorySource, Row

SHOP = ChannelName("shop")
STOCK = SourceName("stock")
LENIENT = Expectations(max_shrink=Decimal(1))


class Shelf:
    """Records rows as one source and reads positions back."""

    def __init__(self, ledger: SqlLedger, clock: FakeClock) -> None:
        self.ledger = ledger
        self.clock = clock
        self.source = MemorySource(name=STOCK, as_of=clock.now())

    def record(self, rows: Sequence[Row], expected: Expectations = LENIENT) -> SnapshotResult:
        self.clock.advance(60)
        self.source.rows = list(rows)
        self.source.as_of = self.clock.now()
        run = self.ledger.begin_run("test")
        return self.ledger.record_snapshot(run, STOCK, MemoryReader(self.source), expected)

    def positions(self, sku: str) -> Sequence[Position]:
        return self.ledger.positions([Sku(sku)]).get(Sku(sku), ())

    def position(self, sku: str) -> Position:
        (only,) = self.positions(sku)
        return only

    def quantities(self, *skus: str) -> list[int | None]:
        return [self.position(sku).quantity for sku in skus]

    def moved(self) -> list[str]:
        found = self.ledger.dirty(SHOP, 1000)
        self.ledger.clear_dirty(SHOP, found.skus, found.token)
        return list(found.skus)

    def kinds(self, sku: str) -> list[tuple[str, str | None, str | None]]:
        return [(m.kind, m.before, m.after) for m in self.ledger.movements(Sku(sku), 50)]


@pytest.fixture
def shelf(ledger: SqlLedger, clock: FakeClock) -> Shelf:
    ledger.rebind(SHOP, "rules", Sku)
    return Shelf(ledger, clock)


def many(count: int) -> list[Row]:
    return [Row(f"S-{number:04d}", str(number)) for number in range(count)]


def test_first_snapshot_keeps_every_value_exactly(shelf: Shelf) -> None:
    row = Row("A-1", "-3", "Main", "2", "12.50", "EUR", "7.125", "2026-11-20T08:00:00+00:00")
    result = shelf.record([row])
    found = shelf.position("A-1")
    assert (1, 1, 0, 0) == (result.rows, result.changed, result.missing, result.rejected)
    assert (-3, 2, Decimal("12.5"), "EUR") == (
        found.quantity,
        found.committed,
        found.price,
        found.currency,
    )
    assert Decimal("7.125") == found.cost
    assert "2026-11-20T08:00:00+00:00" == (found.counted_at and found.counted_at.isoformat())
    assert "stock.list:2" == found.origin
    assert ["A-1"] == shelf.moved()


def test_shuffled_unchanged_rows_move_nothing(shelf: Shelf) -> None:
    rows = many(500)
    shelf.record(rows)
    shelf.moved()
    random.Random(7).shuffle(rows)
    result = shelf.record(rows)
    assert (500, 0, 0) == (result.rows, result.changed, result.missing)
    assert [] == shelf.moved()
    assert [("quantity", None, "17")] == shelf.kinds("S-0017")


def test_hashes_that_a_source_made_itself_are_those_of_the_ledger(shelf: Shelf) -> None:
    rows = many(50)
    shelf.record(rows)
    shelf.moved()

    class Hashing(MemoryReader):
        def batches(self) -> Iterator[RawBatch]:
            for batch in super().batches():
                hashes = [xxh3_64_intdigest("\0".join(row).encode()) for row in batch.values]
                yield RawBatch(batch.positions, batch.values, hashes)

        def parse(self, position: int, values: tuple[str, ...]) -> Reading | Reject:
            raise AssertionError(f"row {position} is known and was judged again: {values}")

    run = shelf.ledger.begin_run("test")
    result = shelf.ledger.record_snapshot(run, STOCK, Hashing(shelf.source), LENIENT)
    assert (50, 0, 0) == (result.rows, result.changed, result.missing)


class Unjudged(MemoryReader):
    """No row of it may be judged."""

    def parse(self, position: int, values: tuple[str, ...]) -> Reading | Reject:
        raise AssertionError(f"row {position} was said before: {values}")


@pytest.mark.parametrize("at_once", [1, 3, 14, 100])
def test_rows_that_were_said_before_are_not_judged_again(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr("syncd.ledger.staging.HASHES_AT_ONCE", at_once)
    rows = [Row(f"S-{number}", "5", place) for number in range(7) for place in ("Main", "East")]
    shelf.record(rows)

    result = shelf.ledger.record_snapshot(
        shelf.ledger.begin_run("test"), STOCK, Unjudged(shelf.source), LENIENT
    )

    assert (14, 0, 0) == (result.rows, result.changed, result.missing)


def test_known_and_fresh_rows_may_stand_in_one_batch(shelf: Shelf) -> None:
    shelf.source.batch = 100
    shelf.record(many(30))
    shelf.moved()
    later = [Row("NEW", "1"), *many(29), Row("S-0004", "40", "East")]

    result = shelf.record(later)

    assert (2, 1) == (result.changed, result.missing)
    assert ["NEW", "S-0004", "S-0029"] == sorted(shelf.moved())


def test_a_new_row_that_comes_again_much_later_is_repeated(shelf: Shelf) -> None:
    shelf.record(many(8))

    result = shelf.record([Row("NEW", "1"), *many(8), Row("NEW", "1")])

    assert 2 == result.rejected
    assert "stock.list:2 and stock.list:11" in result.rejects[0].reason


def test_changed_rows_move_and_tell_before_and_after(shelf: Shelf) -> None:
    shelf.record([Row("A", "1", price="2.00", currency="EUR"), Row("B", "5")])
    shelf.moved()
    result = shelf.record([Row("A", "4", price="3.00", currency="EUR"), Row("B", "5")])
    assert 1 == result.changed
    assert ["A"] == shelf.moved()
    assert [("price", "2 EUR", "3 EUR"), ("quantity", "1", "4"), ("quantity", None, "1")] == (
        shelf.kinds("A")
    )


def test_another_spelling_of_the_same_value_is_silent(shelf: Shelf) -> None:
    shelf.record([Row("A", "1", price="2.50", currency="EUR")])
    shelf.moved()
    result = shelf.record([Row("A", "01", price="2.5", currency="EUR")])
    assert (1, 0) == (result.rows, result.changed)
    assert [] == shelf.moved()


def test_missing_rows_keep_their_quantity_and_come_back(shelf: Shelf) -> None:
    shelf.record([Row("A", "1"), Row("B", "2")])
    shelf.moved()
    gone = shelf.record([Row("A", "1")])
    held = shelf.position("B")
    assert (1, 0, 1) == (gone.rows, gone.changed, gone.missing)
    assert (2, State.KNOWN, shelf.clock.now()) == (held.quantity, held.state, held.missing_since)
    assert ["B"] == shelf.moved()
    assert 0 == shelf.record([Row("A", "1")]).missing
    back = shelf.record([Row("A", "1"), Row("B", "2")])
    assert (1, 0) == (back.changed, back.missing)
    assert None is shelf.position("B").missing_since
    assert ["B"] == shelf.moved()
    assert ["missing", "missing", "quantity"] == [kind for kind, _, _ in shelf.kinds("B")]


def test_partial_snapshot_makes_nothing_missing(shelf: Shelf) -> None:
    shelf.record([Row("A", "1"), Row("B", "2")])
    shelf.source.completeness = Completeness.PARTIAL
    result = shelf.record([Row("A", "9")], Expectations())
    assert (2, 1, 1, 0) == (result.rows, result.read, result.changed, result.missing)
    assert [9, 2] == shelf.quantities("A", "B")
    assert 2 == shelf.ledger.standings()[STOCK].rows
    assert 0 == shelf.record([], Expectations()).changed


def test_reject_holds_the_last_quantity_and_is_not_missing(shelf: Shelf) -> None:
    shelf.record([Row("A", "7"), Row("B", "2")])
    shelf.moved()
    result = shelf.record([Row("A", "abc", reject="quantity 'abc' is no number"), Row("B", "2")])
    held = shelf.position("A")
    assert (1, 1, 0, 1) == (result.rows, result.changed, result.missing, result.rejected)
    assert (State.UNKNOWN, 7, None) == (held.state, held.quantity, held.missing_since)
    assert "row rejected: quantity 'abc' is no number" == held.reason
    assert ["A"] == shelf.moved()


def test_reject_that_stays_is_judged_again_but_moves_nothing(shelf: Shelf) -> None:
    bad = [Row("A", "abc", reject="no number"), Row("B", "2")]
    shelf.record([Row("A", "7"), Row("B", "2")])
    shelf.record(bad)
    shelf.moved()
    again = shelf.record(bad)
    assert (1, 0) == (again.rejected, again.changed)
    assert [] == shelf.moved()
    repaired = shelf.record([Row("A", "7"), Row("B", "2")])
    assert (0, 1, State.KNOWN) == (repaired.rejected, repaired.changed, shelf.position("A").state)


def test_rejected_sku_never_seen_gets_an_unknown_position(shelf: Shelf) -> None:
    shelf.record([Row("A", "1", "Main"), Row("NEW", "x", reject="no number")])
    found = shelf.position("NEW")
    assert (State.UNKNOWN, None, "Main") == (found.state, found.quantity, found.place.location)


def test_reject_without_location_holds_every_location_of_the_sku(shelf: Shelf) -> None:
    shelf.record([Row("A", "1", "Main"), Row("A", "2", "East")])
    shelf.record([Row("A", "1", "Main"), Row("A", "?", "East", reject="no number")])
    states = {p.place.location: (p.state, p.quantity) for p in shelf.positions("A")}
    held = (State.UNKNOWN, 1), (State.UNKNOWN, 2)
    assert held == (states[LocationName("Main")], states[LocationName("East")])


def test_ragged_rows_are_rejects_with_their_place(shelf: Shelf) -> None:
    shelf.source.ragged = [Reject(at="stock.list:9", sku=None, reason="7 fields, not 4")]
    result = shelf.record([Row("A", "1")])
    assert (1, "stock.list:9") == (result.rejected, result.rejects[0].at)
    assert 1 == shelf.ledger.reject_count(STOCK)


def test_rejects_are_cut_at_a_thousand_but_all_counted(shelf: Shelf) -> None:
    result = shelf.record(
        [Row("A", "1"), *(Row(f"B-{number}", "x", reject="bad") for number in range(1500))]
    )
    assert (1500, 1000) == (result.rejected, len(result.rejects))


@pytest.mark.parametrize("known", [False, True])
def test_duplicates_are_rejects_that_name_both_lines(shelf: Shelf, *, known: bool) -> None:
    if known:
        shelf.record([Row("B", "1"), Row("A", "5")])
    shelf.moved()
    result = shelf.record([Row("B", "1"), Row("A", "5"), Row("A", "6")])
    held = shelf.position("A")
    assert (1, 2) == (result.rows, result.rejected)
    assert (
        "row rejected: the same SKU and location stand at stock.list:3 and stock.list:4"
        == held.reason
    )
    assert ["stock.list:3", "stock.list:4"] == [reject.at for reject in result.rejects]
    assert (State.UNKNOWN, 5 if known else None) == (held.state, held.quantity)
    assert "A" in shelf.moved()


def test_a_sku_that_every_row_bears_names_only_a_few_of_them(shelf: Shelf) -> None:
    result = shelf.record([Row("B", "1"), *(Row("A", str(n)) for n in range(500))])

    assert (1, 500) == (result.rows, result.rejected)
    places = "stock.list:3, stock.list:4, stock.list:5 and 497 more places"
    assert {f"the same SKU and location stand at {places}"} == {
        reject.reason for reject in result.rejects
    }


def test_identical_rows_are_duplicates_too(shelf: Shelf) -> None:
    shelf.record([Row("A", "5"), Row("B", "1")])
    result = shelf.record([Row("A", "5"), Row("B", "1"), Row("A", "5")])
    assert (1, 2) == (result.rows, result.rejected)
    assert (
        "row rejected: the same SKU and location stand at stock.list:2 and stock.list:4"
        == shelf.position("A").reason
    )
    assert 2 == shelf.record([Row("A", "5"), Row("B", "1"), Row("A", "5")]).rejected
    shelf.record([Row("A", "5"), Row("B", "1")])
    assert State.KNOWN is shelf.position("A").state


@pytest.mark.parametrize(("policy", "expected"), [(Duplicates.SUM, 11), (Duplicates.MIN, 5)])
def test_duplicates_can_be_combined(shelf: Shelf, policy: Duplicates, expected: int) -> None:
    rows = [Row("A", "5", committed="1"), Row("A", "6", committed="1"), Row("B", "1")]
    combining = replace(LENIENT, duplicates=policy)
    result = shelf.record(rows, combining)
    assert (3, 0, expected) == (result.rows, result.rejected, shelf.position("A").quantity)
    assert "stock.list:2" == shelf.position("A").origin
    again = shelf.record(list(reversed(rows)), combining)
    assert (0, 0) == (again.changed, again.missing)
    assert 1 == shelf.record([Row("A", "5"), Row("A", "6")], combining).missing


def test_one_unknown_row_makes_a_sum_unknown(shelf: Shelf) -> None:
    shelf.record([Row("A", "5"), Row("A", "")], replace(LENIENT, duplicates=Duplicates.SUM))
    assert State.UNKNOWN is shelf.position("A").state


def test_unknown_reading_keeps_the_last_known_quantity(shelf: Shelf) -> None:
    shelf.record([Row("A", "5")])
    shelf.record([Row("A", "")])
    found = shelf.position("A")
    assert (State.UNKNOWN, 5, "quantity is empty") == (found.state, found.quantity, found.reason)
    shelf.record([Row("A", "untracked")])
    assert (State.UNTRACKED, None) == (shelf.position("A").state, shelf.position("A").quantity)


def test_shrunk_snapshot_is_refused_and_changes_nothing(shelf: Shelf) -> None:
    shelf.record(many(100))
    shelf.moved()
    with pytest.raises(SourceInvalid, match="shrank from 100 to 50 rows") as refused:
        shelf.record([Row("S-0001", "999"), *many(50)[2:], Row("S-0000", "0")], Expectations())
    assert shelf.source.digest() == refused.value.fingerprint
    assert [1, 99] == shelf.quantities("S-0001", "S-0099")
    assert [] == shelf.moved()


def test_accepted_content_is_taken_once(shelf: Shelf) -> None:
    run = shelf.ledger.begin_run("test")
    shelf.record(many(100))
    with pytest.raises(SourceInvalid) as refused:
        shelf.record(many(50), Expectations())
    fingerprint = str(refused.value.fingerprint)
    with pytest.raises(UsageError, match="refused nothing"):
        shelf.ledger.accept(STOCK, fingerprint, "closing sale")
    shelf.ledger.record_trouble(run, STOCK, "invalid", "shrank", fingerprint)
    with pytest.raises(UsageError, match="refused last is"):
        shelf.ledger.accept(STOCK, "another", "closing sale")
    shelf.ledger.accept(STOCK, fingerprint, "closing sale")
    assert (50, 50) == ((taken := shelf.record(many(50), Expectations())).rows, taken.missing)
    shelf.record(many(100))
    with pytest.raises(SourceInvalid):
        shelf.record(many(50), Expectations())


def test_rejected_rows_do_not_count_as_shrinking(shelf: Shelf) -> None:
    shelf.record(many(10))
    bad = [Row(row.sku, "x", reject="no number") for row in many(10)[:5]]
    result = shelf.record([*bad, *many(10)[5:]], Expectations())
    assert (5, 5, 0) == (result.rows, result.rejected, result.missing)


def spoilt(count: int, bad: int) -> list[Row]:
    """So many rows, of which the first cannot be read."""
    rows = many(count)
    return [*(Row(row.sku, "x", reject="no number") for row in rows[:bad]), *rows[bad:]]


def test_a_reading_of_which_much_cannot_be_read_any_more_is_refused_whole(shelf: Shelf) -> None:
    shelf.record(many(50), Expectations())
    with pytest.raises(
        SourceInvalid, match=r"11 rows more .* 50 are rejected.*whether its columns are"
    ):
        shelf.record(spoilt(50, 11), Expectations())
    assert (40, 10) == (
        (taken := shelf.record(spoilt(50, 10), Expectations())).rows,
        taken.rejected,
    )


def test_rows_that_could_never_be_read_are_no_damage(shelf: Shelf) -> None:
    shelf.record(spoilt(50, 30), Expectations())
    assert 33 == shelf.record(spoilt(50, 33), Expectations()).rejected
    with pytest.raises(SourceInvalid):
        shelf.record(spoilt(50, 45), Expectations())


def test_a_reading_with_many_bad_rows_can_be_accepted_by_a_person(shelf: Shelf) -> None:
    run = shelf.ledger.begin_run("test")
    shelf.record(many(50), Expectations())
    with pytest.raises(SourceInvalid) as refused:
        shelf.record(spoilt(50, 20), Expectations())
    fingerprint = str(refused.value.fingerprint)
    shelf.ledger.record_trouble(run, STOCK, "invalid", "rejects", fingerprint)
    shelf.ledger.accept(STOCK, fingerprint, "the scale is broken")
    assert 20 == shelf.record(spoilt(50, 20), Expectations()).rejected


@pytest.mark.parametrize(
    ("rows", "expected", "message"),
    [
        ([], Expectations(), "no usable row"),
        (
            [Row("A", "x", reject="bad")],
            Expectations(),
            r"no usable row; 1 row rejected \(first: stock.list:\d: bad\)",
        ),
        ([Row("A", "1")], Expectations(min_rows=2), "fewer than expect.min_rows 2"),
        ([Row("A", "1")], Expectations(sentinels=(Sku("CHECK"),)), "lacks the sentinel CHECK"),
    ],
)
def test_unbelievable_snapshots_are_refused(
    shelf: Shelf, rows: list[Row], expected: Expectations, message: str
) -> None:
    with pytest.raises(SourceInvalid, match=message):
        shelf.record(rows, expected)
    assert () == shelf.positions("A")
    assert {} == shelf.ledger.standings()


def test_sentinel_that_stays_unchanged_is_present(shelf: Shelf) -> None:
    rows = [Row("CHECK", "1"), Row("A", "1")]
    guarded = replace(LENIENT, sentinels=(Sku("CHECK"),))
    shelf.record(rows, guarded)
    assert 2 == shelf.record(rows, guarded).rows
    with pytest.raises(SourceInvalid):
        shelf.record(rows[1:], guarded)


def test_reader_that_fails_after_its_last_batch_changes_nothing(shelf: Shelf) -> None:
    shelf.record(many(20))
    shelf.moved()
    before = shelf.ledger.standings()
    shelf.source.fail_at_end = SourceUnavailable("cut off")
    with pytest.raises(SourceUnavailable):
        shelf.record([Row("S-0001", "999")])
    assert [1] == shelf.quantities("S-0001")
    assert before == shelf.ledger.standings()
    assert [] == shelf.moved()


def test_snapshot_recorded_meanwhile_wins(shelf: Shelf) -> None:
    shelf.record(many(3))

    class Overtaken(MemoryReader):
        def objections(self) -> Sequence[str]:
            return ()

        def rejects(self) -> Sequence[Reject]:
            shelf.record([Row("S-0001", "50"), Row("S-0000", "0"), Row("S-0002", "2")])
            return ()

    late = MemorySource(name=STOCK, as_of=shelf.clock.now(), rows=[Row("S-0001", "9")])
    with pytest.raises(SourceUnavailable, match="another process"):
        shelf.ledger.record_snapshot(shelf.ledger.begin_run("t"), STOCK, Overtaken(late), LENIENT)
    assert [50] == shelf.quantities("S-0001")


def test_standing_tells_trouble_from_its_beginning_until_it_is_over(shelf: Shelf) -> None:
    shelf.record([Row("A", "1")])
    run = shelf.ledger.begin_run("test")
    began = shelf.clock.now()
    shelf.ledger.record_trouble(run, STOCK, "unavailable", "no file", None)
    shelf.clock.advance(600)
    shelf.ledger.record_trouble(run, STOCK, "invalid", "empty", "f1")
    troubled = shelf.ledger.standings()[STOCK]
    assert (began, "empty", "invalid", "f1") == (
        troubled.trouble_since,
        troubled.trouble,
        troubled.trouble_state,
        troubled.refused_fingerprint,
    )
    as_of = shelf.clock.now() - timedelta(minutes=2)
    shelf.ledger.record_unchanged(run, STOCK, as_of)
    calm = shelf.ledger.standings()[STOCK]
    assert (as_of, shelf.clock.now(), 1) == (calm.as_of, calm.read_at, calm.rows)
    assert ("", "", None, None) == (
        calm.trouble,
        calm.trouble_state,
        calm.trouble_since,
        calm.refused_fingerprint,
    )


def test_unchanged_source_still_answers_its_rejects(shelf: Shelf) -> None:
    first = shelf.record([Row("A", "1"), Row("B", "x", reject="bad")])
    again = shelf.ledger.record_unchanged(shelf.ledger.begin_run("t"), STOCK, shelf.clock.now())
    assert (1, 0, 0, 1, first.rejects) == (
        again.rows,
        again.changed,
        again.missing,
        again.rejected,
        again.rejects,
    )


def test_missing_rows_are_marked_once_when_their_time_is_over(shelf: Shelf) -> None:
    shelf.record([Row("A", "1"), Row("B", "2")])
    shelf.record([Row("A", "1")])
    shelf.moved()
    now = shelf.clock.now()
    assert 0 == shelf.ledger.mark_missing_due(STOCK, now - timedelta(hours=1))
    assert 1 == shelf.ledger.mark_missing_due(STOCK, now)
    assert ["B"] == shelf.moved()
    assert 0 == shelf.ledger.mark_missing_due(STOCK, now)


def test_freshness_marks_everything_only_when_the_step_differs(shelf: Shelf) -> None:
    shelf.record([Row("A", "1"), Row("B", "2")])
    shelf.moved()
    steps = ["fresh", "fresh", "stale", "stale", "fresh"]
    assert [False, False, True, False, True] == [
        shelf.ledger.mark_freshness(STOCK, step) for step in steps
    ]
    assert ["A", "B"] == shelf.moved()


def test_past_positions_are_the_present_with_movements_undone(shelf: Shelf) -> None:
    start = shelf.clock.now()
    shelf.record([Row("A", "1", price="2.00", currency="EUR"), Row("B", "5")])
    first = shelf.clock.now()
    shelf.record([Row("A", "3", committed="1", price="2.00", currency="USD")])
    second = shelf.clock.now()
    shelf.record([Row("A", "x", reject="bad"), Row("B", "6")])

    def at(moment: object, sku: str) -> tuple[object, ...]:
        found = shelf.ledger.positions_at([Sku(sku)], moment)  # type: ignore[arg-type]
        (p,) = found[Sku(sku)]
        return (p.quantity, p.committed, p.price, p.currency, p.state.value, p.missing_since)

    assert {} == shelf.ledger.positions_at([Sku("A")], start)
    assert (1, None, Decimal(2), "EUR", "known", None) == at(first, "A")
    assert (3, 1, Decimal(2), "USD", "known", None) == at(second, "A")
    assert (5, None, None, None, "known", second) == at(second, "B")
    assert (3, 1, Decimal(2), "USD", "unknown", None) == at(shelf.clock.now(), "A")


def test_pruned_history_is_refused_and_not_invented(shelf: Shelf) -> None:
    shelf.record([Row("A", "1")])
    early = shelf.clock.now()
    shelf.record([Row("A", "2")])
    shelf.clock.advance(60)
    limit = shelf.clock.now()
    assert 2 == shelf.ledger.prune(limit, limit)
    assert [2] == shelf.quantities("A")
    assert () == shelf.ledger.movements(Sku("A"), 9)
    with pytest.raises(UsageError, match="remembers no movements before"):
        shelf.ledger.positions_at([Sku("A")], early)


def test_old_readings_go_unless_a_movement_or_a_position_needs_them(
    shelf: Shelf, path: Path
) -> None:
    def readings() -> int:
        with closing(connect(path)) as looking:
            return int(looking.execute("SELECT COUNT(*) FROM snapshot").fetchone()[0])

    shelf.record([Row("A", "1"), Row("B", "1")])
    for quantity in ("2", "3"):
        shelf.record([Row("A", quantity), Row("B", "1")])
    for _ in range(4):
        shelf.record([Row("A", "3"), Row("B", "1")])
    shelf.clock.advance(60)
    now = shelf.clock.now()
    assert 7 == readings()

    shelf.ledger.prune(now - timedelta(days=1), now)
    assert 4 == readings()
    assert 4 == len(shelf.ledger.movements(Sku("A"), 9)) + len(shelf.ledger.movements(Sku("B"), 9))

    shelf.ledger.prune(now, now)
    assert [3] == shelf.quantities("A")
    assert [1] == shelf.quantities("B")
    assert 3 >= readings()


def test_quantity_maximum_never_counts_the_present_value(shelf: Shelf) -> None:
    start = shelf.clock.now()
    shelf.record([Row("A", "5"), Row("B", "5")])
    assert {} == shelf.ledger.quantity_maxima([Sku("A"), Sku("B")], start)
    shelf.record([Row("A", "9"), Row("B", "5")])
    shelf.record([Row("A", "7"), Row("B", "5")])
    shelf.record([Row("A", "900"), Row("B", "5")])
    assert {Sku("A"): 9} == shelf.ledger.quantity_maxima([Sku("A"), Sku("B")], start)


def test_oldest_count_is_the_earliest_of_the_rows_that_are_still_there(shelf: Shelf) -> None:
    def oldest(gone_before: datetime | None = None) -> str | None:
        found = shelf.ledger.oldest_count(SourceName("stock"), gone_before)
        return None if found is None else f"{found:%m-%d}"

    assert None is oldest()
    kept = Row("A", "1", counted_at="2026-11-20T08:00:00+00:00")
    shelf.record([kept, Row("B", "1", counted_at="2026-11-19T08:00:00+00:00")])
    before = oldest()
    shelf.record([kept])
    lost = shelf.clock.now()

    assert ("11-19", "11-19", "11-19") == (before, oldest(), oldest(lost - timedelta(seconds=1)))
    assert "11-20" == oldest(lost + timedelta(seconds=1))
    assert None is shelf.ledger.oldest_count(SourceName("other"), None)


def test_default_location_names_a_source_without_locations(shelf: Shelf) -> None:
    shelf.record([Row("A", "1")])
    assert f"stock/{DEFAULT_LOCATION}" == str(shelf.position("A").place)
