"""Two shops in escrow that share units which nobody else sells, so that they are only counted."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from syncd.domain.identity import ChannelName, Sku
from syncd.domain.rules import Allocation, ChannelRules, Draw, StockRule
from syncd.engine.cycle import Task, run_cycle
from syncd.engine.setup import ChannelSetup, EngineSetup, Trigger
from tests.fakes.late_shop import LateShop
from tests.fakes.shopfloor import SHOP, STOCK, Shopfloor

OTHER = ChannelName("other")


class TwoShops(Shopfloor):
    """Each owns half of what there is; the source's quantity is on hand."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.shop = LateShop(SHOP, self.clock)
        self.other = LateShop(OTHER, self.clock)
        self.stock = StockRule(draws=(Draw(source=STOCK),), share=Decimal("0.5"))

    def rules(self) -> ChannelRules:
        """As on the floor, in escrow."""
        return replace(super().rules(), allocation=Allocation.ESCROW)

    def engine(self) -> EngineSetup:
        """As on the floor, with the other shop."""
        engine = super().engine()
        rules = replace(self.rules(), channel=OTHER)
        other = ChannelSetup(
            name=OTHER, channel=self.other, rules=rules, reconcile_every=timedelta(hours=1)
        )
        return replace(
            engine,
            channels={**engine.channels, OTHER: other},
            rules={**engine.rules, OTHER: rules},
        )

    def step(self, seconds: float = 62.0) -> None:
        """Some time goes by, then a cycle reads the source and publishes to both."""
        self.clock.advance(seconds)
        self.source.as_of = self.clock.now()
        task = Task(
            trigger=Trigger.BY_HAND, word="test", sources=[STOCK], channels=[SHOP, OTHER], send=True
        )
        run_cycle(self.engine(), task, lambda report: report.status().value)

    def opened(self, units: int) -> None:
        """Both list the SKU A at 0, and escrow has begun."""
        self.source.set(A=units)
        self.shop.list_sku("A", W1=0)
        self.other.list_sku("A", W1=0)
        for _ in range(3):
            self.step()

    def owned(self) -> dict[ChannelName, int]:
        """What each owns and has not sold."""
        held = self.ledger.escrow_accounts([Sku("A")], [])
        return {item.channel: item.account.owned for item in held}
