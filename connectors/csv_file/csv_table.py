"""Knows how a CSV file is read fast and strictly, and in which line each row begins."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import IO, Protocol

from connectors.csv_file.columns import BadHeader, Layout, find_layout, header_of
from connectors.csv_file.decoding import encoding_of, ends_with_newline, text_of
from connectors.csv_file.frame import BATCH, Frame, projection
from connectors.csv_file.options import CsvFileOptions
from connectors.csv_file.shopify_exports import Preset, preset_of
from syncd.domain.errors import SourceInvalid
from syncd.ports.source import RawBatch

_SEPARATOR_LINE = re.compile(r"sep=(.)\s*", re.IGNORECASE)


class Rows(Protocol):
    """What csv.reader is, for type checkers."""

    @property
    def line_num(self) -> int:
        """Lines read so far."""
        ...

    def __iter__(self) -> Iterator[list[str]]:
        """The rows."""
        ...


class CsvTable:
    """One CSV file, or one of Shopify's exports."""

    def __init__(self, options: CsvFileOptions, name: str, file: IO[bytes]) -> None:
        self._options = options
        self._name = name
        self._encoding = encoding_of(file, options.encoding, name)
        self._ended = ends_with_newline(file, self._encoding)
        self._text = text_of(file, self._encoding)
        self._skipped = 0
        self._last_line = 0
        self._layout, self._preset = self._read_header()
        keys = self._layout.keys if self._preset is None else self._preset.keys
        self.frame = Frame(options, name, keys)

    def _read_header(self) -> tuple[Layout, Preset | None]:
        """Read the header line; the text stands at the first row afterwards."""
        try:
            line, delimiter = self._first_line()
            export = self._options.export
            if export is None:
                return find_layout(line, self._options.columns, delimiter), None
            header = header_of(line, delimiter or ",")
            preset = preset_of(export, header, self._options.basis)
            return Layout(preset.keys, (), preset.width, delimiter or ","), preset
        except BadHeader as reason:
            raise self._invalid(str(reason)) from None
        except UnicodeError as error:
            raise self._invalid(f"the header is no {self._encoding} text: {error}") from None

    def _first_line(self) -> tuple[str, str | None]:
        """The header with quoted line breaks, and the delimiter if it is known."""
        line = self._text.readline()
        self._skipped += 1
        told = _SEPARATOR_LINE.fullmatch(line)
        delimiter = self._options.delimiter
        if told is not None:
            delimiter = delimiter or told[1]
            line = self._text.readline()
            self._skipped += 1
        while line.count('"') % 2:
            more = self._text.readline()
            if not more:
                raise BadHeader("a quote in the header is never closed")
            self._skipped += 1
            line += more
        if not line.strip():
            raise BadHeader("the first line is blank; it must be the header")
        return line.rstrip("\r\n"), delimiter

    def batches(self) -> Iterator[RawBatch]:
        """Every row; raises SourceInvalid for a file that is cut or unquoted."""
        reader: Rows = csv.reader(self._text, delimiter=self._layout.delimiter, strict=True)
        try:
            if self._preset is None:
                yield from self._plain_batches(reader, self._layout)
            else:
                yield from self._preset_batches(reader, self._preset)
        except csv.Error as error:
            raise self._invalid(f"line {reader.line_num + self._skipped}: {error}") from None
        except UnicodeError:
            text = f"after line {reader.line_num + self._skipped}: not {self._encoding} text"
            raise self._invalid(text) from None
        self._last_line = reader.line_num + self._skipped

    def _plain_batches(self, reader: Rows, layout: Layout) -> Iterator[RawBatch]:
        project = projection(layout.indices)
        width, rows, line = layout.width, iter(reader), 1 + self._skipped
        while chunk := list(islice(rows, BATCH)):
            positions: Sequence[int] = range(line, line + len(chunk))
            ahead = reader.line_num + self._skipped + 1
            if ahead != line + len(chunk):  # a quoted field has line breaks
                positions = list(_lines(chunk, line))
            line = ahead
            if set(map(len, chunk)) != {width}:
                positions, chunk = self._even(positions, chunk, width)
            yield RawBatch(positions, list(map(project, chunk)))

    def _even(
        self, positions: Sequence[int], rows: Sequence[list[str]], width: int
    ) -> tuple[list[int], list[list[str]]]:
        """Without the ragged rows."""
        kept = [
            (line, row)
            for line, row in zip(positions, rows, strict=True)
            if len(row) == width or self._mended(row, width, line)
        ]
        return [line for line, _ in kept], [row for _, row in kept]

    def _preset_batches(self, reader: Rows, preset: Preset) -> Iterator[RawBatch]:
        positions: list[int] = []
        values: list[tuple[str, ...]] = []
        line = 0
        for row in reader:
            first, line = line + 1, reader.line_num
            if len(row) != preset.width and not self._mended(
                row, preset.width, first + self._skipped
            ):
                continue
            for told in preset.rows(row):
                positions.append(first + self._skipped)
                values.append(told)
            if len(values) >= BATCH:
                yield RawBatch(positions, values)
                positions, values = [], []
        if values:
            yield RawBatch(positions, values)

    def _mended(self, row: list[str], width: int, line: int) -> bool:
        """Whether a row of another width can be used: only empty fields too many; else it is rejected."""
        if len(row) > width and not any(row[width:]):
            del row[width:]
            return True
        if any(field.strip() for field in row):
            self.frame.reject(line, self._sku_of(row), f"{len(row)} fields instead of {width}")
        return False

    def _sku_of(self, row: Sequence[str]) -> str | None:
        """Where the SKU should stand in a ragged row; no preset tells."""
        if not self._layout.indices:
            return None
        index = self._layout.indices[self._layout.keys.index("sku")]
        return row[index] if index < len(row) else None

    def objections(self) -> Sequence[str]:
        """A last line without a line break: the file may be cut there."""
        return unended(self._options, self._last_line, ended=self._ended)

    def _invalid(self, text: str) -> SourceInvalid:
        return SourceInvalid(f"{self._name}: {text}")

    def close(self) -> None:
        """Let go of the text; the file belongs to the caller."""
        self._text.detach()


def unended(options: CsvFileOptions, last_line: int, *, ended: bool) -> Sequence[str]:
    """The objection to a file of lines whose last one has no end."""
    if ended or options.trailing_newline == "optional":
        return ()
    last = f"its last line ({last_line}) has no line break, so it may be cut"
    return (f"{last}; if it is always written so, set trailing_newline: optional",)


def _lines(rows: Iterable[Sequence[str]], first: int) -> Iterator[int]:
    """The line each row begins in, told by the line breaks inside its fields."""
    line = first
    for row in rows:
        yield line
        text = ",".join(row)
        line += 1 + text.count("\n") + text.count("\r") - text.count("\r\n")
