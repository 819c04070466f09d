"""A file that the system does not give is unavailable: nothing is known of it, and nobody damaged it."""

import errno
import gzip
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.csv_file.opening import opened
from connectors.csv_file.options import CsvFileOptions
from connectors.csv_file.places import Arrival
from connectors.csv_file.source import CsvFileSource
from connectors.csv_file.workbook import examined
from syncd.domain.errors import SourceUnavailable
from syncd.domain.identity import SourceName
from syncd.ports.probe import Check
from tests.fakes.clock import FakeClock
from tests.fakes.csv_files import put, read, source_of
from tests.fakes.users import another_user

GOOD = "sku,qty\nA,1\nB,2\n"
FAILING = "/proc/self/mem"
"""A regular file whose every read is answered with EIO."""


def test_a_disk_that_gives_an_error_makes_the_file_unavailable(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match="the file cannot be read: Input/output error"):
        read(tmp_path, path=FAILING)
    with pytest.raises(SourceUnavailable, match="Input/output error"):
        source_of(tmp_path, path=FAILING).fingerprint()


def test_an_error_of_the_disk_is_no_damage_of_a_workbook() -> None:
    file = opened(Path(FAILING))
    with file, pytest.raises(SourceUnavailable, match="Input/output error"):
        examined(file, "stock.xlsx", 10**6)
    file = opened(Path(FAILING))
    with file, pytest.raises(SourceUnavailable, match="Input/output error"):
        file.read()


class FullDisk(tempfile.SpooledTemporaryFile[bytes]):
    """A temporary file that holds nothing."""

    def write(self, content: object) -> int:
        del content
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_is_no_damage_of_an_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, gzip.compress(GOOD.encode(), mtime=0), "stock.csv.gz")
    monkeypatch.setattr(tempfile, "TemporaryFile", FullDisk)

    with pytest.raises(SourceUnavailable, match="No space left on device"):
        read(tmp_path, path="stock.csv.gz")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("x" * 300 + ".csv", "File name too long"),
        ("x" * 300 + "*.csv", "no file matches"),
        ("a\0b.csv", "null"),
        ("a\0*.csv", "no file matches"),
    ],
)
def test_a_name_that_no_file_can_have_is_unavailable(tmp_path: Path, path: str, words: str) -> None:
    with pytest.raises(SourceUnavailable, match=words):
        read(tmp_path, path=path)
    with pytest.raises(SourceUnavailable, match=words):
        source_of(tmp_path, path=path).probe(timedelta(minutes=15))


@pytest.mark.parametrize(
    ("path", "words"), [("in/stock.csv", "Permission denied"), ("in/*.csv", "no file matches")]
)
def test_a_folder_this_user_may_not_enter_makes_the_file_unavailable(path: str, words: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "in").mkdir()
        put(folder / "in", GOOD)
        (folder / "in").chmod(0)

        with another_user(), pytest.raises(SourceUnavailable, match=words):
            read(folder, path=path)
        (folder / "in").chmod(0o700)


def test_a_time_that_no_calendar_has_makes_the_file_unavailable(tmp_path: Path) -> None:
    put(tmp_path, GOOD)

    with pytest.raises(SourceUnavailable, match="the file cannot be read: date value out of range"):
        read(tmp_path, export_takes="900000d")


class Unplugged:
    """A place whose disk is gone."""

    def fingerprint(self) -> str | None:
        raise OSError(errno.EIO, os.strerror(errno.EIO), "/mnt/erp/stock.csv")

    @contextmanager
    def arrival(self) -> Iterator[Arrival]:
        self.fingerprint()
        yield  # type: ignore[misc]  # never

    def probe(self, every: timedelta) -> tuple[Check, ...]:
        del every
        self.fingerprint()
        return ()


def test_the_file_is_named_where_the_system_names_it() -> None:
    options = CsvFileOptions.model_validate({"path": "stock.csv"})
    source = CsvFileSource(SourceName("stock"), options, Unplugged(), FakeClock())

    with (
        pytest.raises(SourceUnavailable, match=r"Input/output error \(/mnt/erp/stock.csv\)"),
        source.snapshot(None),
    ):
        pass
