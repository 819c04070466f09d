"""The merchant's back office where nothing is written back: it books TikTok's orders by itself, later."""

from syncd.simulation.world import World


class Bookkeeper:
    """Takes every order off the merchant's stock at the end of its interval, which begins on the hour."""

    def __init__(self, world: World, every: float) -> None:
        self._world = world
        self._every = every
        self._seen = 0

    def begin(self) -> None:
        """Come around at the end of the first interval."""
        self._world.timeline.after(self._every, self._come_around)

    def _come_around(self) -> None:
        for order in list(self._world.orders)[self._seen :]:
            self._world.book(order)
            self._seen += 1
        self._world.timeline.after(self._every, self._come_around)
