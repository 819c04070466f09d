"""A bulk file in any order that Shopify may choose, and watermarks of any history."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.shopify.admission import Admission
from connectors.shopify.bulk_lines import BulkLines
from connectors.shopify.options import ShopifyOptions
from connectors.shopify.rows import RowRules
from connectors.shopify.shop import ShopFacts
from connectors.shopify.tally import Tally, watermark
from syncd.domain.errors import SourceUnavailable

STAMP = "2026-11-23T12:00:00Z"
PLACES = {"gid://shopify/Location/1": "Main", "gid://shopify/Location/2": "East"}
OPTIONS = ShopifyOptions.model_validate({"shop": "acme", "token": {"credential": "t"}})
FACTS = ShopFacts(
    name="Acme", domain="acme.myshopify.com", currency="EUR", scopes=frozenset(),
    locations=PLACES, all_locations=(), notes=(),
)  # fmt: skip
Line = dict[str, object]
Row = tuple[str, ...]


def gid(kind: str, number: int) -> str:
    return f"gid://shopify/{kind}/{number}"


def product_line(number: int, variants: int) -> Line:
    return {
        "id": gid("Product", number), "title": "T", "status": "ACTIVE", "isGiftCard": False,
        "updatedAt": STAMP, "variantsCount": {"count": variants},
    }  # fmt: skip


def variant_line(number: int, product: int, levels: int) -> Line:
    item = {
        "id": gid("InventoryItem", 5_000 + number), "tracked": True, "updatedAt": STAMP,
        "duplicateSkuCount": 0, "unitCost": None, "locationsCount": {"count": levels},
    }  # fmt: skip
    return {
        "id": gid("ProductVariant", number), "sku": f"S-{number}", "price": "1.00",
        "compareAtPrice": None, "inventoryPolicy": "DENY", "requiresComponents": False,
        "updatedAt": STAMP, "inventoryItem": item, "__parentId": gid("Product", product),
    }  # fmt: skip


def level_line(variant: int, place: int, units: int, *, named: bool) -> Line:
    parent = gid("ProductVariant", variant) if named else gid("InventoryItem", 5_000 + variant)
    return {
        "id": f"{gid('InventoryLevel', 900 + place)}?inventory_item_id={5_000 + variant}",
        "isActive": True, "updatedAt": STAMP, "location": {"id": gid("Location", place)},
        "quantities": [{"name": "available", "quantity": units, "updatedAt": None}],
        "__parentId": parent,
    }  # fmt: skip


@st.composite
def files(draw: st.DrawFn) -> tuple[list[Line], set[Row]]:
    """Lines in an order in which parents stand before their children, and the rows they mean."""
    lines: list[Line] = []
    rows: set[Row] = set()
    number = 100
    named = draw(st.booleans())
    for product in range(1, draw(st.integers(1, 4)) + 1):
        variants = draw(st.integers(0, 4))
        at = draw(st.integers(0, len(lines)))
        lines.insert(at, product_line(product, variants))
        for _ in range(variants):
            number += 1
            places = draw(st.lists(st.sampled_from([1, 2]), unique=True))
            own = draw(st.integers(at + 1, len(lines)))
            lines.insert(own, variant_line(number, product, len(places)))
            for place in places:
                units = draw(st.integers(-5, 50))
                where = draw(st.integers(own + 1, len(lines)))
                lines.insert(where, level_line(number, place, units, named=named))
                name = PLACES[gid("Location", place)]
                rows.add((f"S-{number}", name, str(units), "1.00", "EUR", ""))
    return lines, rows


def reading_of(lines: Sequence[Line]) -> BulkLines:
    text = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    rules = RowRules(OPTIONS, FACTS)
    return BulkLines(BytesIO(text), Admission(rules, Tally(rules)), PLACES)


def rows_of(lines: Sequence[Line]) -> list[Row]:
    return [row for batch in reading_of(lines).batches() for row in batch.values]


@given(files())
def test_a_bulk_file_means_the_same_in_every_order(found: tuple[list[Line], set[Row]]) -> None:
    lines, rows = found

    assert sorted(rows) == sorted(rows_of(lines))


@given(files(), st.data())
def test_a_bulk_file_without_one_of_its_lines_is_refused_or_loses_no_number(
    found: tuple[list[Line], set[Row]], data: st.DataObject
) -> None:
    lines, rows = found
    gone = data.draw(st.integers(0, len(lines) - 1))
    lost = str(lines[gone]["id"])
    rest = lines[:gone] + lines[gone + 1 :]

    if "/Product/" in lost and lines[gone]["variantsCount"] == {"count": 0}:
        assert sorted(rows) == sorted(rows_of(rest))
    else:
        with pytest.raises(SourceUnavailable):
            rows_of(rest)


@given(files(), st.data())
def test_a_damaged_line_refuses_the_whole_file(
    found: tuple[list[Line], set[Row]], data: st.DataObject
) -> None:
    lines, rows = found
    at = data.draw(st.integers(0, len(lines) - 1))
    key = data.draw(st.sampled_from(sorted(set(lines[at]) - {"title"})))
    lines[at] = {**lines[at], key: data.draw(st.sampled_from([7, [], {}, "gid://shopify/"]))}

    try:
        told = rows_of(lines)
    except SourceUnavailable:
        return
    if key == "quantities":  # none at all: that is unknown, and no other number
        assert {row for row in told if row[2]} <= rows
        return
    assert key in {
        "sku",
        "price",
        "compareAtPrice",
        "inventoryPolicy",
        "status",
        "updatedAt",
        "__parentId",
    }
    assert len(told) <= len(lines)


YEAR = datetime(2026, 1, 1, tzinfo=UTC)
MOMENTS = st.integers(0, 10**7).map(lambda seconds: YEAR + timedelta(seconds=seconds))


@given(newest=st.none() | MOMENTS, former=st.none() | MOMENTS, start=MOMENTS)
def test_a_watermark_never_passes_what_the_reading_surely_saw(
    newest: datetime | None, former: datetime | None, start: datetime
) -> None:
    found = watermark(newest, former, start)

    if found is None:
        assert newest is former is None
        return
    assert found < start
    assert found in {newest, former, start - timedelta(seconds=1)}
    assert all(
        found >= each
        for each in (newest, former)
        if each is not None and each < start - timedelta(seconds=1)
    )
