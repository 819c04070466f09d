"""What merchants often have instead of syncd: an app that copies orders and stock both ways now and then."""

from functools import partial

from syncd.simulation.designs import Design
from syncd.simulation.misfortune import Fate
from syncd.simulation.timeline import Timeline
from syncd.simulation.world import World

PUSH_TAKES = (0.4, 1.5)
PUSHES_AT_ONCE = 4


class TypicalApp:
    """Books TikTok's orders in the merchant's shop, then sends the counters that TikTok does not show.

    It remembers what it sent and lowers that by the orders it has seen; what comes in while it sends is
    overwritten, because TikTok Shop knows no comparison before a write.
    """

    def __init__(self, design: Design, world: World, timeline: Timeline, fate: Fate) -> None:
        self._world = world
        self._timeline = timeline
        self._every = design.source_every
        self._dice = fate.dice("typical app")
        self._believed = dict(world.merchant.counters)
        self._seen = 0
        self.requests = 0

    def begin(self) -> None:
        """Come around for the first time somewhere within the first interval."""
        self._timeline.after(self._dice.uniform(0.0, self._every), self._come_around)

    def _come_around(self) -> None:
        self._import_orders()
        merchant, wait = self._world.merchant, 0.0
        for sku, units in merchant.counters.items():
            shown = max(0, units)
            if shown != self._believed[sku]:
                wait += self._dice.uniform(*PUSH_TAKES) / PUSHES_AT_ONCE
                self._believed[sku] = shown
                self._timeline.after(wait, partial(self._world.overwrite, sku, shown))
                self.requests += 1
        self._timeline.after(self._every, self._come_around)

    def _import_orders(self) -> None:
        self.requests += 1
        for order, sku in list(self._world.orders.items())[self._seen :]:
            self._world.book(order, sku)
            self._believed[sku] -= 1
            self._seen += 1
