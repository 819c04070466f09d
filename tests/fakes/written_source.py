"""A source in memory that can be written to: it keeps the keys it has seen, and loses answers on demand."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from syncd.domain.errors import SourceUnavailable
from syncd.domain.identity import LocationName, Sku
from syncd.ports.probe import Check
from syncd.ports.write_back import (
    Adjustment,
    Answer,
    Booked,
    InDoubt,
    KeySpent,
    NotBooked,
)
from tests.fakes.memory_source import MemorySource, Row


class Fault(StrEnum):
    """What happens to one call instead of a good answer."""

    LOST_BEFORE = "lost before"
    LOST_AFTER = "lost after"
    LATER = "later"
    REFUSED = "refused"
    SPENT = "spent"
    AWAY = "away"


@dataclass
class WrittenSource(MemorySource):
    """Rows that adjustments change. `applied` is its own history: every effect in order, with its key.

    `dies_after` ends the next call like a crash, after the work; `blind`: it cannot be looked at;
    `keeps_keys` False is the naive source, which does everything as often as it is told.
    """

    applied: list[Adjustment] = field(default_factory=list)
    keys: dict[str, Adjustment] = field(default_factory=dict)
    spent: set[str] = field(default_factory=set)
    faults: list[Fault] = field(default_factory=list)
    calls: list[Adjustment] = field(default_factory=list)
    can_tell: bool = True
    blind: bool = False
    dies_after: bool = False
    keeps_keys: bool = True

    def adjust(self, adjustment: Adjustment) -> Answer:
        self.calls.append(adjustment)
        fault = self.faults.pop(0) if self.faults else None
        if fault is Fault.AWAY:
            raise SourceUnavailable("away")
        if fault is Fault.LOST_BEFORE:
            return InDoubt(reason="the line was cut")
        if fault is Fault.LATER:
            return NotBooked(code="BUSY", message="try later", again=True)
        if fault is Fault.REFUSED:
            return NotBooked(code="NO", message="it is not stocked there", again=False)
        if fault is Fault.SPENT:
            self.spent.add(adjustment.key)
        answer = self._done(adjustment)
        if self.dies_after:
            self.dies_after = False
            raise ZeroDivisionError
        return InDoubt(reason="the line was cut") if fault is Fault.LOST_AFTER else answer

    def _done(self, adjustment: Adjustment) -> Answer:
        if adjustment.key in self.keys and self.keeps_keys:
            return Booked(quantity_after=self.quantity(adjustment.sku, adjustment.location))
        if adjustment.key in self.spent:
            return KeySpent(code="SPENT", message="an attempt with this key failed")
        at = self._row(adjustment.sku, adjustment.location)
        if at is None:
            return NotBooked(code="UNKNOWN", message="no such SKU at this location", again=False)
        row = self.rows[at]
        self.rows[at] = replace(row, quantity=str(int(row.quantity) + adjustment.delta))
        self.keys[adjustment.key] = adjustment
        self.applied.append(adjustment)
        return Booked(quantity_after=int(self.rows[at].quantity))

    def was_booked(self, adjustment: Adjustment) -> bool | None:
        if self.blind:
            raise SourceUnavailable("away")
        return adjustment.key in self.keys if self.can_tell else None

    def write_back_checks(self) -> Sequence[Check]:
        return (Check(text="a list that can be written"),)

    def quantity(self, sku: str, location: str) -> int:
        """Units of one row."""
        at = self._row(Sku(sku), LocationName(location))
        assert at is not None
        return int(self.rows[at].quantity)

    def _row(self, sku: Sku, location: LocationName) -> int | None:
        found = [
            number
            for number, row in enumerate(self.rows)
            if (row.sku, row.location) == (sku, location)
        ]
        return found[0] if found else None


__all__ = ["Fault", "Row", "WrittenSource"]
