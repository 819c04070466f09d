"""Which SKUs stay at 0 on a channel because the seller cancelled an order of them for want of stock."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from syncd.domain.identity import Sku, SourceName
from syncd.domain.orders import OrdersMode
from syncd.domain.rules import ListingRule
from syncd.domain.selling import StockMove, patience
from syncd.domain.shortage import KNOWN_FOR, is_restated, moved_by_itself
from syncd.domain.stock import Position, SourceStanding, State
from syncd.domain.write_back import Booking
from syncd.engine.setup import ChannelSetup, EngineSetup

BOOKINGS = 500
"""Of one SKU, newest first; more are not made between a cancellation and the reading that shows them."""


def sold_out(
    engine: EngineSetup, setup: ChannelSetup, rules: Iterable[ListingRule],
    positions: Mapping[Sku, Sequence[Position]], standings: Mapping[SourceName, SourceStanding],
) -> Collection[Sku]:  # fmt: skip
    """SKUs of these rules whose sources said nothing new since; what we booked ourselves is nothing new."""
    cancelled = engine.ledger.sold_out(setup.name)
    found = set()
    for rule in rules:
        at = cancelled.get(rule.sku)
        if at is None:
            continue
        shortage = _Shortage(engine=engine, standings=standings, cancelled_at=at)
        if not any(
            shortage.is_over(position)
            for sku, _ in rule.needs()
            for position in positions.get(sku, ())
        ):
            found.add(rule.sku)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shortage:
    """One cancellation for want of stock."""

    engine: EngineSetup
    standings: Mapping[SourceName, SourceStanding]
    cancelled_at: datetime

    def is_over(self, position: Position) -> bool:
        """Whether this position proves that there are units again."""
        if position.since <= self.cancelled_at:
            return is_restated(position, self.cancelled_at)
        if self.engine.clock.now() - self.cancelled_at > KNOWN_FOR:
            return True
        return is_restated(position, self.cancelled_at) or self._moved(position)

    def _moved(self, position: Position) -> bool:
        source = self.engine.sources.get(position.place.source)
        if source is None or source.orders is None or source.orders.mode is OrdersMode.NEVER:
            return False
        lag = patience(source.orders, source.every)
        return moved_by_itself(
            self._moves(position.sku, position.place.source, lag),
            self._bookings(position.sku, position.place.source),
            self.cancelled_at,
            source.orders,
            source.every,
            self._told_until(position),
        )

    def _told_until(self, position: Position) -> datetime | None:
        """Up to when the present reading of its source surely tells this quantity; None where it does not."""
        if position.state is not State.KNOWN or position.missing_since is not None:
            return None
        standing = self.standings.get(position.place.source)
        return None if standing is None else standing.as_of

    def _moves(self, sku: Sku, source: SourceName, lag: timedelta) -> list[StockMove]:
        """From some time before the cancellation on, so that what moved then explains nothing later."""
        moves = self.engine.ledger.stock_moves([sku], self.cancelled_at - lag).get(sku, ())
        return [move for move in moves if move.place.source == source]

    def _bookings(self, sku: Sku, source: SourceName) -> list[Booking]:
        bookings = self.engine.ledger.bookings(sku, BOOKINGS)
        return [item for item in bookings if item.id.place.source == source]
