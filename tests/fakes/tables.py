"""Writes tables as other programs do: workbooks, JSON Lines, Parquet."""

import io
import json
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
from openpyxl.worksheet.worksheet import Worksheet

Rows = Sequence[Sequence[object]]


def workbook(rows: Rows, edit: Callable[[Worksheet], None] | None = None, **more: Rows) -> bytes:
    """A workbook with the sheet Stock, and any more sheets."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = "Stock"
    for row in rows:
        sheet.append(list(row))
    if edit is not None:
        edit(sheet)
    for title, others in more.items():
        other = book.create_sheet(title)
        for row in others:
            other.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def repacked(book: bytes, **changes: Callable[[bytes], bytes]) -> bytes:
    """The archive with the XML of some parts changed, by the end of their names."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(book)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for item in old.infolist():
            content = old.read(item)
            for end, change in changes.items():
                if item.filename.endswith(f"{end}.xml"):
                    content = change(content)
            new.writestr(item.filename, content)
    return out.getvalue()


def with_values(book: bytes, **values: str) -> bytes:
    """Formulas with the values that a spreadsheet saves beside them."""

    def fill(xml: bytes) -> bytes:
        for cell, value in values.items():
            wanted = re.compile(rf'(<c r="{cell}"[^>]*>)(<f>[^<]*</f>)<v ?/>'.encode())
            xml, count = wanted.subn(rb"\g<1>\g<2><v>" + value.encode() + b"</v>", xml)
            assert 1 == count, xml
        return xml

    return repacked(book, sheet1=fill)


def json_lines(rows: Sequence[Mapping[str, object]]) -> bytes:
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


def parquet(
    columns: Mapping[str, object],
    types: Mapping[str, pa.DataType] | None = None,
    **options: str | int | bool,
) -> bytes:
    """A table by columns; `types` fixes what pyarrow would guess otherwise."""
    known = types or {}
    table = pa.table({name: pa.array(rows, known.get(name)) for name, rows in columns.items()})
    out = io.BytesIO()
    pq.write_table(table, out, **({"write_page_checksum": True} | options))
    return out.getvalue()
