"""Others who write the simulated shop's stock: an app with a schedule of its own, until it is told to stop."""

from dataclasses import dataclass

from connectors.tiktok_shop.sandbox.calls import World
from connectors.tiktok_shop.sandbox.control_edits import STOCK_KEYS, StockEdit, read_stock_edit
from connectors.transport.simulation.fields import Fields

KEYS = (*STOCK_KEYS, "every")


@dataclass(slots=True, kw_only=True)
class Rival:
    """Sets one SKU's stock again every so many seconds of the shop's clock."""

    edit: StockEdit
    every: float
    due: float


class Rivals:
    """All of them; they act when the shop is looked at, as often as time went by or less."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._rivals: list[Rival] = []

    def add(self, body: object) -> object:
        """`POST /control/rivals`: somebody begins to write a SKU, at once and then on schedule."""
        given = Fields(body, "rival", KEYS)
        every = given.number("every", least=0.001)
        edit = read_stock_edit(self._world.shop, given, by="api_sync")
        self._rivals.append(Rival(edit=edit, every=every, due=self._world.now()))
        self.act()
        return self.as_dict()

    def clear(self) -> object:
        """`DELETE /control/rivals`: all of them stop."""
        self._rivals.clear()
        return self.as_dict()

    def as_dict(self) -> dict[str, object]:
        """Who writes what, and how often."""
        return {
            "rivals": [
                {"seller_sku": rival.edit.sku.seller_sku, "available": rival.edit.available,
                 "every": rival.every, "by": rival.edit.by}
                for rival in self._rivals
            ]
        }  # fmt: skip

    def act(self) -> None:
        """Those whose time has come write, where the shop shows something else."""
        now = self._world.now()
        for rival in self._rivals:
            if rival.due <= now:
                rival.due = now + rival.every
                if not rival.edit.is_so():
                    rival.edit.make(self._world)
