import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.tiktok_shop.signing import is_genuine, sign, webhook_signature

SECRET = "e59af819cc"
Q1 = {"app_key": "29a39d", "timestamp": "1623812664"}
CIPHER = "GCP_XF90igAAAABh00qsWgtvOiGFNqyubMt3"
Q2 = {"app_key": "29a39d", "shop_cipher": CIPHER, "timestamp": "1700000000"}
Q6 = {
    **Q1,
    "shop_cipher": CIPHER,
    "page_size": "100",
    "page_token": "6AsPQsUMvH3RkchNUPPh22NROHkE0D8pmq/N5M1kHYcZmtRyv9aVrNv65W7Q6tFA+7D1ud64MPNz5OaT",
    "sign": "x",
    "access_token": "y",
}
INVENTORY = "/product/202309/products/1729592969712207008/inventory/update"
PRICES = "/product/202309/products/1729592969712207008/prices/update"
V4_BODY = (
    '{"skus":[{"id":"1729592969712207013","inventory":'
    '[{"warehouse_id":"7068517275539719942","quantity":42}]}]}'
)
V9_BODY = (
    '{"skus": [{"id": "1729592969712207013", "inventory": '
    '[{"warehouse_id": "7068517275539719942", "quantity": 42}]}]}'
)
V5_BODY = '{"skus":[{"id":"1729592969712207013","price":{"amount":"189.00","currency":"PHP"}}]}'
V3_QUERY = {
    "app_key": "68xu9ks5p4i8",
    "shop_cipher": "ROW_xkMbgAAAeVAQra0eZWebFQq5aIKt",
    "timestamp": "1696909648",
}
V3_BODY = '{"address":"https://partner.tiktokshop.com","event_type":"PACKAGE_UPDATE"}'
JSON = "application/json"

VECTORS = {
    "V1": (
        "b596b73e0cc6de07ac26f036364178ab16b0a907af13d43f0a0cd2345f582dc8",
        (SECRET, "/authorization/202309/shops", Q1, "", JSON),
    ),
    "V2": (
        "d3cb7fe11ecae942802ceeca67e7cf10120cc12f1517d45fbc1c8cfe5413c80f",
        ("app_secret", "/test-api", {"foo": "bar"}, "", JSON),
    ),
    "V3": (
        "a75b9c8cd57140cab6dc95bf31c37bd6ffface74210768b6517c0ff81659b0ba",
        (SECRET, "/event/202309/webhooks", V3_QUERY, V3_BODY, JSON),
    ),
    "V4": (
        "55cf57d08b0fbcf7a2f811c8c0be0bd2b00a3dfe3a156957f8fc705b045512f7",
        (SECRET, INVENTORY, Q2, V4_BODY, JSON),
    ),
    "V5": (
        "3e2dd78184f03fa09a41f829a080e5bd886f0faa5fcc39818f8cab4c065352b4",
        (SECRET, PRICES, Q2, V5_BODY, JSON),
    ),
    "V6": (
        "6b55918cfea8c0a45c2e533b88a5d8c2c379f23ded442d71d9be1fa86d28f73e",
        (SECRET, "/order/202309/orders/search", Q6, '{"order_status":"UNPAID"}', JSON),
    ),
    "V7": (
        "2f292aaeecc6a6ce8c7240771265c3342b343f27ef91271fe72a9452d74fa844",
        (SECRET, "/product/202309/images/upload", Q1, "--x", "Multipart/form-data; boundary=x"),
    ),
    "V8": (
        "75d036e3f40be49365e927a7797e2dda153c027dd0222e5f8bc1ccdc63b78c82",
        (SECRET, "/product/202309/products/1/partial_edit", Q2, '{"title":"Größe – ✓"}', JSON),
    ),
    "V9": (
        "889e8ee1d5892cdfc3231e0e7dddeabc73b78c98b72fbed72ff342beadbf883f",
        (SECRET, INVENTORY, Q2, V9_BODY, JSON),
    ),
}


@pytest.mark.parametrize("name", VECTORS)
def test_a_call_is_signed_as_the_vectors_of_the_fact_sheet_say(name: str) -> None:
    expected, (secret, path, query, body, content_type) = VECTORS[name]
    assert expected == sign(secret, path, query, body.encode(), content_type)


names = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF), min_size=1, max_size=8)


@given(st.text(max_size=20), names, st.dictionaries(names, st.text(max_size=9)), st.binary())
def test_any_call_is_signed_as_an_independent_implementation_does(
    secret: str, path: str, query: dict[str, str], body: bytes
) -> None:
    digest = hmac.new(secret.encode("utf-8", "replace"), digestmod=hashlib.sha256)
    parts = sorted((k.encode(), v.encode()) for k, v in query.items())
    digest.update(secret.encode())
    digest.update(b"/" + path.encode())
    for name, value in parts:
        if name not in {b"sign", b"access_token"}:
            digest.update(name)
            digest.update(value)
    digest.update(body)
    digest.update(secret.encode())
    assert digest.hexdigest() == sign(secret, "/" + path, query, body)


W1_BODY = (
    b'{"type":1,"tts_notification_id":"7380066284010030890","shop_id":"7495540735365777507",'
    b'"timestamp":1718305585,"data":{"is_on_hold_order":true,"order_id":"576653688135258178",'
    b'"order_status":"UNPAID","update_time":1718305585}}'
)
W2_BODY = (
    b'{"type":1,"shop_id":"7494726673780148744","timestamp":1664095733,"data":'
    b'{"order_id":"576684019603311365","order_status":"AWAITING_SHIPMENT",'
    b'"update_time":1664095610}}'
)
W1 = "5dec0f11ec2f6783b8deee53c9ffbf8d024302f7c7e7fa55a35d17629031ac05"
W2 = "21109834de72ec53c9959716d8514ae388ce1f123e5ffdcafc46713fcdf62b27"


def test_a_delivery_is_signed_as_the_vectors_of_the_fact_sheet_say() -> None:
    assert W1 == webhook_signature("abcdef", "123", W1_BODY)
    assert W2 == webhook_signature("fake_app_key", "fake_app_secret", W2_BODY)


def test_a_delivery_with_the_right_signature_is_genuine() -> None:
    assert is_genuine("abcdef", "123", W1_BODY, W1)


@pytest.mark.parametrize("header", [None, "", W2, W1.upper(), f"{W1} ", "ñandú", "\udcff" * 64])
def test_any_other_header_is_refused_without_raising(header: str | None) -> None:
    assert not is_genuine("abcdef", "123", W1_BODY, header)


@given(st.text(st.characters()), st.binary())
def test_no_header_makes_the_comparison_raise(header: str, body: bytes) -> None:
    assert not is_genuine("abcdef", "123", body, header)
