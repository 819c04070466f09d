"""A small world whose shop is the simulated TikTok Shop, and whose line may bend its answers on the way."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from connectors.tiktok_shop.channel import TikTokShopChannel
from connectors.tiktok_shop.factory import FACTORY
from connectors.tiktok_shop.options import TikTokShopOptions
from connectors.tiktok_shop.sandbox.factory import FACTORY as SANDBOX
from syncd.domain.report import Report
from syncd.engine.cycle import Task, run_cycle
from syncd.engine.setup import EngineSetup, Trigger
from syncd.ports import SandboxOptions
from syncd.ports.sandbox import ShopSimulator, SimulatedShop
from tests.fakes.shopfloor import SHOP, Shopfloor
from tests.fakes.tiktok import MemoryFacts, MemoryTokens, OneSecret

Data = dict[str, Any]
Bend = Callable[[Data], None]
"""Changes the data of an answer in place."""
ORDERS, PRODUCTS, STOCK = "orders/search", "products/search", "inventory/search"


@dataclass
class BentShop:
    """`bends`: for an end of a path, what becomes of the answers."""

    floor: Shopfloor
    shop: SimulatedShop
    bends: dict[str, Bend] = field(default_factory=dict)
    channel: TikTokShopChannel = field(init=False)

    def wire(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, Mapping[str, str], bytes]:
        """As the shop answers, bent."""
        status, told, answer = self.shop.wire(method, target, headers, body)
        bend = self.bends.get("/".join(target.partition("?")[0].split("/")[-2:]))
        if bend is None:
            return status, told, answer
        document = json.loads(answer)
        bend(document["data"])
        answer = json.dumps(document).encode()
        return status, {**told, "Content-Length": str(len(answer))}, answer

    def control(self, path: str, **body: object) -> None:
        """Turn a knob of the shop, or put something into it."""
        self.shop.wire("POST", f"/control/{path}", {}, json.dumps(body).encode())

    def engine(self) -> EngineSetup:
        """The setup of one cycle."""
        engine = self.floor.engine()
        setup = replace(engine.channels[SHOP], channel=self.channel)
        return replace(engine, channels={SHOP: setup})

    def cycle(self, **stock: int) -> Report:
        """One cycle by hand, after the source said this."""
        self.floor.source.set(**stock)
        engine = self.engine()
        task = Task(
            trigger=Trigger.BY_HAND, word="test", sources=list(engine.sources), channels=[SHOP],
            send=True,
        )  # fmt: skip
        return run_cycle(engine, task, lambda report: report.status().value)


@contextmanager
def bent_shop(folder: Path, products: int = 3, units: int = 40) -> Iterator[BentShop]:
    """A connected shop of products S0, S1 … with one SKU each, on the clock of its world."""
    seed = folder / "seed.json"
    rows = [
        {"title": f"p{number}", "skus": [{"seller_sku": f"S{number}", "stock": units}]}
        for number in range(products)
    ]
    seed.write_text(json.dumps({"products": rows, "orders": []}))
    floor = Shopfloor(folder)
    assert isinstance(SANDBOX, ShopSimulator)
    shop = SANDBOX.simulate(SandboxOptions(seed=seed), lambda: floor.clock.now().timestamp())
    told = shop.description()
    world = BentShop(floor, shop)
    options = TikTokShopOptions.model_validate(
        {
            "app_key": told["app_key"], "app_secret": {"credential": "secret"},
            "api_url": "http://shop.test", "auth_url": "http://shop.test", "rate": "500",
        }
    )  # fmt: skip
    with FACTORY.open(
        SHOP, options, folder=folder, credentials=OneSecret(told["app_secret"]),
        tokens=MemoryTokens(), facts=MemoryFacts(floor.clock), clock=floor.clock, wire=world.wire,
    ) as channel:  # fmt: skip
        assert isinstance(channel, TikTokShopChannel)
        channel.connect(told["auth_code"])
        world.channel = channel
        yield world
    floor.close()
