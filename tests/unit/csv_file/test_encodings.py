"""The encoding of a file without a mark: what its bytes prove is believed, the rest is asked for."""

import codecs
from pathlib import Path

import pytest

from connectors.csv_file.decoding import PIECE
from syncd.domain.errors import SourceInvalid
from tests.fakes.csv_files import read, text

UMLAUTS = "sku,qty,title\nA,1,one\nÄ-1,2,two\nÖ-2,3,three\n"


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\r"])
def test_one_byte_of_another_encoding_makes_no_other_skus_of_those_with_umlauts(
    tmp_path: Path, ending: bytes
) -> None:
    content = (UMLAUTS.encode() + b"B,4,caf\xe9\nC,5,five\n").replace(b"\n", ending)

    with pytest.raises(SourceInvalid, match=r"line 5 holds the byte 0xe9.*`encoding: cp1252`"):
        text(tmp_path, content)


def test_the_first_bad_byte_is_found_far_into_the_file(tmp_path: Path) -> None:
    row = "Ä,1,{}\n".format("x" * 993).encode()
    content = b"sku,qty,title\n" + row * (2 * PIECE // len(row)) + b"B,4,\xe9\xe9\n"

    with pytest.raises(SourceInvalid, match=f"line {content.count(10)} holds the byte 0xe9"):
        text(tmp_path, content)


def test_a_character_cut_at_the_end_is_a_bad_byte(tmp_path: Path) -> None:
    with pytest.raises(SourceInvalid, match="line 5 holds the byte 0xc3"):
        text(tmp_path, UMLAUTS.encode() + b"\xc3")


def test_what_a_file_in_cp1252_happens_to_hold_is_no_sign_of_utf8(tmp_path: Path) -> None:
    content = "sku,qty\nÄ,1\nÖ,2\nÜ®,3\n".encode("cp1252")

    assert {"Ä": 1, "Ö": 2, "Ü®": 3} == text(tmp_path, content).quantities


def test_a_declared_encoding_settles_what_the_bytes_leave_open(tmp_path: Path) -> None:
    content = UMLAUTS.encode() + b"B,4,caf\xe9\n"

    assert {"A", "Ã„-1", "Ã–-2", "B"} == set(text(tmp_path, content, encoding="cp1252").quantities)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("header", ["sku,qty", "sku;qty;Größe"])
def test_wide_characters_without_a_mark_are_told_with_the_key_that_reads_them(
    tmp_path: Path, encoding: str, header: str
) -> None:
    mark = ";" if ";" in header else ","
    width = header.count(mark) - 1
    content = f"{header}\nÄ-1{mark}5{mark * width}\n".encode(encoding)

    with pytest.raises(
        SourceInvalid, match=f"looks like {encoding[:6].upper()} .*`encoding: {encoding}`"
    ):
        text(tmp_path, content)
    for name in (encoding, encoding.upper().replace("-LE", "LE").replace("-BE", "BE")):
        found = read(tmp_path, encoding=name)
        assert ({"Ä-1": 5}, []) == (found.quantities, found.objections)


@pytest.mark.parametrize(
    ("bom", "encoding"),
    [(codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be")],
)
def test_the_mark_of_utf32_is_not_taken_for_that_of_utf16(
    tmp_path: Path, bom: bytes, encoding: str
) -> None:
    found = text(tmp_path, bom + "sku,qty\nA,1\n".encode(encoding))

    assert ({"A": 1}, []) == (found.quantities, found.objections)


def test_a_zero_byte_makes_no_wide_text(tmp_path: Path) -> None:
    found = text(tmp_path, "sku,qty\nA,1\nB\0,2\n")

    assert ({"A": 1}, 1) == (found.quantities, len(found.rejects))
