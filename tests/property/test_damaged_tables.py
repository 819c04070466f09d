"""A damaged workbook, Parquet file or file of JSON lines never gives another number."""

import random
from pathlib import Path

import pytest

from syncd.domain.errors import SourceError
from tests.fakes.csv_files import put, read
from tests.fakes.damages import Damage
from tests.fakes.table_damages import BYTE_DAMAGES, LINE_DAMAGES, ByteDamage
from tests.fakes.tables import json_lines, parquet, workbook

ROWS = [(f"SKU-{number:03}", 10 + number * 7 % 90, f"Product {number}") for number in range(200)]
TRUTH = {sku: units for sku, units, _ in ROWS}
COLUMNS = {"columns": {"sku": "SKU", "quantity": "Qty"}}
HEADER = ("SKU", "Qty", "Title")
SAMPLES = 30


def whole_lines() -> str:
    return json_lines([dict(zip(HEADER, row, strict=True)) for row in ROWS]).decode()


WHOLE = {
    "stock.xlsx": workbook([HEADER, *ROWS]),
    "stock.parquet": parquet({name: [row[at] for row in ROWS] for at, name in enumerate(HEADER)}),
    "stock.jsonl": whole_lines().encode(),
}


def accepted(content: bytes, folder: Path, name: str) -> dict[str, int | None]:
    """What a file says that is neither refused nor objected to."""
    put(folder, content, name)
    try:
        found = read(folder, path=name, **COLUMNS)
    except SourceError:
        return {}
    return {} if found.objections else found.quantities


def harmful(content: bytes, folder: Path, name: str) -> list[str]:
    told = accepted(content, folder, name)
    return [sku for sku, units in told.items() if units not in {None, TRUTH.get(sku, units)}]


@pytest.mark.parametrize("name", WHOLE)
def test_the_whole_file_says_everything(name: str, tmp_path: Path) -> None:
    assert TRUTH == accepted(WHOLE[name], tmp_path, name)


@pytest.mark.parametrize("name", ["stock.xlsx", "stock.parquet"])
@pytest.mark.parametrize("damage", BYTE_DAMAGES, ids=lambda damage: damage.__name__)
def test_damaged_bytes_never_give_another_number(
    damage: ByteDamage, name: str, tmp_path: Path
) -> None:
    for seed in range(SAMPLES):
        damaged = damage(WHOLE[name], random.Random(seed))
        assert [] == harmful(damaged, tmp_path, name), (damage.__name__, seed)


@pytest.mark.parametrize("damage", LINE_DAMAGES, ids=lambda damage: damage.__name__)
def test_damaged_lines_never_give_another_number(damage: Damage, tmp_path: Path) -> None:
    for seed in range(SAMPLES):
        damaged = damage(whole_lines(), random.Random(seed))
        assert [] == harmful(damaged, tmp_path, "stock.jsonl"), (damage.__name__, seed)


def test_a_cut_at_any_byte_of_a_json_line_is_refused_or_loses_nothing(tmp_path: Path) -> None:
    content = b'{"SKU": "A", "Qty": 120}\n{"SKU": "B", "Qty": 12}\n'
    for length in range(len(content)):
        told = accepted(content[:length], tmp_path, "stock.jsonl")
        assert told in ({}, {"A": 120}), length
