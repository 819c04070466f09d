"""Two days without syncd, every webhook given up: two polls of the orders know all that happened."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from connectors.tiktok_shop.factory import FACTORY
from connectors.tiktok_shop.options import TikTokShopOptions
from connectors.tiktok_shop.sandbox.factory import FACTORY as SANDBOX
from syncd.domain.identity import Sku
from syncd.domain.orders import OrderState
from syncd.engine.ordering import poll_orders
from syncd.engine.setup import ChannelSetup, EngineSetup
from syncd.ports import SandboxOptions
from tests.fakes.shopfloor import SHOP, Shopfloor
from tests.fakes.tiktok import Control, MemoryFacts, MemoryTokens, OneSecret

SKUS = ("A", "B", "C")
HOURS = 48
EACH_HOUR = 3
NOBODY = "http://127.0.0.1:9/webhooks/tiktok/shop"
SEED = {
    "products": [
        {"title": sku, "skus": [{"seller_sku": sku, "stock": {"7068517275539719942": 900}}]}
        for sku in SKUS
    ],
    "orders": [],
}


class Outage:
    """A shop and an engine whose clocks a test moves together."""

    def __init__(self, floor: Shopfloor, engine: EngineSetup, control: Control) -> None:
        self.floor = floor
        self.engine = engine
        self.control = control

    def hours(self, count: float) -> None:
        self.floor.clock.advance(count * 3600)
        self.control.post("settings", frozen_at=self.floor.clock.now().timestamp())

    def poll(self) -> None:
        poll_orders(self.engine, self.engine.channels[SHOP])

    def known(self) -> dict[str, tuple[int, str]]:
        """Order → units and state, as the ledger has them."""
        lines = [line for sku in SKUS for line in self.floor.ledger.order_lines(Sku(sku), 10_000)]
        found: dict[str, tuple[int, str]] = {}
        for line in lines:
            units, _ = found.get(line.order_id, (0, ""))
            found[line.order_id] = (units + line.units, line.state.value)
        return found

    def gone(self) -> set[str]:
        """Cancelled orders whose goods had left before."""
        lines = [line for sku in SKUS for line in self.floor.ledger.order_lines(Sku(sku), 10_000)]
        return {
            line.order_id
            for line in lines
            if line.state is OrderState.CANCELLED and line.left_at is not None
        }

    def placed(self) -> dict[str, tuple[int, str]]:
        """The same, as the shop has them."""
        orders = self.control.get("state")["orders"]
        assert isinstance(orders, list)
        return {
            order["id"]: (sum(line["units"] for line in order["lines"]), order["status"])
            for order in orders
        }


@contextmanager
def connected_shop(folder: Path) -> Iterator[Outage]:
    (folder / "seed.json").write_text(json.dumps(SEED))
    floor = Shopfloor(folder)
    with SANDBOX.open(SandboxOptions(seed=folder / "seed.json")) as sandbox:
        shop = sandbox.description()
        control = Control(shop["control"])
        control.post("settings", frozen_at=floor.clock.now().timestamp())
        mapping = TikTokShopOptions.model_validate(
            {
                "app_key": shop["app_key"], "app_secret": {"credential": "secret"},
                "api_url": shop["url"], "auth_url": shop["url"], "rate": "500",
            }
        )  # fmt: skip
        with FACTORY.open(
            SHOP, mapping, folder=folder, credentials=OneSecret(shop["app_secret"]),
            tokens=MemoryTokens(), facts=MemoryFacts(floor.clock), clock=floor.clock,
        ) as channel:  # fmt: skip
            channel.connect(shop["auth_code"])
            engine = floor.engine()
            known = engine.channels[SHOP]
            setup = ChannelSetup(
                name=SHOP, channel=channel, rules=known.rules,
                reconcile_every=known.reconcile_every,
            )  # fmt: skip
            yield Outage(floor, replace(engine, channels={SHOP: setup}), control)
    floor.close()


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
