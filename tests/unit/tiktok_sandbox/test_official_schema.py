from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from tests.contract.official import check_answer
from tests.unit.tiktok_sandbox.shop_client import EAST, MAIN, P1, P2, P3, ShopClient

PAGE = {"page_size": "50"}


def orders(shop: ShopClient) -> list[str]:
    statuses = ("UNPAID", "AWAITING_SHIPMENT", "AWAITING_COLLECTION", "DELIVERED")
    made = [shop.buy("TEE-S", 2, status=status) for status in statuses]
    made.append(shop.buy("MUG", 1))
    shop.move(made[-1], "CANCELLED", reason="out_of_stock")
    return made


def calls(shop: ShopClient) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every call of the API: verb, path in the specification, answer."""
    path = "/authorization/202309/shops"
    yield "get", path, shop.call("GET", path, shop_cipher=None)
    path = "/logistics/202309/warehouses"
    yield "get", path, shop.call("GET", path)
    for version in ("202502", "202312", "202309"):
        path = f"/product/{version}/products/search"
        yield "post", path, shop.post(path, {}, page_size="2")
    path = "/product/202309/products/{product_id}"
    yield "get", path, shop.call("GET", path.format(product_id=P1))
    path = "/product/202309/inventory/search"
    yield "post", path, shop.post(path, {"product_ids": [P1, P2, P3]})
    path = "/product/202309/products/{product_id}/inventory/update"
    yield "post", path, shop.set_stock(P1, s1001={MAIN: 9, EAST: 9})
    yield "post", path, shop.set_stock(P1, s1001={MAIN: 9}, s1002={MAIN: 100_000}, s7={MAIN: 1})
    path = "/product/202309/products/{product_id}/prices/update"
    yield "post", path, shop.set_price(P1, "1001", "3.00")
    for verb in ("deactivate", "activate"):
        path = f"/product/202309/products/{verb}"
        yield "post", path, shop.post(path, {"product_ids": [P1, "9"]})
    made = orders(shop)
    yield "post", "/order/202309/orders/search", shop.orders(page_size="2")
    yield "post", "/order/202309/orders/search", shop.orders()
    for version in ("202309", "202507"):
        path = f"/order/{version}/orders"
        yield "get", path, shop.call("GET", path, ids=",".join(made))
    path = "/promotion/202309/activities/search"
    found = shop.post(path, {"status": "ONGOING"})
    yield "post", path, found
    path = "/promotion/202309/activities/{activity_id}"
    activity = found["data"]["activities"][0]["id"]
    yield "get", path, shop.call("GET", path.format(activity_id=activity))
    path = "/event/202309/webhooks"
    topic = {"event_type": "ORDER_STATUS_CHANGE"}
    yield "put", path, shop.call("PUT", path, {**topic, "address": "http://127.0.0.1:9/hook"})
    yield "get", path, shop.call("GET", path)
    yield "delete", path, shop.call("DELETE", path, topic)


def test_every_answer_keeps_to_the_official_schema(shop: ShopClient) -> None:
    seen = set()
    for method, template, answer in calls(shop):
        assert 0 == answer["code"], template
        check_answer(method, template, answer)
        seen.add(template)
    assert len(seen) >= 14


def test_a_refusal_keeps_to_the_official_schema(shop: ShopClient) -> None:
    path = "/product/202309/products/{product_id}/prices/update"
    answer = shop.set_price(P3, "1004", "3.00")
    assert 12052038 == answer["code"]
    check_answer("post", path, answer)


def test_an_answer_with_a_number_for_an_id_would_be_noticed() -> None:
    answer = {"code": 0, "data": {"shops": [{"id": 7}]}, "message": "", "request_id": ""}
    with pytest.raises(jsonschema.ValidationError):
        check_answer("get", "/authorization/202309/shops", answer)
