"""The simulated shop for a world in the same process: its API as a wire, buyers, shipping, and its post."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from connectors.tiktok_shop.sandbox.options import SandboxOptions
from connectors.tiktok_shop.sandbox.ordering import Conflict, Wish, move, place
from connectors.tiktok_shop.sandbox.simulator import Simulator
from connectors.tiktok_shop.sandbox.state import Level
from connectors.tiktok_shop.signing import webhook_signature
from syncd.ports.sandbox import Letter
from syncd.ports.wire import Wire

TOPIC = "ORDER_STATUS_CHANGE"
NOWHERE = "http://localhost/"
"""Where the letters are addressed to; they are taken out of the mail room before anybody carries them."""
NEW, GONE = "AWAITING_SHIPMENT", "IN_TRANSIT"


class SimulatedTikTokShop:
    """One shop. Whoever uses it decides how long requests and letters travel."""

    def __init__(self, options: SandboxOptions, now: Callable[[], float]) -> None:
        self._simulator = Simulator(replace(options, latency=0.0), now=now)
        self._world = self._simulator.world
        self._world.post.subscribe(TOPIC, NOWHERE, now())

    @property
    def wire(self) -> Wire:
        """Where its API answers."""
        return self._simulator.handle

    def description(self) -> Mapping[str, str]:
        """What a user needs to connect to it."""
        return self._world.shop.identity.description()

    def available(self, seller_sku: str) -> int:
        """Units of the SKU in all warehouses; KeyError for one the shop does not list."""
        return self._world.shop.by_seller_sku[seller_sku][0].state.live.available

    def buy(self, seller_sku: str, units: int) -> str | None:
        """Order and pay so many units; None if no warehouse has them."""
        sku = self._world.shop.by_seller_sku[seller_sku][0]
        try:
            return place(self._world, Wish(lines=((sku, units),), status=NEW)).id
        except Conflict:
            return None

    def put(self, seller_sku: str, units: int) -> None:
        """Set what the SKU's first warehouse shows."""
        sku = self._world.shop.by_seller_sku[seller_sku][0]
        live = sku.state.live
        warehouse_id, level = next(iter(live.stock.items()))
        changed = Level(units, level.committed)
        self._world.change(sku, live.with_levels({warehouse_id: changed}))

    def ship(self, order_id: str) -> None:
        """The carrier has taken the goods."""
        move(self._world, order_id, GONE, reason=None, at=None)

    def letters(self) -> Sequence[Letter]:
        """Order webhooks written since the last look, signed as the platform signs them."""
        post, now = self._world.post, self._world.clock.raw()
        identity = self._world.shop.identity
        found: list[Letter] = []
        while (letter := post.take(now, 0.0)) is not None:
            signature = webhook_signature(identity.app_key, identity.app_secret, letter.body)
            headers = {"content-type": "application/json", "authorization": signature}
            found.append(Letter(headers=headers, body=letter.body))
            post.returned(letter, 200, now)
        return found
