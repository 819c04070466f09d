"""A stock file as a source: refused whole when it cannot be believed, read in bounded batches when it can."""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import IO, Protocol

from pydantic import BaseModel

from connectors.csv_file.columns import BadHeader, Layout, find_layout, header_of
from connectors.csv_file.decoding import encoding_of, ends_with_newline, text_of
from connectors.csv_file.opening import FileState, digest, find, plain, settled, state_of
from connectors.csv_file.options import AsOf, CsvFileOptions
from connectors.csv_file.shopify_exports import Preset, preset_of
from connectors.tabular.rows import RowParser, Unbelievable
from syncd.domain.duration import written
from syncd.domain.errors import SourceInvalid, SourceUnavailable
from syncd.domain.identity import Sku, SourceName
from syncd.domain.stock import Basis, Completeness, Reading, Reject, Watermark
from syncd.ports.clock import Clock
from syncd.ports.credentials import Credentials
from syncd.ports.probe import Check, Verdict
from syncd.ports.source import RawBatch, Source

BATCH = 4_000
SELDOM = 10
"""A file this many intervals old is worth a question."""
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


class CsvReader:
    """One reading of one file."""

    completeness = Completeness.FULL
    watermark: Watermark | None = None

    def __init__(
        self, options: CsvFileOptions, path: Path, file: IO[bytes], state: FileState,
        fingerprint: str, clock: Clock,
    ) -> None:  # fmt: skip
        self._options = options
        self._path = path
        self._state = state
        self.fingerprint = fingerprint
        self.origin = path.name
        self.notes: list[str] = []
        self.as_of = self._spoken_until(clock)
        self._rejects: list[Reject] = []
        self._encoding = encoding_of(file, options.encoding, path.name)
        self._ended = ends_with_newline(file, self._encoding)
        self._text = text_of(file, self._encoding)
        self._skipped = 0
        self._last_line = 0
        self._layout, self._preset = self._read_header()
        keys = self._layout.keys if self._preset is None else self._preset.keys
        self._parser = RowParser(options.form(), keys)
        self._require_committed(keys)

    def _spoken_until(self, clock: Clock) -> datetime:
        options = self._options
        if options.as_of is not None:
            moment = self._named_time(options.as_of) - options.clock_tolerance
        else:
            moment = self._state.modified - options.export_takes
        latest = clock.now() - options.clock_tolerance
        if moment > latest:
            if self._state.modified > clock.now() or options.as_of is not None:
                self.notes.append(f"{self.origin} is dated in the future; taken as of now")
            return latest
        return moment

    def _named_time(self, as_of: AsOf) -> datetime:
        try:
            local = datetime.strptime(self._path.name, as_of.name)  # noqa: DTZ007 - zone set below
        except ValueError:
            text = f"{self._path.name} does not fit as_of.name {as_of.name!r}"
            raise SourceInvalid(text) from None
        return local.replace(tzinfo=as_of.timezone).astimezone(UTC)

    def _read_header(self) -> tuple[Layout, Preset | None]:
        """Read the header line; the text stands at the first row afterwards."""
        try:
            line, delimiter = self._first_line()
            if self._options.format is None:
                return find_layout(line, self._options.columns, delimiter), None
            header = header_of(line, delimiter or ",")
            preset = preset_of(self._options.format, header, self._options.basis)
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

    def _require_committed(self, keys: Sequence[str]) -> None:
        options = self._options
        counted = options.basis is Basis.ON_HAND and "quantity" in keys
        if counted and options.committed is None and "committed" not in keys:
            raise self._invalid(
                "basis on_hand needs to know what is sold but not shipped: name its column in "
                "columns: {committed: …}, or write committed: none if nothing else sells this stock"
            )

    def batches(self) -> Iterator[RawBatch]:
        """Every row; raises SourceInvalid for a file that is cut, unquoted or changed while read."""
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
        if state_of(self._path) != self._state:
            raise SourceUnavailable(
                f"{self._path.name} changed while it was read; it is read next time"
            )

    def _plain_batches(self, reader: Rows, layout: Layout) -> Iterator[RawBatch]:
        project = _projection(layout.indices)
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
            reason = f"{len(row)} fields instead of {width}"
            self._rejects.append(Reject(at=self.locate(line), sku=self._owner(row), reason=reason))
        return False

    def _owner(self, row: Sequence[str]) -> Sku | None:
        """Whose row it is, as far as it can be read."""
        if "sku" not in self._layout.keys or not self._layout.indices:
            return None
        index = self._layout.indices[self._layout.keys.index("sku")]
        if index >= len(row):
            return None
        try:
            return self._parser.sku(row[index])
        except Unbelievable:
            return None

    def parse(self, position: int, values: tuple[str, ...]) -> Reading | Reject:
        """Judge one row."""
        try:
            return self._parser.reading(values)
        except Unbelievable as found:
            return Reject(
                at=self.locate(position), sku=found.sku, location=found.location, reason=str(found)
            )

    def rejects(self) -> Sequence[Reject]:
        """Ragged rows."""
        return self._rejects

    def objections(self) -> Sequence[str]:
        """A last line without a line break: the file may be cut there."""
        if self._ended or self._options.trailing_newline == "optional":
            return ()
        last = f"its last line ({self._last_line}) has no line break, so it may be cut"
        return (f"{last}; if it is always written so, set trailing_newline: optional",)

    def locate(self, position: int) -> str:
        """`stock.csv:17`."""
        return f"{self.origin}:{position}"

    def _invalid(self, text: str) -> SourceInvalid:
        return SourceInvalid(f"{self.origin}: {text}")

    def close(self) -> None:
        """Let go of the text; the file belongs to the caller."""
        self._text.detach()


def _lines(rows: Iterable[Sequence[str]], first: int) -> Iterator[int]:
    """The line each row begins in, told by the line breaks inside its fields."""
    line = first
    for row in rows:
        yield line
        text = ",".join(row)
        line += 1 + text.count("\n") + text.count("\r") - text.count("\r\n")


def _projection(indices: tuple[int, ...]) -> Callable[[list[str]], tuple[str, ...]]:
    """Pick columns at C speed; there are always two: the SKU and a quantity or a price."""
    picked: Callable[[list[str]], tuple[str, ...]] = itemgetter(*indices)
    return picked


class CsvFileSource:
    """One file or pattern."""

    def __init__(
        self, name: SourceName, options: CsvFileOptions, folder: Path, clock: Clock
    ) -> None:
        self.name = name
        self._options = options
        self._folder = folder
        self._clock = clock
        self._digested: tuple[Path, FileState, str] | None = None

    @property
    def delta_scope(self) -> str | None:
        """None: a file is read whole."""
        return None

    def probe(self, every: timedelta) -> tuple[Check, ...]:
        """How old the file is, measured by the interval of its readings."""
        path = find(self._options.path, self._folder)
        age = self._clock.now() - state_of(path).modified
        text = f"{path} was written {written(age)} ago"
        if age > SELDOM * every:
            text += f", {SELDOM} times its interval of {written(every)} or more"
            return (Check(text=text, verdict=Verdict.WARN, help="is the export still running?"),)
        return (Check(text=text),)

    def fingerprint(self) -> str | None:
        """The digest of the file's bytes."""
        path = find(self._options.path, self._folder)
        return self._digest(path, settled(path, self._options.settle, self._clock))

    def _digest(self, path: Path, state: FileState) -> str:
        """Computed once for a state of the file: `snapshot` is asked right after `fingerprint`.

        A file changed in between without a trace has another digest next time and is read then.
        """
        last = self._digested
        if last is not None and last[:2] == (path, state):
            self._digested = None
            return last[2]
        found = digest(path)
        self._digested = (path, state, found)
        return found

    @contextmanager
    def snapshot(self, since: datetime | None) -> Iterator[CsvReader]:
        """Open the file; always a full reading."""
        del since
        path = find(self._options.path, self._folder)
        state = settled(path, self._options.settle, self._clock)
        fingerprint = self._digest(path, state)
        if state.size == 0:
            raise SourceInvalid(f"{path.name} is empty")
        with plain(path) as file:
            reader = CsvReader(self._options, path, file, state, fingerprint, self._clock)
            try:
                yield reader
            finally:
                reader.close()


class CsvFileFactory:
    """Opens stock files for the service."""

    options_model: type[BaseModel] = CsvFileOptions

    def open(
        self, name: SourceName, options: BaseModel, *, folder: Path, credentials: Credentials,
        clock: Clock,
    ) -> Source:  # fmt: skip
        """A source; nothing is read yet."""
        del credentials
        if not isinstance(options, CsvFileOptions):
            raise TypeError(f"{type(options).__name__} are no options of csv_file")
        return CsvFileSource(name, options, folder, clock)


FACTORY = CsvFileFactory()
