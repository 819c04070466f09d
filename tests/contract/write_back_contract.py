"""What every source that can be written to must do, whatever is behind it."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Protocol

import pytest

from syncd.domain.errors import SourceUnavailable
from syncd.domain.identity import LocationName, Sku
from syncd.ports.probe import Verdict
from syncd.ports.source import Source
from syncd.ports.write_back import Adjustment, Answer, Booked, InDoubt, NotBooked, WriteBack

KEY = "ab" * 32
OTHER_KEY = "cd" * 32
AT_ONCE = 4
STOCK = {"A": 10, "B": 1, 'O\'NEILL; -- 100% \\ "x"': 4}


class Written(Source, WriteBack, Protocol):
    """A source that is read and written to."""


@dataclass
class WriteBackStage:
    """A writable source with an empty place behind it, and how to act on that place.

    `put` makes the place hold exactly these quantities at `location`; `away` takes the place away, `back`
    returns it; `other_writer` changes a quantity as the place's users do. `lose_answer`: the next adjustment
    is done and its answer does not come; `kill`: the next one loses its connection before it is done (None
    where nothing lies between).
    """

    source: Written
    location: LocationName
    put: Callable[[Mapping[str, int]], None]
    away: Callable[[], None]
    back: Callable[[], None]
    other_writer: Callable[[str, int], None]
    lose_answer: Callable[[], None] | None = None
    kill: Callable[[], None] | None = None

    def adjust(self, sku: str, delta: int, key: str = KEY) -> Answer:
        """One adjustment."""
        return self.source.adjust(self.adjustment(sku, delta, key))

    def adjustment(self, sku: str, delta: int, key: str = KEY) -> Adjustment:
        """What would be adjusted."""
        return Adjustment(
            key=key, sku=Sku(sku), location=self.location, delta=delta, reference="shop/57643/1"
        )

    def shown(self) -> dict[str, int | None]:
        """What the source says of itself in its next reading."""
        with self.source.snapshot(None) as reader:
            rows = [
                reader.parse(position, values)
                for batch in reader.batches()
                for position, values in zip(batch.positions, batch.values, strict=True)
            ]
        return {str(row.sku): getattr(row, "quantity", None) for row in rows}


class WriteBackContract:
    """Subclasses give a fixture `stage`."""

    def test_an_adjustment_moves_one_quantity_and_the_next_reading_shows_it(
        self, stage: WriteBackStage
    ) -> None:
        stage.put(STOCK)

        answers = [stage.adjust(sku, -2, f"{number:064}") for number, sku in enumerate(STOCK)]

        assert [Booked] * len(STOCK) == [type(answer) for answer in answers]
        assert {sku: units - 2 for sku, units in STOCK.items()} == stage.shown()

    def test_the_same_key_has_one_effect(self, stage: WriteBackStage) -> None:
        stage.put(STOCK)

        answers = [stage.adjust("A", -3) for _ in range(3)]

        assert [Booked] * 3 == [type(answer) for answer in answers]
        assert {**STOCK, "A": 7} == stage.shown()

    def test_another_key_has_another_effect(self, stage: WriteBackStage) -> None:
        stage.put(STOCK)
        stage.adjust("A", -3)
        stage.adjust("A", -3, OTHER_KEY)

        assert 4 == stage.shown()["A"]

    def test_units_come_back(self, stage: WriteBackStage) -> None:
        stage.put(STOCK)
        stage.adjust("A", -3)
        stage.adjust("A", 2, OTHER_KEY)

        assert 9 == stage.shown()["A"]

    def test_a_key_belongs_to_its_delta(self, stage: WriteBackStage) -> None:
        stage.put(STOCK)
        stage.adjust("A", -3)

        refused = stage.adjust("A", -4)

        assert isinstance(refused, NotBooked)
        assert not refused.again
        assert 7 == stage.shown()["A"]

    def test_an_unknown_sku_is_for_a_person_and_does_not_use_up_its_key(
        self, stage: WriteBackStage
    ) -> None:
        stage.put(STOCK)

        refused = stage.adjust("NEW", -1)

        assert isinstance(refused, NotBooked)
        assert not refused.again
        assert "unknown_sku" == refused.code
        assert "NEW" in refused.message
        assert STOCK == stage.shown()
        stage.put({**STOCK, "NEW": 5})
        assert isinstance(stage.adjust("NEW", -1), Booked)
        assert 4 == stage.shown()["NEW"]

    def test_a_debt_is_booked_as_it_is(self, stage: WriteBackStage) -> None:
        stage.put(STOCK)

        answer = stage.adjust("B", -3)

        assert isinstance(answer, Booked)
        assert answer.quantity_after in {None, -2}
        assert -2 == stage.shown()["B"]

    def test_a_change_of_somebody_else_in_between_is_kept(self, stage: WriteBackStage) -> None:
        stage.put(STOCK)
        stage.adjust("A", -3)
        stage.other_writer("A", 20)
        stage.adjust("A", -3)
        stage.adjust("A", -1, OTHER_KEY)

        assert 19 == stage.shown()["A"]

    def test_a_place_that_is_away_is_unavailable_and_nothing_was_sent(
        self, stage: WriteBackStage
    ) -> None:
        stage.put(STOCK)
        stage.away()
        with pytest.raises(SourceUnavailable) as refused:
            stage.adjust("A", -3)
        stage.back()

        assert str(refused.value)
        assert STOCK == stage.shown()
        assert isinstance(stage.adjust("A", -3), Booked)

    def test_the_same_key_at_once_has_one_effect(self, stage: WriteBackStage) -> None:
        stage.put(STOCK)

        answers = at_once(stage, [stage.adjustment("A", -3)] * AT_ONCE)

        assert {Booked} >= {type(answer) for answer in answers} - {InDoubt}
        assert isinstance(stage.adjust("A", -3), Booked)
        assert 7 == stage.shown()["A"]

    def test_different_keys_at_once_lose_nothing(self, stage: WriteBackStage) -> None:
        stage.put(STOCK)
        wanted = [stage.adjustment("A", -1, f"{number:064}") for number in range(AT_ONCE)]

        answers = at_once(stage, wanted)

        done = sum(isinstance(answer, Booked) for answer in answers)
        assert all(answer.again for answer in answers if isinstance(answer, NotBooked))
        assert 10 - done == stage.shown()["A"]
        assert done

    def test_what_was_booked_can_be_looked_up_or_not_at_all(self, stage: WriteBackStage) -> None:
        stage.put(STOCK)
        stage.adjust("A", -3)
        asked = stage.adjustment("A", -3)

        assert stage.source.was_booked(asked) in {None, True}
        assert stage.source.was_booked(replace(asked, key=OTHER_KEY)) in {None, False}
        assert 7 == stage.shown()["A"]

    def test_the_doctor_has_nothing_against_it_and_changes_nothing(
        self, stage: WriteBackStage
    ) -> None:
        stage.put(STOCK)

        checks = stage.source.write_back_checks()

        assert [] == [check for check in checks if check.verdict is Verdict.BAD]
        assert STOCK == stage.shown()


class RemoteContract:
    """For places that are reached over a line; beside WriteBackContract."""

    def test_a_lost_answer_is_in_doubt_and_asking_again_has_no_second_effect(
        self, stage: WriteBackStage
    ) -> None:
        assert stage.lose_answer is not None
        stage.put(STOCK)
        stage.lose_answer()

        first = stage.adjust("A", -3)

        assert isinstance(first, InDoubt)
        assert first.reason
        assert stage.source.was_booked(stage.adjustment("A", -3)) in {None, True}
        assert isinstance(stage.adjust("A", -3), Booked)
        assert 7 == stage.shown()["A"]

    def test_a_connection_lost_before_it_was_done_has_no_effect(
        self, stage: WriteBackStage
    ) -> None:
        assert stage.kill is not None
        stage.put(STOCK)
        stage.kill()

        try:
            first = stage.adjust("A", -3)
        except SourceUnavailable:
            first = None

        assert not isinstance(first, Booked)
        assert 10 == stage.shown()["A"]
        assert stage.source.was_booked(stage.adjustment("A", -3)) in {None, False}
        assert isinstance(stage.adjust("A", -3), Booked)
        assert 7 == stage.shown()["A"]


def at_once(stage: WriteBackStage, wanted: Sequence[Adjustment]) -> Sequence[Answer]:
    """All of them from threads of their own."""
    with ThreadPoolExecutor(len(wanted)) as pool:
        return list(pool.map(stage.source.adjust, wanted))
