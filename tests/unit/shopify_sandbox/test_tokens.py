import json
from urllib.parse import urlencode

import pytest

from connectors.shopify import queries
from tests.unit.shopify_sandbox.shop_client import Response, ShopClient

TOKEN = "/admin/oauth/access_token"


def grant(shop: ShopClient, **changes: str) -> Response:
    form = {
        "grant_type": "client_credentials",
        "client_id": shop.about["client_id"],
        "client_secret": shop.about["client_secret"],
        **changes,
    }
    return shop.request(
        "POST", TOKEN, json.dumps(form).encode(), {"Content-Type": "application/json"}
    )


def test_client_credentials_give_a_token_for_a_day(shop: ShopClient) -> None:
    answer = grant(shop).json()
    shop.token = answer["access_token"]

    assert 86_399 == answer["expires_in"]
    assert "read_products" in answer["scope"]
    assert shop.data(queries.SHOP)


def test_a_form_is_taken_too(shop: ShopClient) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_id": shop.about["client_id"],
        "client_secret": shop.about["client_secret"],
    }
    kind = {"Content-Type": "application/x-www-form-urlencoded"}

    assert 200 == shop.request("POST", TOKEN, urlencode(form).encode(), kind).status


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "wrong"}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    ],
)
def test_wrong_credentials_get_no_token(
    shop: ShopClient, change: dict[str, str], status: int, error: str
) -> None:
    answer = grant(shop, **change)

    assert (status, error) == (answer.status, answer.json()["error"])


def test_a_shop_of_somebody_else_gets_no_token(shop: ShopClient) -> None:
    shop.tweak(own_shop=False)

    assert "shop_not_permitted" == grant(shop).json()["error"]


def test_a_token_dies_when_its_time_is_over(shop: ShopClient) -> None:
    shop.tweak(token_life=60, frozen_at=1_795_866_000)
    shop.token = grant(shop).json()["access_token"]
    assert 200 == shop.post(queries.SHOP, {}).status
    shop.tweak(frozen_at=1_795_866_060)

    refused = shop.post(queries.SHOP, {})
    assert 401 == refused.status
    assert "Invalid API key" in refused.json()["errors"]


def test_expiring_spares_the_permanent_token(shop: ShopClient) -> None:
    permanent, shop.token = shop.token, grant(shop).json()["access_token"]
    shop.control("POST", "tokens/expire")

    assert 401 == shop.post(queries.SHOP, {}).status
    shop.token = permanent
    assert 200 == shop.post(queries.SHOP, {}).status


def test_an_uninstalled_app_is_let_in_no_more(shop: ShopClient) -> None:
    shop.control("POST", "uninstall")

    assert 401 == shop.post(queries.SHOP, {}).status
    assert 400 == grant(shop).status


@pytest.mark.parametrize(
    ("asked", "served"),
    [("2026-07", "2026-07"), ("2024-01", "2026-01"), ("unstable", "unstable")],
)
def test_an_old_version_falls_forward_and_the_header_says_so(
    shop: ShopClient, asked: str, served: str
) -> None:
    answer = shop.post(queries.SHOP, {}, asked)

    assert (200, served) == (answer.status, answer.headers["x-shopify-api-version"])


def test_a_version_that_is_not_there_yet_is_not_found(shop: ShopClient) -> None:
    assert 404 == shop.post(queries.SHOP, {}, "2031-01").status
    assert 404 == shop.request("GET", "/admin/api/2026-07/graphql.json").status
    assert 404 == shop.request("POST", "/elsewhere").status


def test_the_clock_of_the_shop_is_in_the_date_header(shop: ShopClient) -> None:
    shop.tweak(frozen_at=1_795_866_000)

    assert "Sat, 28 Nov 2026 11:40:00 GMT" == shop.post(queries.SHOP, {}).headers["date"]


def test_no_token_and_no_secret_is_ever_in_journal_or_state(shop: ShopClient) -> None:
    token = grant(shop).json()["access_token"]
    shop.post(queries.SHOP, {})
    shown = json.dumps([shop.journal(), shop.control("GET", "state")])

    assert not [
        secret
        for secret in (token, shop.about["token"], shop.about["client_secret"])
        if secret in shown
    ]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"query": 7}', b'{"query": "{"}'])
def test_a_body_that_is_no_request_is_refused(shop: ShopClient, body: bytes) -> None:
    headers = {"X-Shopify-Access-Token": shop.token}
    answer = shop.request("POST", "/admin/api/2026-07/graphql.json", body, headers)

    assert answer.status in {200, 400}
    assert answer.json()["errors"]
