"""Reads a stock file in a test, with a clock that stands long after it."""

import os
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from connectors.csv_file.local import LocalPlace
from connectors.csv_file.options import CsvFileOptions
from connectors.csv_file.source import CsvFileSource
from syncd.domain.identity import SourceName
from syncd.domain.stock import Reading, Reject
from syncd.ports.source import Source
from tests.fakes.clock import START, FakeClock

WRITTEN = START - timedelta(hours=1)


@dataclass
class Read:
    """All that one reading said."""

    readings: list[Reading]
    rejects: list[Reject]
    objections: list[str]
    notes: list[str]
    positions: list[int]

    @property
    def quantities(self) -> dict[str, int | None]:
        """Quantity by SKU."""
        return {reading.sku: reading.quantity for reading in self.readings}

    @property
    def reasons(self) -> list[tuple[str, str]]:
        """Where and why, of every reject."""
        return [(reject.at, reject.reason) for reject in self.rejects]


def source_of(folder: Path, clock: FakeClock | None = None, **options: object) -> CsvFileSource:
    """A source over `stock.csv` in a folder unless `path` says otherwise."""
    model = CsvFileOptions.model_validate({"path": "stock.csv", **options})
    time = clock or FakeClock()
    return CsvFileSource(SourceName("stock"), model, LocalPlace(model, folder, time), time)


def put(folder: Path, content: bytes | str, name: str = "stock.csv") -> Path:
    """Write a file that was left alone for an hour."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    moment = WRITTEN.timestamp()
    os.utime(path, (moment, moment))
    return path


def read(folder: Path, **options: object) -> Read:
    """Read the file to its end."""
    return read_all(source_of(folder, None, **options))


def read_all(source: Source) -> Read:
    """Read a source to its end."""
    readings: list[Reading] = []
    rejects: list[Reject] = []
    positions: list[int] = []
    with source.snapshot(None) as reader:
        for batch in reader.batches():
            for position, values in zip(batch.positions, batch.values, strict=True):
                positions.append(position)
                told = reader.parse(position, values)
                (readings if isinstance(told, Reading) else rejects).append(told)  # type: ignore[arg-type]  # sorted by type
        rejects.extend(reader.rejects())
        return Read(readings, rejects, list(reader.objections()), list(reader.notes), positions)


def text(folder: Path, content: bytes | str, **options: object) -> Read:
    """Write and read in one go."""
    put(folder, content)
    return read(folder, **options)
