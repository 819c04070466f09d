import time
from pathlib import Path

import httpx
import pytest

from tests.unit.tiktok_sandbox.shop_client import (
    MAIN,
    P1,
    P2,
    SEED,
    ShopClient,
    open_shop,
    sku_codes,
)

UPDATE = f"/product/202309/products/{P2}/inventory/update"
BODY = {"skus": [{"id": "1003", "inventory": [{"warehouse_id": MAIN, "quantity": 4}]}]}


def inject(shop: ShopClient, **fault: object) -> None:
    shop.control("POST", "faults", {"match": "inventory/update", **fault})


def write(shop: ShopClient) -> httpx.Response:
    return shop.send("POST", UPDATE, BODY)


def available(shop: ShopClient) -> int:
    return shop.stock("1003")[MAIN][0]


@pytest.mark.parametrize(
    ("kind", "left"),
    [("refuse", 20), ("timeout_before_commit", 20), ("timeout_after_commit", 4)],
)
def test_a_lost_answer_closes_the_connection(shop: ShopClient, kind: str, left: int) -> None:
    inject(shop, kind=kind, seconds=0.05)
    with pytest.raises(httpx.TransportError):
        write(shop)
    assert left == available(shop)
    entry = next(row for row in reversed(shop.journal()) if row.get("path") == UPDATE)
    assert (kind, True) == (entry["fault"], entry["dropped"])
    assert bool(entry["applied"]) is (left == 4)
    assert 0 == write(shop).json()["code"]


def test_a_timeout_hangs_for_its_seconds(shop: ShopClient) -> None:
    inject(shop, kind="timeout_after_commit", seconds=0.3)
    began = time.monotonic()
    with pytest.raises(httpx.TransportError):
        write(shop)
    assert time.monotonic() - began >= 0.3


@pytest.mark.parametrize(("kind", "status"), [("http_500", 500), ("http_503", 503)])
def test_server_errors_do_nothing(shop: ShopClient, kind: str, status: int) -> None:
    inject(shop, kind=kind)
    assert (status, 20) == (write(shop).status_code, available(shop))


def test_garbage_and_html_are_answered_with_200_and_no_json(shop: ShopClient) -> None:
    for kind in ("garbage", "html"):
        inject(shop, kind=kind)
        answer = write(shop)
        assert 200 == answer.status_code
        with pytest.raises(ValueError, match=r"Expecting|Unterminated|delimiter"):
            answer.json()
    assert 20 == available(shop)
    inject(shop, kind="garbage", commit=True)
    write(shop)
    assert 4 == available(shop)


def test_a_truncated_answer_promises_more_than_it_holds(shop: ShopClient) -> None:
    inject(shop, kind="truncated")
    with pytest.raises(httpx.RemoteProtocolError):
        write(shop)
    assert 4 == available(shop)


def test_a_code_is_answered_as_given(shop: ShopClient) -> None:
    inject(shop, kind="code", code=12052093, message="Listing cap")
    answer = write(shop).json()
    assert (12052093, "Listing cap") == (answer["code"], answer["message"])
    inject(shop, kind="token_expired")
    assert 105002 == write(shop).json()["code"]
    assert 20 == available(shop)


def test_a_sku_error_refuses_one_sku_and_writes_the_others(shop: ShopClient) -> None:
    inject(shop, kind="sku_error", code=12052393, sku_id="1001")
    answer = shop.set_stock(P1, s1001={MAIN: 1, "7068517275539719943": 1}, s1002={MAIN: 1})
    assert {"1001": [12052393]} == sku_codes(answer)
    assert (10, 1) == (shop.stock("1001")[MAIN][0], shop.stock("1002")[MAIN][0])


def test_a_sku_error_without_a_sku_refuses_all(shop: ShopClient) -> None:
    inject(shop, kind="sku_error", code=12052533)
    assert {"1003": [12052533]} == sku_codes(write(shop).json())
    assert 20 == available(shop)


def test_a_slow_answer_is_right_but_late(shop: ShopClient) -> None:
    inject(shop, kind="slow", seconds=0.2)
    began = time.monotonic()
    assert 0 == write(shop).json()["code"]
    assert time.monotonic() - began >= 0.2


def test_faults_strike_after_some_requests_and_so_many_times(shop: ShopClient) -> None:
    inject(shop, kind="http_500", times=2, after=1)
    assert [200, 500, 500, 200] == [write(shop).status_code for _ in range(4)]
    inject(shop, kind="http_500", times=0)
    assert [500] * 3 == [write(shop).status_code for _ in range(3)]
    shop.control("DELETE", "faults")
    assert 200 == write(shop).status_code


def test_faults_may_be_meant_for_one_product_or_by_chance(shop: ShopClient) -> None:
    inject(shop, kind="http_500", product_id=P1)
    assert 200 == write(shop).status_code
    shop.control("DELETE", "faults")
    inject(shop, kind="http_500", probability=0.5)
    seen = [write(shop).status_code for _ in range(40)]
    assert {200, 500} == set(seen)
    assert 8 < seen.count(500) < 32


def test_faults_can_be_given_as_flags(tmp_path: Path) -> None:
    flags = ("http_503:warehouses:1:1", "code=36009003:shops", "slow=0.2:token/get")
    with open_shop(tmp_path, SEED, faults=flags) as shop:
        began = time.monotonic()
        shop.connect()
        assert time.monotonic() - began >= 0.2
        path = "/logistics/202309/warehouses"
        assert [200, 503, 200] == [shop.send("GET", path).status_code for _ in range(3)]
        assert 36009003 == shop.call("GET", "/authorization/202309/shops")["code"]


@pytest.mark.parametrize("flag", ["nonsense", "slow=x", "http_500:a:b", "http_500:a:1:2:3"])
def test_a_flag_that_makes_no_sense_is_refused(tmp_path: Path, flag: str) -> None:
    with (
        pytest.raises(ValueError, match="fault"),
        open_shop(tmp_path, faults=(flag,)),
    ):
        pass
