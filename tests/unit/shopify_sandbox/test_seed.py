import json
from pathlib import Path
from typing import Any

import pytest

from connectors.shopify.sandbox.factory import FACTORY
from connectors.tiktok_shop.sandbox.factory import FACTORY as TIKTOK
from syncd.ports.sandbox import SandboxOptions
from tests.unit.shopify_sandbox.shop_client import open_shop


def variants(row: object) -> dict[str, Any]:
    return {"products": [{"variants": [row]}]}


def complaint(folder: Path, text: str) -> str:
    file = folder / "seed.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r".") as caught, FACTORY.open(SandboxOptions(seed=file)):
        pass
    return str(caught.value)


@pytest.mark.parametrize(
    ("seed", "reason"),
    [
        ([], "expected an object with locations"),
        ({"nonsense": 1}, "unknown key 'nonsense'"),
        ({"locations": [{}]}, "shopify.locations[0].name: is missing"),
        ({"locations": [{"name": "A"}, {"name": "A"}]}, "location 'A' already"),
        ({"products": {}}, "shopify.products: expected a list"),
        ({"products": [{"title": "T"}]}, "a product has 1 to 2048 variants"),
        ({"products": [{"status": "GONE", "variants": [{}]}]}, "none of ACTIVE"),
        (variants({"price": "1,50"}), "products[0].variants[0].price: '1,50' is no amount"),
        (variants({"price": "NaN"}), "no amount"),
        (variants({"price": "-1"}), "no amount"),
        (variants({"price": 3}), "expected text"),
        (variants({"levels": {"Mars": 1}}), "no location 'Mars' (there is Main)"),
        (variants({"levels": {"Main": "many"}}), "expected a whole number"),
        (variants({"levels": {"Main": {"on_hand": 3}}}), "unknown key 'on_hand'"),
        (variants({"levels": [3]}), "expected an object of locations"),
        (variants({"components": {"NONE": 1}}), "no variant 'NONE' before this one"),
        (variants({"components": {"NONE": 0}}), "no variant 'NONE'"),
        (variants({"country_prices": {"DE": {"price": "1"}}}), "currency: is missing"),
        (variants({"tracked": "yes"}), "expected true or false"),
        ({"orders": [{"age": "old"}]}, "expected a number"),
        ({"locations": [], "generated": {"variants": 1}}, "needs a location"),
        ({"generated": {"variants": 0}}, "below 1"),
    ],
)
def test_a_seed_that_describes_no_shop_is_refused_with_its_place(
    tmp_path: Path, seed: object, reason: str
) -> None:
    said = complaint(tmp_path, json.dumps({"shopify": seed}))

    assert reason in said
    assert str(tmp_path / "seed.json") in said


def test_a_file_that_is_no_json_is_refused_with_line_and_column(tmp_path: Path) -> None:
    assert "seed.json:2:1" in complaint(tmp_path, "{\n")


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "seed.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="cannot be read"), FACTORY.open(
        SandboxOptions(seed=tmp_path / "seed.json")
    ):  # fmt: skip
        pass


@pytest.mark.parametrize("text", ["{}", '{"products": []}', "[]"])
def test_a_seed_for_other_shops_gives_the_sample(tmp_path: Path, text: str) -> None:
    with open_shop(tmp_path, raw=text) as shop:
        assert len(shop.variants(first=250)) > 50


def test_a_table_for_the_other_shop_gives_the_sample(tmp_path: Path) -> None:
    table = tmp_path / "seed.csv"
    table.write_text("seller_sku\nA\n", encoding="utf-8")
    with FACTORY.open(SandboxOptions(seed=table)) as shop:
        assert len(shop.shop.variants) > 50


def test_one_file_describes_both_shops(tmp_path: Path) -> None:
    both = {
        "products": [{"title": "Tee", "skus": [{"seller_sku": "A", "stock": 3}]}],
        "shopify": {"products": [{"variants": [{"sku": "A", "levels": {"Main": 5}}]}]},
    }
    with open_shop(tmp_path, raw=json.dumps(both)) as shop:
        assert ["A"] == [each["sku"] for each in shop.variants()]
        with TIKTOK.open(SandboxOptions(seed=tmp_path / "seed.json")) as other:
            assert ["A"] == [sku.seller_sku for sku in other.shop.skus.values()]


def test_a_large_catalogue_is_generated(tmp_path: Path) -> None:
    seed = {"generated": {"variants": 1201, "per_product": 3}}
    with open_shop(tmp_path, seed) as shop:
        operation = shop.finish_bulk()
        body = shop.fetch(operation["url"]).body

    assert "401" == operation["rootObjectCount"]
    assert 401 + 1201 + 1201 == len(body.splitlines())
