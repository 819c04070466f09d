"""Any dialect that spreadsheets and ERPs write."""

import codecs
import os
from pathlib import Path

import pytest

from syncd.domain.errors import SourceInvalid
from syncd.domain.stock import State
from tests.fakes.csv_files import put, read, text

EXPECTED = {"A-1": 5, "Größe, groß": 7}


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_detected_or_given(tmp_path: Path, delimiter: str) -> None:
    content = f'sku{delimiter}qty\nA-1{delimiter}5\n"Größe, groß"{delimiter}7\n'

    assert EXPECTED == text(tmp_path, content).quantities
    assert EXPECTED == read(tmp_path, delimiter=delimiter).quantities


@pytest.mark.parametrize(
    "encoded",
    [
        codecs.BOM_UTF8 + 'sku,qty\nA-1,5\n"Größe, groß",7\n'.encode(),
        'sku,qty\nA-1,5\n"Größe, groß",7\n'.encode(),
        'sku,qty\nA-1,5\n"Größe, groß",7\n'.encode("utf-16"),
        codecs.BOM_UTF16_BE + 'sku,qty\nA-1,5\n"Größe, groß",7\n'.encode("utf-16-be"),
        'sku,qty\nA-1,5\n"Größe, groß",7\n'.encode("cp1252"),
    ],
    ids=["utf-8 with BOM", "utf-8", "utf-16 le", "utf-16 be", "cp1252"],
)
def test_the_encoding_is_detected(tmp_path: Path, encoded: bytes) -> None:
    assert EXPECTED == text(tmp_path, encoded).quantities


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_every_line_ending_is_read(tmp_path: Path, ending: str) -> None:
    content = f"sku,qty{ending}A-1,5{ending}B,6{ending}"

    assert {"A-1": 5, "B": 6} == text(tmp_path, content).quantities


def test_quoted_line_breaks_keep_the_line_numbers_right(tmp_path: Path) -> None:
    content = 'sku,title,qty\nA,"two\nlines",5\nB,one,x\n'

    found = text(tmp_path, content)

    assert [2, 4] == found.positions
    assert "stock.csv:4" == found.rejects[0].at


def test_a_separator_line_of_excel_is_understood(tmp_path: Path) -> None:
    found = text(tmp_path, "sep=;\r\nsku;qty\r\nA;5\r\n")

    assert ({"A": 5}, [3]) == (found.quantities, found.positions)


def test_blank_lines_and_empty_trailing_fields_mean_nothing(tmp_path: Path) -> None:
    content = "sku,qty\nA,5\n\nB,6,,\n,\n"

    found = text(tmp_path, content)

    assert {"A": 5, "B": 6} == found.quantities
    assert ["the SKU is blank"] == [reject.reason for reject in found.rejects]


@pytest.mark.parametrize(
    ("number", "options", "expected"),
    [
        ("1234", {}, 1234),
        ("12.000", {"decimal": "."}, 12),
        ("0.000", {}, 0),
        ("1234.000", {}, 1234),
        ("12.00", {}, 12),
        ("1.000", {"thousands": "."}, 1000),
        ("1.000.000", {"thousands": "."}, 10**6),
        ("1.000,00", {"thousands": "."}, 1000),
        ("1.000", {"thousands": ","}, 1),
        ("12,000", {"decimal": ","}, 12),
        ("1.234", {"decimal": ",", "thousands": "."}, 1234),
        ("1,234", {"thousands": ","}, 1234),
        ("1 234", {"thousands": " "}, 1234),
        ("1\u00a0234", {"thousands": " "}, 1234),
        ("1'234", {"thousands": "'"}, 1234),
        (" 7 ", {}, 7),
        ("-3", {}, -3),
        ("12.5", {"fractions": "down"}, 12),
        ("-0.5", {"fractions": "down"}, -1),
        ("1000000000", {}, 10**9),
    ],
)
def test_numbers_are_read_by_the_declared_marks(
    tmp_path: Path, number: str, options: dict[str, str], expected: int
) -> None:
    content = f'sku;qty\nA;"{number}"\n'

    assert {"A": expected} == text(tmp_path, content, **options).quantities


def test_a_negative_quantity_is_a_number_and_says_so(tmp_path: Path) -> None:
    reading = text(tmp_path, "sku,qty\nA,-3\n").readings[0]

    assert (-3, State.KNOWN, "source reports −3") == (
        reading.quantity,
        reading.state,
        reading.note,
    )


def test_every_column_is_read(tmp_path: Path) -> None:
    content = (
        "sku,location,quantity,committed,price,currency,cost,counted_at\n"
        "A,Main,9,2,12.50,USD,7.25,2026-11-23T08:00:00+01:00\n"
    )

    reading = text(tmp_path, content).readings[0]

    assert ("Main", 9, 2, "12.50", "USD", "7.25") == (
        reading.location,
        reading.quantity,
        reading.committed,
        str(reading.price),
        reading.currency,
        str(reading.cost),
    )
    assert reading.counted_at is not None
    assert "2026-11-23T07:00:00+00:00" == reading.counted_at.isoformat()


def test_columns_are_mapped_by_name(tmp_path: Path) -> None:
    columns = {"sku": "Code", "quantity": "Frei"}

    assert {"A": 5} == text(tmp_path, "Code,Bestand,Frei\nA,9,5\n", columns=columns).quantities


def test_skus_are_kept_as_they_are_unless_a_form_is_asked_for(tmp_path: Path) -> None:
    content = "sku,qty\n00123,1\n a-1 ,2\n"

    assert {"00123": 1, " a-1 ": 2} == text(tmp_path, content).quantities
    formed = read(tmp_path, sku={"trim": "true", "upper": "yes", "pad": "8"})
    assert {"00000123": 1, "A-1": 2} == formed.quantities


def test_the_newest_match_of_a_pattern_is_read(tmp_path: Path) -> None:
    old = put(tmp_path, "sku,qty\nOLD,1\n", "stock-1.csv")
    put(tmp_path, "sku,qty\nNEW,1\n", "stock-2.csv")
    os.utime(old, (1_000_000, 1_000_000))
    (tmp_path / "stock-3.csv").mkdir()

    assert {"NEW": 1} == read(tmp_path, path="stock-*.csv").quantities


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("sku,stock,qty\nA,1,2\n", "'stock' and 'qty' could both be the quantity"),
        ("name,qty\nA,1\n", "no column is the SKU"),
        ("sku,name\nA,b\n", "no column is a quantity or a price"),
        ("sku\nA\n", "one column only"),
        ("\nsku,qty\nA,1\n", "the first line is blank"),
        ('"sku,qty\nA,1\n', "never closed"),
    ],
)
def test_a_header_that_does_not_say_enough_is_refused(
    tmp_path: Path, content: str, words: str
) -> None:
    with pytest.raises(SourceInvalid, match=words):
        text(tmp_path, content)


def test_a_mapped_column_that_is_missing_is_named_with_the_header(tmp_path: Path) -> None:
    with pytest.raises(
        SourceInvalid, match=r"columns\.quantity names 'Qty', but the header is: sku, q"
    ):
        text(tmp_path, "sku,q\nA,1\n", columns={"quantity": "Qty"})


def test_on_hand_needs_to_know_what_is_committed(tmp_path: Path) -> None:
    content = "sku,qty\nA,1\n"

    with pytest.raises(SourceInvalid, match="committed: none"):
        text(tmp_path, content, basis="on_hand")
    assert {"A": 1} == read(tmp_path, basis="on_hand", committed="none").quantities
    with_column = text(tmp_path, "sku,qty,reserved\nA,9,4\nB,3,\n", basis="on_hand")
    assert [4, 0] == [reading.committed for reading in with_column.readings]


def test_a_file_of_prices_only_has_no_quantities(tmp_path: Path) -> None:
    reading = text(tmp_path, "sku,price,currency\nA,9.99,EUR\n").readings[0]

    assert (State.UNKNOWN, None, "9.99") == (reading.state, reading.quantity, str(reading.price))
