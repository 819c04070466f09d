"""What a place that holds stock files must answer, whether it is this machine or a server."""

from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import IO, Protocol

from syncd.domain.duration import written
from syncd.ports.probe import Check, Verdict

SELDOM = 10
"""A file this many intervals old is worth a question."""
_PIECE = 1024 * 1024


class Arrival(Protocol):
    """A file as it stands at its place now, whole and at rest."""

    @property
    def name(self) -> str:
        """The file's name without its folder; its endings tell packing and format."""
        ...

    @property
    def modified(self) -> datetime:
        """When it was written, aware UTC."""
        ...

    @property
    def fingerprint(self) -> str:
        """The digest of its bytes."""
        ...

    def content(self) -> AbstractContextManager[IO[bytes]]:
        """Its bytes; SourceUnavailable where they are others by now."""
        ...

    def confirm(self) -> None:
        """SourceUnavailable when the file changed since it arrived."""
        ...


class Place(Protocol):
    """Where a stock file is to be had."""

    def fingerprint(self) -> str | None:
        """The digest of the file's bytes, or None where only reading tells."""
        ...

    def arrival(self) -> AbstractContextManager[Arrival]:
        """The present file; raises SourceUnavailable, SourceUnauthorized or SourceInvalid."""
        ...

    def probe(self, every: timedelta) -> tuple[Check, ...]:
        """What was reached, how large and how old it is."""
        ...


def digest_of(file: IO[bytes]) -> str:
    """The fingerprint of a file's bytes, from its beginning."""
    summed = blake2b(digest_size=16)
    file.seek(0)
    while piece := file.read(_PIECE):
        summed.update(piece)
    return f"blake2b:{summed.hexdigest()}"


def age_check(text: str, age: timedelta, every: timedelta) -> Check:
    """How old a file is, measured by the interval of its readings."""
    text = f"{text} was written {written(age)} ago"
    if age > SELDOM * every:
        text += f", {SELDOM} times its interval of {written(every)} or more"
        return Check(text=text, verdict=Verdict.WARN, help="is the export still running?")
    return Check(text=text)
