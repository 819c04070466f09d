"""Knows which format a file is read in, and which library that takes; each is loaded only when it is used."""

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import IO

from connectors.csv_file.frame import Table
from connectors.csv_file.options import CsvFileOptions
from syncd.domain.errors import SourceUnavailable

Opening = Callable[[CsvFileOptions, str, IO[bytes]], Table]


def table_of(options: CsvFileOptions, name: str, file: IO[bytes]) -> Table:
    """The file as a table; SourceInvalid when it is none, SourceUnavailable without its library."""
    return _TABLES[options.table_format](options, name, file)


def require(module: str, extra: str, what: str) -> None:
    """SourceUnavailable, with the command that helps, when an optional library is not installed."""
    try:
        found = find_spec(module) is not None
    except (ImportError, ValueError):
        found = False
    if not found:
        raise SourceUnavailable(
            f"{what} needs {module}, which is not installed: pip install 'syncd[{extra}]'"
        )


def _csv(options: CsvFileOptions, name: str, file: IO[bytes]) -> Table:
    from connectors.csv_file.csv_table import CsvTable

    return CsvTable(options, name, file)


def _jsonl(options: CsvFileOptions, name: str, file: IO[bytes]) -> Table:
    from connectors.csv_file.jsonl_table import JsonLinesTable

    return JsonLinesTable(options, name, file)


def _xlsx(options: CsvFileOptions, name: str, file: IO[bytes]) -> Table:
    require("openpyxl", "xlsx", f"reading the workbook {name}")
    from connectors.csv_file.xlsx_table import XlsxTable

    return XlsxTable(options, name, file)


def _parquet(options: CsvFileOptions, name: str, file: IO[bytes]) -> Table:
    require("pyarrow", "parquet", f"reading the Parquet file {name}")
    from connectors.csv_file.parquet_table import ParquetTable

    return ParquetTable(options, name, file)


_TABLES: Mapping[str, Opening] = {
    "csv": _csv,
    "jsonl": _jsonl,
    "xlsx": _xlsx,
    "parquet": _parquet,
}
