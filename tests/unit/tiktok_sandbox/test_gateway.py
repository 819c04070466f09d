import re
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from connectors.tiktok_shop.sandbox.gateway import read_query, signature
from connectors.tiktok_shop.sandbox.state import Identity
from tests.unit.tiktok_sandbox.shop_client import P1, ShopClient, open_shop, sign

SHOPS = "/authorization/202309/shops"
WAREHOUSES = "/logistics/202309/warehouses"
Q1 = {"app_key": "29a39d", "timestamp": "1623812664"}
Q2 = {
    "app_key": "29a39d",
    "shop_cipher": "GCP_XF90igAAAABh00qsWgtvOiGFNqyubMt3",
    "timestamp": "1700000000",
}
V3 = {
    "app_key": "68xu9ks5p4i8",
    "shop_cipher": "ROW_xkMbgAAAeVAQra0eZWebFQq5aIKt",
    "timestamp": "1696909648",
}
TOKEN = "6AsPQsUMvH3RkchNUPPh22NROHkE0D8pmq/N5M1kHYcZmtRyv9aVrNv65W7Q6tFA+7D1ud64MPNz5OaT"
V6 = {
    **Q1,
    "shop_cipher": Q2["shop_cipher"],
    "page_size": "100",
    "page_token": TOKEN,
    "sign": "x",
    "access_token": "y",
}
UPDATE = "/product/202309/products/1729592969712207008/inventory/update"
PRICES = "/product/202309/products/1729592969712207008/prices/update"
V4_BODY = (
    b'{"skus":[{"id":"1729592969712207013","inventory":'
    b'[{"warehouse_id":"7068517275539719942","quantity":42}]}]}'
)
V9_BODY = (
    b'{"skus": [{"id": "1729592969712207013", "inventory": '
    b'[{"warehouse_id": "7068517275539719942", "quantity": 42}]}]}'
)
V5_BODY = b'{"skus":[{"id":"1729592969712207013","price":{"amount":"189.00","currency":"PHP"}}]}'
V3_BODY = b'{"address":"https://partner.tiktokshop.com","event_type":"PACKAGE_UPDATE"}'
JSON = "application/json"


@pytest.mark.parametrize(
    ("digest", "path", "query", "body", "kind"),
    [
        ("b596b73e0cc6de07ac26f036364178ab16b0a907af13d43f0a0cd2345f582dc8", SHOPS, Q1, b"", JSON),
        (
            "a75b9c8cd57140cab6dc95bf31c37bd6ffface74210768b6517c0ff81659b0ba",
            "/event/202309/webhooks",
            V3,
            V3_BODY,
            JSON,
        ),
        (
            "55cf57d08b0fbcf7a2f811c8c0be0bd2b00a3dfe3a156957f8fc705b045512f7",
            UPDATE,
            Q2,
            V4_BODY,
            JSON,
        ),
        (
            "3e2dd78184f03fa09a41f829a080e5bd886f0faa5fcc39818f8cab4c065352b4",
            PRICES,
            Q2,
            V5_BODY,
            JSON,
        ),
        (
            "6b55918cfea8c0a45c2e533b88a5d8c2c379f23ded442d71d9be1fa86d28f73e",
            "/order/202309/orders/search",
            V6,
            b'{"order_status":"UNPAID"}',
            JSON,
        ),
        (
            "2f292aaeecc6a6ce8c7240771265c3342b343f27ef91271fe72a9452d74fa844",
            "/product/202309/images/upload",
            Q1,
            b"--x\r\nanything",
            "multipart/form-data; boundary=x",
        ),
        (
            "75d036e3f40be49365e927a7797e2dda153c027dd0222e5f8bc1ccdc63b78c82",
            "/product/202309/products/1/partial_edit",
            Q2,
            '{"title":"Größe – ✓"}'.encode(),
            JSON,
        ),
        (
            "889e8ee1d5892cdfc3231e0e7dddeabc73b78c98b72fbed72ff342beadbf883f",
            UPDATE,
            Q2,
            V9_BODY,
            JSON,
        ),
    ],
    ids=["V1", "V3", "V4", "V5", "V6", "V7", "V8", "V9"],
)
def test_the_verifier_computes_the_published_signatures(
    digest: str, path: str, query: Mapping[str, str], body: bytes, kind: str
) -> None:
    assert digest == signature("e59af819cc", path, query, body, kind)


def test_the_verifier_computes_the_signature_of_vector_v2() -> None:
    digest = "d3cb7fe11ecae942802ceeca67e7cf10120cc12f1517d45fbc1c8cfe5413c80f"
    assert digest == signature("app_secret", "/test-api", {"foo": "bar"}, b"", JSON)


def test_a_query_is_read_decoded_and_repeated_names_are_joined() -> None:
    assert {"a": "1,2", "t": "x+/= y", "e": ""} == read_query("a=1&a=2&t=x%2B%2F%3D+y&e=")


def test_a_right_signature_passes(shop: ShopClient) -> None:
    assert 0 == shop.call("GET", WAREHOUSES)["code"]


@pytest.mark.parametrize("bad", ["", "x", "0" * 64, "ü" * 64])
def test_a_wrong_signature_is_refused(shop: ShopClient, bad: str) -> None:
    assert 106001 == shop.call("GET", WAREHOUSES, sign=bad)["code"]


def test_an_upper_case_signature_is_refused(shop: ShopClient) -> None:
    stamp = int(time.time())
    query = {**Q2, "timestamp": str(stamp)}
    right = sign("e59af819cc", WAREHOUSES, query, b"")
    assert 0 == shop.send("GET", WAREHOUSES, timestamp=stamp, sign=right).json()["code"]
    upper = shop.send("GET", WAREHOUSES, timestamp=stamp, sign=right.upper())
    assert 106001 == upper.json()["code"]


def test_a_body_other_than_the_signed_one_is_refused(shop: ShopClient) -> None:
    path = "/order/202309/orders/search"
    query = {**Q2, "timestamp": str(int(time.time())), "page_size": "10"}
    query["sign"] = sign("e59af819cc", path, query, b"")
    headers = {"content-type": JSON, "x-tts-access-token": shop.token}
    answer = shop.http.post(path, params=query, content=b"{}", headers=headers)
    assert 106001 == answer.json()["code"]


@pytest.mark.parametrize(
    ("offset", "code"), [(-300, 0), (-301, 36009004), (30, 0), (31, 36009004), (0, 0)]
)
def test_the_clock_window_is_300_seconds_back_and_30_ahead(
    shop: ShopClient, offset: int, code: int
) -> None:
    shop.tweak(frozen_at=time.time())
    now = int(shop.control("GET", "state")["now"])
    answer = shop.send("GET", WAREHOUSES, timestamp=now + offset).json()
    assert code == answer["code"]
    assert (code == 0) is ("timestamp" not in answer["message"])


def test_the_date_header_follows_the_shops_own_clock(shop: ShopClient) -> None:
    shop.tweak(frozen_at=1_700_000_000.5)
    date = shop.send("GET", WAREHOUSES).headers["date"]
    assert "Tue, 14 Nov 2023 22:13:20 GMT" == date


@pytest.mark.parametrize("stamp", ["", "soon", "١٢"])
def test_a_timestamp_that_is_no_number_is_refused(shop: ShopClient, stamp: str) -> None:
    query = {**Q2, "timestamp": stamp}
    query["sign"] = sign("e59af819cc", WAREHOUSES, query, b"")
    answer = shop.http.get(WAREHOUSES, params=query, headers={"x-tts-access-token": shop.token})
    assert 36009004 == answer.json()["code"]


def test_a_foreign_app_key_is_refused(shop: ShopClient) -> None:
    assert 36009004 == shop.call("GET", WAREHOUSES, app_key="other")["code"]


def test_a_missing_cipher_a_superfluous_one_and_a_foreign_one_are_told_apart(
    shop: ShopClient,
) -> None:
    assert 106013 == shop.call("GET", WAREHOUSES, shop_cipher=None)["code"]
    superfluous = shop.call("GET", SHOPS)
    assert (36009004, True) == (
        superfluous["code"],
        "shop_cipher is not required" in superfluous["message"],
    )
    assert 101000 == shop.call("GET", WAREHOUSES, shop_cipher="other")["code"]
    assert 0 == shop.call("GET", SHOPS, shop_cipher=None)["code"]


def test_unknown_paths_and_versions_and_wrong_verbs_have_their_codes(shop: ShopClient) -> None:
    assert 36009009 == shop.call("GET", "/nothing/202309/here")["code"]
    assert 36009009 == shop.call("GET", "/logistics/202001/warehouses")["code"]
    assert 36009010 == shop.post(WAREHOUSES, {})["code"]
    assert 36009010 == shop.call("PUT", f"/product/202309/products/{P1}", {})["code"]


def test_a_body_that_is_no_json_object_is_refused(shop: ShopClient) -> None:
    assert 36009004 == shop.post("/product/202309/inventory/search", [1])["code"]


def test_a_missing_token_is_invalid_and_an_unknown_one_is_expired(shop: ShopClient) -> None:
    none = shop.send("GET", WAREHOUSES, headers={"x-tts-access-token": ""})
    assert 36009004 == none.json()["code"]
    other = shop.send("GET", WAREHOUSES, headers={"x-tts-access-token": "other"})
    assert 105002 == other.json()["code"]


def test_the_rate_is_a_hard_limit_whose_refusals_come_as_429_and_as_200(tmp_path: Path) -> None:
    with open_shop(tmp_path, rate=3.0) as shop:
        answers = [shop.send("GET", WAREHOUSES) for _ in range(7)]
        codes = [answer.json()["code"] for answer in answers]
        assert [0, 0, 0, 36009002, 36009002, 36009002, 36009002] == codes
        assert [429, 200, 429, 200] == [answer.status_code for answer in answers[3:]]
        assert "retry-after" not in answers[3].headers
        shop.tweak(retry_after=2)
        assert "2" == shop.send("GET", WAREHOUSES).headers["retry-after"]
        stats = shop.control("GET", "stats")
        assert (5, 9) == (stats["throttled"], stats["max_in_one_second"])
        time.sleep(1.05)
        assert 0 == shop.call("GET", WAREHOUSES)["code"]


def test_latency_is_added_to_every_call(tmp_path: Path) -> None:
    with open_shop(tmp_path, latency=0.1) as shop:
        began = time.monotonic()
        shop.call("GET", WAREHOUSES)
        assert time.monotonic() - began >= 0.1


def test_request_ids_differ_and_a_connection_is_kept(shop: ShopClient) -> None:
    first, second = (shop.send("GET", WAREHOUSES) for _ in range(2))
    assert first.json()["request_id"] != second.json()["request_id"]
    assert re.fullmatch(r"\d+", first.json()["request_id"])
    assert "close" != first.headers.get("connection")


def test_the_secret_of_the_sandbox_is_the_one_of_the_vectors() -> None:
    assert ("29a39d", "e59af819cc") == (Identity().app_key, Identity().app_secret)
