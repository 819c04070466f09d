"""A stock file on this machine: found by path or pattern, left alone for a while, digested once."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO

from connectors.csv_file.opening import FileState, find, opened, settled, state_of
from connectors.csv_file.options import CsvFileOptions
from connectors.csv_file.places import age_check, digest_of
from syncd.domain.errors import SourceInvalid, SourceUnavailable
from syncd.ports.clock import Clock
from syncd.ports.probe import Check


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalArrival:
    """One state of one file."""

    path: Path
    state: FileState
    fingerprint: str

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name

    @property
    def modified(self) -> datetime:
        """When it was last written."""
        return self.state.modified

    def content(self) -> AbstractContextManager[IO[bytes]]:
        """The file, opened."""
        return opened(self.path)

    def confirm(self) -> None:
        """SourceUnavailable when somebody wrote it meanwhile."""
        if state_of(self.path) != self.state:
            raise SourceUnavailable(f"{self.name} changed while it was read; it is read next time")


class LocalPlace:
    """One path or pattern, relative to the folder of the configuration."""

    def __init__(self, options: CsvFileOptions, folder: Path, clock: Clock) -> None:
        self._options = options
        self._folder = folder
        self._clock = clock
        self._digested: tuple[Path, FileState, str] | None = None

    def fingerprint(self) -> str | None:
        """The digest of the file's bytes."""
        path = find(self._options.path, self._folder)
        return self._digest(path, self._settled(path))

    @contextmanager
    def arrival(self) -> Iterator[LocalArrival]:
        """The newest match, once it holds still."""
        path = find(self._options.path, self._folder)
        state = self._settled(path)
        fingerprint = self._digest(path, state)
        if state.size == 0:
            raise SourceInvalid(f"{path.name} is empty")
        yield LocalArrival(path=path, state=state, fingerprint=fingerprint)

    def probe(self, every: timedelta) -> tuple[Check, ...]:
        """How old the file is."""
        path = find(self._options.path, self._folder)
        age = self._clock.now() - state_of(path).modified
        return (age_check(str(path), age, every),)

    def _settled(self, path: Path) -> FileState:
        largest = self._options.max_size
        return settled(
            lambda: state_of(path, largest), str(path), self._options.settle, self._clock
        )

    def _digest(self, path: Path, state: FileState) -> str:
        """Computed once for a state of the file: `arrival` is asked right after `fingerprint`.

        A file changed in between without a trace has another digest next time and is read then.
        """
        last = self._digested
        if last is not None and last[:2] == (path, state):
            self._digested = None
            return last[2]
        with opened(path) as file:
            found = digest_of(file)
        self._digested = (path, state, found)
        return found
