"""Finds the file to read and proves that it holds still: path or pattern, .gz and .zip, bombs refused."""

import glob
import gzip
import os
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from typing import IO

from syncd.domain.errors import SourceInvalid, SourceUnavailable
from syncd.ports.clock import Clock

LARGEST_FILE = 2 * 1024**3
FREE_RATIO = 10 * 1024**2
"""Up to so many bytes a file may unpack from however little."""
LARGEST_RATIO = 100
PIECE = 1024 * 1024
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
    if Path(wanted).exists() or not glob.has_magic(wanted):
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


def state_of(path: Path) -> FileState:
    """The file's present state; SourceUnavailable when it cannot be read at all."""
    try:
        seen = path.stat()
    except FileNotFoundError:
        raise SourceUnavailable(f"{path} does not exist") from None
    except OSError as error:
        raise SourceUnavailable(f"{path} cannot be looked at: {error.strerror}") from error
    if not stat.S_ISREG(seen.st_mode):
        raise SourceUnavailable(f"{path} is no regular file")
    if seen.st_size > LARGEST_FILE:
        raise SourceInvalid(f"{path} is larger than {LARGEST_FILE} bytes")
    return FileState(seen.st_size, seen.st_mtime_ns, seen.st_ino)


def settled(path: Path, settle: timedelta, clock: Clock) -> FileState:
    """The state of a file that was left alone for `settle`; waits so long, and no longer.

    Raises SourceUnavailable while it is still being written.
    """
    known = state_of(path)
    waited = 0.0
    while clock.now() - known.modified < settle and known.modified <= clock.now():
        if waited > settle.total_seconds():
            raise SourceUnavailable(f"{path} is still being written; it is read next time")
        clock.sleep(LOOK_AGAIN)
        waited += LOOK_AGAIN
        known = state_of(path)
    return known


def digest(path: Path) -> str:
    """The fingerprint of the file's bytes."""
    summed = blake2b(digest_size=16)
    with _opened(path) as file:
        while piece := file.read(PIECE):
            summed.update(piece)
    return f"blake2b:{summed.hexdigest()}"


def _opened(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except PermissionError:
        raise SourceUnavailable(
            f"{path} may not be read by this user; allow it with chmod or setfacl"
        ) from None
    except OSError as error:
        raise SourceUnavailable(f"{path} cannot be read: {error.strerror}") from error


@contextmanager
def plain(path: Path) -> Iterator[IO[bytes]]:
    """The file's content, unpacked into a temporary file where it is packed."""
    suffix = path.suffix.lower()
    if suffix not in {".gz", ".zip"}:
        with _opened(path) as file:
            yield file
        return
    with tempfile.TemporaryFile() as content:
        try:
            with _opened(path) as packed:
                unpack = _gunzip if suffix == ".gz" else _unzip
                unpack(packed, content, os.fstat(packed.fileno()).st_size)
        except (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError) as error:
            text = f"{path.name} cannot be unpacked, it is damaged or cut: {error}"
            raise SourceInvalid(text) from error
        except Oversized as error:
            raise SourceInvalid(f"{path.name}: {error}") from error
        content.seek(0)
        yield content


class Oversized(Exception):  # noqa: N818 - a reason
    """The content is larger than a stock file may be."""


def _gunzip(packed: IO[bytes], content: IO[bytes], size: int) -> None:
    with gzip.GzipFile(fileobj=packed) as stream:
        _copy(stream, content, size)


def _unzip(packed: IO[bytes], content: IO[bytes], size: int) -> None:
    with zipfile.ZipFile(packed) as archive:
        members = [item for item in archive.infolist() if not item.is_dir()]
        if len(members) != 1:
            raise Oversized(f"the archive holds {len(members)} files; one is wanted")
        name = members[0].filename
        if (
            name.startswith("/")
            or ".." in Path(name).parts
            or name.lower().endswith((".zip", ".gz"))
        ):
            raise Oversized(f"the archive's member {name!a} is no plain file")
        with archive.open(members[0]) as stream:
            _copy(stream, content, size)


def _copy(stream: IO[bytes] | gzip.GzipFile, content: IO[bytes], packed_size: int) -> None:
    """Copy while counting, whatever the archive claims."""
    written = 0
    while piece := stream.read(PIECE):
        written += len(piece)
        if written > LARGEST_FILE or (
            written > FREE_RATIO and written > packed_size * LARGEST_RATIO
        ):
            raise Oversized(f"it unpacks to more than {written} bytes from {packed_size}: refused")
        content.write(piece)
