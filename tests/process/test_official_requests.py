"""Everything that crosses the wire in a shop's life keeps to the official description."""

import json
import time
from pathlib import Path

from tests.contract.official import check_answer, check_request, template_of
from tests.fakes.witness import witness_of
from tests.process.conftest import seed_of, shopkeeper_of

PRICED = (
    "    price: {currency: USD, floor: 1.00, ceiling: 100, max_move: 50%}\n    zero: deactivate\n"
)


def test_every_request_and_every_answer_keeps_to_the_official_description(tmp_path: Path) -> None:
    seed = {**seed_of(40), "orders": [{"seller_sku": "S030", "units": 2, "status": "ON_HOLD"}]}
    with (
        shopkeeper_of(tmp_path, seed, "--zero", "refuse") as keeper,
        witness_of(keeper.shop["url"]) as witness,
    ):
        path = keeper.folder / "syncd.yaml"
        path.write_text(path.read_text().replace(keeper.shop["url"], witness.url) + PRICED)
        changed = {3: (12, "9.50"), 5: (0, "9.00")}
        stock = [changed.get(n, (10, "9.50")) for n in range(40)]
        rows = "".join(f"S{n:03},{units},{price}\n" for n, (units, price) in enumerate(stock))
        (keeper.folder / "stock.csv").write_text(f"sku,quantity,price\n{rows}")
        code = str(keeper.control.post("auth_code")["auth_code"])

        now = int(time.time())
        sale = {"title": "sale", "begin_time": now - 60, "end_time": now + 3600}
        promoted = keeper.control.get("state")["products"][9]["id"]  # type: ignore[index]  # parsed JSON
        keeper.control.post(f"products/{promoted}", promotion=sale)

        done = [
            keeper.syncd("connect", "shop", "--auth-code", code),
            keeper.syncd("doctor"),
            keeper.syncd("apply"),
        ]
        digest = keeper.report("plan")["channels"][0]["plan"]  # type: ignore[index]  # parsed JSON
        done.append(keeper.syncd("apply", "--plan", str(digest), "--reason", "reviewed"))
        keeper.control.post("orders", seller_sku="S003", units=1, status="AWAITING_SHIPMENT")
        done.append(keeper.syncd("apply"))

    signed = [each for each in witness.exchanges if not each.path.startswith("/api/v2/token")]
    for each in signed:
        check_request(each.method, each.path, each.query, each.headers, each.body)
        check_answer(each.method, each.path, json.loads(each.answer))
    used = {template_of(each.path) for each in signed}
    assert [0, 0, 3, 0, 0] == [each.returncode for each in done], [each.stdout for each in done]
    assert {
        "/authorization/202309/shops",
        "/logistics/202309/warehouses",
        "/order/202309/orders/search",
        "/product/202309/inventory/search",
        "/product/202309/products/{product_id}/inventory/update",
        "/product/202309/products/{product_id}/prices/update",
        "/product/202309/products/deactivate",
        "/product/202502/products/search",
        "/promotion/202309/activities/search",
        "/promotion/202309/activities/{activity_id}",
    } <= used
