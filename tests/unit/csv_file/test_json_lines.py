"""JSON Lines: one object a line, numbers as they are written, and every line accounted for."""

from decimal import Decimal
from pathlib import Path

import pytest

from connectors.csv_file.frame import BATCH
from connectors.csv_file.jsonl_table import LONGEST_LINE, MOST_KEYS
from syncd.domain.errors import SourceInvalid
from syncd.domain.stock import State
from tests.fakes.csv_files import Read, put, read
from tests.fakes.tables import json_lines

NAME = "stock.jsonl"


def told(folder: Path, content: bytes | str, **options: object) -> Read:
    put(folder, content, NAME)
    return read(folder, path=NAME, **options)


def test_keys_are_headers_and_lines_are_positions(tmp_path: Path) -> None:
    content = json_lines([
        {"sku": "00123", "location": "Main", "qty": 9, "reserved": 2, "price": "12.50",
         "currency": "USD", "cost": 7.25, "counted_at": "2026-11-23T08:00:00+01:00", "tags": [1]},
        {"sku": "Größe", "location": "Main", "qty": "7"},
    ])  # fmt: skip

    found = told(tmp_path, b"\xef\xbb\xbf" + content.replace(b"\n", b"\n\n", 1))

    assert {"00123": 9, "Größe": 7} == found.quantities
    first = found.readings[0]
    assert (2, Decimal("12.50"), "USD", Decimal("7.25")) == (
        first.committed, first.price, first.currency, first.cost,
    )  # fmt: skip
    assert first.counted_at is not None
    assert [1, 3] == found.positions


@pytest.mark.parametrize(
    ("number", "quantity"), [("12", 12), ("12.0", 12), ("-3", -3), ("0", 0), ('"12"', 12)]
)
def test_numbers_are_exact(tmp_path: Path, number: str, quantity: int) -> None:
    assert {"A": quantity} == told(tmp_path, f'{{"sku": "A", "qty": {number}}}\n').quantities


def test_a_price_keeps_every_digit_it_is_written_with(tmp_path: Path) -> None:
    content = '{"sku": "A", "price": 19.90}\n{"sku": "B", "price": 0.1000000000000000055}\n'

    assert ["19.90", "0.1000000000000000055"] == [
        str(reading.price) for reading in told(tmp_path, content).readings
    ]


@pytest.mark.parametrize(
    ("qty", "words"),
    [
        ("12.5", "no whole number"),
        ("1e21", "scientific notation"),
        ("1E2", "scientific notation"),
        ("9" * 5000, "is no number"),
        ("1000000001", "larger than"),
        ("true", "the quantity is a truth value"),
        ("false", "the quantity is a truth value"),
        ("[1]", "the quantity is a list"),
        ('{"n": 1}', "the quantity is an object"),
        ('{"n": 1, "n": 2}', "is 'n', which is no value"),
        ("NaN", "is 'NaN', which is no value"),
        ("-Infinity", "is '-Infinity', which is no value"),
        (r'"\ud800"', "half a character"),
        (r'"1\u0000"', "NUL"),
    ],
)
def test_what_is_no_number_of_units_rejects_its_line(tmp_path: Path, qty: str, words: str) -> None:
    found = told(tmp_path, f'{{"sku": "A", "qty": {qty}}}\n{{"sku": "B", "qty": 2}}\n')

    assert {"B": 2} == found.quantities
    assert [(f"{NAME}:1", "A")] == [(reject.at, reject.sku) for reject in found.rejects]
    assert words in found.rejects[0].reason


@pytest.mark.parametrize(
    ("sku", "words"),
    [
        ("null", "blank"),
        ('""', "blank"),
        ("1.50", "the SKU is the number 1.50"),
        ("1e5", "the SKU is the number 1e5"),
        ("true", "truth value"),
        (r'"A\t"', "control character"),
        (r'"\udc00A"', "half a character"),
    ],
)
def test_a_sku_that_can_be_none_rejects_its_line(tmp_path: Path, sku: str, words: str) -> None:
    found = told(tmp_path, f'{{"sku": {sku}, "qty": 1}}\n')

    assert ([], [None]) == (found.readings, [reject.sku for reject in found.rejects])
    assert words in found.rejects[0].reason


def test_a_sku_written_as_a_whole_number_is_that_text(tmp_path: Path) -> None:
    big = "9" * 30
    assert {big: 1} == told(tmp_path, f'{{"sku": {big}, "qty": 1}}\n').quantities


def test_null_and_a_key_left_out_are_unknown(tmp_path: Path) -> None:
    found = told(tmp_path, '{"sku": "A"}\n{"sku": "B", "qty": null}\n{"qty": 3, "sku": "C"}\n')

    assert [State.UNKNOWN, State.UNKNOWN, State.KNOWN] == [row.state for row in found.readings]


def test_a_key_that_only_a_late_line_has_is_a_column(tmp_path: Path) -> None:
    found = told(tmp_path, '{"sku": "A", "qty": 1}\n{"sku": "B", "qty": 2, "price": 5}\n')

    assert [None, Decimal(5)] == [reading.price for reading in found.readings]
    with pytest.raises(SourceInvalid, match="could both be the quantity"):
        told(tmp_path, '{"sku": "A", "qty": 1}\n{"sku": "B", "stock": 2}\n')


def test_a_key_that_comes_twice_rejects_its_line(tmp_path: Path) -> None:
    found = told(tmp_path, '{"sku": "A", "qty": 1, "qty": 2}\n{"sku": "B", "qty": 2}\n')

    assert {"B": 2} == found.quantities
    assert [(f"{NAME}:1", "the key 'qty' comes twice")] == found.reasons


def test_objects_may_have_more_shapes_than_are_remembered(tmp_path: Path) -> None:
    shapes = range(MOST_KEYS + 20)
    rows = [
        {
            "sku": f"S{shape}",
            "qty": shape,
            **{f"k{bit}": 1 for bit in range(10) if shape >> bit & 1},
        }
        for shape in shapes
    ]

    assert {f"S{shape}": shape for shape in shapes} == told(tmp_path, json_lines(rows)).quantities


@pytest.mark.parametrize("line", ["[]", "7", '"x"', "null", "true"])
def test_a_line_that_is_no_object_is_rejected(tmp_path: Path, line: str) -> None:
    found = told(tmp_path, f'{{"sku": "B", "qty": 2}}\n{line}\n')

    assert {"B": 2} == found.quantities
    assert [(f"{NAME}:2", "it is no object")] == found.reasons


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\n", "no column is the SKU"),
        (b"<html>Sign in", "web page"),
        (b"PK\x03\x04", "an Excel or zip file"),
        (b'{"sku": "A", "qty": 1}\n{"sku": "B", "q', "line 2 is no JSON"),
        (b'{"sku": "A", "qty": 01}\n', "line 1 is no JSON"),
        (b"{'sku': 'A'}\n", "line 1 is no JSON"),
        (b'{"sku": "\xff"}\n', "line 1 is no UTF-8"),
        ('{"sku": "A", "qty": 1}\n'.encode("utf-16"), "line 1 is no UTF-8"),
        (b"[" * 100_000 + b"\n", "nested too deep"),
        (b'{"sku": "' + b"x" * LONGEST_LINE + b'"}\n', "line 1 is longer than"),
        (json_lines([{f"k{n}": 1 for n in range(MOST_KEYS + 1)}]), "more than 1000 keys"),
        (b'{"name": "A", "qty": 1}\n', "no column is the SKU"),
    ],
    ids=range(13),
)
def test_what_is_no_whole_file_of_objects_is_refused(
    tmp_path: Path, content: bytes, words: str
) -> None:
    with pytest.raises(SourceInvalid, match=words):
        told(tmp_path, content)


def test_a_last_line_without_its_end_is_objected_to(tmp_path: Path) -> None:
    content = '{"sku": "A", "qty": 1}\n{"sku": "B", "qty": 2}'
    found = told(tmp_path, content)

    assert 1 == len(found.objections)
    assert "its last line (2) has no line break" in found.objections[0]
    assert [] == read(tmp_path, path=NAME, trailing_newline="optional").objections
    assert [] == told(tmp_path, content + "\n").objections


def test_every_line_of_many_batches_comes_once(tmp_path: Path) -> None:
    rows = 2 * BATCH + 3
    found = told(tmp_path, json_lines([{"sku": f"S{n}", "qty": n} for n in range(rows)]))

    assert list(range(1, rows + 1)) == found.positions
    assert {f"S{n}": n for n in range(rows)} == found.quantities


@pytest.mark.parametrize("name", ["stock.ndjson", "STOCK.JSONL", "export"])
def test_the_ending_or_the_key_tells_the_format(tmp_path: Path, name: str) -> None:
    put(tmp_path, '{"sku": "A", "qty": 1}\n', name)
    form = {"format": "jsonl"} if name == "export" else {}

    assert {"A": 1} == read(tmp_path, path=name, **form).quantities


def test_declared_marks_are_those_of_texts_and_never_spoil_numbers(tmp_path: Path) -> None:
    content = '{"sku": "A", "price": "1.234,50"}\n{"sku": "B", "price": 9.5}\n'
    found = told(tmp_path, content, decimal=",", thousands=".")

    assert [Decimal("1234.50"), Decimal("9.5")] == [row.price for row in found.readings]
