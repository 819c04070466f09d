"""Bad rows hold their own SKU, with line and reason; everything else goes on."""

from pathlib import Path

import pytest

from connectors.csv_file.frame import BATCH
from connectors.csv_file.options import CsvFileOptions
from syncd.domain.stock import State
from tests.fakes.csv_files import put, read, text
from tests.fakes.tables import parquet, workbook


@pytest.mark.parametrize(
    ("quantity", "words"),
    [
        ("12.5", "no whole number"),
        ("1.2E+02", "scientific notation"),
        ("1e5", "scientific notation"),
        ("NaN", "is no number"),
        ("inf", "is no number"),
        ("n/a", "is no number"),
        ("1_000", "is no number"),
        ("١٢", "is no number"),
        ("１２", "is no number"),
        ("+5", "is no number"),
        ("12,34", "is no number"),
        ("0x10", "is no number"),
        ("1000000001", "larger than"),
        ("9" * 60, "is no number"),
        ("--3", "is no number"),
        ("5\0", "NUL byte"),
    ],
)
def test_a_quantity_that_is_no_whole_number_rejects_its_row(
    tmp_path: Path, quantity: str, words: str
) -> None:
    found = text(tmp_path, f'sku,qty\nA,"{quantity}"\nB,2\n')

    assert {"B": 2} == found.quantities
    assert ("stock.csv:2", "A") == (found.rejects[0].at, found.rejects[0].sku)
    assert words in found.rejects[0].reason


@pytest.mark.parametrize(
    ("sku", "words"),
    [
        ("", "blank"),
        ("   ", "blank"),
        ("8.80E+12", "scientific notation"),
        ("1E+05", "scientific notation"),
        ("A\0", "control character"),
        ("A\tB", "control character"),
        ("x" * 201, "longer than"),
    ],
)
def test_a_sku_that_can_be_none_rejects_its_row(tmp_path: Path, sku: str, words: str) -> None:
    found = text(tmp_path, f'sku,qty\n"{sku}",1\nB,2\n')

    assert {"B": 2} == found.quantities
    assert words in found.rejects[0].reason
    assert found.rejects[0].sku is None


def test_skus_that_only_look_scientific_are_kept(tmp_path: Path) -> None:
    assert {"12E34": 1, "E+5": 2} == text(tmp_path, "sku,qty\n12E34,1\nE+5,2\n").quantities


def test_an_empty_quantity_is_unknown_and_never_zero(tmp_path: Path) -> None:
    reading = text(tmp_path, "sku,qty\nA,\n").readings[0]

    assert (State.UNKNOWN, None) == (reading.state, reading.quantity)


def test_ragged_rows_are_rejected_with_their_owner(tmp_path: Path) -> None:
    found = text(tmp_path, "sku,qty,price\nA,1\nB,2,3,4\nC,5,6\n")

    assert ["C"] == list(found.quantities)
    assert [("stock.csv:2", "2 fields instead of 3"), ("stock.csv:3", "4 fields instead of 3")] == (
        found.reasons
    )
    assert ["A", "B"] == [reject.sku for reject in found.rejects]


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("committed", "-1", "negative"),
        ("committed", "x", "is no number"),
        ("price", "-1", "negative"),
        ("price", "free", "is no number"),
        ("price", "1e3", "scientific notation"),
        ("currency", "usd", "no three-letter code"),
        ("cost", "?", "is no number"),
        ("counted_at", "yesterday", "no ISO 8601 time"),
        ("counted_at", "2026-11-23T08:00:00", "no time zone"),
        ("location", "", "location is blank"),
        ("price", "1\0", "NUL byte"),
    ],
)
def test_any_bad_column_rejects_the_row(
    tmp_path: Path, column: str, value: str, words: str
) -> None:
    found = text(tmp_path, f'sku,qty,{column}\nA,1,"{value}"\n')

    assert [] == found.readings
    assert words in found.rejects[0].reason


def test_a_count_without_a_zone_takes_the_configured_one(tmp_path: Path) -> None:
    found = text(
        tmp_path,
        "sku,qty,counted_at\nA,1,2026-11-23T08:00:00\n",
        counted_at_timezone="Europe/Berlin",
    )

    assert found.readings[0].counted_at is not None
    assert "2026-11-23T07:00:00+00:00" == found.readings[0].counted_at.isoformat()


def test_a_blank_count_is_no_count(tmp_path: Path) -> None:
    found = text(tmp_path, "sku,qty,counted_at\nA,1, \n")

    assert [("A", 1, None)] == [(row.sku, row.quantity, row.counted_at) for row in found.readings]


def test_nul_bytes_in_a_column_nobody_reads_are_harmless(tmp_path: Path) -> None:
    assert {"A": 1} == text(tmp_path, "sku,qty,note\nA,1,x\0y\n").quantities


def test_a_row_keeps_its_location_in_the_reject(tmp_path: Path) -> None:
    found = text(tmp_path, "sku,location,qty\nA,Main,x\nA,East,2\n")

    assert "Main" == found.rejects[0].location
    assert {"A": 2} == read(tmp_path).quantities


def test_a_number_that_fits_no_declared_mark_names_both_marks(tmp_path: Path) -> None:
    found = text(tmp_path, "sku;qty\nA;1.2,3\n", decimal=",", thousands=".")

    assert "decimal mark ',', thousands mark '.'" in found.rejects[0].reason


@pytest.mark.parametrize(
    ("row", "owner"), [("1\n", None), ("5,\0A,3,4\n", None), ("5,B,1,9\n", "B")]
)
def test_a_ragged_row_is_held_with_its_sku_as_far_as_that_can_be_read(
    tmp_path: Path, row: str, owner: str | None
) -> None:
    found = text(tmp_path, f"qty,sku,note\n{row}7,OK,x\n")

    assert [("stock.csv:2", owner)] == [(reject.at, reject.sku) for reject in found.rejects]
    assert {"OK": 7} == found.quantities


def test_every_row_of_a_file_of_many_batches_comes_once_with_its_line(tmp_path: Path) -> None:
    rows = 2 * BATCH + 3
    content = "sku,qty\n" + "".join(f"S{number},{number}\n" for number in range(rows))

    found = text(tmp_path, content)

    assert list(range(2, rows + 2)) == found.positions
    assert {f"S{number}": number for number in range(rows)} == found.quantities


def test_a_file_that_is_exactly_full_of_batches_ends_there(tmp_path: Path) -> None:
    content = "sku,qty\n" + "".join(f"S{number},1\n" for number in range(BATCH))
    assert BATCH == len(text(tmp_path, content).quantities)


@pytest.mark.parametrize(
    ("number", "hint"),
    [
        ("1.000", 'write `thousands: "."` if it is 1000, or `decimal: "."` if'),
        ("1,000", 'write `thousands: ","` if it is 1000, or `decimal: ","` if'),
        (" -12.345 ", 'write `thousands: "."` if it is -12345, or'),
        ("1.000.000", 'write `thousands: "."` if it is 1000000, or'),
    ],
)
@pytest.mark.parametrize("fractions", ["reject", "down"])
def test_a_quantity_that_can_be_read_in_two_ways_is_not_guessed(
    tmp_path: Path, number: str, hint: str, fractions: str
) -> None:
    found = text(
        tmp_path, f'sku,qty,committed\nA,"{number}",0\nB,2,"{number}"\nC,3,0\n', fractions=fractions
    )

    assert {"C": 3} == found.quantities
    assert ["A", "B"] == [reject.sku for reject in found.rejects]
    assert all(hint in reject.reason for reject in found.rejects)


@pytest.mark.parametrize("name", ["stock.csv", "stock.jsonl", "stock.xlsx", "stock.parquet"])
def test_a_text_can_be_read_in_two_ways_in_every_format_and_a_number_in_none(
    tmp_path: Path, name: str
) -> None:
    content = {
        "stock.csv": b"sku,qty\nT,1.000\n",
        "stock.jsonl": b'{"sku": "T", "qty": "1.000"}\n{"sku": "N", "qty": 1.000}\n'
        b'{"sku": "F", "qty": 1.125}\n',
        "stock.xlsx": workbook([["sku", "qty"], ["T", "1.000"], ["N", 1.0], ["F", 1.125]]),
        "stock.parquet": parquet({"sku": ["T"], "qty": ["1.000"]}),
    }[name]
    put(tmp_path, content, name)

    found = read(tmp_path, path=name, fractions="down")

    assert ["T"] == [reject.sku for reject in found.rejects]
    assert {1} >= {units for units in found.quantities.values() if units is not None}


@pytest.mark.parametrize(
    ("options", "expected"),
    [({"decimal": "."}, 1), ({"thousands": "."}, 1000), ({"decimal": ",", "thousands": "."}, 1000)],
)
def test_what_was_rejected_is_read_again_once_its_marks_are_declared(
    options: dict[str, str], expected: int, tmp_path: Path
) -> None:
    """A file that did not change is read again only where its options became others."""
    silent = CsvFileOptions.model_validate({"path": "stock.csv"})
    declared = CsvFileOptions.model_validate({"path": "stock.csv", **options})

    assert repr(silent) != repr(declared)
    assert {"A": expected} == text(tmp_path, "sku,qty\nA,1.000\n", **options).quantities
