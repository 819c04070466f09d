"""A file that cannot be believed is refused whole."""

import gzip
import io
import os
import stat
import tempfile
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.csv_file.opening import LARGEST_FILE, opened
from syncd.domain.errors import SourceInvalid, SourceUnavailable
from tests.fakes.clock import FakeClock
from tests.fakes.csv_files import WRITTEN, put, read, source_of, text
from tests.fakes.users import another_user

GOOD = "sku,qty\nA,1\nB,2\n"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b'sku,qty\nA,"1\nB,2\n', "unexpected end of data"),
        (b'sku,qty\n"A"x,1\n', "expected after"),
        (b"PK\x03\x04rest", "Excel or zip"),
        (b"%PDF-1.4", "PDF"),
        (b"<!DOCTYPE html><p>Sign in", "web page"),
        ("sku,qty\nA,1\n".encode("utf-16")[:-1], "utf-16"),
        (b"sku,qty\nA,1\nB\x81,2\n", "cp1252"),
    ],
)
def test_what_is_no_whole_csv_file_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(SourceInvalid, match=words) as refused:
        text(tmp_path, content)

    assert refused.value.fingerprint is None  # nobody can overrule it


def test_a_last_line_without_its_end_is_objected_to(tmp_path: Path) -> None:
    found = text(tmp_path, GOOD[:-1])

    assert 1 == len(found.objections)
    assert "trailing_newline: optional" in found.objections[0]
    assert [] == read(tmp_path, trailing_newline="optional").objections
    assert [] == text(tmp_path, GOOD).objections


def test_a_declared_encoding_is_kept_to(tmp_path: Path) -> None:
    with pytest.raises(SourceInvalid, match="ascii"):
        text(tmp_path, "sku,qty\nGröße,1\n", encoding="ascii")


@pytest.mark.parametrize("kind", ["missing", "folder", "fifo", "no match"])
def test_what_cannot_be_read_at_all_is_unavailable(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "stock.csv"
    if kind == "folder":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)

    with pytest.raises(SourceUnavailable):
        read(tmp_path, path="none-*.csv" if kind == "no match" else "stock.csv")


def test_a_file_this_user_may_not_read_says_so() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        put(folder, GOOD).chmod(0)

        with (
            another_user(),
            pytest.raises(SourceUnavailable, match="may not be read by this user"),
        ):
            read(folder)


def test_a_path_through_a_file_says_why_it_cannot_be_looked_at(tmp_path: Path) -> None:
    put(tmp_path, GOOD)

    with pytest.raises(SourceUnavailable, match="cannot be looked at: Not a directory"):
        read(tmp_path, path="stock.csv/more.csv")


def test_a_file_that_vanishes_before_it_is_opened_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match="cannot be read: No such file"):
        opened(tmp_path / "gone.csv")


def test_a_file_of_absurd_size_is_refused_unread(tmp_path: Path) -> None:
    with put(tmp_path, GOOD).open("r+b") as file:
        file.truncate(LARGEST_FILE + 1)
    moment = WRITTEN.timestamp()
    os.utime(tmp_path / "stock.csv", (moment, moment))

    with pytest.raises(SourceInvalid, match="is larger than"):
        read(tmp_path)


def test_a_pattern_takes_the_newest_file_and_no_link_to_nowhere(tmp_path: Path) -> None:
    put(tmp_path, GOOD, "stock-1.csv")
    newest = put(tmp_path, "sku,qty\nA,7\n", "stock-2.csv")
    moment = WRITTEN.timestamp() + 60
    os.utime(newest, (moment, moment))
    (tmp_path / "stock-3.csv").symlink_to(tmp_path / "nowhere.csv")
    (tmp_path / "stock-4.csv").mkdir()

    assert {"A": 7} == read(tmp_path, path="stock-*.csv").quantities


@pytest.mark.parametrize(
    ("content", "options", "words"),
    [
        (f"sku,{'q' * 200_000}\nA,1\n", {}, "has one column only|cannot be read"),
        ("sku,qty,qty\nA,1,2\n", {"columns": {"quantity": "qty"}}, "the column 'qty' 2 times"),
        ("sku,qty\nA,1\n", {"columns": {"quantity": "Qty"}}, "columns.quantity names 'Qty'"),
    ],
)
def test_a_header_that_cannot_be_mapped_is_refused(
    tmp_path: Path, content: str, options: dict[str, object], words: str
) -> None:
    with pytest.raises(SourceInvalid, match=words):
        text(tmp_path, content, **options)


def test_a_preset_keeps_to_its_delimiter_even_in_an_unreadable_header(tmp_path: Path) -> None:
    with pytest.raises(SourceInvalid, match="cannot be read"):
        text(tmp_path, f"Handle,{'q' * 200_000}\n", format="shopify_inventory", basis="available")


def test_an_archive_of_an_empty_file_is_empty(tmp_path: Path) -> None:
    put(tmp_path, gzip.compress(b"", mtime=0), "stock.csv.gz")

    with pytest.raises(SourceInvalid, match="is empty"):
        read(tmp_path, path="stock.csv.gz")


def test_a_time_in_the_near_past_is_taken_back_to_the_tolerance_without_a_word(
    tmp_path: Path,
) -> None:
    clock = FakeClock()
    path = put(tmp_path, GOOD)
    moment = clock.now().timestamp() - 60
    os.utime(path, (moment, moment))

    with source_of(tmp_path, clock, export_takes="0s", settle="0s").snapshot(None) as reader:
        assert clock.now() - timedelta(minutes=2) == reader.as_of
        assert [] == reader.notes


class Writing(FakeClock):
    """While we wait, somebody goes on writing the file."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        with self.path.open("a") as file:
            file.write("C,3\n")
        moment = self.now().timestamp()
        os.utime(self.path, (moment, moment))


def test_a_file_still_being_written_is_left_for_next_time(tmp_path: Path) -> None:
    path = put(tmp_path, GOOD)
    clock = Writing(path)
    moment = clock.now().timestamp()
    os.utime(path, (moment, moment))

    with (
        pytest.raises(SourceUnavailable, match="still being written"),
        source_of(tmp_path, clock).snapshot(None),
    ):
        pass


def test_a_fresh_file_is_waited_for(tmp_path: Path) -> None:
    path = put(tmp_path, GOOD)
    clock = FakeClock()
    moment = (clock.now() - timedelta(seconds=1)).timestamp()
    os.utime(path, (moment, moment))

    with source_of(tmp_path, clock).snapshot(None) as reader:
        assert 2 == sum(len(batch.values) for batch in reader.batches())
    assert clock.monotonic() > 0


def test_a_file_that_changes_while_it_is_read_is_left_for_next_time(tmp_path: Path) -> None:
    path = put(tmp_path, GOOD)

    with source_of(tmp_path).snapshot(None) as reader:
        path.write_text(GOOD + "C,3\n")
        with pytest.raises(SourceUnavailable, match="changed while it was read"):
            list(reader.batches())


def test_the_fingerprint_follows_the_content_and_nothing_else(tmp_path: Path) -> None:
    put(tmp_path, GOOD)
    first = source_of(tmp_path).fingerprint()
    os.utime(tmp_path / "stock.csv", (2_000_000, 2_000_000))
    second = source_of(tmp_path).fingerprint()
    put(tmp_path, GOOD + "C,3\n")

    assert first == second
    assert first != source_of(tmp_path).fingerprint()


def test_the_reading_speaks_up_to_the_file_time_minus_the_export(tmp_path: Path) -> None:
    put(tmp_path, GOOD)

    with source_of(tmp_path, export_takes="5m").snapshot(None) as reader:
        assert WRITTEN - timedelta(minutes=5) == reader.as_of


def test_a_name_may_tell_the_time(tmp_path: Path) -> None:
    put(tmp_path, GOOD, "stock-20261123-0930.csv")
    as_of = {"name": "stock-%Y%m%d-%H%M.csv", "timezone": "Europe/Berlin"}

    with source_of(tmp_path, path="stock-*.csv", as_of=as_of).snapshot(None) as reader:
        assert "2026-11-23T08:28:00+00:00" == reader.as_of.isoformat()
    put(tmp_path, GOOD, "stock-today.csv")
    with pytest.raises(SourceInvalid, match="does not fit"):
        read(tmp_path, path="stock-today.csv", as_of=as_of)


def test_a_time_in_the_future_is_clamped_and_reported(tmp_path: Path) -> None:
    path = put(tmp_path, GOOD)
    clock = FakeClock()
    late = (clock.now() + timedelta(days=1)).timestamp()
    os.utime(path, (late, late))

    with source_of(tmp_path, clock).snapshot(None) as reader:
        assert reader.as_of <= clock.now()
        assert "dated in the future" in reader.notes[0]


def packed_zip(*members: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()


def test_packed_files_are_read(tmp_path: Path) -> None:
    put(tmp_path, gzip.compress(GOOD.encode(), mtime=0), "stock.csv.gz")
    put(tmp_path, packed_zip(("export/stock.csv", GOOD.encode())), "stock.zip")

    assert {"A": 1, "B": 2} == read(tmp_path, path="stock.csv.gz").quantities
    assert {"A": 1, "B": 2} == read(tmp_path, path="stock.zip").quantities


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.gz", gzip.compress(GOOD.encode(), mtime=0)[:-6], "cannot be unpacked"),
        ("a.gz", b"not packed at all", "cannot be unpacked"),
        ("a.zip", packed_zip(("a.csv", b"1"), ("b.csv", b"2")), "holds 2 files"),
        ("a.zip", packed_zip(("../a.csv", b"1")), "no plain file"),
        ("a.zip", packed_zip(("a.zip", b"1")), "no plain file"),
        ("a.zip", packed_zip(("a.csv", GOOD.encode()))[:-10], "cannot be unpacked"),
        ("a.zip", packed_zip(), "holds 0 files"),
    ],
)
def test_damaged_archives_are_refused(
    tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    put(tmp_path, content, name)

    with pytest.raises(SourceInvalid, match=words):
        read(tmp_path, path=name)


@pytest.mark.parametrize("name", ["a.gz", "a.zip"])
def test_a_bomb_is_refused(tmp_path: Path, name: str) -> None:
    inside = b"\0" * 60_000_000
    packed = gzip.compress(inside, 1) if name == "a.gz" else packed_zip(("a.csv", inside))
    put(tmp_path, packed, name)

    with pytest.raises(SourceInvalid, match="unpacks to more than"):
        read(tmp_path, path=name)


def test_a_bad_checksum_in_a_zip_is_refused(tmp_path: Path) -> None:
    whole = bytearray(packed_zip(("a.csv", b"sku,qty\n" + b"A,1\n" * 50)))
    whole[45] ^= 0xFF
    put(tmp_path, bytes(whole), "a.zip")

    with pytest.raises(SourceInvalid):
        read(tmp_path, path="a.zip")


def test_a_symbolic_link_is_followed(tmp_path: Path) -> None:
    put(tmp_path, GOOD, "real.csv")
    (tmp_path / "stock.csv").symlink_to("real.csv")

    assert {"A": 1, "B": 2} == read(tmp_path).quantities
    assert stat.S_ISLNK((tmp_path / "stock.csv").lstat().st_mode)


def test_a_header_alone_is_no_row_and_no_error_here(tmp_path: Path) -> None:
    assert [] == text(tmp_path, "sku,qty\n").readings
