"""What the engine asks of a source: rows in bounded batches, complete or an error."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from pydantic import BaseModel

from syncd.domain.identity import SourceName
from syncd.domain.stock import Completeness, Reading, Reject, Watermark
from syncd.ports.clock import Clock
from syncd.ports.credentials import Credentials
from syncd.ports.probe import Check


@dataclass(frozen=True, slots=True)
class RawBatch:
    """Rows as text, not yet judged: the value columns of each row, and where each row stands.

    `values[i]` holds every column that has a meaning (SKU, location, quantities, price …) and none that
    is volatile (`updated_at`), always in the same order for one source, so that the ledger can tell an
    unchanged row by its hash without parsing it. `positions[i]` is the line or row number.
    """

    positions: Sequence[int]
    values: Sequence[tuple[str, ...]]
    hashes: Sequence[int] | None = None
    """XXH3 of 64 bits over each row joined by NUL, from a source that needs them itself; else the ledger's."""


class SnapshotReader(Protocol):
    """One reading of a source, from its start to its end."""

    @property
    def as_of(self) -> datetime:
        """Latest moment up to which the reading surely contains all the source knew (aware UTC)."""
        ...

    @property
    def completeness(self) -> Completeness:
        """Whether a SKU that is absent here is absent at the source."""
        ...

    @property
    def fingerprint(self) -> str | None:
        """Names exactly this content; `ingest --accept` takes it.

        Where only reading tells, it is None until `batches` is exhausted.
        """
        ...

    @property
    def watermark(self) -> Watermark | None:
        """From when on the next reading may ask for changes only; complete after `batches`.

        Taken from the data, by the source's clock; None where the source gives full readings only.
        """
        ...

    @property
    def origin(self) -> str:
        """What was read, in words (`stock-0612.csv`)."""
        ...

    @property
    def notes(self) -> Sequence[str]:
        """Things worth reporting that refuse nothing (a future time stamp was clamped)."""
        ...

    def batches(self) -> Iterator[RawBatch]:
        """Every row once, in bounded batches.

        Raises SourceUnavailable or SourceInvalid, possibly after the last batch: until the iterator is
        exhausted without an error, the reading must not be believed.
        """
        ...

    def parse(self, position: int, values: tuple[str, ...]) -> Reading | Reject:
        """Judge one row of a batch."""
        ...

    def rejects(self) -> Sequence[Reject]:
        """Rows that never became part of a batch (ragged); complete once `batches` is exhausted."""
        ...

    def objections(self) -> Sequence[str]:
        """Reasons to refuse this reading that an operator may overrule; complete after `batches`."""
        ...

    def locate(self, position: int) -> str:
        """Where a row stands, for people (`stock.csv:17`)."""
        ...


class Source(Protocol):
    """A place stock and prices are read from."""

    @property
    def name(self) -> SourceName:
        """The source's name in the YAML."""
        ...

    def fingerprint(self) -> str | None:
        """Names the present content cheaply, or None when only reading tells.

        Raises SourceUnavailable when there is nothing to read.
        """
        ...

    @property
    def delta_scope(self) -> str | None:
        """Names what a reading of changes would leave out; None where only full readings are given.

        A watermark belongs to one scope: after another query, or other locations, everything is read.
        """
        ...

    def probe(self, every: timedelta) -> tuple[Check, ...]:
        """What the doctor says beside one full reading: permissions, clock, cost (see ports.probe)."""
        ...

    def snapshot(self, since: datetime | None) -> AbstractContextManager[SnapshotReader]:
        """Open one reading: of everything, or of what changed since a former watermark.

        The source itself reaches back behind `since` by its overlap, and may read everything all the same.

        Raises SourceUnavailable (try next time), SourceUnauthorized (an operator must act),
        SourceInvalid (this content is refused; the last snapshot stays current).
        """
        ...


class SourceFactory(Protocol):
    """What an entry point of the group `syncd.sources` names."""

    @property
    def options_model(self) -> type[BaseModel]:
        """The kind's own YAML keys, as a frozen pydantic model that forbids unknown keys."""
        ...

    def refuses_write_back(self, options: BaseModel) -> str | None:
        """Why a source with these options cannot be written back, in words; None when it can.

        One that can is a `syncd.ports.write_back.WriteBack` when it is opened.
        """
        ...

    def open(
        self,
        name: SourceName,
        options: BaseModel,
        *,
        folder: Path,
        credentials: Credentials,
        clock: Clock,
    ) -> Source:
        """A source ready to be read; relative paths are relative to `folder`, the YAML's own."""
        ...
