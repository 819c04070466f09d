from pathlib import Path
from typing import Any

import pytest

from connectors.tiktok_shop.sandbox.paging import token_of
from tests.unit.tiktok_sandbox.shop_client import P1, P2, P3, P4, P5, ShopClient, open_shop

SEARCH = "/product/202502/products/search"


def ids(answer: dict[str, Any]) -> list[str]:
    return [product["id"] for product in answer["data"]["products"]]


@pytest.mark.parametrize("version", ["202502", "202312", "202309"])
def test_products_are_searched_in_all_three_versions(shop: ShopClient, version: str) -> None:
    answer = shop.post(f"/product/{version}/products/search", {}, page_size="100")
    assert [P1, P2, P3, P4, P5] == ids(answer)
    assert 5 == answer["data"]["total_count"]
    sku = answer["data"]["products"][0]["skus"][0]
    price = {"currency": "USD", "sale_price": "12.00", "tax_exclusive_price": "12.00"}
    assert ("1001", "TEE-S", price) == (sku["id"], sku["seller_sku"], sku["price"])


@pytest.mark.parametrize("size", [None, "0", "101", "many"])
def test_a_page_size_from_1_to_100_is_required(shop: ShopClient, size: str | None) -> None:
    assert 36009004 == shop.post(SEARCH, {}, page_size=size)["code"]
    assert 36009004 == shop.orders(page_size=size)["code"]


def test_pages_follow_tokens_with_plus_slash_and_equals(shop: ShopClient) -> None:
    seen: list[str] = []
    token: str | None = None
    for _ in range(3):
        answer = shop.post(SEARCH, {}, page_size="2", page_token=token)
        seen += ids(answer)
        token = answer["data"]["next_page_token"]
        assert not token or set("+/=") <= set(token)
    assert ("", [P1, P2, P3, P4, P5]) == (token, seen)
    for bad in ("nonsense", "====", token_of("x")):
        assert 36009004 == shop.post(SEARCH, {}, page_size="2", page_token=bad)["code"]
        assert 36009004 == shop.orders(page_token=bad)["code"]


def test_filters_by_status_sku_and_time(shop: ShopClient) -> None:
    shop.control("POST", f"products/{P2}", {"status": "DELETED"})
    shop.control("POST", f"products/{P3}", {"status": "DRAFT"})

    def found(**body: object) -> list[str]:
        return ids(shop.post(SEARCH, body, page_size="100"))

    assert [P2] == found(status="DELETED")
    assert [P1, P4, P5] == found(status="ACTIVATE")
    assert [P1, P2, P3, P4, P5] == found(status="ALL")
    assert [P1, P2] == found(seller_skus=["MUG", "TEE-M", "unknown"])
    assert [P1] == found(sku_ids=["1002"])
    assert [P1] == found(sku_ids=["1002", "1003"], seller_skus=["TEE-M"])
    assert [P2] == found(create_time_ge=1_700_000_001, create_time_le=1_700_000_001)
    assert [P2, P3] == found(update_time_ge=1_700_000_010)


@pytest.mark.parametrize(
    "body",
    [
        {"status": "LIVE"},
        {"seller_skus": [str(n) for n in range(11)]},
        {"sku_ids": [str(n) for n in range(11)]},
        {"seller_skus": "MUG"},
        {"update_time_ge": "yesterday"},
    ],
)
def test_impossible_filters_are_refused(shop: ShopClient, body: object) -> None:
    assert 36009004 == shop.post(SEARCH, body, page_size="10")["code"]


def test_a_result_beyond_the_cap_is_refused(shop: ShopClient) -> None:
    shop.tweak(search_cap=4)
    assert 12052180 == shop.post(SEARCH, {}, page_size="2")["code"]
    narrower = {"update_time_le": 1_700_000_002}
    assert 0 == shop.post(SEARCH, narrower, page_size="2")["code"]


def test_a_product_is_read_by_id(shop: ShopClient) -> None:
    data = shop.call("GET", f"/product/202309/products/{P1}")["data"]
    assert (P1, "ACTIVATE") == (data["id"], data["status"])
    quantities = [row["quantity"] for row in data["skus"][0]["inventory"]]
    assert [10, 5] == quantities
    assert 12052260 == shop.call("GET", "/product/202309/products/999")["code"]


def test_deactivating_and_activating_answers_by_product(shop: ShopClient) -> None:
    shop.control("POST", f"products/{P2}", {"status": "FREEZE"})
    path = "/product/202309/products/deactivate"
    answer = shop.post(path, {"product_ids": [P1, P2, "999"]})
    assert 0 == answer["code"]
    errors = {e["detail"]["product_id"]: e["code"] for e in answer["data"]["errors"]}
    assert {P2: 12052901, "999": 12052260} == errors
    assert (
        "SELLER_DEACTIVATED" == shop.call("GET", f"/product/202309/products/{P1}")["data"]["status"]
    )
    again = shop.post("/product/202309/products/activate", {"product_ids": [P1]})
    assert (0, {}) == (again["code"], again["data"])
    assert 36009004 == shop.post(path, {"product_ids": [str(n) for n in range(21)]})["code"]
    assert 36009004 == shop.post(path, {})["code"]


def test_an_activated_product_is_pending_until_the_audit_is_over(tmp_path: Path) -> None:
    with open_shop(tmp_path) as shop:
        shop.freeze(2_000_000_000)
        shop.tweak(audit=60)

        def status() -> str:
            state = shop.control("GET", "state")
            return str(state["products"][0]["status"])

        shop.control("POST", f"products/{P1}", {"status": "SELLER_DEACTIVATED"})
        body = {"product_ids": [P1]}
        shop.send("POST", "/product/202309/products/activate", body, timestamp=2_000_000_000)
        assert "PENDING" == status()
        shop.tweak(frozen_at=2_000_000_060)
        assert "ACTIVATE" == status()


def test_the_return_warehouse_is_listed_first(shop: ShopClient) -> None:
    rows = shop.call("GET", "/logistics/202309/warehouses")["data"]["warehouses"]
    kinds = [(row["type"], row["name"]) for row in rows]
    returns, sales = "RETURN_WAREHOUSE", "SALES_WAREHOUSE"
    assert [(returns, "Returns"), (sales, "Main"), (sales, "East")] == kinds


def test_the_shop_tells_its_cipher(shop: ShopClient) -> None:
    answer = shop.call("GET", "/authorization/202309/shops", shop_cipher=None)
    (found,) = answer["data"]["shops"]
    assert shop.about["shop_id"] == found["id"]
    assert {"id", "name", "region", "seller_type", "cipher", "code"} == set(found)


def test_locked_products_are_in_an_ongoing_activity(shop: ShopClient) -> None:
    path = "/promotion/202309/activities/search"
    (row,) = shop.post(path, {"status": "ONGOING"})["data"]["activities"]
    detail = shop.call("GET", f"/promotion/202309/activities/{row['id']}")["data"]
    assert [P3] == [product["id"] for product in detail["products"]]
    assert [] == shop.post(path, {"status": "EXPIRED"})["data"]["activities"]
    shop.control("POST", f"products/{P3}", {"price_locked": False})
    assert [] == shop.post(path, {})["data"]["activities"]
    assert 0 != shop.call("GET", f"/promotion/202309/activities/{row['id']}")["code"]
