"""Two days without syncd, every webhook given up: two polls of the orders know all that happened."""

import time
from pathlib import Path

from tests.fakes.connected_shop import SKUS, connected_shop

HOURS = 48
EACH_HOUR = 3
NOBODY = "http://127.0.0.1:9/webhooks/tiktok/shop"


def test_after_two_days_all_orders_are_known_within_two_polls(tmp_path: Path) -> None:
    with connected_shop(tmp_path) as outage:
        control = outage.control
        control.post("webhooks", topic="ORDER_STATUS_CHANGE", address=NOBODY)
        control.post("settings", webhook_retry=0)
        control.post("orders", seller_sku="A", units=2, status="AWAITING_SHIPMENT")
        outage.poll()
        assert outage.placed() == outage.known()

        open_: list[str] = []
        gone: set[str] = set()
        for hour in range(HOURS):
            outage.hours(1)
            for number in range(EACH_HOUR):
                made = control.post(
                    "orders", seller_sku=SKUS[number], units=1 + hour % 4, status="UNPAID"
                )
                open_.append(str(made["order_id"]))
            if hour % 2:
                control.post(f"orders/{open_.pop(0)}/status", status="CANCELLED")
                control.post(f"orders/{open_.pop(0)}/status", status="IN_TRANSIT")
            if hour % 6 == 5:
                gone.add(lost := open_.pop(0))
                control.post(f"orders/{lost}/status", status="IN_TRANSIT")
                control.post(f"orders/{lost}/status", status="CANCELLED")
        for _ in range(200):
            if control.get("webhooks")["waiting"] == control.get("webhooks")["under_way"] == 0:
                break
            time.sleep(0.05)
        counted = control.get("webhooks")

        assert counted["written"] == counted["given_up"]
        assert (HOURS * EACH_HOUR + 1, 1) == (len(outage.placed()), len(outage.known()))
        for _ in range(2):
            outage.poll()
        assert outage.placed() == outage.known()
        assert gone
        assert gone == outage.gone()


def test_the_first_order_is_found_also_when_our_clock_is_an_hour_ahead(tmp_path: Path) -> None:
    with connected_shop(tmp_path) as outage:
        outage.floor.clock.advance(3600)
        outage.poll()
        outage.control.post("orders", seller_sku="A", units=2, status="AWAITING_SHIPMENT")

        outage.poll()

        assert outage.placed() == outage.known()
        assert 1 == len(outage.known())
