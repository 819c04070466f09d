"""A shop in memory whose writes land late or never, whose orders are told late, and where buyers never wait."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from syncd.domain.change import Change
from syncd.domain.identity import ListingRef, WarehouseId
from syncd.domain.listing import Listing
from syncd.domain.orders import OrderState
from syncd.domain.outcome import Outcome, Unknown
from syncd.domain.rules import Zero
from syncd.ports.channel import Exchange
from tests.fakes.memory_channel import MAIN, MemoryChannel, MemoryFeed

Never = None
"""A write that does not land at all."""


@dataclass
class LateShop(MemoryChannel):
    """`fates` are, write by write, how many seconds after it the write lands (0 at once and answered).

    `told_after` is how many seconds after it is made an order comes into the feed; `meanwhile` is called in
    the middle of every write, after it was decided on and before it lands, `afterwards` when it has its fate.
    """

    fates: list[float | None] = field(default_factory=list)
    told_after: list[float] = field(default_factory=list)
    meanwhile: Callable[[], None] | None = None
    afterwards: Callable[[], None] | None = None
    under_way: list[tuple[datetime, Change]] = field(default_factory=list)
    told_at: dict[str, datetime] = field(default_factory=dict)

    def land(self) -> None:
        """What is due by now lands, in its order."""
        now = self.clock.now()
        for due, change in sorted(self.under_way, key=lambda item: item[0]):
            if due <= now:
                self.under_way.remove((due, change))
                self._apply(change)

    def submit(self, exchange: Exchange, zero: Zero) -> Sequence[Outcome]:
        if self.meanwhile is not None:
            self.meanwhile()
        fate = self.fates.pop(0) if self.fates else 0.0
        answer = super().submit(exchange, zero) if fate == 0.0 else self._unanswered(exchange, fate)
        if self.afterwards is not None:
            self.afterwards()
        return answer

    def _unanswered(self, exchange: Exchange, fate: float | None) -> Sequence[Outcome]:
        self._call()
        if fate is not Never:
            due = self.clock.now() + timedelta(seconds=fate)
            self.under_way += [(due, change) for change in exchange.changes]
        return [Unknown(change=change, reason="no answer") for change in exchange.changes]

    def look(self, refs: Sequence[ListingRef]) -> Mapping[ListingRef, Listing]:
        self.land()
        return super().look(refs)

    def order(
        self, sku: str, units: int, warehouse: WarehouseId = MAIN, *,
        state: OrderState = OrderState.AWAITING_SHIPMENT, at: datetime | None = None,
    ) -> str:  # fmt: skip
        self.land()
        number = super().order(sku, units, warehouse, state=state, at=at)
        late = self.told_after.pop(0) if self.told_after else 0.0
        self.told_at[number] = self.clock.now() + timedelta(seconds=late)
        return number

    @contextmanager
    def orders(self, since: datetime | None) -> Iterator[MemoryFeed]:
        with super().orders(since) as feed:
            now = self.clock.now()
            told = [line for line in feed.lines if self.told_at.get(line.order_id, now) <= now]
            yield replace(feed, lines=told)
