import time

import httpx
import pytest

from tests.unit.tiktok_sandbox.shop_client import EAST, MAIN, P1, P4, Reply, ShopClient


def one(shop: ShopClient, order_id: str, version: str = "202309") -> Reply:
    answer = shop.call("GET", f"/order/{version}/orders", ids=order_id)
    (order,) = answer["data"]["orders"]
    found: Reply = order
    return found


def ids(answer: Reply) -> list[str]:
    return [order["id"] for order in answer["data"]["orders"]]


def refused(shop: ShopClient, body: object, path: str = "orders") -> httpx.Response:
    return shop.http.post(f"/control/{path}", json=body)


@pytest.mark.parametrize("status", ["UNPAID", "ON_HOLD", "AWAITING_SHIPMENT"])
def test_an_order_commits_stock_when_it_is_created(shop: ShopClient, status: str) -> None:
    shop.buy("TEE-S", 3, status=status)
    assert {MAIN: (7, 3), EAST: (5, 0)} == shop.stock("1001")
    shop.buy("TEE-S", 1, status=status, warehouse_id="East")
    assert {MAIN: (7, 3), EAST: (4, 1)} == shop.stock("1001")


def test_shipping_lowers_committed_and_cancelling_gives_units_back(shop: ShopClient) -> None:
    shipped, cancelled = shop.buy("TEE-S", 3), shop.buy("TEE-S", 2)
    shop.move(shipped, "AWAITING_COLLECTION")
    assert (5, 5) == shop.stock("1001")[MAIN]
    shop.move(shipped, "IN_TRANSIT")
    assert (5, 2) == shop.stock("1001")[MAIN]
    shop.move(cancelled, "CANCELLED")
    assert (7, 0) == shop.stock("1001")[MAIN]
    shop.move(shipped, "CANCELLED")
    assert (7, 0) == shop.stock("1001")[MAIN]


def test_a_write_between_order_and_cancellation_is_not_lost(shop: ShopClient) -> None:
    order = shop.buy("MUG", 2)
    shop.set_stock("102", s1003={MAIN: 4})
    shop.move(order, "CANCELLED")
    assert (6, 0) == shop.stock("1003")[MAIN]


def test_an_order_created_as_shipped_takes_units_and_commits_none(shop: ShopClient) -> None:
    shop.buy("MUG", 2, status="IN_TRANSIT")
    assert (18, 0) == shop.stock("1003")[MAIN]
    shop.buy("MUG", 2, status="CANCELLED")
    assert (18, 0) == shop.stock("1003")[MAIN]


def test_every_unit_is_a_line_item_of_its_own(shop: ShopClient) -> None:
    lines = [{"seller_sku": "TEE-S", "units": 2}, {"seller_sku": "MUG", "units": 1}]
    order_id = shop.control("POST", "orders", {"lines": lines})["order_id"]
    items = one(shop, order_id)["line_items"]
    assert ["TEE-S", "TEE-S", "MUG"] == [item["seller_sku"] for item in items]
    assert 3 == len({item["id"] for item in items})
    assert "quantity" not in items[0]
    assert ("1001", P1, "12.00") == (
        items[0]["sku_id"],
        items[0]["product_id"],
        items[0]["sale_price"],
    )


def test_more_than_available_is_sold_only_when_asked_for(shop: ShopClient) -> None:
    answer = refused(shop, {"seller_sku": "TEE-M", "units": 8})
    assert (409, True) == (answer.status_code, "TEE-M" in answer.json()["error"])
    assert (7, 0) == shop.stock("1002")[MAIN]
    order = shop.buy("TEE-M", 8, oversell=True)
    assert (0, 8) == shop.stock("1002")[MAIN]
    assert 1 == shop.journal()[-2]["lines"][0]["oversold"]
    shop.move(order, "CANCELLED")
    assert (7, 0) == shop.stock("1002")[MAIN]


def test_times_follow_the_status(shop: ShopClient) -> None:
    shop.freeze(2_000_000_000)
    now = 2_000_000_000
    names = ("paid_time", "rts_time", "collection_time", "delivery_time", "cancel_time")
    order = shop.buy("MUG", 1, status="UNPAID")

    def times() -> dict[str, int]:
        response = shop.send("GET", "/order/202309/orders", timestamp=now, ids=order)
        (row,) = response.json()["data"]["orders"]
        assert now == row["update_time"]
        assert 2_000_000_000 == row["create_time"]
        return {name: row[name] - 2_000_000_000 for name in names if name in row}

    assert {} == times()
    steps = {"ON_HOLD": 1, "AWAITING_COLLECTION": 2, "IN_TRANSIT": 3, "DELIVERED": 4}
    for status, seconds in steps.items():
        now = 2_000_000_000 + seconds
        shop.tweak(frozen_at=now)
        shop.move(order, status)
        times()
    want = {"paid_time": 1, "rts_time": 2, "collection_time": 3, "delivery_time": 4}
    assert want == times()


def test_a_status_never_goes_back(shop: ShopClient) -> None:
    order = shop.buy("MUG", 1)
    shop.move(order, "IN_TRANSIT")
    for status in ("AWAITING_SHIPMENT", "UNPAID"):
        assert 409 == refused(shop, {"status": status}, f"orders/{order}/status").status_code
    shop.move(order, "CANCELLED")
    assert 409 == refused(shop, {"status": "COMPLETED"}, f"orders/{order}/status").status_code
    assert 404 == refused(shop, {"status": "COMPLETED"}, "orders/1/status").status_code


def test_each_line_can_go_its_own_way(shop: ShopClient) -> None:
    lines = [{"seller_sku": sku, "units": 2} for sku in ("TEE-S", "MUG")]
    order = shop.control("POST", "orders", {"lines": lines})["order_id"]
    sold = shop.stock("1001")[MAIN]

    shop.control("POST", f"orders/{order}/lines/1/status", {"status": "IN_TRANSIT"})
    partly = one(shop, order)
    shop.control("POST", f"orders/{order}/lines/0/status", {"status": "CANCELLED"})
    then = one(shop, order)

    assert ("PARTIALLY_SHIPPING", "IN_TRANSIT") == (partly["status"], then["status"])
    words = ["AWAITING_SHIPMENT", "AWAITING_SHIPMENT", "IN_TRANSIT", "IN_TRANSIT"]
    assert words == [item["display_status"] for item in partly["line_items"]]
    assert ["CANCELLED"] * 2 == [item["display_status"] for item in then["line_items"]][:2]
    assert [False, False, True, True] == ["rts_time" in item for item in then["line_items"]]
    assert partly["packages"]
    assert (sold[0] + 2, sold[1] - 2) == shop.stock("1001")[MAIN]


def test_what_was_cancelled_of_an_order_stays_so_and_gives_its_units_back_once(
    shop: ShopClient,
) -> None:
    before = shop.stock("1001")[MAIN]
    lines = [{"seller_sku": sku, "units": 2} for sku in ("TEE-S", "MUG")]
    order = shop.control("POST", "orders", {"lines": lines})["order_id"]
    shop.control("POST", f"orders/{order}/lines/0/status", {"status": "CANCELLED"})
    shop.move(order, "IN_TRANSIT")

    states = [item["display_status"] for item in one(shop, order)["line_items"]]
    assert ["CANCELLED", "CANCELLED", "IN_TRANSIT", "IN_TRANSIT"] == states
    shop.move(order, "CANCELLED")
    assert before == shop.stock("1001")[MAIN]


@pytest.mark.parametrize(("line", "code"), [("2", 404), ("-1", 404), ("x", 404), ("0", 409)])
def test_a_line_that_is_not_there_or_cannot_move_is_told(
    shop: ShopClient, line: str, code: int
) -> None:
    lines = [{"seller_sku": sku, "units": 1} for sku in ("TEE-S", "MUG")]
    order = shop.control("POST", "orders", {"lines": lines})["order_id"]
    shop.move(order, "IN_TRANSIT")
    path = f"orders/{order}/lines/{line}/status"
    assert code == refused(shop, {"status": "AWAITING_SHIPMENT"}, path).status_code


def test_an_out_of_stock_cancellation_empties_the_sku(shop: ShopClient) -> None:
    order = shop.buy("TEE-S", 2)
    shop.move(order, "CANCELLED", reason="out_of_stock")
    assert {MAIN: (0, 0), EAST: (0, 0)} == shop.stock("1001")
    row = one(shop, order)
    assert ("SELLER", "Out of stock") == (row["cancellation_initiator"], row["cancel_reason"])


def test_buyers_have_personal_data_and_an_address_once_paid(shop: ShopClient) -> None:
    paid, unpaid = shop.buy("MUG", 1), shop.buy("MUG", 1, status="UNPAID")
    row = one(shop, paid)
    assert row["buyer_email"].endswith("@example.invalid")
    assert row["recipient_address"]["full_address"]
    assert "recipient_address" not in one(shop, unpaid)


def test_platform_products_are_shipped_by_the_platform(shop: ShopClient) -> None:
    assert "FULFILLMENT_BY_SELLER" == one(shop, shop.buy("MUG", 1))["fulfillment_type"]
    order = one(shop, shop.buy("LAMP", 1), "202507")
    assert ("FULFILLMENT_BY_TIKTOK", P4) == (
        order["fulfillment_type"],
        order["line_items"][0]["product_id"],
    )


def test_orders_by_id_take_50_ids_comma_joined_or_as_json(shop: ShopClient) -> None:
    a, b = shop.buy("MUG", 1), shop.buy("MUG", 1)
    path = "/order/202309/orders"
    assert [a, b] == ids(shop.call("GET", path, ids=f"{a},{b},404"))
    assert [b, a] == ids(shop.call("GET", path, ids=f'["{b}","{a}"]'))
    many = ",".join(str(n) for n in range(51))
    assert [36009004] * 3 == [shop.call("GET", path, ids=text)["code"] for text in (many, "", None)]


def test_search_sorts_newest_first_unless_told_otherwise(shop: ShopClient) -> None:
    now = int(time.time())
    old = shop.buy("MUG", 1, create_time=now - 500, update_time=now - 100)
    new = shop.buy("MUG", 1, create_time=now - 400, update_time=now - 300)
    assert [new, old] == ids(shop.orders())
    assert [old, new] == ids(shop.orders(sort_field="update_time"))
    assert [new, old] == ids(shop.orders(sort_field="update_time", sort_order="ASC"))
    assert 36009004 == shop.orders(sort_field="id")["code"]
    assert 36009004 == shop.orders(sort_order="UP")["code"]


def test_search_filters_by_status_time_and_warehouse(shop: ShopClient) -> None:
    now = int(time.time())
    old = shop.buy("TEE-S", 1, create_time=now - 500, update_time=now - 100, status="UNPAID")
    new = shop.buy("TEE-S", 1, create_time=now - 400, update_time=now - 300, warehouse_id=EAST)
    assert [old] == ids(shop.orders({"order_status": "UNPAID"}))
    assert [new] == ids(shop.orders({"create_time_ge": now - 400}))
    assert [old] == ids(shop.orders({"create_time_lt": now - 400}))
    assert [old] == ids(shop.orders({"update_time_ge": now - 299}))
    assert [new] == ids(shop.orders({"update_time_lt": now - 100}))
    assert [new] == ids(shop.orders({"warehouse_ids": [EAST]}))
    assert 36009004 == shop.orders({"order_status": "CANCEL"})["code"]
    assert 2 == shop.orders()["data"]["total_count"]


def test_pages_survive_changes_between_them(shop: ShopClient) -> None:
    made = [shop.buy("MUG", 1, create_time=1_700_000_000 + n // 2) for n in range(5)]
    query = {"page_size": "2", "sort_field": "create_time", "sort_order": "ASC"}
    first = shop.orders(**query)
    token = first["data"]["next_page_token"]
    assert set("+/=") <= set(token)
    shop.buy("MUG", 1, create_time=1_600_000_000)
    second = shop.orders(**query, page_token=token)
    third = shop.orders(**query, page_token=second["data"]["next_page_token"])
    assert made == ids(first) + ids(second) + ids(third)
    assert "" == third["data"]["next_page_token"]


def test_search_learns_of_orders_only_after_the_order_delay(shop: ShopClient) -> None:
    shop.freeze(2_000_000_000)
    shop.tweak(order_delay=20)
    order = shop.buy("MUG", 1)

    def found(now: int) -> list[str]:
        shop.tweak(frozen_at=now)
        path = "/order/202309/orders/search"
        answer = shop.send("POST", path, {}, timestamp=now, page_size="10").json()
        return [row["status"] for row in answer["data"]["orders"]]

    assert [] == found(2_000_000_019)
    assert ["AWAITING_SHIPMENT"] == found(2_000_000_020)
    shop.move(order, "IN_TRANSIT")
    assert ["AWAITING_SHIPMENT"] == found(2_000_000_039)
    assert ["IN_TRANSIT"] == found(2_000_000_040)
