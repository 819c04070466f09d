"""A stock file on an SSH server: no credential is sent before the server has shown the configured key."""

import fnmatch
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import IO

from pydantic import SecretStr

from connectors.csv_file.formats import require
from connectors.csv_file.opening import settled
from connectors.csv_file.options import CsvFileOptions
from connectors.csv_file.places import age_check
from connectors.csv_file.reaching import SftpAddress, sftp_address
from connectors.csv_file.remote import RemotePlace, Stand
from connectors.csv_file.session import Entry, Files, Login
from syncd.domain.errors import SourceInvalid, SourceUnavailable
from syncd.ports.clock import Clock
from syncd.ports.credentials import Credentials, Secret
from syncd.ports.probe import Check

LONGEST_LISTING = 100_000
HOME = "/~/"
"""How a path begins that is relative to the user's own folder."""
_SURE = timedelta(seconds=1)
"""Servers tell times in whole seconds: a file that rested for less may change without a trace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteState:
    """What tells one state of a file on the server from another."""

    path: str
    size: int
    seconds: int

    @property
    def modified(self) -> datetime:
        """When it was last written, by the server's clock."""
        return datetime.fromtimestamp(self.seconds, UTC)

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.rpartition("/")[2]


def sftp_place(options: CsvFileOptions, credentials: Credentials, clock: Clock) -> RemotePlace:
    """The file an address names; ConfigError for a credential that there is not."""
    return RemotePlace(SftpFile(options, _login(options, credentials), clock))


def _login(options: CsvFileOptions, credentials: Credentials) -> Login:
    def secret(reference: Secret | None) -> SecretStr | None:
        return None if reference is None else credentials.secret(reference)

    auth = options.auth
    if options.host_key is None or auth is None:
        raise TypeError("options of sftp without host_key and auth were not validated")
    return Login(
        host_key=options.host_key,
        password=secret(auth.password),
        private_key=secret(auth.private_key),
        passphrase=secret(auth.passphrase),
    )


class SftpFile:
    """One address or pattern."""

    def __init__(self, options: CsvFileOptions, login: Login, clock: Clock) -> None:
        self._options = options
        self._login = login
        self._clock = clock
        self._address = sftp_address(options.path)

    def fetch(self, into: IO[bytes], known: Stand | None) -> Stand | None:
        """Copy it, unless its size and time are what they were; before and after the copy they agree."""
        with self._files() as files:
            state = settled(
                lambda: newest(files, self._address),
                self._address.shown,
                self._options.settle,
                self._clock,
            )
            stand = self._stand(state)
            if known is not None and known.mark == stand.mark:
                return None
            if state.size > self._options.max_size:
                raise SourceInvalid(
                    f"{state.name} is larger than {self._options.max_size} bytes; see `max_size`"
                )
            into.seek(0)
            into.truncate()
            copied = files.copy(state.path, into, state.size)
            if copied != state.size:
                text = f"{state.name} was cut after {copied} of {state.size} bytes"
                raise SourceUnavailable(f"{text}; it is read next time")
            if state_of(files, state.path) != state:
                text = f"{state.name} changed while it was copied; it is read next time"
                raise SourceUnavailable(text)
        return stand

    def _stand(self, state: RemoteState) -> Stand:
        mark = (state.path, str(state.size), str(state.seconds))
        sure = self._options.settle >= _SURE
        return Stand(name=state.name, modified=state.modified, mark=mark if sure else ())

    def probe(self, every: timedelta) -> tuple[Check, ...]:
        """Log in and look at the file."""
        with self._files() as files:
            state = newest(files, self._address)
        text = f"{self._address.host} showed the configured host key; {state.path}, {state.size:,} bytes,"
        return (age_check(text, self._clock.now() - state.modified, every),)

    @contextmanager
    def _files(self) -> Iterator[Files]:
        require("paramiko", "sftp", f"reading {self._address.shown}")
        from connectors.csv_file.ssh import connected

        silence = self._options.timeout.total_seconds()
        with connected(self._address, self._login, silence, self._clock) as files:
            yield files


def newest(files: Files, address: SftpAddress) -> RemoteState:
    """The file, or the newest match of a pattern; SourceUnavailable when there is none."""
    path = address.path.removeprefix(HOME) if address.path.startswith(HOME) else address.path
    folder, slash, pattern = path.rpartition("/")
    if not any(mark in pattern for mark in "*?["):
        return state_of(files, path)
    try:
        found = [
            RemoteState(
                path=f"{folder}{slash}{entry.filename}",
                size=entry.st_size or 0,
                seconds=entry.st_mtime or 0,
            )
            for entry in islice(files.entries(folder + slash or "."), LONGEST_LISTING)
            if _plain(entry) and fnmatch.fnmatchcase(entry.filename, pattern)
        ]
    except OSError as error:
        raise _not_there(f"{address.shown}: the folder", error) from None
    if not found:
        raise SourceUnavailable(f"no file matches {address.shown}")
    return state_of(files, max(found, key=lambda state: (state.seconds, state.name)).path)


def state_of(files: Files, path: str) -> RemoteState:
    """A file's present state; SourceUnavailable for what is no file or tells no size and time."""
    try:
        entry = files.stat(path)
    except OSError as error:
        raise _not_there(path, error) from None
    if entry.st_mode is not None and not stat.S_ISREG(entry.st_mode):
        raise SourceUnavailable(f"{path} is no regular file")
    if entry.st_size is None or entry.st_mtime is None:
        raise SourceUnavailable(f"{path}: the server tells neither its size nor its time")
    return RemoteState(path=path, size=entry.st_size, seconds=entry.st_mtime)


def _plain(entry: Entry) -> bool:
    """A regular file with a name that can be shown."""
    regular = entry.st_mode is not None and stat.S_ISREG(entry.st_mode)
    return regular and entry.filename.isprintable() and "/" not in entry.filename


def _not_there(what: str, error: OSError) -> SourceUnavailable:
    if isinstance(error, FileNotFoundError):
        return SourceUnavailable(f"{what} does not exist")
    if isinstance(error, PermissionError):
        return SourceUnavailable(f"{what} may not be read by this user of the server")
    return SourceUnavailable(f"{what} cannot be looked at; it is read next time")
