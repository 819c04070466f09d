import http.client
import json
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

import pytest

from connectors.shopify import bulk_queries
from connectors.shopify.bulk_queries import bulk_body
from tests.unit.shopify_sandbox.shop_client import ShopClient

Line = dict[str, Any]
TOO_DEEP = """
{ locations { nodes { inventoryLevels { nodes { item { variants { nodes {
  productVariantComponents { nodes { id } }
} } } } } } } }"""


def lines_of(shop: ShopClient, operation: Line) -> list[Line]:
    response = shop.fetch(operation["url"])
    assert 200 == response.status
    assert operation["fileSize"] == str(len(response.body))
    return [json.loads(line) for line in response.body.splitlines()]


def kind(line: Line) -> str:
    return str(line["id"]).split("/")[3]


def test_an_operation_is_created_runs_and_completes(shop: ShopClient) -> None:
    shop.tweak(bulk_polls=2)
    started = shop.start_bulk()["bulkOperation"]
    polls = [shop.poll(started["id"]) for _ in range(3)]

    assert "CREATED" == started["status"]
    assert ["RUNNING", "RUNNING", "COMPLETED"] == [each["status"] for each in polls]
    assert [None, None] == [each["url"] for each in polls[:2]]


def test_the_file_holds_every_record_and_parents_precede_children(shop: ShopClient) -> None:
    operation = shop.finish_bulk()
    lines = lines_of(shop, operation)
    seen: set[str] = set()
    for line in lines:
        assert line.get("__parentId") in {None, *seen}
        seen.add(line["id"])

    assert operation["objectCount"] == str(len(lines))
    assert "4" == operation["rootObjectCount"]
    counts = {name: sum(kind(each) == name for each in lines) for name in map(kind, lines)}
    expected = {"Product": 4, "ProductVariant": 5, "InventoryLevel": 5}
    assert {**expected, "ProductVariantComponent": 2} == counts


@pytest.mark.parametrize(
    ("parent", "expected"), [("variant", "ProductVariant"), ("item", "InventoryItem")]
)
def test_levels_name_the_variant_or_the_item_as_their_parent(
    shop: ShopClient, parent: str, expected: str
) -> None:
    shop.tweak(bulk_parent=parent)
    lines = lines_of(shop, shop.finish_bulk())
    parents = {
        str(each["__parentId"]).split("/")[3] for each in lines if kind(each) == "InventoryLevel"
    }

    assert {expected} == parents


def test_children_need_not_follow_their_parent(shop: ShopClient) -> None:
    lines = lines_of(shop, shop.finish_bulk())
    neighbours = pairwise(lines)

    assert any(
        "__parentId" in after and after["__parentId"] != before["id"]
        for before, after in neighbours
    )


def test_the_file_is_as_the_shop_was_at_the_start(shop: ShopClient) -> None:
    started = shop.start_bulk()["bulkOperation"]
    shop.control("POST", "stock", {"sku": "MUG", "location": "Main", "available": 999})
    shop.poll(started["id"])
    lines = lines_of(shop, shop.poll(started["id"]))

    states = [each["quantities"][0]["quantity"] for each in lines if kind(each) == "InventoryLevel"]
    assert 999 not in states
    assert 20 in states


def test_a_country_price_and_the_counts_of_nested_lists_are_in_the_line(shop: ShopClient) -> None:
    lines = lines_of(shop, shop.finish_bulk(bulk_body("DE")))
    (tee,) = [each for each in lines if each.get("sku") == "TEE-M"]
    (product,) = [each for each in lines if each.get("title") == "Tee"]

    assert {"amount": "13.50", "currencyCode": "EUR"} == tee["contextualPricing"]["price"]
    assert {"count": 1} == tee["inventoryItem"]["locationsCount"]
    assert {"count": 2} == product["variantsCount"]


def test_without_rows_there_is_no_url(shop: ShopClient) -> None:
    query = '{ products(query: "status:archived") { edges { node { id } } } }'
    operation = shop.finish_bulk(query)

    assert ("COMPLETED", "0", None) == (
        operation["status"], operation["objectCount"], operation["url"],
    )  # fmt: skip


def test_five_operations_run_at_once_and_a_sixth_is_refused(shop: ShopClient) -> None:
    started = [shop.start_bulk() for _ in range(6)]

    assert [[]] * 5 == [each["userErrors"] for each in started[:5]]
    assert ["LIMIT_REACHED"] == [each["code"] for each in started[5]["userErrors"]]
    shop.tweak(bulk_most=1)
    assert ["OPERATION_IN_PROGRESS"] == [each["code"] for each in shop.start_bulk()["userErrors"]]


def test_a_canceled_operation_makes_room(shop: ShopClient) -> None:
    shop.tweak(bulk_most=1)
    number = shop.start_bulk()["bulkOperation"]["id"]
    canceled = shop.data(bulk_queries.BULK_CANCEL, id=number)["bulkOperationCancel"]

    assert "CANCELING" == canceled["bulkOperation"]["status"]
    assert "CANCELED" == shop.poll(number)["status"]
    assert [] == shop.start_bulk()["userErrors"]


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("{ shop { name } }", "exactly one"),
        ("{ products { pageInfo { hasNextPage } } }", "must select the nodes"),
        ("{ products { edges { node { id nonsense } } } }", "Cannot query field"),
        ("{ products {", "Syntax Error"),
        (TOO_DEEP, "deeper than 2"),
    ],
)
def test_a_query_that_breaks_the_rules_of_bulk_is_refused(
    shop: ShopClient, query: str, reason: str
) -> None:
    (error,) = shop.start_bulk(query)["userErrors"]

    assert "INVALID" == error["code"]
    assert reason in error["message"]


def test_a_failed_operation_leaves_part_of_the_file(shop: ShopClient) -> None:
    shop.spoil("bulk_failed")
    operation = shop.finish_bulk()

    assert ("FAILED", "INTERNAL_SERVER_ERROR", None) == (
        operation["status"], operation["errorCode"], operation["url"],
    )  # fmt: skip
    body = shop.fetch(operation["partialDataUrl"]).body
    assert 0 < len(body.splitlines()) < int(operation["objectCount"])


def test_scripted_ends_of_an_operation(shop: ShopClient) -> None:
    shop.spoil("bulk_canceled")
    assert "CANCELED" == shop.finish_bulk()["status"]
    shop.spoil("bulk_expired_url")
    assert 400 == shop.fetch(shop.finish_bulk()["url"]).status
    shop.spoil("bulk_short")
    operation = shop.finish_bulk()
    body = shop.fetch(operation["url"]).body
    assert len(body.splitlines()) < int(operation["objectCount"])


def test_an_address_without_the_right_signature_opens_nothing(shop: ShopClient) -> None:
    url = str(shop.finish_bulk()["url"])

    assert 400 == shop.fetch(url.replace("Signature=", "Signature=0")).status
    assert 200 == shop.fetch(url).status


def test_a_file_that_is_cut_off_promises_more_than_it_holds(shop: ShopClient) -> None:
    operation = shop.finish_bulk()
    shop.spoil("truncated", match="/bulk/")

    with pytest.raises(http.client.IncompleteRead):
        shop.fetch(operation["url"])


def test_the_list_shows_operations_that_an_earlier_process_started(shop: ShopClient) -> None:
    shop.start_bulk()
    found = shop.data(bulk_queries.BULK_LIST, first=5, query="status:created")["bulkOperations"]

    assert ["CREATED"] == [each["status"] for each in found["nodes"]]


def test_a_token_that_is_sent_to_the_file_is_noted_as_leaked(shop: ShopClient) -> None:
    url = urlsplit(str(shop.finish_bulk()["url"]))
    shop.request("GET", f"{url.path}?{url.query}", headers={"X-Shopify-Access-Token": "t"})
    entry = shop.journal()[-1]

    assert (True, 200) == (entry["leaked_token"], entry["status"])


def test_an_operation_that_is_not_there_is_null_and_cannot_be_canceled(shop: ShopClient) -> None:
    number = "gid://shopify/BulkOperation/1"

    assert shop.poll(number) is None
    canceled = shop.data(bulk_queries.BULK_CANCEL, id=number)["bulkOperationCancel"]
    assert canceled["userErrors"]


def test_a_status_or_a_lost_answer_may_strike_the_file_too(shop: ShopClient) -> None:
    url = shop.finish_bulk()["url"]
    shop.spoil("http_503", match="/bulk/")
    shop.spoil("no_answer_after", match="/bulk/", seconds=0)

    assert 503 == shop.fetch(url).status
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        shop.fetch(url)
    assert 200 == shop.fetch(url).status
