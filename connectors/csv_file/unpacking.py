"""Unpacks .gz and .zip while counting: what is damaged, cut or a bomb is refused."""

import gzip
import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO

from connectors.csv_file.opening import readable
from syncd.domain.errors import SourceInvalid

FREE_RATIO = 10 * 1024**2
"""Up to so many bytes a file may unpack from however little."""
LARGEST_RATIO = 100
PACKED = (".gz", ".zip")
PIECE = 1024 * 1024


@contextmanager
def plain(file: IO[bytes], name: str, largest: int) -> Iterator[IO[bytes]]:
    """The file's content, unpacked into a temporary file where its name says that it is packed.

    Raises SourceInvalid for a packed file that is damaged, cut, larger than `largest` bytes, or a bomb.
    """
    suffix = PurePosixPath(name.lower()).suffix
    if suffix not in PACKED:
        yield file
        return
    with tempfile.TemporaryFile() as content:
        try:
            size = file.seek(0, os.SEEK_END)
            file.seek(0)
            unpack = _gunzip if suffix == ".gz" else _unzip
            unpack(file, content, Bounds(size, largest))
        except (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError) as error:
            text = f"{name} cannot be unpacked, it is damaged or cut: {error}"
            raise SourceInvalid(text) from error
        except Oversized as error:
            raise SourceInvalid(f"{name}: {error}") from error
        content.seek(0)
        yield content


class Oversized(Exception):  # noqa: N818 - a reason
    """The content is larger than a stock file may be."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much may come out of a packed file of so many bytes."""

    packed: int
    largest: int

    def check(self, unpacked: int) -> None:
        """Oversized when it is too much, in all or for so little."""
        ratio = unpacked > FREE_RATIO and unpacked > self.packed * LARGEST_RATIO
        if unpacked > self.largest or ratio:
            raise Oversized(f"it unpacks to more than {unpacked} bytes from {self.packed}: refused")


def _gunzip(packed: IO[bytes], content: IO[bytes], bounds: Bounds) -> None:
    with gzip.GzipFile(fileobj=packed) as stream:
        _copy(stream, content, bounds)


def _unzip(packed: IO[bytes], content: IO[bytes], bounds: Bounds) -> None:
    with zipfile.ZipFile(packed) as archive:
        members = [item for item in archive.infolist() if not item.is_dir()]
        if len(members) != 1:
            raise Oversized(f"the archive holds {len(members)} files; one is wanted")
        name = members[0].filename
        if (
            name.startswith("/")
            or ".." in PurePosixPath(name).parts
            or name.lower().endswith((".zip", ".gz"))
        ):
            raise Oversized(f"the archive's member {name!a} is no plain file")
        with archive.open(members[0]) as stream:
            _copy(stream, content, bounds)


def _copy(stream: IO[bytes] | gzip.GzipFile, content: IO[bytes], bounds: Bounds) -> None:
    """Copy while counting, whatever the archive claims."""
    written = 0
    while piece := stream.read(PIECE):
        written += len(piece)
        bounds.check(written)
        with readable():  # a full disk is no damaged file
            content.write(piece)
