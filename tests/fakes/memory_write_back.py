"""A source in memory that can be written to, with every trouble a real one makes, for tests of the engine."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from threading import Lock

from syncd.domain.errors import SourceError
from syncd.domain.identity import LocationName, Sku
from syncd.ports.probe import Check
from syncd.ports.write_back import Adjustment, Answer, Booked, InDoubt, KeySpent, NotBooked
from tests.fakes.memory_source import MemorySource


class Trouble(Enum):
    """What becomes of one adjustment instead of a plain answer."""

    LOST_AFTER = auto()
    """Done, and the answer is lost."""
    LOST_BEFORE = auto()
    """Not done, and nobody can tell."""
    SPENT = auto()
    """Not done, and the key is used up for ever."""
    BUSY = auto()
    """Not done; another time it may be."""


@dataclass
class MemoryWriteBack(MemorySource):
    """Its rows move. `troubles` strike one adjustment each, in order; `tells` whether it can be asked later.

    `refuse` is raised by every method, as by a source that cannot be reached; `asked` keeps every try.
    """

    troubles: list[Trouble] = field(default_factory=list)
    tells: bool = True
    refuse: SourceError | None = None
    asked: list[Adjustment] = field(default_factory=list)
    booked: dict[str, Adjustment] = field(default_factory=dict)
    spent: set[str] = field(default_factory=set)
    checks: list[Check] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def adjust(self, adjustment: Adjustment) -> Answer:
        with self._lock:
            if self.refuse is not None:
                raise self.refuse
            self.asked.append(adjustment)
            return self._answer(adjustment)

    def was_booked(self, adjustment: Adjustment) -> bool | None:
        if self.refuse is not None:
            raise self.refuse
        return adjustment.key in self.booked if self.tells else None

    def write_back_checks(self) -> Sequence[Check]:
        if self.refuse is not None:
            raise self.refuse
        return list(self.checks)

    def units(self, sku: str, location: LocationName) -> int:
        """What the source holds now."""
        (row,) = self._places(Sku(sku), location)
        return int(self.rows[row].quantity)

    def _answer(self, adjustment: Adjustment) -> Answer:
        trouble = self.troubles.pop(0) if self.troubles else None
        if trouble is Trouble.SPENT and adjustment.key not in self.booked:
            self.spent.add(adjustment.key)
        if adjustment.key in self.spent:
            return KeySpent(code="spent", message="this key was used up by an attempt that failed")
        if trouble is Trouble.BUSY:
            return NotBooked(code="busy", message="somebody else is at it", again=True)
        if trouble is Trouble.LOST_BEFORE:
            return InDoubt(reason="no answer")
        answer = self._done(adjustment)
        return InDoubt(reason="no answer") if trouble is Trouble.LOST_AFTER else answer

    def _done(self, adjustment: Adjustment) -> Answer:
        former = self.booked.get(adjustment.key)
        if former is not None and former != adjustment:
            text = f"this key belongs to {former}"
            return NotBooked(code="other_adjustment", message=text, again=False)
        places = self._places(adjustment.sku, adjustment.location)
        if len(places) != 1:
            text = f"{adjustment.sku} stands {len(places)} times at {adjustment.location}"
            return NotBooked(code="unknown_sku", message=text, again=False)
        if former is None:
            self.booked[adjustment.key] = adjustment
            row = self.rows[places[0]]
            self.rows[places[0]] = replace(row, quantity=str(int(row.quantity) + adjustment.delta))
        return Booked(quantity_after=int(self.rows[places[0]].quantity))

    def _places(self, sku: Sku, location: LocationName) -> list[int]:
        return [
            number
            for number, row in enumerate(self.rows)
            if (row.sku, row.location) == (sku, location)
        ]
