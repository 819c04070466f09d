# ruff: noqa: E501 - headers of real exports are long
"""Shopify's own exports, read as they are."""

from pathlib import Path

import pytest

from connectors.csv_file.frame import BATCH
from syncd.domain.errors import SourceInvalid
from syncd.domain.stock import State
from tests.fakes.csv_files import text

OLD_PRODUCTS = """\
Handle,Title,Variant SKU,Variant Grams,Variant Inventory Tracker,Variant Inventory Qty,Variant Price,Image Src,Cost per item,Status
tee,Tee,'00123,200,shopify,7,19.99,https://x/1.png,8.00,active
tee,,,,,,,https://x/2.png,,
mug,Mug,MUG-1,300,,0,9.50,,4.00,active
cap,Cap,CAP-1,90,shopify,-2,12.00,,5.00,active
"""
NEW_PRODUCTS = """\
Title,URL handle,SKU,Inventory tracker,Inventory quantity,Price,Cost per item
Tee,tee,00123,shopify,7,19.99,8.00
"""
INVENTORY = """\
Handle,Title,Option1 Name,Option1 Value,SKU,HS Code,COO,Location,Bin name,Incoming (not editable),Unavailable (not editable),Committed (not editable),Available (not editable),On hand (current),On hand (new)
tee,Tee,Size,S,TEE-S,,,Main,,0,0,3,7,10,
tee,Tee,Size,S,TEE-S,,,East,,not stocked,not stocked,not stocked,not stocked,not stocked,
"""
WIDE = """\
Handle,Title,Option1 Name,Option1 Value,SKU,HS Code,COO,Main,East
tee,Tee,Size,S,TEE-S,,,7,not stocked
mug,Mug,,,MUG-1,,,1,2
"""


def test_the_product_export_gives_variants_and_skips_pictures(tmp_path: Path) -> None:
    found = text(tmp_path, OLD_PRODUCTS, format="shopify_products")

    assert {"00123": 7, "MUG-1": None, "CAP-1": -2} == found.quantities
    assert State.UNTRACKED is found.readings[1].state
    assert ("19.99", "8.00") == (str(found.readings[0].price), str(found.readings[0].cost))
    assert [] == found.rejects


def test_the_newer_product_export_is_read_too(tmp_path: Path) -> None:
    assert {"00123": 7} == text(tmp_path, NEW_PRODUCTS, format="shopify_products").quantities


@pytest.mark.parametrize(("basis", "expected"), [("available", (7, None)), ("on_hand", (10, 3))])
def test_the_inventory_export_gives_what_the_basis_asks_for(
    tmp_path: Path, basis: str, expected: tuple[int, int | None]
) -> None:
    found = text(tmp_path, INVENTORY, format="shopify_inventory", basis=basis)

    assert [("TEE-S", "Main", *expected)] == [
        (row.sku, row.location, row.quantity, row.committed) for row in found.readings
    ]


def test_the_older_inventory_export_has_a_column_per_location(tmp_path: Path) -> None:
    found = text(tmp_path, WIDE, format="shopify_inventory")

    assert [("TEE-S", "Main", 7), ("MUG-1", "Main", 1), ("MUG-1", "East", 2)] == [
        (row.sku, row.location, row.quantity) for row in found.readings
    ]


@pytest.mark.parametrize("form", ["shopify_products", "shopify_inventory"])
def test_another_file_is_told_apart(tmp_path: Path, form: str) -> None:
    with pytest.raises(SourceInvalid, match="no Shopify"):
        text(tmp_path, "sku,qty\nA,1\n", format=form)


def test_an_inventory_export_without_the_wanted_number_is_refused(tmp_path: Path) -> None:
    content = "Handle,SKU,Location,Incoming\ntee,TEE-S,Main,0\n"

    with pytest.raises(SourceInvalid, match="'available'"):
        text(tmp_path, content, format="shopify_inventory")


def test_an_older_inventory_export_without_a_location_is_refused(tmp_path: Path) -> None:
    header = "Handle,Title,Option1 Name,Option1 Value,SKU,HS Code,COO"
    with pytest.raises(SourceInvalid, match="names no location"):
        text(tmp_path, f"{header}\ntee,Tee,Size,S,TEE-S,,\n", format="shopify_inventory")


def test_a_ragged_row_of_an_export_is_rejected_and_the_rest_goes_on(tmp_path: Path) -> None:
    found = text(tmp_path, NEW_PRODUCTS + "Mug,mug\nCap,cap,CAP-1,shopify,3,1.00,0.50\n",
                 format="shopify_products")  # fmt: skip

    assert {"00123": 7, "CAP-1": 3} == found.quantities
    assert [("stock.csv:3", "2 fields instead of 7")] == found.reasons


@pytest.mark.parametrize("rows", [BATCH, 2 * BATCH + 1])
def test_an_export_of_many_batches_loses_no_row(tmp_path: Path, rows: int) -> None:
    header, line = NEW_PRODUCTS.splitlines()
    content = "".join(line.replace("00123", f"S{number}") + "\n" for number in range(rows))

    assert rows == len(text(tmp_path, f"{header}\n{content}", format="shopify_products").quantities)
