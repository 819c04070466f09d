"""Knows when a file that comes over HTTP is whole: cut ones are resumed or refused, absurd ones refused."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO

from pydantic import SecretStr

from connectors.transport.http_transport import NoAnswer
from connectors.transport.web_address import WebAddress
from syncd.domain.errors import SourceInvalid, SourceUnauthorized, SourceUnavailable
from syncd.ports.clock import Clock

PATIENCE = 10
"""A whole transfer may take so many times as long as the server may be silent."""
OK = 200
_RANGE = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18})", re.ASCII)
_PART, _SAME, _LOGIN, _FORBIDDEN, _NO_RANGE = 206, 304, 401, 403, 416


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to fetch, and how far to go for it. `silence` is in seconds, `largest` in bytes.

    `authorization` is the whole value of that header; it is sent to the host of `address` only.
    """

    address: WebAddress
    authorization: SecretStr | None = None
    allow_private: bool = False
    silence: float = 60.0
    largest: int = 2 * 1024**3
    packed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """What a server gave to tell one state of the file from another, as it wrote it."""

    etag: str = ""
    modified: str = ""

    @property
    def strong(self) -> str:
        """The ETag if it stands for these very bytes (RFC 9110, 8.8.1), else nothing."""
        return self.etag if self.etag.startswith('"') else ""

    def conditions(self) -> dict[str, str]:
        """Headers that ask for the file only if it is another."""
        if self.etag:
            return {"if-none-match": self.etag}
        return {"if-modified-since": self.modified} if self.modified else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer. `length` is None where the server sends chunks; header names are in lower case.

    `body` raises NoAnswer where it is cut.
    """

    address: WebAddress
    status: int
    length: int | None
    validators: Validators
    modified: datetime | None
    date: datetime | None
    headers: Mapping[str, str] = field(repr=False)
    body: Iterator[bytes] = field(repr=False)


class Transfer:
    """One file on its way: what has arrived, and how to ask for the rest."""

    def __init__(self, wanted: Wanted, into: IO[bytes], known: Validators, clock: Clock) -> None:
        self._wanted = wanted
        self._into = into
        self._known = known
        self._clock = clock
        self._until = clock.monotonic() + PATIENCE * wanted.silence
        self._done = 0
        self.begun: Answer | None = None
        self.unchanged = False

    def headers(self) -> Mapping[str, str]:
        """What to ask for: a changed file, or the rest of the one that was cut."""
        if self.begun is None or not self._done:
            return self._known.conditions() if self.begun is None else {}
        strong = self.begun.validators.strong
        return {"range": f"bytes={self._done}-", "if-range": strong}

    def take(self, answer: Answer) -> bool:
        """Write what an answer brings; whether the file is whole now, or unchanged."""
        if answer.status == _SAME and self.begun is None and self._known.conditions():
            self.unchanged = True
            return True
        if answer.status == OK:
            self._begin(answer)
        elif answer.status == _PART and self.begun is not None and self._done:
            self._check_part(answer, self.begun)
        else:
            raise refused(answer)
        if self._copy(answer):
            return True
        if self.begun is None or not self.begun.validators.strong:
            raise self.cut()
        return False

    def cut(self) -> SourceUnavailable:
        """That the file did not come whole."""
        shown, length = (
            self._wanted.address.shown,
            None if self.begun is None else self.begun.length,
        )
        of = "" if length is None else f" of {length}"
        text = f"{shown} was cut after {self._done}{of} bytes; it is read next time"
        return SourceUnavailable(text)

    def _begin(self, answer: Answer) -> None:
        """A whole file comes: the first one, or another because this one changed or cannot be resumed."""
        self._into.seek(0)
        self._into.truncate()
        self._done = 0
        self.begun = answer
        _check_whole(answer, self._wanted)

    def _check_part(self, answer: Answer, begun: Answer) -> None:
        shown = answer.address.shown
        told = _RANGE.fullmatch(answer.headers.get("content-range", ""))
        whole = begun.length
        if told is None or int(told[1]) != self._done:
            raise SourceUnavailable(f"{shown} answered with another part than was asked for")
        last, total = int(told[2]), int(told[3])
        if last != total - 1 or (whole is not None and total != whole):
            raise SourceUnavailable(f"{shown} answered with a part of another length")
        if answer.validators.etag != begun.validators.etag:
            raise SourceUnavailable(f"{shown} changed between two parts; it is read next time")
        if answer.length is not None and answer.length != total - self._done:
            raise SourceUnavailable(f"{shown} answered with a part of another length")

    def _copy(self, answer: Answer) -> bool:
        """Copy the body; False when it was cut."""
        shown = answer.address.shown
        try:
            for piece in answer.body:
                self._done += len(piece)
                if self._done > self._wanted.largest:
                    raise _too_large(shown, self._wanted.largest)
                if self._clock.monotonic() > self._until:
                    text = f"{shown} took longer than {PATIENCE * self._wanted.silence:g} s"
                    raise SourceUnavailable(f"{text}; see `timeout`")
                self._into.write(piece)
        except NoAnswer:
            return False
        except OSError as error:
            raise SourceUnavailable(f"{shown} cannot be kept: {error.strerror}") from error
        whole = None if self.begun is None else self.begun.length
        if whole is not None and whole != self._done:
            raise self.cut()
        return True


def _check_whole(answer: Answer, wanted: Wanted) -> None:
    """Refuse what cannot be the file, before its body is read."""
    shown, headers = answer.address.shown, answer.headers
    if headers.get("content-type", "").lower().startswith(("text/html", "application/xhtml")):
        raise SourceInvalid(
            f"{shown} answered with a web page instead of a file (a login page, perhaps); see `auth`"
        )
    coding = headers.get("content-encoding", "identity").lower()
    if coding != "identity" and not (wanted.packed and coding in {"gzip", "x-gzip"}):
        raise SourceInvalid(
            f"{shown} sends the file packed ({coding[:20]!a}), which was not asked for"
        )
    if answer.length is None and "chunked" not in headers.get("transfer-encoding", "").lower():
        raise SourceInvalid(
            f"{shown} does not say how long the file is, so nobody could tell a cut one"
        )
    if answer.length is not None and answer.length > wanted.largest:
        raise _too_large(shown, wanted.largest)


def _too_large(shown: str, largest: int) -> SourceInvalid:
    return SourceInvalid(f"{shown} is larger than {largest} bytes; see `max_size`")


def refused(answer: Answer) -> SourceUnavailable | SourceUnauthorized:
    """What an answer without the file means."""
    shown, status = answer.address.shown, answer.status
    if status in {_LOGIN, _FORBIDDEN}:
        return SourceUnauthorized(f"{shown} refuses us (status {status}); see `auth`")
    if status == _NO_RANGE:
        return SourceUnavailable(f"{shown} has no rest to give; it is read next time")
    return SourceUnavailable(f"{shown} answered with status {status}; it is read next time")
