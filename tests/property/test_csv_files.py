"""What holds for every stock file, whole or damaged."""

import codecs
import csv
import io
import random
import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.tabular.numbers import NotANumber, NumberFormat, Numbers
from syncd.domain.errors import SourceError
from tests.fakes.csv_files import text
from tests.fakes.damages import DAMAGES, Damage

SKU = st.text(
    st.characters(codec="cp1252", exclude_categories=["Cc", "Cf", "Zl", "Zp"]),
    min_size=1,
    max_size=12,
).filter(lambda sku: sku.strip() and not re.fullmatch(r"[0-9]+([.,][0-9]+)?[eE]\+[0-9]+", sku))
tables = st.dictionaries(SKU, st.integers(-(10**9), 10**9), min_size=1, max_size=12)


@given(
    tables,
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_what_a_spreadsheet_writes_is_read_back_exactly(
    table: dict[str, int], delimiter: str, encoding: str, quoting: int, ending: str
) -> None:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator=ending)  # type: ignore[arg-type]  # one of the constants
    writer.writerow(("sku", "title", "qty"))
    writer.writerows((sku, "a\nb", units) for sku, units in table.items())

    with tempfile.TemporaryDirectory() as folder:
        declared = {"encoding": "cp1252"} if encoding == "cp1252" else {}
        found = text(Path(folder), out.getvalue().encode(encoding), **declared)

    assert table == found.quantities
    assert [] == found.rejects
    assert [] == found.objections


titles = st.text(st.sampled_from('ab,;"\n\r'), max_size=6)


@given(
    st.lists(st.tuples(titles, st.sampled_from(["", "extra"])), min_size=1, max_size=12),
    st.sampled_from(["\n", "\r\n"]),
)
def test_every_row_is_told_by_the_line_it_begins_in(
    rows: list[tuple[str, str]], ending: str
) -> None:
    lines, out = [], "sku,title,qty" + ending
    for number, (title, more) in enumerate(rows):
        lines.append(1 + len(re.findall(r"\r\n|\n|\r", out)))
        quoted = title.replace('"', '""')
        out += f'S{number},"{quoted}",{number}{"," + more if more else ""}{ending}'

    with tempfile.TemporaryDirectory() as folder:
        found = text(Path(folder), out.encode())

    ragged = [line for line, (_, more) in zip(lines, rows, strict=True) if more]
    assert [line for line in lines if line not in ragged] == found.positions
    assert [f"stock.csv:{line}" for line in ragged] == [reject.at for reject in found.rejects]


def oracle(written: str) -> int | None:
    """An independent reading of the number grammar: sign, digits, zeros after the point."""
    body = written.strip(" \t\u00a0")
    sign = -1 if body.startswith("-") else 1
    body = body.removeprefix("-")
    whole, point, fraction = body.partition(".")
    if not whole or set(whole) - set("0123456789") or len(body) > 39:
        return None
    if point and (not fraction or set(fraction) - {"0"}):
        return None
    number = sign * int(whole)
    return number if abs(number) <= 10**9 else None


@given(st.one_of(st.text("0123456789-+.,eE_ \u00a0١１", max_size=14), st.text(max_size=8)))
def test_the_number_grammar_is_exactly_this(written: str) -> None:
    try:
        found: int | None = Numbers(NumberFormat()).units(written, "reject")
    except NotANumber:
        found = None

    assert oracle(written) == found


ROWS = [(f"SKU-{number:03}", 10 + number * 7 % 90, f"Product {number}") for number in range(200)]
TRUTH = {sku: units for sku, units, _ in ROWS}
COLUMNS = {"columns": {"sku": "SKU", "quantity": "Qty"}}


def whole() -> str:
    return "SKU,Qty,Title\n" + "".join(f"{sku},{units},{title}\n" for sku, units, title in ROWS)


def harmful(content: bytes, folder: Path) -> list[str]:
    """SKUs whose accepted quantity is not the undamaged file's."""
    try:
        found = text(folder, content, **COLUMNS)
    except SourceError:
        return []
    if found.objections:
        return []
    return [
        row.sku
        for row in found.readings
        if row.quantity is not None and row.sku in TRUTH and row.quantity != TRUTH[row.sku]
    ]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_damaged_file_never_gives_another_number(damage: Damage, tmp_path: Path) -> None:
    for seed in range(30):
        damaged = damage(whole(), random.Random(seed))
        assert [] == harmful(damaged, tmp_path), (damage.__name__, seed)


def test_a_cut_at_any_byte_is_refused_or_loses_nothing(tmp_path: Path) -> None:
    content = b"SKU,Qty,Title\nA,120,one\nB,12,two\n"
    for length in range(len(content)):
        try:
            found = text(tmp_path, content[:length], **COLUMNS)
        except SourceError:
            continue
        complete = content[:length].endswith(b"\n")
        assert complete or found.objections, length
        assert all(
            {"A": 120, "B": 12}[row.sku] == row.quantity for row in found.readings if complete
        )


def test_a_bom_inside_a_utf16_file_is_no_part_of_the_header(tmp_path: Path) -> None:
    content = codecs.BOM_UTF16_LE + "sku,qty\nA,1\n".encode("utf-16-le")

    assert {"A": 1} == text(tmp_path, content).quantities
