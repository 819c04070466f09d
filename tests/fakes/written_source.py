"""The writable source in memory with a few more troubles: it refuses, dies in mid-work, or forgets its keys."""

from dataclasses import dataclass, field
from enum import Enum

from syncd.domain.errors import SourceUnavailable
from syncd.domain.identity import LocationName
from syncd.ports.write_back import Adjustment, Answer, NotBooked
from tests.fakes.memory_write_back import MemoryWriteBack, Trouble


class Fault(Enum):
    """What becomes of one call instead of a good answer."""

    LOST_BEFORE = Trouble.LOST_BEFORE
    LOST_AFTER = Trouble.LOST_AFTER
    LATER = Trouble.BUSY
    SPENT = Trouble.SPENT
    REFUSED = "refused"
    AWAY = "away"


@dataclass
class WrittenSource(MemoryWriteBack):
    """`calls` holds every try, `applied` every effect in order.

    `dies_after` ends the next call like a crash, after the work; `blind`: it cannot be looked at;
    `keeps_keys` False is the naive source, which does everything as often as it is told.
    """

    faults: list[Fault] = field(default_factory=list)
    calls: list[Adjustment] = field(default_factory=list)
    applied: list[Adjustment] = field(default_factory=list)
    blind: bool = False
    dies_after: bool = False
    keeps_keys: bool = True

    def adjust(self, adjustment: Adjustment) -> Answer:
        self.calls.append(adjustment)
        fault = self.faults.pop(0) if self.faults else None
        if fault is Fault.AWAY:
            raise SourceUnavailable("away")
        if fault is Fault.REFUSED:
            return NotBooked(code="NO", message="it is not stocked there", again=False)
        if fault is not None:
            self.troubles.append(Trouble(fault.value))
        if not self.keeps_keys:
            self.booked.clear()
        known = adjustment.key in self.booked
        answer = super().adjust(adjustment)
        if not known and adjustment.key in self.booked:
            self.applied.append(adjustment)
        if self.dies_after:
            self.dies_after = False
            raise ZeroDivisionError
        return answer

    def was_booked(self, adjustment: Adjustment) -> bool | None:
        if self.blind:
            raise SourceUnavailable("away")
        return super().was_booked(adjustment)

    def quantity(self, sku: str, location: str) -> int:
        """Units of one row."""
        return self.units(sku, LocationName(location))
