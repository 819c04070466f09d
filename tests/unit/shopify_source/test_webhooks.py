import hmac
import json
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from connectors.shopify.webhooks import read_delivery
from syncd.domain.errors import DeliveryRefused
from syncd.ports.deliveries import About, Hint
from tests.unit.shopify_source.conftest import Open
from tests.unit.shopify_source.world import product, shop_of, variant

SECRET = SecretStr("hook-secret")
SHOP = "acme.myshopify.com"
LEVEL = json.dumps(
    {"inventory_item_id": 271878346596884015, "location_id": 24826418, "available": None}
).encode()


def signed(body: bytes, topic: str = "inventory_levels/update", **more: str) -> Mapping[str, str]:
    digest = hmac.new(b"hook-secret", body, sha256).digest()
    named = {f"x-shopify-{name.replace('_', '-')}": value for name, value in more.items()}
    return {
        "x-shopify-hmac-sha256": b64encode(digest).decode(),
        "x-shopify-shop-domain": SHOP,
        "x-shopify-topic": topic,
        **named,
    }


def test_a_change_of_stock_points_at_its_item_and_tells_no_number() -> None:
    headers = signed(
        LEVEL, webhook_id="w-1", event_id="e-1", triggered_at="2026-11-23T12:00:00.123456Z"
    )

    delivery = read_delivery(headers, LEVEL, SECRET, SHOP)

    assert (Hint(about=About.STOCK, reference="271878346596884015"),) == delivery.hints
    assert ("w-1", "e-1") == (delivery.notification, delivery.event)
    assert datetime(2026, 11, 23, 12, 0, 0, 123456, UTC) == delivery.sent_at


@pytest.mark.parametrize(
    ("topic", "body", "hints"),
    [
        ("products/update", b'{"id": 7}', (Hint(about=About.PRODUCT, reference="7"),)),
        ("products/delete", b'{"id": 8}', (Hint(about=About.PRODUCT, reference="8"),)),
        ("app/uninstalled", b"{}", (Hint(about=About.AUTHORIZATION),)),
        ("carts/update", b"no JSON at all", ()),
    ],
)
def test_a_topic_decides_what_is_looked_at(
    topic: str, body: bytes, hints: tuple[Hint, ...]
) -> None:
    assert hints == read_delivery(signed(body, topic), body, SECRET, SHOP).hints


@given(body=st.binary(max_size=200), given_=st.text(max_size=60))
def test_only_the_right_signature_opens(body: bytes, given_: str) -> None:
    headers = {**signed(body, "carts/update"), "x-shopify-hmac-sha256": given_}
    right = signed(body)["x-shopify-hmac-sha256"]

    if given_.strip() == right:
        assert read_delivery(headers, body, SECRET, SHOP).hints == ()
    else:
        with pytest.raises(DeliveryRefused, match="not signed with this app's secret"):
            read_delivery(headers, body, SECRET, SHOP)


@given(body=st.binary(min_size=1, max_size=60), at=st.integers(0, 59), bit=st.integers(0, 7))
def test_a_body_with_one_bit_changed_is_refused(body: bytes, at: int, bit: int) -> None:
    changed = bytearray(body)
    changed[at % len(body)] ^= 1 << bit

    with pytest.raises(DeliveryRefused):
        read_delivery(signed(body, "carts/update"), bytes(changed), SECRET, SHOP)


@pytest.mark.parametrize(
    "headers",
    [{}, {"x-shopify-hmac-sha256": ""}, {"x-shopify-hmac-sha256": "é\udc80\0"}],
    ids=["none", "empty", "no ASCII"],
)
def test_an_odd_signature_is_refused_like_any_other(headers: Mapping[str, str]) -> None:
    with pytest.raises(DeliveryRefused):
        read_delivery(headers, LEVEL, SECRET, SHOP)


def test_a_delivery_for_another_shop_of_the_app_is_refused() -> None:
    headers = {**signed(LEVEL), "x-shopify-shop-domain": "other.myshopify.com"}

    with pytest.raises(DeliveryRefused, match=r"for another shop than acme\.myshopify\.com"):
        read_delivery(headers, LEVEL, SECRET, SHOP)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"inventory_item_id": null}', b'{"inventory_item_id": "x"}']
)
def test_a_body_that_shopify_never_sends_is_refused(body: bytes) -> None:
    with pytest.raises(DeliveryRefused, match="none that Shopify sends"):
        read_delivery(signed(body), body, SECRET, SHOP)


def test_a_time_that_is_none_is_left_out() -> None:
    headers = signed(b"{}", "app/uninstalled", triggered_at="yesterday")

    assert None is read_delivery(headers, b"{}", SECRET, SHOP).sent_at


def test_a_source_verifies_with_its_client_secret_unless_told_another(opened: Open) -> None:
    world = opened(shop_of(product(variant("A"))))
    domain = {"x-shopify-shop-domain": world.shop.identity.domain}
    headers = {**signed(LEVEL), **domain}
    app = {
        "client_id": world.shop.identity.client_id,
        "client_secret": {"credential": "client_secret"},
    }

    own = world.source(webhook_secret={"credential": "webhook"}, **app)

    assert own.parse_delivery(headers, LEVEL).hints
    with pytest.raises(DeliveryRefused, match="not signed"):
        world.source(**app).parse_delivery(headers, LEVEL)
    with pytest.raises(DeliveryRefused, match="has no webhook_secret"):
        world.source().parse_delivery(headers, LEVEL)
