"""A simulated TikTok Shop over real HTTP, connected to an engine whose clock a test moves with the shop's."""

import json
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
SEED = {
    "products": [
        {"title": sku, "skus": [{"seller_sku": sku, "stock": {"7068517275539719942": 900}}]}
        for sku in SKUS
    ],
    "orders": [],
}


class ConnectedShop:
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
def connected_shop(folder: Path) -> Iterator[ConnectedShop]:
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
            yield ConnectedShop(floor, replace(engine, channels={SHOP: setup}), control)
    floor.close()
