"""What every source must do, whatever is behind it: one class, subclassed per implementation."""

import tracemalloc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import pytest

from syncd.domain.errors import SourceError, SourceUnauthorized, SourceUnavailable
from syncd.domain.stock import Completeness, Reading, Reject, State
from syncd.ports.source import SnapshotReader, Source

LARGEST_BATCH = 20_000
MANY = 30_000
FEW_MEGABYTES = 24 * 1024 * 1024


@dataclass
class SourceStage:
    """A source with an empty place behind it, and how to act on that place.

    `put` makes the place hold exactly these quantities, `spoil` adds one row that nobody can believe.
    `away` takes the place away and `back` returns it; `lock` changes the secret (None where there is none).
    `cut` makes the next reading end too early; `touch` changes one quantity as the place's users do.
    """

    source: Source
    put: Callable[[Mapping[str, int]], None]
    spoil: Callable[[], None]
    away: Callable[[], None]
    back: Callable[[], None]
    cut: Callable[[], None]
    touch: Callable[[str, int], None]
    lock: Callable[[], None] | None = None
    unlock: Callable[[], None] | None = None


@dataclass
class Told:
    """All that one reading said."""

    quantities: dict[str, int | None] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    widths: set[int] = field(default_factory=set)
    largest: int = 0
    completeness: Completeness | None = None
    fingerprint: str | None = None
    reader: SnapshotReader | None = None

    def take(self, reader: SnapshotReader) -> None:
        """Read to the end."""
        for batch in reader.batches():
            assert len(batch.positions) == len(batch.values)
            self.largest = max(self.largest, len(batch.values))
            for position, values in zip(batch.positions, batch.values, strict=True):
                assert all(isinstance(value, str) for value in values)
                self.widths.add(len(values))
                self.positions.append(position)
                self._judge(reader.parse(position, values))
        self.rejects += reader.rejects()
        self.completeness, self.fingerprint = reader.completeness, reader.fingerprint

    def _judge(self, found: Reading | Reject) -> None:
        if isinstance(found, Reject):
            self.rejects.append(found)
            return
        assert found.sku not in self.quantities, f"{found.sku} was told twice"
        assert State.KNOWN is found.state
        self.quantities[found.sku] = found.quantity


def told(source: Source, since: datetime | None = None) -> Told:
    """One reading to its end."""
    answer = Told()
    with source.snapshot(since) as reader:
        answer.take(reader)
        answer.reader = reader
    return answer


def numbered(count: int) -> dict[str, int]:
    """So many SKUs."""
    return {f"SKU-{number:06}": number % 97 for number in range(count)}


class SourceContract:
    """Subclasses give a fixture `stage`; `many` is what the place can hold in a test's time."""

    many = MANY

    @pytest.mark.parametrize("count", [1, 2, 251])
    def test_every_row_is_told_once_and_exactly(self, stage: SourceStage, count: int) -> None:
        stage.put(numbered(count))

        answer = told(stage.source)

        assert numbered(count) == answer.quantities
        assert Completeness.FULL is answer.completeness
        assert [] == answer.rejects
        assert 1 == len(answer.widths)
        assert count == len(set(answer.positions))

    def test_negative_and_zero_are_numbers(self, stage: SourceStage) -> None:
        stage.put({"DEBT": -3, "NONE": 0, "00123": 7})

        assert {"DEBT": -3, "NONE": 0, "00123": 7} == told(stage.source).quantities

    def test_a_bad_row_is_a_reject_with_its_place_and_harms_no_other(
        self, stage: SourceStage
    ) -> None:
        stage.put(numbered(5))
        stage.spoil()

        answer = told(stage.source)

        assert numbered(5) == answer.quantities
        (reject,) = answer.rejects
        assert reject.reason
        assert any(char.isdigit() for char in reject.at)

    def test_equal_content_has_an_equal_fingerprint_and_other_content_another(
        self, stage: SourceStage
    ) -> None:
        stage.put(numbered(20))
        first, second = told(stage.source).fingerprint, told(stage.source).fingerprint
        stage.touch("SKU-000003", 11)

        assert first is not None
        assert first == second
        assert first != told(stage.source).fingerprint

    def test_a_place_that_is_away_is_unavailable_and_read_again_later(
        self, stage: SourceStage
    ) -> None:
        stage.put(numbered(3))
        stage.away()
        with pytest.raises(SourceUnavailable) as refused:
            told(stage.source)
        stage.back()

        assert str(refused.value)
        assert numbered(3) == told(stage.source).quantities

    def test_a_reading_that_ends_too_early_raises(self, stage: SourceStage) -> None:
        stage.put(numbered(300))
        stage.cut()

        with pytest.raises(SourceError) as refused:
            told(stage.source)

        assert str(refused.value)

    def test_a_reading_may_be_left_in_the_middle(self, stage: SourceStage) -> None:
        stage.put(numbered(600))
        with stage.source.snapshot(None) as reader:
            next(iter(reader.batches()))

        assert numbered(600) == told(stage.source).quantities

    def test_batches_and_memory_are_bounded(self, stage: SourceStage) -> None:
        stage.put(numbered(self.many))
        tracemalloc.start()
        rows = 0
        try:
            with stage.source.snapshot(None) as reader:
                for batch in reader.batches():
                    rows += len(batch.values)
                    assert len(batch.values) <= LARGEST_BATCH
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

        assert self.many == rows
        assert peak < FEW_MEGABYTES

    def test_a_reading_tells_until_when_it_speaks(self, stage: SourceStage) -> None:
        stage.put(numbered(3))
        with stage.source.snapshot(None) as reader:
            assert reader.as_of.tzinfo is not None
            assert reader.origin
            assert "7" in reader.locate(7)


class SecretContract:
    """For kinds that need a secret; beside SourceContract."""

    def test_a_wrong_secret_is_for_a_person(self, stage: SourceStage) -> None:
        assert stage.lock is not None
        assert stage.unlock is not None
        stage.put(numbered(3))
        stage.lock()
        with pytest.raises(SourceUnauthorized) as refused:
            told(stage.source)
        stage.unlock()

        assert str(refused.value)
        assert numbered(3) == told(stage.source).quantities


class DeltaContract:
    """For kinds that can tell what changed; beside SourceContract."""

    def test_a_reading_of_changes_tells_every_change_and_moves_its_watermark(
        self, stage: SourceStage
    ) -> None:
        assert stage.source.delta_scope is not None
        stage.put(numbered(40))
        mark = self._mark(told(stage.source))
        stage.touch("SKU-000007", 1_234)

        answer = told(stage.source, mark)

        assert 1_234 == answer.quantities["SKU-000007"]
        assert Completeness.PARTIAL is answer.completeness
        assert mark <= self._mark(answer)
        expected = {**numbered(40), "SKU-000007": 1_234}
        assert {sku: expected[sku] for sku in answer.quantities} == answer.quantities

    def test_a_change_in_the_very_second_of_the_watermark_is_not_lost(
        self, stage: SourceStage
    ) -> None:
        assert stage.source.delta_scope is not None
        stage.put(numbered(4))
        stage.touch("SKU-000001", 50)
        mark = self._mark(told(stage.source))
        stage.touch("SKU-000002", 60)

        assert 60 == told(stage.source, mark).quantities["SKU-000002"]

    @staticmethod
    def _mark(answer: Told) -> datetime:
        assert answer.reader is not None
        mark = answer.reader.watermark
        assert mark is not None
        return mark.moment


def rows_of(quantities: Mapping[str, int]) -> Sequence[tuple[str, str]]:
    """As text."""
    return [(sku, str(units)) for sku, units in quantities.items()]
