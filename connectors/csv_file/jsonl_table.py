"""Knows JSON Lines: one object a line, its keys as headers, numbers kept as they are written."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import IO

from connectors.csv_file.csv_table import unended
from connectors.csv_file.decoding import ends_with_newline
from connectors.csv_file.foreign import start_of
from connectors.csv_file.frame import BATCH, framed
from connectors.csv_file.options import CsvFileOptions
from connectors.csv_file.written import Unwritable, Writer
from syncd.domain.errors import SourceInvalid
from syncd.ports.source import RawBatch

LONGEST_LINE = 1024 * 1024
MOST_KEYS = 1_000
_BOM = b"\xef\xbb\xbf"
_BLANK = b" \t\r\n"


class _Number(str):
    """A number as it is written, so that 19.90 stays 19.90 and no digit is lost."""

    __slots__ = ()


class _Constant(str):
    """NaN or Infinity, which are no JSON."""

    __slots__ = ()


class _Twice(str):
    """Stands in place of an object that has this key twice."""

    __slots__ = ()


def _object(pairs: list[tuple[str, object]]) -> object:
    made = dict(pairs)
    if len(made) == len(pairs):
        return made
    return _Twice(Counter(key for key, _ in pairs).most_common(1)[0][0])


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=_Number, parse_int=_Number, parse_constant=_Constant
)


class JsonLinesTable:
    """One file of objects. It is read twice, because any line may have a key that no line before it had."""

    def __init__(self, options: CsvFileOptions, name: str, file: IO[bytes]) -> None:
        self._options = options
        self._name = name
        self._file = file
        self._writer = Writer(options)
        start_of(file, name, "a JSON Lines file")
        self._ended = ends_with_newline(file, "utf-8")
        self._last_line = 0
        self._names = self._read_keys()
        header = [name.strip() for name in self._names]
        self._layout, self.frame = framed(options, name, header)

    def _read_keys(self) -> Sequence[str]:
        """Every key of every object, in the order of their first use."""
        keys: dict[str, None] = {}
        shapes: set[tuple[str, ...]] = set()
        for line, value in self._lines():
            self._last_line = line
            if not isinstance(value, dict):
                continue
            shape = tuple(value)
            if shape in shapes:
                continue
            if len(shapes) < MOST_KEYS:
                shapes.add(shape)
            keys.update(dict.fromkeys(shape))
            if len(keys) > MOST_KEYS:
                raise self._invalid(f"line {line}: the objects have more than {MOST_KEYS} keys")
        return list(keys)

    def _lines(self) -> Iterator[tuple[int, object]]:
        """Every line that is not blank, read as JSON; SourceInvalid for one that is none."""
        self._file.seek(0)
        line = 0
        while raw := self._file.readline(LONGEST_LINE + 1):
            line += 1
            if len(raw) > LONGEST_LINE:
                raise self._invalid(f"line {line} is longer than {LONGEST_LINE} bytes")
            if line == 1:
                raw = raw.removeprefix(_BOM)
            if not raw.strip(_BLANK):
                continue
            try:
                yield line, _DECODER.decode(raw.decode("utf-8"))
            except UnicodeDecodeError:
                raise self._invalid(f"line {line} is no UTF-8 text") from None
            except (ValueError, RecursionError) as error:
                reason = error.msg if isinstance(error, json.JSONDecodeError) else "nested too deep"
                raise self._invalid(f"line {line} is no JSON: {reason}") from None

    def batches(self) -> Iterator[RawBatch]:
        """Every object; lines that are none, or hold what is no text or number, are rejected."""
        positions: list[int] = []
        values: list[tuple[str, ...]] = []
        names = [self._names[index] for index in self._layout.indices]
        for line, value in self._lines():
            told = self._values(line, value, names)
            if told is None:
                continue
            positions.append(line)
            values.append(told)
            if len(values) >= BATCH:
                yield RawBatch(positions, values)
                positions, values = [], []
        if values:
            yield RawBatch(positions, values)

    def _values(self, line: int, value: object, names: Sequence[str]) -> tuple[str, ...] | None:
        if not isinstance(value, dict):
            twice = isinstance(value, _Twice)
            reason = f"the key {str(value)[:40]!a} comes twice" if twice else "it is no object"
            self.frame.reject(line, None, reason)
            return None
        told: list[str] = []
        try:
            for key, name in zip(self._layout.keys, names, strict=True):
                told.append(self._text(key, value.get(name)))
        except Unwritable as reason:
            self.frame.reject(line, self._sku_of(value, names), str(reason))
            return None
        return tuple(told)

    def _sku_of(self, value: Mapping[str, object], names: Sequence[str]) -> str | None:
        try:
            return self._text("sku", value.get(names[self._layout.keys.index("sku")]))
        except Unwritable:
            return None

    def _text(self, key: str, value: object) -> str:
        if value is None:
            return ""
        if isinstance(value, _Constant | _Twice):
            raise Unwritable(f"the {key} is {str(value)[:20]!a}, which is no value")
        if isinstance(value, _Number):
            return self._number(key, value)
        if isinstance(value, str):
            return _whole(key, value)
        kinds = {bool: "a truth value", list: "a list", dict: "an object"}
        raise Unwritable(f"the {key} is {kinds.get(type(value), 'no text or number')}")

    def _number(self, key: str, value: str) -> str:
        if key == "sku" and not value.lstrip("-").isdigit():
            text = f"the SKU is the number {value[:40]}, whose digits may be lost; write it as text"
            raise Unwritable(text)
        return self._writer.number(value)

    def objections(self) -> Sequence[str]:
        """A last line without a line break: the file may be cut there."""
        return unended(self._options, self._last_line, ended=self._ended)

    def _invalid(self, text: str) -> SourceInvalid:
        return SourceInvalid(f"{self._name}: {text}")

    def close(self) -> None:
        """Nothing: the file belongs to the caller."""


def _whole(key: str, text: str) -> str:
    """Text that can be stored: JSON can write half a character."""
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            raise Unwritable(f"the {key} has half a character (a lone surrogate)") from None
    return text
