"""Every channel, and the fake the engine's tests use, keeps the same contract."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from syncd.domain.identity import ChannelName, WarehouseId
from tests.contract.channel_contract import ChannelContract, Stage
from tests.fakes.clock import FakeClock
from tests.fakes.memory_channel import MAIN, MemoryChannel
from tests.fakes.tiktok import connected

TIKTOK_MAIN = "7068517275539719942"
TIKTOK_EAST = "7068517275539719943"
SEED: dict[str, object] = {
    "products": [
        {
            "title": "a",
            "skus": [{"seller_sku": "A", "price": "10.00", "stock": {TIKTOK_MAIN: 5}}],
        },
        {
            "title": "b",
            "skus": [{"seller_sku": "B", "stock": {TIKTOK_MAIN: 7, TIKTOK_EAST: 3}}],
        },
    ],
    "orders": [],
}


class TestMemoryChannel(ChannelContract):
    @pytest.fixture
    def stage(self) -> Stage:
        shop = MemoryChannel(ChannelName("shop"), FakeClock())
        shop.list_sku("A", price="10.00", W1=5)
        shop.list_sku("B", W1=7, W2=3)

        def order(sku: str, units: int) -> None:
            shop.order(sku, units)

        def shown(sku: str) -> int:
            units = shop.shown(sku)
            return units if isinstance(units, int) else sum(units)

        return Stage(channel=shop, warehouse=MAIN, order=order, shown=shown)


class TestTikTokShop(ChannelContract):
    @pytest.fixture
    def stage(self, tmp_path: Path) -> Iterator[Stage]:
        with connected(tmp_path, SEED) as (channel, control):

            def order(sku: str, units: int) -> None:
                control.post("orders", seller_sku=sku, units=units, status="AWAITING_SHIPMENT")

            def shown(sku: str) -> int:
                return sum(control.available(sku).values())

            yield Stage(
                channel=channel, warehouse=WarehouseId(TIKTOK_MAIN), order=order, shown=shown
            )
