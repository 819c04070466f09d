"""A stock file on a server: fetched into a private file that nobody else can open, and only when it changed."""

import io
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import IO, Protocol

from connectors.csv_file.places import digest_of
from syncd.domain.errors import SourceInvalid, SourceUnavailable
from syncd.ports.probe import Check


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """What a server has: the file's name, its time, and what tells this state of it from another.

    `mark` is in the words of its own kind of server; empty where the server gives nothing to go by.
    """

    name: str
    modified: datetime
    mark: tuple[str, ...] = ()
    fingerprint: str = ""


class Remote(Protocol):
    """A file on a server."""

    def fetch(self, into: IO[bytes], known: Stand | None) -> Stand | None:
        """Write the whole file into an empty one; None when it is the known one still.

        Raises SourceUnavailable, SourceUnauthorized or SourceInvalid; what was written is no file then.
        """
        ...

    def probe(self, every: timedelta) -> tuple[Check, ...]:
        """What was reached, without fetching the file."""
        ...


class RemoteArrival:
    """One state of a file on a server; its bytes may have to be fetched once more."""

    def __init__(self, remote: Remote, stand: Stand, file: IO[bytes], *, here: bool) -> None:
        self._remote = remote
        self._stand = stand
        self._file = file
        self._here = here

    @property
    def name(self) -> str:
        """The file's name."""
        return self._stand.name

    @property
    def modified(self) -> datetime:
        """When it was written, as far as the server tells."""
        return self._stand.modified

    @property
    def fingerprint(self) -> str:
        """The digest of its bytes."""
        return self._stand.fingerprint

    def content(self) -> AbstractContextManager[IO[bytes]]:
        """Its bytes; an unchanged file that is read all the same (it was refused before) comes again."""
        if not self._here:
            self._remote.fetch(self._file, None)
            if digest_of(self._file) != self.fingerprint:
                text = f"{self.name} changed since it was looked at; it is read next time"
                raise SourceUnavailable(text)
            self._here = True
        self._file.seek(0)
        return nullcontext(self._file)

    def confirm(self) -> None:
        """Nothing: what is here is a copy that was whole when it arrived."""


class RemotePlace:
    """One file on a server, and what was fetched last."""

    def __init__(self, remote: Remote) -> None:
        self._remote = remote
        self._last: Stand | None = None

    def fingerprint(self) -> str | None:
        """None: only fetching tells."""
        return None

    @contextmanager
    def arrival(self) -> Iterator[RemoteArrival]:
        """The present file; its copy is gone when this is left."""
        last = self._last
        known = last if last is not None and last.mark else None
        with tempfile.TemporaryFile() as file:
            stand = self._remote.fetch(file, known)
            if stand is None and known is not None:
                yield RemoteArrival(self._remote, known, file, here=False)
                return
            if stand is None:
                raise SourceUnavailable("the server says that a file nobody has is unchanged")
            if not file.seek(0, io.SEEK_END):
                raise SourceInvalid(f"{stand.name} is empty")
            stand = replace(stand, fingerprint=digest_of(file))
            self._last = stand
            yield RemoteArrival(self._remote, stand, file, here=True)

    def probe(self, every: timedelta) -> tuple[Check, ...]:
        """What was reached, how large and how old it is."""
        return self._remote.probe(every)
