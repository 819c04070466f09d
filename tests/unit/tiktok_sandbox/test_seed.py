import json
from pathlib import Path

import pytest

from connectors.tiktok_shop.sandbox.factory import FACTORY
from connectors.tiktok_shop.sandbox.options import SandboxOptions
from connectors.tiktok_shop.sandbox.seed import build_shop, read_seed
from connectors.tiktok_shop.sandbox.seed_csv import SeedError
from connectors.tiktok_shop.sandbox.state import Shop


def loaded(tmp_path: Path, text: str, name: str = "seed.json") -> Shop:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with FACTORY.open(SandboxOptions(seed=path)) as sandbox:
        return sandbox.shop


def test_whatever_is_left_out_has_a_sensible_deterministic_default(tmp_path: Path) -> None:
    text = json.dumps({"products": [{"skus": [{}, {"seller_sku": "00123", "stock": 4}]}]})
    first, second = (loaded(tmp_path, text) for _ in range(2))
    assert list(first.products) == list(second.products)
    assert list(first.skus) == list(second.skus)
    (product,) = first.products.values()
    assert (19, 19) == (len(product.id), len(product.skus[0].id))
    assert ["SKU-1-1", "00123"] == [sku.seller_sku for sku in product.skus]
    assert [2, 1] == [len(sku.state.live.stock) for sku in product.skus]
    assert ["Returns", "Main", "East"] == [each.name for each in first.warehouses.values()]


def test_everything_can_be_given(tmp_path: Path) -> None:
    seed = {
        "app_key": "k",
        "app_secret": "s",
        "auth_code": "c",
        "shop": {"id": "1", "name": "N", "region": "GB", "code": "C", "cipher": "X"},
        "warehouses": [{"id": "7", "name": "Shed"}, {"id": "8", "type": "RETURN_WAREHOUSE"}],
        "products": [
            {
                "id": "11",
                "title": "T",
                "status": "DRAFT",
                "skus": [{"id": "21", "seller_sku": "A", "price": "3.50", "stock": {"Shed": 2}}],
            }
        ],
        "orders": [{"id": "31", "seller_sku": "A", "units": 2, "age": 60, "status": "UNPAID"}],
    }
    shop = loaded(tmp_path, json.dumps(seed))
    assert ("k", "s", "c", "GB") == (
        shop.identity.app_key,
        shop.identity.app_secret,
        shop.identity.auth_code,
        shop.identity.region,
    )
    level = shop.skus["21"].state.live.stock["7"]
    assert (2, 2) == (level.available, level.committed)
    assert "UNPAID" == shop.orders["31"].live.status


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "seed.json:1:2: no JSON"),
        ("[]", "expected an object"),
        ('{"product": []}', "unknown key 'product' (known keys: app_key"),
        ('{"products": [{}]}', "products[0].skus"),
        ('{"products": [{"skus": [{"stock": -1}]}]}', "products[0].skus[0].stock: -1"),
        ('{"products": [{"skus": [{"stock": {"9": 1}}]}]}', "unknown key '9'"),
        ('{"products": [{"skus": [{"price": "1.234"}]}]}', "products[0].skus[0].price"),
        ('{"products": [{"skus": [{"seller_sku": 7}]}]}', "seller_sku: expected text"),
        ('{"products": [{"status": "LIVE", "skus": [{}]}]}', "'LIVE' is none of DRAFT"),
        ('{"products": [{"id": "1", "skus": [{}]}, {"id": "1", "skus": [{}]}]}', "used twice"),
        ('{"products": [{"skus": [{"id": "1"}, {"id": "1"}]}]}', "used twice"),
        ('{"warehouses": [{"id": "1", "type": "SHED"}]}', "warehouses[0].type"),
        ('{"warehouses": [{"id": "1", "type": "RETURN_WAREHOUSE"}]}', "needs a sales warehouse"),
        ('{"orders": [{"seller_sku": "A"}]}', "orders[0].seller_sku"),
        ('{"orders": 3}', "orders: expected a list"),
    ],
)
def test_a_bad_seed_is_refused_with_the_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SeedError) as caught:
        loaded(tmp_path, text)
    assert said in str(caught.value)
    assert "seed.json" in str(caught.value)


def test_a_csv_row_is_one_sku_in_one_warehouse(tmp_path: Path) -> None:
    text = (
        "seller_sku,product,price,quantity,warehouse,status\n"
        "A-S,Tee,9.50,3,Main,\n"
        "A-S,Tee,9.50,4,East,\n"
        "A-M,Tee,,5,Main,SELLER_DEACTIVATED\n"
        "00123,,,,,\n"
    )
    shop = loaded(tmp_path, text, "seed.csv")
    tee, other = shop.products.values()
    assert ("Tee", "SELLER_DEACTIVATED", 2) == (tee.title, tee.status, len(tee.skus))
    levels = tee.skus[0].state.live.stock
    assert {"7068517275539719942": 3, "7068517275539719943": 4} == {
        warehouse: level.available for warehouse, level in levels.items()
    }
    assert ("00123", "00123") == (other.title, other.skus[0].seller_sku)


def test_a_csv_needs_no_column_but_the_sku(tmp_path: Path) -> None:
    shop = loaded(tmp_path, "\ufeffseller_sku\nA\nB\n", "seed.csv")
    assert ["A", "B"] == [sku.seller_sku for sku in shop.skus.values()]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sku\nA\n", "seed.csv:1: the header needs a column seller_sku"),
        ("seller_sku,qty\nA,1\n", "seed.csv:1: unknown column 'qty'"),
        ("seller_sku,quantity\nA,1\nB,x\n", "seed.csv:3: quantity 'x'"),
        ("seller_sku,quantity\n,1\n", "seed.csv:2: seller_sku is empty"),
        ("seller_sku,quantity\nA,1,2\n", "seed.csv:2: the row has more values"),
        ("seller_sku\nA\nA\n", "seed.csv:3: 'A' has a row for 'Main' already"),
        ("seller_sku,warehouse,price\nA,Main,1\nA,East,2\n", "seed.csv:3: 'A' has two prices"),
        ("seller_sku,product,status\nA,P,DRAFT\nB,P,FAILED\n", "seed.csv:3: product 'P'"),
    ],
)
def test_a_bad_table_is_refused_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SeedError) as caught:
        loaded(tmp_path, text, "seed.csv")
    assert said in str(caught.value)


def test_a_seed_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SeedError, match="cannot be read"):
        read_seed(tmp_path / "none.json")


def test_a_shop_without_products_is_a_shop() -> None:
    assert {} == build_shop({}, "here").products
