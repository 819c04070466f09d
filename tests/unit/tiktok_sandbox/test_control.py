from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from connectors.tiktok_shop.sandbox.factory import FACTORY
from connectors.tiktok_shop.sandbox.options import SandboxOptions
from syncd.ports.sandbox import SandboxFactory
from tests.unit.tiktok_sandbox.shop_client import EAST, MAIN, P1, P2, ShopClient, open_shop


def test_the_description_is_what_a_user_needs() -> None:
    with FACTORY.open(SandboxOptions()) as sandbox:
        about = sandbox.description()
    assert ["url", "app_key", "app_secret", "auth_code", "shop_id", "control"] == list(about)
    assert about["url"].startswith("http://127.0.0.1:")
    assert about["url"] + "/control" == about["control"]


def test_after_the_end_nobody_answers_not_even_on_open_connections(tmp_path: Path) -> None:
    with open_shop(tmp_path) as shop:
        url = shop.sandbox.url
        kept = httpx.Client(base_url=url, trust_env=False)
        kept.get("/control/stats")
    with pytest.raises(httpx.TransportError):
        kept.get("/control/stats")
    kept.close()


def test_a_port_may_be_chosen_and_used_again() -> None:
    with FACTORY.open(SandboxOptions()) as first:
        port = int(first.url.rsplit(":", 1)[1])
    with FACTORY.open(SandboxOptions(port=port)) as second:
        assert f"http://127.0.0.1:{port}" == second.url


@pytest.mark.parametrize(
    ("method", "path", "body", "named"),
    [
        ("POST", "orders", {"seller_sku": "MUG", "unitz": 1}, "unitz"),
        ("POST", "orders", {"seller_sku": "NONE"}, "NONE"),
        ("POST", "orders", {"seller_sku": "MUG", "units": 0}, "units"),
        ("POST", "orders", {"lines": [{"seller_sku": "MUG", "n": 1}]}, "lines[0]"),
        ("POST", "orders", {"seller_sku": "MUG", "status": "CANCEL"}, "status"),
        ("POST", "orders", {"seller_sku": "MUG", "warehouse_id": "9"}, "warehouse_id"),
        ("POST", "settings", {"rates": 3}, "rates"),
        ("POST", "settings", {"rate": "fast"}, "rate"),
        ("POST", "settings", {"rate": -1}, "rate"),
        ("POST", "settings", {"rate": None}, "rate"),
        ("POST", "settings", {"zero": "maybe"}, "zero"),
        ("POST", "faults", {"kind": "gremlin"}, "gremlin"),
        ("POST", "faults", [{"kind": "slow", "maybe": 1}], "maybe"),
        ("POST", "stock", {"seller_sku": "MUG", "available": "5"}, "available"),
        ("POST", "stock", {"seller_sku": "MUG", "warehouse_id": EAST, "available": 5}, "MUG"),
        ("POST", "price", {"seller_sku": "MUG", "price": "1.234"}, "1.234"),
        ("POST", f"products/{P1}", {"price_lock": True}, "price_lock"),
        ("POST", f"products/{P1}", {"status": "LIVE"}, "LIVE"),
        ("GET", "journal?after=3", None, "after"),
    ],
)
def test_what_is_unknown_or_impossible_is_named(
    shop: ShopClient, method: str, path: str, body: object, named: str
) -> None:
    answer = shop.http.request(method, f"/control/{path}", json=body)
    assert 400 == answer.status_code
    assert named in answer.json()["error"]


def test_a_refused_request_changes_nothing(shop: ShopClient) -> None:
    shop.http.post("/control/settings", json={"latency": 9, "rate": "fast"})
    assert 0 == shop.control("GET", "settings")["latency"]


def test_unknown_paths_and_verbs_list_the_known_ones(shop: ShopClient) -> None:
    answer = shop.http.get("/control/nothing")
    assert 404 == answer.status_code
    assert "POST /control/orders" in answer.json()["known"]
    assert 405 == shop.http.get("/control/reset").status_code
    assert 404 == shop.http.post("/control/products/9", json={}).status_code
    assert 400 == shop.http.post("/control/settings", content=b"{").status_code


def test_a_human_edits_stock_price_and_product(shop: ShopClient) -> None:
    shop.control("POST", "stock", {"seller_sku": "TEE-S", "warehouse_id": "East", "available": 1})
    shop.control("POST", "stock", {"sku": "1002", "available": 2})
    shop.control("POST", "price", {"seller_sku": "TEE-S", "price": "15.00"})
    shop.control("POST", f"products/{P1}", {"price_locked": True, "locked": {"1001": 3}})
    product = shop.control("GET", "state")["products"][0]
    sku = product["skus"][0]
    assert (True, 3, "15.00") == (product["price_locked"], sku["locked"], sku["price"])
    want = {MAIN: {"available": 10, "committed": 0}, EAST: {"available": 1, "committed": 0}}
    assert want == sku["warehouses"]
    assert {MAIN: (2, 0)} == shop.stock("1002")


def test_the_journal_tells_what_was_applied_and_what_was_refused(shop: ShopClient) -> None:
    shop.set_stock(P2, s1003={MAIN: 4})
    shop.set_stock(P2, s1003={MAIN: -4})
    shop.set_price(P2, "1003", "5.00")
    shop.send("GET", "/logistics/202309/warehouses", sign="x")
    order = shop.buy("MUG", 2)
    shop.move(order, "IN_TRANSIT")
    entries = shop.journal()
    assert list(range(1, len(entries) + 1)) == [entry["seq"] for entry in entries]
    written, refused, priced, unsigned, created, moved = entries[-6:]
    want = {
        "sku_id": "1003",
        "seller_sku": "MUG",
        "warehouse_id": MAIN,
        "quantity": 4,
        "before": 20,
    }
    assert (0, P2, [want]) == (written["code"], written["product_id"], written["applied"])
    assert [] == refused["applied"]
    assert "5.00" == priced["applied"][0]["price"]
    assert (106001, 401) == (unsigned["code"], unsigned["status"])
    assert ("created", "moved") == (created["event"], moved["event"])
    assert (order, "IN_TRANSIT") == (moved["order_id"], moved["status"])
    later = shop.control("GET", f"journal?since={created['seq']}")["entries"]
    assert [moved] == later


def test_stats_count_requests_and_flights(shop: ShopClient) -> None:
    shop.set_stock(P2, s1003={MAIN: 4})
    stats = shop.control("GET", "stats")
    name = "POST /product/202309/products/{product_id}/inventory/update"
    assert 1 == stats["requests_by_path"][name]
    assert {P2: 1} == stats["in_flight_by_product"]
    assert 2 == stats["requests"]


def test_a_reset_brings_the_seed_back_and_keeps_authorizations(shop: ShopClient) -> None:
    shop.set_stock(P2, s1003={MAIN: 4})
    shop.buy("MUG", 1)
    shop.tweak(search_cap=1)
    shop.control("POST", "faults", {"kind": "http_500", "times": 0})
    shop.control("POST", "reset")
    assert {MAIN: (20, 0)} == shop.stock("1003")
    assert [] == shop.orders()["data"]["orders"]
    assert 10_000 == shop.control("GET", "settings")["search_cap"]
    assert 2 == len(shop.journal())


@pytest.mark.parametrize("options", [{"rate": -1.0}, {"zero": "never"}, {"latency": -0.1}])
def test_impossible_options_are_refused(tmp_path: Path, options: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="settings"), open_shop(tmp_path, **options):
        pass


def test_requests_for_one_product_in_flight_at_once_are_counted(tmp_path: Path) -> None:
    with open_shop(tmp_path, latency=0.2) as shop, ThreadPoolExecutor(3) as pool:
        writes = [pool.submit(shop.set_stock, P2, s1003={MAIN: n}) for n in range(3)]
        assert [0, 0, 0] == [write.result()["code"] for write in writes]
        stats = shop.control("GET", "stats")
        assert (3, 3) == (stats["max_in_flight_per_product"], stats["max_in_flight"])


def test_orders_and_writes_at_the_same_time_lose_no_unit(shop: ShopClient) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: shop.buy("MUG", 1), range(20)))
        assert (0, 20) == shop.stock("1003")[MAIN]
        list(pool.map(lambda order: shop.move(order, "CANCELLED"), made))
    assert (20, 0) == shop.stock("1003")[MAIN]


def test_the_factory_is_what_the_port_asks_for() -> None:
    factory: SandboxFactory = FACTORY
    with factory.open(SandboxOptions()) as sandbox:
        assert sandbox.description()["url"] == sandbox.url
