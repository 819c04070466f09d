import pytest

from tests.unit.tiktok_sandbox.shop_client import (
    EAST,
    MAIN,
    P1,
    P2,
    P3,
    P4,
    P5,
    ShopClient,
    sku_codes,
)

SEARCH = "/product/202309/inventory/search"


def test_an_update_sets_available_stock_absolutely_and_leaves_committed(shop: ShopClient) -> None:
    shop.buy("TEE-S", 2)
    for _ in range(2):
        assert {} == sku_codes(shop.set_stock(P1, s1001={MAIN: 5, EAST: 1}))
        assert {MAIN: (5, 2), EAST: (1, 0)} == shop.stock("1001")


def test_search_tells_totals_and_their_distribution(shop: ShopClient) -> None:
    answer = shop.post(SEARCH, {"product_ids": [P1, P3]})
    rows = {sku["id"]: sku for row in answer["data"]["inventory"] for sku in row["skus"]}
    assert ["1001", "1002", "1004"] == list(rows)
    assert (15, 0) == (
        rows["1001"]["total_available_quantity"],
        rows["1001"]["total_committed_quantity"],
    )
    distribution = rows["1004"]["total_available_inventory_distribution"]
    assert 5 == distribution["in_shop_inventory"]["quantity"]
    assert [4] == [row["quantity"] for row in distribution["campaign_inventory"]]


def test_sku_ids_win_over_product_ids_and_unknown_ones_are_left_out(shop: ShopClient) -> None:
    body = {"product_ids": [P2], "sku_ids": ["1001", "999"]}
    (row,) = shop.post(SEARCH, body)["data"]["inventory"]
    assert (P1, ["1001"]) == (row["product_id"], [sku["id"] for sku in row["skus"]])


@pytest.mark.parametrize(
    ("key", "count", "code"),
    [
        ("product_ids", 100, 0),
        ("product_ids", 101, 12019120),
        ("sku_ids", 600, 0),
        ("sku_ids", 601, 12019015),
        ("sku_ids", 0, 36009004),
    ],
)
def test_search_takes_100_products_or_600_skus(
    shop: ShopClient, key: str, count: int, code: int
) -> None:
    assert code == shop.post(SEARCH, {key: [str(n) for n in range(count)]})["code"]


@pytest.mark.parametrize(
    ("quantity", "codes"), [(0, []), (1, []), (99_999, []), (100_000, [12052055]), (-1, [12019024])]
)
def test_quantities_have_bounds(shop: ShopClient, quantity: int, codes: list[int]) -> None:
    assert codes == sku_codes(shop.set_stock(P2, s1003={MAIN: quantity})).get("1003", [])


def test_zero_may_be_refused_by_policy(shop: ShopClient) -> None:
    shop.tweak(zero="refuse")
    answer = shop.set_stock(P1, s1001={MAIN: 0, EAST: 3}, s1002={MAIN: 3})
    assert {"1001": [12019024]} == sku_codes(answer)
    assert [12052990] == [error["code"] for error in answer["data"]["errors"]]
    assert {MAIN: (10, 0), EAST: (5, 0)} == shop.stock("1001")
    assert {MAIN: (3, 0)} == shop.stock("1002")


def test_all_warehouses_of_a_sku_must_be_given_and_none_other(shop: ShopClient) -> None:
    assert {"1001": [12052533]} == sku_codes(shop.set_stock(P1, s1001={MAIN: 1}))
    assert {"1002": [12052097]} == sku_codes(shop.set_stock(P1, s1002={MAIN: 1, EAST: 1}))
    answer = shop.set_stock(P2, s1003={"7": 1})
    assert {"1003": [12052097, 12052533]} == sku_codes(answer)
    extra = answer["data"]["errors"][0]["detail"]["extra_errors"]
    assert ["7", MAIN] == [row["warehouse_id"] for row in extra]


def test_the_warehouse_may_be_left_out_only_when_there_is_one(shop: ShopClient) -> None:
    def write(product: str, sku: str) -> dict[str, list[int]]:
        body = {"skus": [{"id": sku, "inventory": [{"quantity": 4}]}]}
        path = f"/product/202309/products/{product}/inventory/update"
        return sku_codes(shop.post(path, body))

    assert {} == write(P2, "1003")
    assert {"1001": [12052097, 12052533, 12052533]} == write(P1, "1001")


def test_a_warehouse_given_twice_is_refused(shop: ShopClient) -> None:
    rows = [{"warehouse_id": MAIN, "quantity": 1}] * 2
    body = {"skus": [{"id": "1003", "inventory": rows}]}
    path = f"/product/202309/products/{P2}/inventory/update"
    assert {"1003": [12052555]} == sku_codes(shop.post(path, body))


def test_foreign_and_duplicate_skus_are_refused(shop: ShopClient) -> None:
    answer = shop.set_stock(P1, s1003={MAIN: 1}, s9={MAIN: 1}, s1002={MAIN: 1})
    assert {"1003": [12052557], "9": [12052557]} == sku_codes(answer)
    assert {MAIN: (1, 0)} == shop.stock("1002")
    row = {"id": "1003", "inventory": [{"warehouse_id": MAIN, "quantity": 1}]}
    path = f"/product/202309/products/{P2}/inventory/update"
    assert 12052553 == shop.post(path, {"skus": [row, row]})["code"]


def test_an_unknown_product_is_refused_as_a_whole(shop: ShopClient) -> None:
    assert 12052260 == shop.set_stock("999", s1003={MAIN: 1})["code"]


@pytest.mark.parametrize(
    ("status", "code"),
    [("ACTIVATE", 0), ("SELLER_DEACTIVATED", 0)]
    + [
        (status, 12019113)
        for status in ("DRAFT", "PENDING", "FAILED", "PLATFORM_DEACTIVATED", "FREEZE", "DELETED")
    ],
)
def test_only_active_and_deactivated_products_take_stock(
    shop: ShopClient, status: str, code: int
) -> None:
    shop.control("POST", f"products/{P2}", {"status": status})
    assert code == shop.set_stock(P2, s1003={MAIN: 1})["code"]


def test_platform_stock_combos_and_campaign_locks_are_refused(shop: ShopClient) -> None:
    assert {"1005": [12052144]} == sku_codes(shop.set_stock(P4, s1005={MAIN: 1}))
    assert {"1006": [12052708]} == sku_codes(shop.set_stock(P5, s1006={MAIN: 1}))
    assert {"1004": [12052393]} == sku_codes(shop.set_stock(P3, s1004={MAIN: 3}))
    assert {} == sku_codes(shop.set_stock(P3, s1004={MAIN: 4}))


@pytest.mark.parametrize(
    "skus",
    [
        [],
        [{"id": 1003}],
        [{"id": "1003"}],
        [{"id": "1003", "inventory": []}],
        [{"id": "1003", "inventory": [{"warehouse_id": MAIN, "quantity": "4"}]}],
        [{"id": "1003", "inventory": [{"warehouse_id": MAIN, "quantity": 4.0}]}],
        [{"id": "1003", "inventory": [{"warehouse_id": MAIN}]}],
    ],
)
def test_a_malformed_update_is_refused_as_a_whole(shop: ShopClient, skus: object) -> None:
    path = f"/product/202309/products/{P2}/inventory/update"
    assert 36009004 == shop.post(path, {"skus": skus})["code"]


def test_readings_show_a_write_only_after_the_read_delay(shop: ShopClient) -> None:
    shop.freeze(2_000_000_000)
    shop.tweak(read_delay=30)

    def shown(now: int) -> list[int]:
        shop.tweak(frozen_at=now)
        body = {"sku_ids": ["1003"]}
        search = shop.send("POST", SEARCH, body, timestamp=now).json()["data"]["inventory"]
        path = f"/product/202309/products/{P2}"
        detail = shop.send("GET", path, timestamp=now).json()["data"]["skus"]
        path = "/product/202502/products/search"
        listed = shop.send("POST", path, {"sku_ids": ["1003"]}, timestamp=now, page_size="10")
        (product,) = listed.json()["data"]["products"]
        return [
            search[0]["skus"][0]["total_available_quantity"],
            detail[0]["inventory"][0]["quantity"],
            product["skus"][0]["inventory"][0]["quantity"],
        ]

    path = f"/product/202309/products/{P2}/inventory/update"
    for moment, quantity in ((2_000_000_000, 5), (2_000_000_010, 6)):
        shop.tweak(frozen_at=moment)
        row = {"id": "1003", "inventory": [{"warehouse_id": MAIN, "quantity": quantity}]}
        assert 0 == shop.send("POST", path, {"skus": [row]}, timestamp=moment).json()["code"]
    assert [20] * 3 == shown(2_000_000_029)
    assert [5] * 3 == shown(2_000_000_030)
    assert [6] * 3 == shown(2_000_000_040)
    state = shop.control("GET", "state")
    assert 6 == state["products"][1]["skus"][0]["available"]
