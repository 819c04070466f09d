"""One reading of a shop as the engine takes it: batches of rows, and what they add up to."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from xxhash import xxh3_64_intdigest

from connectors.shopify.rows import RowRules
from connectors.shopify.tally import Tally, watermark
from syncd.domain.stock import Completeness, Reading, Reject, Watermark
from syncd.ports.source import RawBatch

BATCH = 4_000
_MASK = 2**64 - 1

Batches = Callable[[], Iterator[RawBatch]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What is known of a reading before its first row.

    `start` is when it began and `as_of` up to when it surely speaks, both by the shop's clock.
    """

    origin: str
    completeness: Completeness
    start: datetime
    as_of: datetime
    scope: str
    since: datetime | None
    notes: tuple[str, ...]


class ShopifyReader:
    """A reading whose rows come from `rows`, which fills the tally on its way."""

    def __init__(self, frame: Frame, rows: Batches, rules: RowRules, tally: Tally) -> None:
        self._frame = frame
        self._rows = rows
        self._rules = rules
        self._tally = tally
        self._ended = False
        self._sum = 0
        self.origin = frame.origin
        self.completeness = frame.completeness
        self.as_of = frame.as_of

    @property
    def fingerprint(self) -> str | None:
        """The same for the same rows in any order; only a full reading that has ended has one."""
        if not self._ended or self.completeness is Completeness.PARTIAL:
            return None
        return f"xxh3:{self._sum:016x}"

    @property
    def watermark(self) -> Watermark | None:
        """From when on changes suffice; nothing before the last row is read."""
        if not self._ended:
            return None
        frame = self._frame
        moment = watermark(self._tally.newest(), frame.since, frame.start)
        return None if moment is None else Watermark(moment=moment, scope=frame.scope)

    @property
    def notes(self) -> Sequence[str]:
        """What was left out; complete after `batches`. Changes alone cannot count it."""
        full = self.completeness is Completeness.FULL
        return (*self._frame.notes, *self._tally.notes()) if full else self._frame.notes

    def batches(self) -> Iterator[RawBatch]:
        """Every row; raises SourceUnavailable or SourceInvalid, possibly after the last one."""
        full = self.completeness is Completeness.FULL
        for batch in self._rows():
            if full:
                self._sum = (self._sum + sum(map(_hashed, batch.values))) & _MASK
            yield batch
        self._tally.newest()
        self._ended = True

    def parse(self, position: int, values: tuple[str, ...]) -> Reading | Reject:
        """Judge one row."""
        return self._rules.parse(position, values)

    def rejects(self) -> Sequence[Reject]:
        """Variants that cannot be told apart by their SKU."""
        return self._tally.rejects()

    def objections(self) -> Sequence[str]:
        """None: a reading that is not whole raises."""
        return ()

    def locate(self, position: int) -> str:
        """Where the variant is edited; a position is its number at Shopify."""
        return self._rules.locate(position)


def _hashed(values: tuple[str, ...]) -> int:
    return xxh3_64_intdigest("\0".join(values).encode("utf-8", "surrogatepass"))
