"""A source that is a list of rows, for tests of the engine and the ledger."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import blake2b

from syncd.domain.identity import DEFAULT_LOCATION, LocationName, Sku, SourceName
from syncd.domain.stock import Completeness, Reading, Reject, State, Watermark
from syncd.ports.probe import Check
from syncd.ports.source import RawBatch


@dataclass
class Row:
    """One row: text fields as a file would hold them; `reject` makes it a bad row."""

    sku: str
    quantity: str
    location: str = DEFAULT_LOCATION
    committed: str = ""
    price: str = ""
    currency: str = ""
    cost: str = ""
    counted_at: str = ""
    reject: str = ""

    def values(self) -> tuple[str, ...]:
        return (
            self.sku, self.location, self.quantity, self.committed, self.price, self.currency,
            self.cost, self.counted_at, self.reject,
        )  # fmt: skip


class MemoryReader:
    def __init__(self, source: "MemorySource") -> None:
        self._source = source
        self.as_of: datetime = source.as_of
        self.completeness = source.completeness
        self.fingerprint = source.digest()
        self.origin = f"{source.name}.list"
        self.notes = source.notes
        self.watermark = source.watermark

    def batches(self) -> Iterator[RawBatch]:
        rows = list(self._source.rows)
        for start in range(0, len(rows), self._source.batch):
            part = rows[start : start + self._source.batch]
            positions = [start + offset + 2 for offset in range(len(part))]
            yield RawBatch(positions, [row.values() for row in part])
        if self._source.fail_at_end is not None:
            raise self._source.fail_at_end

    def parse(self, position: int, values: tuple[str, ...]) -> Reading | Reject:
        sku, location, quantity, committed, price, currency, cost, counted_at, reject = values
        if reject:
            return Reject(at=self.locate(position), sku=Sku(sku) if sku else None, reason=reject)
        state = {"": State.UNKNOWN, "untracked": State.UNTRACKED}.get(quantity, State.KNOWN)
        known = state is State.KNOWN
        note = f"source reports −{quantity[1:]}" if quantity.startswith("-") else ""
        return Reading(
            sku=Sku(sku),
            location=LocationName(location),
            state=state,
            quantity=int(quantity) if known else None,
            committed=int(committed) if committed else None,
            price=Decimal(price) if price else None,
            currency=currency or None,
            cost=Decimal(cost) if cost else None,
            counted_at=datetime.fromisoformat(counted_at) if counted_at else None,
            note=note if known else "quantity is empty",
        )

    def rejects(self) -> Sequence[Reject]:
        return list(self._source.ragged)

    def objections(self) -> Sequence[str]:
        return list(self._source.objections)

    def locate(self, position: int) -> str:
        return f"{self.origin}:{position}"


@dataclass
class MemorySource:
    """What the source says now; tests change the fields between readings."""

    name: SourceName
    as_of: datetime
    rows: list[Row] = field(default_factory=list)
    completeness: Completeness = Completeness.FULL
    batch: int = 3
    fail: Exception | None = None
    fail_at_end: Exception | None = None
    ragged: list[Reject] = field(default_factory=list)
    objections: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    delta_scope: str | None = None
    watermark: Watermark | None = None
    asked_since: list[datetime | None] = field(default_factory=list)

    def probe(self, every: timedelta) -> tuple[Check, ...]:
        return (Check(text=f"a list, read every {every}"),)

    def digest(self) -> str:
        text = repr([row.values() for row in self.rows]).encode()
        return "blake2b:" + blake2b(text, digest_size=16).hexdigest()

    def fingerprint(self) -> str | None:
        return self.digest()

    @contextmanager
    def snapshot(self, since: datetime | None) -> Iterator[MemoryReader]:
        self.asked_since.append(since)
        if self.fail is not None:
            raise self.fail
        yield MemoryReader(self)

    def set(self, **quantities: int) -> None:
        """Replace the rows by these SKUs (`_` stands for `-`) at the default location."""
        self.rows = [Row(sku.replace("_", "-"), str(units)) for sku, units in quantities.items()]
