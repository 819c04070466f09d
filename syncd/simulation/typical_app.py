"""What merchants often have instead of syncd: an app that copies orders and stock both ways now and then."""

from functools import partial

from syncd.simulation.designs import Design
from syncd.simulation.misfortune import Fate
from syncd.simulation.timeline import Timeline
from syncd.simulation.world import World

PUSH_TAKES = (0.4, 1.5)
PUSHES_AT_ONCE = 4


class TypicalApp:
    """Two jobs that know nothing of each other: TikTok's orders into the shop, the shop's stock to TikTok.

    The second sends every counter that is not what it sent last. What TikTok sold and the first has not
    brought in yet is thereby put on sale again.
    """

    def __init__(self, design: Design, world: World, timeline: Timeline, fate: Fate) -> None:
        self._world = world
        self._timeline = timeline
        self._design = design
        self._dice = fate.dice("typical app")
        self._sent = dict(world.merchant.counters)
        self._seen = 0
        self.requests = 0

    def begin(self) -> None:
        """Each job comes around for the first time somewhere within its first interval."""
        design = self._design
        self._timeline.after(self._dice.uniform(0.0, design.orders_every), self._bring_orders)
        self._timeline.after(self._dice.uniform(0.0, design.source_every), self._send_stock)

    def _bring_orders(self) -> None:
        self.requests += 1
        for order in list(self._world.orders)[self._seen :]:
            self._world.book(order)
            self._seen += 1
        self._timeline.after(self._design.orders_every, self._bring_orders)

    def _send_stock(self) -> None:
        wait = 0.0
        for sku, units in self._world.merchant.counters.items():
            if units != self._sent[sku]:
                wait += self._dice.uniform(*PUSH_TAKES) / PUSHES_AT_ONCE
                self._sent[sku] = units
                self._timeline.after(wait, partial(self._world.overwrite, sku, max(0, units)))
                self.requests += 1
        self._timeline.after(self._design.source_every, self._send_stock)
