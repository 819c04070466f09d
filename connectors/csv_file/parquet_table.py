"""Knows pyarrow: which types of columns can say what, and how they become text."""

from collections.abc import Callable, Iterator, Sequence
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.types as of

from connectors.csv_file.foreign import PARQUET, start_of
from connectors.csv_file.frame import framed
from connectors.csv_file.options import CsvFileOptions
from connectors.csv_file.written import Unwritable, Writer
from syncd.domain.errors import SourceInvalid
from syncd.ports.source import RawBatch

ROWS_AT_ONCE = 4_000
FREE_ROWS = 1_000_000
"""Up to so many rows a file may hold in however few bytes."""
MOST_ROWS_A_BYTE = 100
_BUFFER = 1024 * 1024
_DAMAGE = (pa.ArrowException, OSError, ValueError, LookupError, OverflowError)
Write = Callable[[Any], str]


class ParquetTable:
    """One file. Rows count from 1, as viewers show them."""

    def __init__(self, options: CsvFileOptions, name: str, file: IO[bytes]) -> None:
        self._name = name
        self._writer = Writer(options)
        start_of(file, name, "a Parquet file", own=PARQUET)
        try:
            self._file = pq.ParquetFile(
                file,
                buffer_size=_BUFFER,
                pre_buffer=False,
                page_checksum_verification=True,
            )
            schema = self._file.schema_arrow
            self._rows = self._file.metadata.num_rows
        except _DAMAGE as error:
            raise self._damaged(error) from None
        self._layout, self.frame = framed(options, name, [text.strip() for text in schema.names])
        self._columns = [schema.field(index) for index in self._layout.indices]
        self._refuse_bombs(file, options.max_size)
        self._writes = [
            self._writing(key, column)
            for key, column in zip(self._layout.keys, self._columns, strict=True)
        ]

    def _refuse_bombs(self, file: IO[bytes], largest: int) -> None:
        size = file.seek(0, 2)
        if self._rows > max(FREE_ROWS, MOST_ROWS_A_BYTE * size):
            raise self.frame.invalid(f"it claims {self._rows} rows in {size} bytes: refused")
        metadata = self._file.metadata
        groups = (metadata.row_group(number) for number in range(metadata.num_row_groups))
        if sum(group.total_byte_size for group in groups) > largest:
            raise self.frame.invalid(f"it unpacks to more than {largest} bytes; see `max_size`")

    def batches(self) -> Iterator[RawBatch]:
        """Every row; raises SourceInvalid for a damaged page."""
        seen = 0
        names = [column.name for column in self._columns]
        try:
            for batch in self._file.iter_batches(batch_size=ROWS_AT_ONCE, columns=names):
                columns = [batch.column(name) for name in names]
                yield self._batch(seen, columns)
                seen += batch.num_rows
        except _DAMAGE as error:
            raise self._damaged(error) from None
        if seen != self._rows:
            raise self.frame.invalid(f"it holds {seen} rows and claims {self._rows}")

    def _batch(self, seen: int, columns: Sequence[Any]) -> RawBatch:
        plain = [_plain(column) for column in columns]
        positions: list[int] = []
        values: list[tuple[str, ...]] = []
        for position, row in enumerate(zip(*plain, strict=True), seen + 1):
            try:
                told = tuple(map(_written, self._writes, row))
            except Unwritable as reason:
                self.frame.reject(position, self._sku_of(row), str(reason))
                continue
            positions.append(position)
            values.append(told)
        return RawBatch(positions, values)

    def _sku_of(self, row: Sequence[Any]) -> str | None:
        index = self._layout.keys.index("sku")
        try:
            return _written(self._writes[index], row[index])
        except Unwritable:
            return None

    def _writing(self, key: str, column: Any) -> Write:  # noqa: ANN401 - pyarrow has no types
        """How the values of a column are written; SourceInvalid for a type that cannot mean this key."""
        kind = column.type.value_type if of.is_dictionary(column.type) else column.type
        if of.is_null(kind) or _is_text(kind):
            return str
        if key == "counted_at" and (of.is_timestamp(kind) or of.is_date(kind)):
            return lambda moment: str(moment.isoformat())
        if key not in {"currency", "counted_at"}:
            if of.is_integer(kind):
                return str
            if of.is_floating(kind) or of.is_decimal(kind):
                number = _float if of.is_floating(kind) else _decimal
                wanted = self._writer.sku_number if key == "sku" else self._writer.number
                return lambda value: wanted(number(value))
        raise self.frame.invalid(f"the column {column.name!r} is of type {kind}, which is no {key}")

    def objections(self) -> Sequence[str]:
        """None: a cut file has no end and cannot be opened at all."""
        return ()

    def close(self) -> None:
        """Let go of the file, which belongs to the caller."""
        self._file.close()

    def _damaged(self, error: BaseException) -> SourceInvalid:
        text = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        return SourceInvalid(f"{self._name} is no Parquet file that can be read: {text}")


def _written(write: Write, value: Any) -> str:  # noqa: ANN401 - pyarrow has no types
    return "" if value is None else write(value)


def _is_text(kind: Any) -> bool:  # noqa: ANN401 - pyarrow has no types
    return bool(of.is_string(kind) or of.is_large_string(kind) or of.is_string_view(kind))


def _plain(column: Any) -> list[Any]:  # noqa: ANN401 - pyarrow has no types
    """A column as Python values."""
    if of.is_dictionary(column.type):
        column = column.dictionary_decode()
    if of.is_timestamp(column.type):
        # Python has no nanoseconds.
        column = column.cast(pa.timestamp("us", tz=column.type.tz), safe=False)
    if of.is_float16(column.type) or of.is_float32(column.type):
        # 19.99 of 32 bits is 19.989999771118164 in 64; as text it is 19.99.
        column = column.cast(pa.string())
    values: list[Any] = column.to_pylist()
    return values


def _float(value: float | str) -> str:
    return f"{float(value):.15g}"


def _decimal(value: Any) -> str:  # noqa: ANN401 - pyarrow has no types
    return format(value, "f")
