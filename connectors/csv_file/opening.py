"""Finds a file on this machine, by path or pattern, and proves that it holds still."""

import glob
import io
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Protocol, TypeVar

from syncd.domain.errors import SourceInvalid, SourceUnavailable
from syncd.ports.clock import Clock

LARGEST_FILE = 2 * 1024**3
LOOK_AGAIN = 0.2


@dataclass(frozen=True, slots=True)
class FileState:
    """What tells one state of a file from another."""

    size: int
    mtime_ns: int
    inode: int

    @property
    def modified(self) -> datetime:
        """When it was last written, aware UTC."""
        return datetime.fromtimestamp(self.mtime_ns / 1e9, UTC)


def find(pattern: str, folder: Path) -> Path:
    """The file, or the newest match of a pattern; SourceUnavailable when there is none."""
    wanted = str(folder / Path(pattern).expanduser())
    # os.path answers False where Path raises: in a folder that this user may not enter.
    if not glob.has_magic(wanted) or os.path.exists(wanted):  # noqa: PTH110
        return Path(wanted)
    files = list(_files(wanted))
    if not files:
        raise SourceUnavailable(f"no file matches {wanted}")
    return max(files)[2]


def _files(pattern: str) -> Iterator[tuple[int, str, Path]]:
    """Every regular file that matches, with its time of change and its name."""
    for name in glob.iglob(pattern):  # noqa: PTH207 - absolute patterns too
        path = Path(name)
        try:
            seen = path.stat()
        except OSError:  # a dangling link, or gone since the folder was listed
            continue
        if stat.S_ISREG(seen.st_mode):
            yield seen.st_mtime_ns, path.name, path


def state_of(path: Path, largest: int = LARGEST_FILE) -> FileState:
    """The file's present state; SourceUnavailable when it cannot be read at all."""
    try:
        seen = path.stat()
    except FileNotFoundError:
        raise SourceUnavailable(f"{path} does not exist") from None
    except OSError as error:
        raise SourceUnavailable(f"{path} cannot be looked at: {error.strerror}") from error
    if not stat.S_ISREG(seen.st_mode):
        raise SourceUnavailable(f"{path} is no regular file")
    if seen.st_size > largest:
        raise SourceInvalid(f"{path} is larger than {largest} bytes; see `max_size`")
    return FileState(seen.st_size, seen.st_mtime_ns, seen.st_ino)


class Dated(Protocol):
    """What tells when a file was written."""

    @property
    def modified(self) -> datetime:
        """When it was last written, aware UTC."""
        ...


S = TypeVar("S", bound=Dated)


def settled(look: Callable[[], S], name: str, settle: timedelta, clock: Clock) -> S:
    """The state of a file that was left alone for `settle`; waits so long, and no longer.

    Raises SourceUnavailable while it is still being written.
    """
    known = look()
    waited = 0.0
    while clock.now() - known.modified < settle and known.modified <= clock.now():
        if waited > settle.total_seconds():
            raise SourceUnavailable(f"{name} is still being written; it is read next time")
        clock.sleep(LOOK_AGAIN)
        waited += LOOK_AGAIN
        known = look()
    return known


def opened(path: Path) -> IO[bytes]:
    """The file's bytes; SourceUnavailable when they may not or cannot be read, now or later on."""
    try:
        return io.BufferedReader(_Raw(path))
    except PermissionError:
        raise SourceUnavailable(
            f"{path} may not be read by this user; allow it with chmod or setfacl"
        ) from None
    except OSError as error:
        raise SourceUnavailable(f"{path} cannot be read: {error.strerror}") from error


class _Raw(io.FileIO):
    """A file whose bytes may fail to come: a disk or a server that is at fault makes no damaged file."""

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]  # as RawIOBase
        with readable():
            return super().readinto(buffer) or 0

    def readall(self) -> bytes:
        with readable():
            return super().readall()


@contextmanager
def readable() -> Iterator[None]:
    """SourceUnavailable for what the system says of a file, its folder or its name that cannot be used."""
    try:
        yield
    except OSError as error:
        where = f" ({error.filename})" if isinstance(error.filename, str) else ""
        raise SourceUnavailable(
            f"the file cannot be read: {error.strerror or error}{where}"
        ) from error
    except (ValueError, OverflowError) as error:  # a name or a time that the system cannot have
        raise SourceUnavailable(f"the file cannot be read: {error}") from error
