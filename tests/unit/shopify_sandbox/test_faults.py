import http.client
from pathlib import Path

import pytest

from connectors.shopify import queries
from connectors.shopify.sandbox.factory import FACTORY
from connectors.tiktok_shop.sandbox.factory import FACTORY as TIKTOK
from syncd.ports.sandbox import SandboxOptions
from tests.unit.shopify_sandbox.shop_client import Response, ShopClient, codes, open_shop

PAGE = {"first": 5, "levels": 5, "priced": False}


def page(shop: ShopClient) -> Response:
    return shop.post(queries.VARIANTS, PAGE)


@pytest.mark.parametrize("status", [401, 402, 403, 404, 423, 430, 500, 502, 503, 504])
def test_a_status_on_demand_strikes_once(shop: ShopClient, status: int) -> None:
    shop.spoil(f"http_{status}")

    assert status == page(shop).status
    assert 200 == page(shop).status


def test_429_names_the_wait_as_a_decimal(shop: ShopClient) -> None:
    shop.spoil("http_429")
    answer = page(shop)

    assert (429, "2.0") == (answer.status, answer.headers["retry-after"])


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("throttled", "THROTTLED"),
        ("max_cost", "MAX_COST_EXCEEDED"),
        ("internal_error", "INTERNAL_SERVER_ERROR"),
        ("access_denied", "ACCESS_DENIED"),
    ],
)
def test_a_refusal_of_graphql_on_demand(shop: ShopClient, kind: str, code: str) -> None:
    shop.spoil(kind)
    answer = page(shop)

    assert (200, [code]) == (answer.status, codes(answer.json()))
    assert not answer.json().get("data")


def test_a_redirect_leads_to_something_that_looks_like_an_answer(shop: ShopClient) -> None:
    shop.spoil("redirect")
    answer = page(shop)

    assert 302 == answer.status
    assert "data" in shop.request("GET", answer.headers["location"]).json()


@pytest.mark.parametrize("kind", ["garbage", "html"])
def test_a_body_that_is_no_json(shop: ShopClient, kind: str) -> None:
    shop.spoil(kind)
    answer = page(shop)

    assert 200 == answer.status
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        answer.json()


def test_a_truncated_answer_promises_more_than_it_holds(shop: ShopClient) -> None:
    shop.spoil("truncated")

    with pytest.raises(http.client.IncompleteRead):
        page(shop)


@pytest.mark.parametrize(("kind", "left"), [("no_answer", 20), ("no_answer_after", 19)])
def test_without_an_answer_the_work_may_be_done_or_not(
    shop: ShopClient, kind: str, left: int
) -> None:
    item = shop.variant("MUG")["inventoryItem"]["id"]
    row = {"inventoryItemId": item, "locationId": shop.locations()["Main"]}
    change = {**row, "delta": -1, "changeFromQuantity": None}
    given = {"name": "available", "reason": "correction", "changes": [change]}
    shop.spoil(kind, match="Adjust", seconds=0)

    with pytest.raises((http.client.HTTPException, ConnectionError)):
        shop.post(queries.ADJUST, {"input": given, "key": "k"})
    level = shop.level("MUG", "Main")
    assert level is not None
    assert left == level["available"]


def test_partial_data_comes_with_an_error_that_names_the_place(shop: ShopClient) -> None:
    shop.spoil("partial_data")
    answer = page(shop).json()

    (error,) = answer["errors"]
    value = answer["data"]
    for step in error["path"]:
        value = value[step]
    assert value is None
    assert 5 == len(answer["data"]["productVariants"]["nodes"])


def test_a_search_warning_on_demand(shop: ShopClient) -> None:
    shop.spoil("search_warning")
    answer = page(shop).json()

    assert "invalid_field" == answer["extensions"]["search"][0]["warnings"][0]["code"]
    assert answer["extensions"]["cost"]


def test_a_nested_list_claims_to_be_cut_off(shop: ShopClient) -> None:
    shop.spoil("hidden_next_page")
    found = page(shop).json()["data"]["productVariants"]

    assert not found["pageInfo"]["hasNextPage"]
    assert found["nodes"][0]["inventoryItem"]["inventoryLevels"]["pageInfo"]["hasNextPage"]


def test_a_level_vanishes_from_one_answer(shop: ShopClient) -> None:
    shop.spoil("level_vanishes")
    lengths = [
        len(answer["data"]["productVariants"]["nodes"][0]["inventoryItem"]["inventoryLevels"]["nodes"])
        for answer in (page(shop).json(), page(shop).json())
    ]  # fmt: skip

    assert [1, 2] == lengths


def test_a_fault_strikes_where_and_as_often_as_it_is_told(shop: ShopClient) -> None:
    shop.spoil("http_500", match="productVariants", times=2, after=1)

    assert 200 == shop.post(queries.SHOP, {}).status
    assert [200, 500, 500, 200] == [page(shop).status for _ in range(4)]


def test_the_command_line_speaks_to_one_shop_only(tmp_path: Path) -> None:
    faults = ("http_503:x", "shopify.http_503:Shop:1:1", "shopify.slow=0.01")
    with open_shop(tmp_path, faults=faults) as shop, TIKTOK.open(
        SandboxOptions(faults=faults)
    ) as other:  # fmt: skip
        theirs = other.simulator.handle("GET", "/control/faults", {}, b"")[2]
        statuses = [shop.post(queries.SHOP, {}).status for _ in range(3)]
        kinds = [each["kind"] for each in shop.control("GET", "faults")["faults"]]

    assert [200, 503, 200] == statuses
    assert ["http_503", "slow"] == kinds
    assert b"slow" not in theirs


@pytest.mark.parametrize(
    ("flag", "reason"),
    [
        ("shopify.nonsense", "is none of"),
        ("shopify.slow=x", "must be numbers"),
        ("shopify.http_500=3", "take a value"),
        ("shopify.slow:a:b", "must be numbers"),
        ("shopify.slow:a:1:1:1", "expected KIND"),
    ],
)
def test_a_fault_that_makes_no_sense_is_named(flag: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason), FACTORY.open(SandboxOptions(faults=(flag,))):
        pass


def test_a_rejected_fault_says_which_and_why(shop: ShopClient) -> None:
    answer = shop.request("POST", "/control/faults", b'[{"kind": "slow", "speed": 3}]')

    assert 400 == answer.status
    assert "faults[0]: unknown key 'speed'" in answer.json()["error"]
    shop.spoil("slow", seconds=0)
    assert {"faults": []} == shop.control("DELETE", "faults")
