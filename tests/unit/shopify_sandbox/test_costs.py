import pytest

from connectors.shopify import queries
from tests.unit.shopify_sandbox.shop_client import ShopClient, codes

NESTED = "{ products(first: 250) { nodes { id variants(first: 250) { nodes { id } } } } }"
ONE_PRODUCT = """
query Product($id: ID!) {
  product(id: $id) { variants(first: 250) { nodes { inventoryItem { id tracked } } } }
}"""


def cost(answer: dict[str, object]) -> dict[str, object]:
    extensions = answer["extensions"]
    assert isinstance(extensions, dict)
    found: dict[str, object] = extensions["cost"]
    return found


def test_requested_costs_are_those_that_were_measured(shop: ShopClient) -> None:
    product = shop.variants()[0]["product"]["id"]

    assert 167 == cost(shop.ask(NESTED))["requestedQueryCost"]
    assert 25 == cost(shop.ask(ONE_PRODUCT, id=product))["requestedQueryCost"]
    assert 2 == cost(shop.ask("{ shop { name plan { shopifyPlus } } }"))["requestedQueryCost"]


def test_the_bucket_is_charged_with_the_actual_cost(shop: ShopClient) -> None:
    shop.tweak(restore_rate=0)
    said = cost(shop.ask(NESTED))
    spent = said["actualQueryCost"]

    assert isinstance(spent, int)
    assert 0 < spent < 167
    left = {"maximumAvailable": 2000.0, "currentlyAvailable": 2000 - spent, "restoreRate": 0.0}
    assert left == said["throttleStatus"]


def test_an_empty_bucket_throttles_with_status_200_and_no_data(shop: ShopClient) -> None:
    shop.tweak(bucket=100, restore_rate=0)
    response = shop.post(NESTED, {})
    answer = response.json()

    assert 200 == response.status
    assert "retry-after" not in response.headers
    assert ["THROTTLED"] == codes(answer)
    assert "data" not in answer
    assert (167, None) == (cost(answer)["requestedQueryCost"], cost(answer)["actualQueryCost"])
    assert {"currentlyAvailable": 100, "maximumAvailable": 100.0, "restoreRate": 0.0} == cost(
        answer
    )["throttleStatus"]


def test_a_query_that_is_too_dear_never_runs_and_has_no_extensions(shop: ShopClient) -> None:
    shop.tweak(max_cost=100)
    answer = shop.ask(NESTED)

    assert ["MAX_COST_EXCEEDED"] == codes(answer)
    assert {"errors"} == set(answer)
    extensions = answer["errors"][0]["extensions"]
    assert (167, 100) == (extensions["cost"], extensions["maxCost"])


def test_the_published_formula_makes_a_full_page_too_dear(shop: ShopClient) -> None:
    shop.tweak(cost_formula="linear")
    full = shop.ask(queries.VARIANTS, first=250, levels=10, priced=False)

    assert ["MAX_COST_EXCEEDED"] == codes(full)
    assert "errors" not in shop.ask(queries.VARIANTS, first=10, levels=5, priced=False)


@pytest.mark.parametrize(("priced", "dearer"), [(False, 0), (True, 3)])
def test_what_is_not_included_costs_nothing(shop: ShopClient, priced: bool, dearer: int) -> None:  # noqa: FBT001
    page = {"first": 1, "levels": 1, "country": "DE"}
    plain = cost(shop.ask(queries.VARIANTS, priced=False, **page))["requestedQueryCost"]
    said = cost(shop.ask(queries.VARIANTS, priced=priced, **page))["requestedQueryCost"]

    assert isinstance(plain, int)
    assert plain + dearer == said
