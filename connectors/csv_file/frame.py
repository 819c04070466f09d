"""Knows what the rows of every format share: which columns count, what a row means, and which are left out."""

from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from typing import Protocol

from connectors.csv_file.columns import BadHeader, Layout, layout_of
from connectors.csv_file.options import CsvFileOptions
from connectors.tabular.rows import RowParser, Unbelievable
from syncd.domain.errors import SourceInvalid
from syncd.domain.identity import Sku
from syncd.domain.stock import Basis, Reading, Reject
from syncd.ports.source import RawBatch

BATCH = 250
"""Rows at once: what they are made of stays in the processor's cache; 4,000 take two to three times as long."""


class Frame:
    """The rows of one file: their meaning, and the ones that never became part of a batch."""

    def __init__(self, options: CsvFileOptions, name: str, keys: Sequence[str]) -> None:
        self.name = name
        self.keys = tuple(keys)
        self.rejects: list[Reject] = []
        self._parser = RowParser(options.form(), keys)
        counted = options.basis is Basis.ON_HAND and "quantity" in keys
        if counted and options.committed is None and "committed" not in keys:
            raise self.invalid(
                "basis on_hand needs to know what is sold but not shipped: name its column in "
                "columns: {committed: …}, or write committed: none if nothing else sells this stock"
            )

    def locate(self, position: int) -> str:
        """`stock.csv:17`."""
        return f"{self.name}:{position}"

    def invalid(self, text: str) -> SourceInvalid:
        """The refusal of the whole file."""
        return SourceInvalid(f"{self.name}: {text}")

    def parse(self, position: int, values: tuple[str, ...]) -> Reading | Reject:
        """Judge one row."""
        return self._parser.judged(position, values, self.locate)

    def reject(self, position: int, sku: str | None, reason: str) -> None:
        """Leave a row out; its SKU is held as far as it can be read."""
        self.rejects.append(Reject(at=self.locate(position), sku=self._owner(sku), reason=reason))

    def _owner(self, sku: str | None) -> Sku | None:
        try:
            return None if sku is None else self._parser.sku(sku)
        except Unbelievable:
            return None


class Table(Protocol):
    """One reading of one file in one format, opened and with its header understood."""

    @property
    def frame(self) -> Frame:
        """What its rows mean."""
        ...

    def batches(self) -> Iterator[RawBatch]:
        """Every row; raises SourceInvalid where the file turns out to be damaged."""
        ...

    def objections(self) -> Sequence[str]:
        """Why the file may be cut, complete after `batches`."""
        ...

    def close(self) -> None:
        """Let go of the file, which belongs to the caller."""
        ...


def framed(options: CsvFileOptions, name: str, header: Sequence[str]) -> tuple[Layout, Frame]:
    """The layout of a format that has no delimiter, and the frame for it; SourceInvalid for a bad header."""
    try:
        layout = layout_of(header, options.columns, "")
    except BadHeader as reason:
        raise SourceInvalid(f"{name}: {reason}") from None
    return layout, Frame(options, name, layout.keys)


def projection(indices: tuple[int, ...]) -> Callable[[Sequence[str]], tuple[str, ...]]:
    """Pick columns at C speed; there are always two: the SKU and a quantity or a price."""
    picked: Callable[[Sequence[str]], tuple[str, ...]] = itemgetter(*indices)
    return picked
