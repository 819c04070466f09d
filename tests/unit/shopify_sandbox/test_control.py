import pytest

from connectors.shopify import queries
from tests.unit.shopify_sandbox.shop_client import ShopClient


def level(shop: ShopClient, sku: str) -> dict[str, int]:
    found = shop.level(sku, "Main")
    assert found is not None
    return found


def test_a_sale_commits_units_and_fulfilment_takes_them_off_the_shelf(shop: ShopClient) -> None:
    sold = shop.control("POST", "sell", {"sku": "TEE-S", "location": "Main", "units": 4})
    assert {"available": 6, "on_hand": 12, "committed": 6} == level(shop, "TEE-S")
    shop.control("POST", "fulfil", {"sku": "TEE-S", "location": "Main", "units": 5})

    assert 6 == sold["available"]
    assert {"available": 6, "on_hand": 7, "committed": 1} == level(shop, "TEE-S")


def test_a_sale_may_oversell(shop: ShopClient) -> None:
    shop.control("POST", "sell", {"sku": "MUG", "units": 25})

    assert {"available": -5, "on_hand": 20, "committed": 25} == level(shop, "MUG")


def test_records_are_edited_by_hand(shop: ShopClient) -> None:
    number = shop.variant("MUG")["id"]
    edit = {"variant": number, "new_sku": None, "policy": "CONTINUE", "tracked": False, "cost": "3"}
    shop.control("POST", "variant", edit)
    (found,) = [each for each in shop.variants() if each["id"] == number]

    assert (None, "CONTINUE") == (found["sku"], found["inventoryPolicy"])
    assert not found["inventoryItem"]["tracked"]
    assert "3" == found["inventoryItem"]["unitCost"]["amount"]


def test_prices_are_set_and_a_promotion_is_ended(shop: ShopClient) -> None:
    shop.control("POST", "price", {"sku": "TEE-S", "price": "11.00"})
    assert ("11.00", "15.00") == _prices(shop)
    shop.control("POST", "price", {"sku": "TEE-S", "compare_at_price": None})

    assert ("11.00", None) == _prices(shop)


def _prices(shop: ShopClient) -> tuple[object, object]:
    found = shop.variant("TEE-S")
    return found["price"], found["compareAtPrice"]


def test_variants_come_and_go(shop: ShopClient) -> None:
    row = {"product": "Tee", "sku": "TEE-L", "price": "12.00", "levels": {"Store": 3}}
    shop.control("POST", "variant/add", row)
    added = [each["sku"] for each in shop.variants()]
    shop.control("POST", "variant/remove", {"sku": "MUG"})

    assert "TEE-L" in added
    assert "MUG" not in [each["sku"] for each in shop.variants()]
    titles = [each["title"] for each in shop.control("GET", "state")["products"]]
    assert "Mug" not in titles


def test_products_change_their_status(shop: ShopClient) -> None:
    shop.control("POST", "product", {"product": "Tee", "status": "ARCHIVED"})

    assert "ARCHIVED" == shop.variant("TEE-S")["product"]["status"]


def test_a_level_that_is_deactivated_is_hidden_but_keeps_its_units(shop: ShopClient) -> None:
    shop.control("POST", "level", {"sku": "MUG", "location": "Main", "active": False})
    item = shop.variant("MUG")["inventoryItem"]
    shown = "query L($id: ID!) { inventoryItem(id: $id) { inventoryLevels(first: 5) { nodes { id } } } }"

    assert [] == shop.data(shown, id=item["id"])["inventoryItem"]["inventoryLevels"]["nodes"]
    (hidden,) = item["inventoryLevels"]["nodes"]
    assert not hidden["isActive"]
    assert 20 == level(shop, "MUG")["available"]


def test_a_location_is_closed(shop: ShopClient) -> None:
    shop.control("POST", "location", {"location": "Store", "active": False})
    nodes = shop.data(queries.LOCATIONS, first=9)["locations"]["nodes"]

    assert {"Store", "Closed"} == {each["name"] for each in nodes if not each["isActive"]}


def test_an_order_shows_up(shop: ShopClient) -> None:
    shop.control("POST", "orders", {"source_name": "tiktok", "app": "Bridge"})
    found = shop.data(queries.ORDERS, first=5, query="source_name:tiktok")

    assert 2 == found["ordersCount"]["count"]


@pytest.mark.parametrize(
    ("name", "body", "reason"),
    [
        ("stock", {"sku": "NONE", "available": 1}, "no variant 'NONE'"),
        ("stock", {"available": 1}, "needs sku or variant"),
        ("stock", {"sku": "MUG"}, "needs one of"),
        ("stock", {"sku": "MUG", "location": "Mars", "available": 1}, "no location 'Mars'"),
        ("stock", {"sku": "MUG", "location": "Store", "available": 1}, "not stocked at Store"),
        ("fulfil", {"sku": "MUG", "units": 1}, "only 0 units"),
        ("sell", {"sku": "SET"}, "bundle"),
        ("price", {"sku": "MUG", "price": "cheap"}, "no amount"),
        ("price", {"sku": "MUG", "country": "DE", "price": "1"}, "currency: is missing"),
        ("variant", {"sku": "MUG", "policy": "MAYBE"}, "none of DENY, CONTINUE"),
        ("variant/add", {"product": "None", "sku": "X"}, "no product 'None'"),
        ("product", {"product": "Tee", "status": "GONE"}, "none of ACTIVE"),
        ("settings", {"bucket": "big"}, "expected a whole number"),
        ("settings", {"cost_formula": "guess"}, "none of measured, linear"),
        ("settings", {"nonsense": 1}, "unknown key 'nonsense'"),
        ("settings", {"latency": None}, "null is no value"),
        ("orders", {"age": -1}, "below 0"),
    ],
)
def test_an_edit_that_makes_no_sense_says_what_is_wrong(
    shop: ShopClient, name: str, body: object, reason: str
) -> None:
    import json

    answer = shop.request("POST", f"/control/{name}", json.dumps(body).encode())

    assert 400 == answer.status
    assert reason in answer.json()["error"]


def test_the_control_address_says_what_it_knows(shop: ShopClient) -> None:
    said = shop.control("GET", "")

    assert "POST /control/sell" in said["known"]
    assert "throttled" in said["faults"]
    assert 404 == shop.request("GET", "/control/nonsense").status
    assert 405 == shop.request("GET", "/control/sell").status
    assert 400 == shop.request("POST", "/control/sell", b"{").status


def test_the_journal_shows_operations_costs_and_edits(shop: ShopClient) -> None:
    shop.post(queries.SHOP, {})
    shop.control("POST", "sell", {"sku": "MUG"})
    entries = shop.journal()
    request, edit = entries[-2:]

    assert "Shop shop currentAppInstallation publicApiVersions" == request["operation"]
    assert 5 == request["cost"]["requestedQueryCost"]
    assert ("edit", "sell", 19) == (edit["kind"], edit["field"], edit["available"])
    assert [edit] == shop.control("GET", f"journal?since={request['seq']}")["entries"]


def test_reset_brings_the_seed_back(shop: ShopClient) -> None:
    shop.control("POST", "stock", {"sku": "MUG", "available": 1})
    shop.tweak(bucket=10)
    shop.control("POST", "reset")

    assert 20 == level(shop, "MUG")["available"]
    assert 2000 == shop.control("GET", "settings")["bucket"]
    assert "COMPLETED" == shop.finish_bulk()["status"]
