"""Knows openpyxl: which sheet is read, how cells become text, and what spreadsheets do to SKUs."""

import warnings
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, repeat
from typing import IO, cast
from xml.etree.ElementTree import ParseError

import openpyxl
from openpyxl.cell import Cell
from openpyxl.utils import get_column_letter
from openpyxl.workbook import Workbook as Opened
from openpyxl.worksheet.worksheet import Worksheet

from connectors.csv_file.frame import BATCH, framed
from connectors.csv_file.options import CsvFileOptions
from connectors.csv_file.workbook import Workbook, examined
from connectors.csv_file.written import Unwritable, Writer
from syncd.domain.errors import SourceInvalid
from syncd.ports.source import RawBatch

LAST_ROW = 1_048_576
LAST_COLUMN = 16_384
_ZEROS = "0"
_DAMAGE = (
    LookupError, ArithmeticError, AttributeError, TypeError, ValueError, OSError, EOFError,
    RuntimeError, ParseError, zipfile.BadZipFile,
)  # fmt: skip
"""What openpyxl raises where a document is none that a spreadsheet writes."""
Row = Sequence[Cell]


class XlsxTable:
    """One sheet of a workbook. Row numbers are the sheet's own."""

    def __init__(self, options: CsvFileOptions, name: str, file: IO[bytes]) -> None:
        self._name = name
        self._writer = Writer(options)
        self._books: list[Opened] = []
        about = examined(file, name, options.max_size)
        try:
            self._sheet = _chosen(self._open(file, values=True), options.sheet, name)
            self._formulas = self._formula_sheet(file, about)
            header = self._header()
        except _DAMAGE as error:
            raise self._damaged(error) from None
        self._layout, self.frame = framed(options, name, header)

    def _open(self, file: IO[bytes], *, values: bool) -> Opened:
        """The workbook with the values its formulas had, or with the formulas themselves."""
        file.seek(0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of things that mean nothing here: styles, validations
            book = openpyxl.load_workbook(
                file, read_only=True, data_only=values, keep_links=False, rich_text=False
            )
        self._books.append(book)
        return book

    def _formula_sheet(self, file: IO[bytes], about: Workbook) -> Worksheet | None:
        """The same sheet once more: an empty cell and a formula without a value look alike in the first."""
        if not about.has_formulas:
            return None
        return _sheet(self._open(file, values=False), self._sheet.title)

    def _header(self) -> Sequence[str]:
        """The names in the first row, without the empty cells behind the last one."""
        row = next(iter(_rows(self._sheet, LAST_COLUMN)), ())
        names = ["" if cell.value is None else str(cell.value).strip() for cell in row]
        while names and not names[-1]:
            names.pop()
        if not names:
            raise SourceInvalid(
                f"{self._name}: the first row of sheet {self._sheet.title!r} is blank; "
                "it must be the header"
            )
        return names

    def batches(self) -> Iterator[RawBatch]:
        """Every row; raises SourceInvalid where the sheet turns out to be no sheet."""
        width = self._layout.width + 1  # a value behind the last header tells a shifted row
        rows = enumerate(_rows(self._sheet, width), 1)
        formulas = repeat(()) if self._formulas is None else _rows(self._formulas, width)
        pairs = islice(zip(rows, formulas, strict=False), 1, None)
        while chunk := self._some(pairs):
            positions: list[int] = []
            values: list[tuple[str, ...]] = []
            for (position, row), formula in chunk:
                told = self._values(position, row, formula)
                if told is not None:
                    positions.append(position)
                    values.append(told)
            yield RawBatch(positions, values)

    def _some(
        self, pairs: Iterator[tuple[tuple[int, Row], Row]]
    ) -> Sequence[tuple[tuple[int, Row], Row]]:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a date out of range comes as an error value
                chunk = list(islice(pairs, BATCH))
        except _DAMAGE as error:
            raise self._damaged(error) from None
        if chunk and chunk[-1][0][0] > LAST_ROW:
            raise self.frame.invalid(f"a sheet has no more than {LAST_ROW} rows")
        return chunk

    def _values(self, position: int, row: Row, formulas: Row) -> tuple[str, ...] | None:
        """A row as text; None for a blank one, and for one that is rejected."""
        if all(cell.value is None for cell in row) and not any(map(_is_formula, formulas)):
            return None
        width = self._layout.width
        if len(row) > width and row[width].value is not None:
            self._reject(position, row, width, "there is a value behind the last header")
            return None
        told: list[str] = []
        for key, index in zip(self._layout.keys, self._layout.indices, strict=True):
            try:
                told.append(self._text(key, row[index], formulas[index] if formulas else None))
            except Unwritable as reason:
                self._reject(position, row, index, str(reason))
                return None
        return tuple(told)

    def _reject(self, position: int, row: Row, index: int, reason: str) -> None:
        """Leave a row out, naming the cell as the spreadsheet does."""
        cell = row[self._layout.indices[self._layout.keys.index("sku")]]
        try:
            sku: str | None = self._text("sku", cell, None)
        except Unwritable:
            sku = None
        self.frame.reject(position, sku, f"{get_column_letter(index + 1)}{position}: {reason}")

    def _text(self, key: str, cell: Cell, formula: Cell | None) -> str:
        value = cell.value
        if value is None and formula is not None and _is_formula(formula):
            raise Unwritable(
                f"the {key} is a formula whose value was not saved; open the file in the "
                "spreadsheet and save it again"
            )
        if cell.data_type == "e":
            raise Unwritable(f"the {key} is the error {str(value)[:20]}")
        text = self._writer.cell(key, value)
        return self._padded(text, cell) if key == "sku" and not isinstance(value, str) else text

    def _padded(self, sku: str, cell: Cell) -> str:
        """A number shown with leading zeros is the SKU that people see."""
        shown = str(cell.number_format or "")
        return sku.zfill(len(shown)) if shown and not shown.strip(_ZEROS) else sku

    def objections(self) -> Sequence[str]:
        """None: a cut workbook cannot be opened at all."""
        return ()

    def close(self) -> None:
        """Let go of the workbook."""
        for book in self._books:
            book.close()

    def _damaged(self, error: BaseException) -> SourceInvalid:
        return SourceInvalid(f"{self._name} is no workbook that can be read: {str(error)[:200]}")


def _chosen(book: Opened, wanted: str | None, name: str) -> Worksheet:
    """The sheet that is meant: the named one, else the only one that is not hidden."""
    if wanted is not None:
        if wanted not in book.sheetnames:
            raise SourceInvalid(f"{name} has no sheet {wanted!r}; its sheets: {_shown(book)}")
        return _sheet(book, wanted)
    visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    if len(visible) != 1:
        raise SourceInvalid(f"{name} has {len(visible)} sheets; write `sheet:` ({_shown(book)})")
    return visible[0]


def _sheet(book: Opened, title: str) -> Worksheet:
    sheet = book[title]
    if sheet not in book.worksheets:
        raise SourceInvalid(f"the sheet {title!r} is a chart, not a table")
    return sheet


def _shown(book: Opened) -> str:
    return ", ".join(repr(title) for title in book.sheetnames[:20])


def _rows(sheet: Worksheet, width: int) -> Iterable[Row]:
    # What a file says of the size of its sheets is often wrong.
    sheet.reset_dimensions()  # type: ignore[attr-defined]  # of the read-only sheet, which has no stub
    return cast("Iterable[Row]", sheet.iter_rows(max_col=width))


def _is_formula(cell: Cell) -> bool:
    return cell.data_type == "f"
