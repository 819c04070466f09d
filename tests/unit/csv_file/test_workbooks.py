"""Workbooks: text stays exact, numbers are what people see, and what a spreadsheet damaged is rejected."""

import datetime as dt
import io
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl.chart import BarChart, Reference
from openpyxl.worksheet.worksheet import Worksheet

from connectors.csv_file.frame import BATCH
from connectors.csv_file.options import CsvFileOptions
from connectors.csv_file.written import Unwritable, Writer
from connectors.csv_file.xlsx_table import LAST_ROW
from syncd.domain.errors import SourceInvalid
from syncd.domain.stock import State
from tests.fakes.csv_files import Read, put, read
from tests.fakes.tables import Rows, repacked, with_values, workbook

NAME = "stock.xlsx"


def told(folder: Path, content: bytes, **options: object) -> Read:
    put(folder, content, NAME)
    return read(folder, path=NAME, **options)


def rows_told(folder: Path, rows: Rows, **options: object) -> Read:
    return told(folder, workbook(rows), **options)


def test_a_workbook_is_read_by_the_names_in_its_first_row(tmp_path: Path) -> None:
    found = rows_told(
        tmp_path,
        [
            [
                "SKU",
                "Title",
                "Lager",
                "Qty",
                "Allocated",
                "Price",
                "Currency",
                "Cost",
                "counted at",
            ],
            ["A", "x", "Main", 9, 2, 12.5, "USD", 7.25, dt.datetime(2026, 11, 23, 8, 0)],  # noqa: DTZ001 - a workbook knows no zones
        ],
        counted_at_timezone="Europe/Berlin",
    )

    reading = found.readings[0]
    assert ("A", "Main", 9, 2) == (
        reading.sku, reading.location, reading.quantity, reading.committed,
    )  # fmt: skip
    assert (Decimal("12.5"), "USD", Decimal("7.25")) == (
        reading.price, reading.currency, reading.cost,
    )  # fmt: skip
    assert dt.datetime(2026, 11, 23, 7, 0, tzinfo=dt.UTC) == reading.counted_at
    assert [2] == found.positions


@pytest.mark.parametrize(
    ("value", "quantity"),
    [(12, 12), (12.0, 12), (-3, -3), (" 12 ", 12), (0, 0), (3.0000000000000004, 3)],
)
def test_numbers_are_what_people_see(tmp_path: Path, value: object, quantity: int) -> None:
    assert {"A": quantity} == rows_told(tmp_path, [["sku", "qty"], ["A", value]]).quantities


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (12.5, "no whole number"),
        (1e21, "scientific notation"),
        (10**12, "larger than"),
        ("1e21", "scientific notation"),
        ("n/a", "is no number"),
        (True, "B2: the quantity is a truth value"),
        ("#N/A", "B2: the quantity is the error #N/A"),
        (dt.date(2026, 11, 1), "B2: the quantity was turned into a date"),
        (dt.time(11, 1), "B2: the quantity was turned into a date or time"),
        (dt.timedelta(hours=3), "B2: the quantity was turned into a date or time"),
    ],
)
def test_what_is_no_number_of_units_rejects_its_row(
    tmp_path: Path, value: object, words: str
) -> None:
    found = rows_told(tmp_path, [["sku", "qty"], ["A", value], ["B", 2]])

    assert {"B": 2} == found.quantities
    assert [(f"{NAME}:2", "A")] == [(reject.at, reject.sku) for reject in found.rejects]
    assert words in found.rejects[0].reason


def test_declared_marks_are_those_of_texts_and_never_spoil_numbers(tmp_path: Path) -> None:
    found = rows_told(
        tmp_path,
        [["sku", "qty", "price"], ["A", "1.234", "9,50"], ["B", 7.0, 9.5]],
        decimal=",",
        thousands=".",
    )

    assert {"A": 1234, "B": 7} == found.quantities
    assert [Decimal("9.50"), Decimal("9.5")] == [reading.price for reading in found.readings]


@pytest.mark.parametrize(
    ("value", "shown_as", "sku"),
    [
        ("00123", "General", "00123"),
        (" A ", "General", " A "),
        (123, "General", "123"),
        (123.0, "General", "123"),
        (123, "00000", "00123"),
        (4006381333931, "0", "4006381333931"),
        ("1E+05", "@", None),
    ],
)
def test_a_sku_is_what_people_see(
    tmp_path: Path, value: object, shown_as: str, sku: str | None
) -> None:
    def shown(sheet: Worksheet) -> None:
        sheet["A2"].number_format = shown_as

    found = told(tmp_path, workbook([["sku", "qty"], [value, 1]], shown))

    assert [sku] == [reading.sku for reading in found.readings] or sku is None
    assert ([] if sku else [None]) == [reject.sku for reject in found.rejects]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (dt.datetime(2026, 10, 1), "turned into a date"),  # noqa: DTZ001 - a workbook knows no zones
        (1.5, "the SKU is the number 1.5"),
        (8.8e12 + 0.5, "the SKU is the number"),
        (1234567890123456, "more than 15 digits"),
        (1.2e20, "the SKU is the number 1.2e+20"),
        (True, "truth value"),
        ("#REF!", "the error #REF!"),
        (None, "the SKU is blank"),
    ],
)
def test_a_sku_that_a_spreadsheet_damaged_rejects_its_row(
    tmp_path: Path, value: object, words: str
) -> None:
    found = rows_told(tmp_path, [["sku", "qty"], [value, 1], ["B", 2]])

    assert {"B": 2} == found.quantities
    assert [None] == [reject.sku for reject in found.rejects]
    assert words in found.rejects[0].reason


def test_an_empty_quantity_is_unknown_and_a_blank_row_is_none(tmp_path: Path) -> None:
    found = rows_told(tmp_path, [["sku", "qty"], ["A", None], [], [None, None], ["B", 2]])

    assert [("A", State.UNKNOWN), ("B", State.KNOWN)] == [
        (reading.sku, reading.state) for reading in found.readings
    ]
    assert [2, 5] == found.positions
    assert [] == found.rejects


def test_rows_that_the_file_leaves_out_are_counted(tmp_path: Path) -> None:
    def apart(sheet: Worksheet) -> None:
        sheet["A9"], sheet["B9"] = "B", "x"

    found = told(tmp_path, workbook([["sku", "qty"], ["A", 1]], apart))

    assert [2, 9] == found.positions
    assert [f"{NAME}:9"] == [reject.at for reject in found.rejects]


def test_a_value_behind_the_last_header_rejects_its_row(tmp_path: Path) -> None:
    found = rows_told(tmp_path, [["sku", "qty"], ["A", 1, "moved"], ["B", 2]])

    assert {"B": 2} == found.quantities
    assert [("A", "C2: there is a value behind the last header")] == [
        (reject.sku, reject.reason) for reject in found.rejects
    ]


def test_a_merged_quantity_counts_for_its_first_row_only(tmp_path: Path) -> None:
    def merge(sheet: Worksheet) -> None:
        sheet.merge_cells("B2:B3")

    found = told(tmp_path, workbook([["sku", "qty"], ["A", 5], ["B", 6]], merge))

    assert {"A": 5, "B": None} == found.quantities


def test_hidden_rows_and_columns_are_rows_and_columns(tmp_path: Path) -> None:
    def hide(sheet: Worksheet) -> None:
        sheet.row_dimensions[2].hidden = True
        sheet.column_dimensions["B"].hidden = True

    assert {"A": 5} == told(tmp_path, workbook([["sku", "qty"], ["A", 5]], hide)).quantities


# Formulas.


def test_a_formula_counts_by_the_value_saved_with_it(tmp_path: Path) -> None:
    book = workbook([["sku", "qty"], ["A", "=2+3"], ["B", 2]])

    assert {"A": 5, "B": 2} == told(tmp_path, with_values(book, B2="5")).quantities


def test_a_formula_without_a_saved_value_rejects_its_row_and_names_the_cell(tmp_path: Path) -> None:
    found = rows_told(
        tmp_path, [["sku", "qty"], ["A", "=2+3"], ["B", 2], ['="C"', 3], ["=A2", "=B2"]]
    )

    assert {"B": 2} == found.quantities
    assert [(f"{NAME}:2", "A"), (f"{NAME}:4", None), (f"{NAME}:5", None)] == [
        (reject.at, reject.sku) for reject in found.rejects
    ]
    assert found.rejects[0].reason.startswith("B2: the quantity is a formula whose value")
    assert found.rejects[1].reason.startswith("A4: the sku is a formula")


def test_a_formula_in_a_column_nobody_reads_is_harmless(tmp_path: Path) -> None:
    assert {"A": 1} == rows_told(tmp_path, [["sku", "qty", "sum"], ["A", 1, "=B2*2"]]).quantities


# Sheets.


def test_the_named_sheet_is_read(tmp_path: Path) -> None:
    book = workbook([["sku", "qty"], ["A", 1]], None, Other=[["sku", "qty"], ["B", 2]])

    assert {"B": 2} == told(tmp_path, book, sheet="Other").quantities
    with pytest.raises(SourceInvalid, match=r"has no sheet 'other'; its sheets: 'Stock', 'Other'"):
        read(tmp_path, path=NAME, sheet="other")
    with pytest.raises(SourceInvalid, match=r"has 2 sheets; write `sheet:` \('Stock', 'Other'\)"):
        read(tmp_path, path=NAME)


def test_the_only_sheet_that_is_not_hidden_is_the_only_one(tmp_path: Path) -> None:
    def hide(sheet: Worksheet) -> None:
        book = sheet.parent
        assert book is not None
        book.create_sheet("Lists").sheet_state = "hidden"

    assert {"A": 1} == told(tmp_path, workbook([["sku", "qty"], ["A", 1]], hide)).quantities


@pytest.mark.parametrize(
    ("rows", "options", "words"),
    [
        ([[], ["sku", "qty"]], {}, "the first row of sheet 'Stock' is blank"),
        ([["name", "qty"], ["A", 1]], {}, "no column is the SKU"),
        ([["sku", "qty", "stock"], ["A", 1, 2]], {}, "could both be the quantity"),
        ([["sku", "qty"], ["A", 1]], {"basis": "on_hand"}, "committed: none"),
        ([], {}, "is blank"),
    ],
)
def test_a_header_that_does_not_say_enough_is_refused(
    tmp_path: Path, rows: Rows, options: dict[str, object], words: str
) -> None:
    with pytest.raises(SourceInvalid, match=words):
        rows_told(tmp_path, rows, **options)


def test_every_row_of_many_batches_comes_once_with_its_number(tmp_path: Path) -> None:
    rows = BATCH + 3
    found = rows_told(
        tmp_path, [["sku", "qty"], *([f"S{number}", number] for number in range(rows))]
    )

    assert list(range(2, rows + 2)) == found.positions
    assert {f"S{number}": number for number in range(rows)} == found.quantities


# What is no workbook, or too much of one.

GOOD = workbook([["sku", "qty"], ["A", 1], ["B", 2]])


def zipped(*members: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()


def changed(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    def change(xml: bytes) -> bytes:
        assert old in xml
        return xml.replace(old, new)

    return change


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"sku,qty\nA,1\n", "is not an .xlsx workbook"),
        (b"<!DOCTYPE html><p>Sign in", "is a web page"),
        (b"PAR1" + bytes(99), "is a Parquet file"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
            "an old .xls workbook; save it as .xlsx",
        ),
        (
            b"\xd0\xcf\x11\xe0" + bytes(700) + "EncryptedPackage".encode("utf-16-le"),
            "protected by a password",
        ),
        (GOOD[:-30], "is damaged or cut"),
        (GOOD[: len(GOOD) // 2], "is damaged or cut"),
        (zipped(("stock.csv", b"sku,qty\n")), "is no workbook that can be read"),
        (
            repacked(
                GOOD, sheet1=changed(b"<worksheet", b"<!DOCTYPE w [<!ENTITY a 'b'>]><worksheet")
            ),
            "declares entities",
        ),
        (repacked(GOOD, sheet1=lambda xml: xml[:-40]), "is no workbook that can be read"),
        (
            repacked(GOOD, sheet1=changed(b'<c r="B3"', b'<c r="ZZZZ3"')),
            "is no workbook that can be read",
        ),
    ],
    ids=range(12),
)
def test_what_is_no_whole_workbook_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(SourceInvalid, match=words):
        told(tmp_path, content)


def test_a_bomb_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceInvalid, match="unpacks to more than"):
        told(tmp_path, zipped(("a.xml", b"\0" * 60_000_000)))


def test_a_part_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        content = zipped(("a.xml", b"<a/>"), ("a.xml", b"<b/>"))

    with pytest.raises(SourceInvalid, match="too many parts, or one of them twice"):
        told(tmp_path, content)


def test_a_chart_is_no_table(tmp_path: Path) -> None:
    def chart(sheet: Worksheet) -> None:
        bars = BarChart()
        bars.add_data(Reference(sheet, min_col=2, min_row=1, max_row=2))
        assert sheet.parent is not None
        sheet.parent.create_chartsheet("Sales").add_chart(bars)

    with pytest.raises(SourceInvalid, match="'Sales' is a chart, not a table"):
        told(tmp_path, workbook([["sku", "qty"], ["A", 1]], chart), sheet="Sales")


def test_a_value_of_no_kind_that_a_spreadsheet_has_is_refused() -> None:
    writer = Writer(CsvFileOptions(path=NAME))

    with pytest.raises(Unwritable, match="the quantity is a bytes"):
        writer.cell("quantity", b"9")


def test_rows_that_no_sheet_has_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert 1_048_576 == LAST_ROW
    monkeypatch.setattr("connectors.csv_file.xlsx_table.LAST_ROW", 1_048)
    content = repacked(GOOD, sheet1=changed(b'<row r="3"', b'<row r="1049"'))

    with pytest.raises(SourceInvalid, match="no more than 1048 rows"):
        told(tmp_path, content)


def test_a_workbook_past_the_limit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceInvalid, match="unpacks to more than"):
        told(tmp_path, GOOD, max_size=f"{len(GOOD) + 10}")


def test_an_old_workbook_by_its_name_says_what_helps(tmp_path: Path) -> None:
    put(tmp_path, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "stock.xls")
    with pytest.raises(SourceInvalid, match="an old Excel file"):
        read(tmp_path, path="stock.xls")
