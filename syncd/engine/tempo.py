"""How fast SKUs sell elsewhere and how late a channel learns of it: what an adaptive safety stock follows."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from syncd.domain.adaptive import Pace, Withholding, window, withhold
from syncd.domain.booking import Demand, booked_at, demands
from syncd.domain.delay import Delay, Passage, delay
from syncd.domain.identity import ChannelName, Place, Sku, SourceName
from syncd.domain.orders import OrderLine, OrdersMode, OrdersPolicy, takes_units
from syncd.domain.rules import ChannelRules, Combine, ListingRule
from syncd.domain.selling import (
    Explanation,
    Sale,
    StockMove,
    deducted,
    explanation,
    falls,
    patience,
    unexplained,
)
from syncd.domain.stock import Position
from syncd.domain.write_back import Booking
from syncd.engine.setup import ChannelSetup, EngineSetup, SourceSetup

REMEMBERED = timedelta(days=7)
"""How far back news is looked at to learn how long it takes."""
LOOKED_AT = 100
FEW = 200
"""SKUs whose order lines are asked for alone; of more all lines are read, once."""
LineKey = tuple[ChannelName, str, str]
LIVE = timedelta(hours=24)
"""A sender is believed to send webhooks when one came in this time."""


class Delays:
    """How long news takes to one channel, by source and by order; read from the ledger when first asked."""

    def __init__(self, engine: EngineSetup, setup: ChannelSetup) -> None:
        self._engine = engine
        self._setup = setup
        self._of_sources: dict[SourceName, Delay] = {}

    @cached_property
    def _ways(self) -> Sequence[Passage]:
        since = self._engine.clock.now() - REMEMBERED
        return self._engine.ledger.passages(self._setup.name, since, LOOKED_AT)

    def of_source(self, name: SourceName) -> Delay:
        """From a sale that a source books to the verified listing."""
        if name not in self._of_sources:
            ways = [way for way in self._ways if way.source == name]
            every = self._engine.sources[name].every
            self._of_sources[name] = delay(ways, every, told=self._is_live(name))
        return self._of_sources[name]

    @cached_property
    def of_orders(self) -> Delay:
        """From an order of any channel to the verified listings that share its units."""
        ways = [way for way in self._ways if way.source is None]
        every = max(setup.orders_every for setup in self._engine.channels.values())
        told = all(self._is_live(name) for name in self._engine.channels)
        return delay(ways, every, told=told)

    def _is_live(self, name: str) -> bool:
        return self._engine.ledger.heard_since(name, self._engine.clock.now() - LIVE)


class Tempo:
    """What sold lately of the SKUs that one channel's adaptive rules ask for; read when first asked."""

    def __init__(
        self, engine: EngineSetup, setup: ChannelSetup, delays: Delays | None = None
    ) -> None:
        self._engine = engine
        self._setup = setup
        self.delays = delays or Delays(engine, setup)
        self._exposures: dict[frozenset[SourceName], timedelta] = {}

    def withheld(
        self, rules: Iterable[ListingRule], positions: Mapping[Sku, Sequence[Position]]
    ) -> Mapping[Sku, Withholding]:
        """By the SKU of each adaptive rule that draws on something, what it withholds now.

        `positions` are those of all components.
        """
        wanted = [rule for rule in rules if rule.stock.adaptive is not None and self._drawn(rule)]
        if not wanted:
            return {}
        needed = dict.fromkeys(part.sku for rule in wanted for part in rule.components)
        moves = self._engine.ledger.stock_moves(needed, self._horizon)
        places = {sku: [item.place for item in positions[sku]] for sku in moves if sku in positions}
        taken = self._taken(needed)
        lately = _Lately(
            moves, places, taken, self._alone(wanted, taken), self._bookings(moves, taken)
        )
        return {
            rule.sku: withhold(
                rule,
                rule.stock.adaptive,
                {part.sku: self._pace(rule, lately, part.sku) for part in rule.components},
            )
            for rule in wanted
            if rule.stock.adaptive is not None
        }

    def exposure(self, rule: ListingRule) -> timedelta:
        """How long a sale elsewhere may go unseen by this listing: the slowest of the ways news takes."""
        drawn = frozenset(source.name for source in self._drawn(rule))
        if drawn not in self._exposures:
            spans = [self.delays.of_source(name).steady for name in drawn]
            if self._orders_matter(drawn):
                spans.append(self.delays.of_orders.steady)
            self._exposures[drawn] = max(spans)
        return self._exposures[drawn]

    def orders_matter(self, rule: ListingRule) -> bool:
        """Whether this listing also has to hear of orders, not only of readings."""
        return self._orders_matter(source.name for source in self._drawn(rule))

    def _drawn(self, rule: ListingRule) -> list[SourceSetup]:
        return [
            source
            for draw in rule.stock.draws
            if (source := self._engine.sources.get(draw.source)) is not None and source.feeds_stock
        ]

    def _orders_matter(self, drawn: Iterable[SourceName]) -> bool:
        """Whether an order takes units from anything but the listing that showed them, which knows at once."""
        policies = [self._engine.sources[name].orders for name in drawn]
        written = any(
            policy is not None and policy.mode is OrdersMode.WRITE_BACK for policy in policies
        )
        return written or _composes(self._setup.rules) or len(self._engine.rules) > 1

    @cached_property
    def _horizon(self) -> datetime:
        """From when on orders and readings can matter to any window."""
        lags = [
            patience(source.orders, source.every)
            for source in self._engine.sources.values()
            if source.orders is not None
        ]
        longest = max(
            (self.delays.of_source(name).steady for name, source in self._engine.sources.items()
             if source.feeds_stock), default=timedelta(0),
        )  # fmt: skip
        slow = max(longest, self.delays.of_orders.steady)
        return self._engine.clock.now() - window(slow) - max(lags, default=timedelta(0))

    def _taken(self, skus: Collection[Sku]) -> Mapping[Sku, Sequence[Demand]]:
        """What orders took lately, by component, at least of these; those of cancelled lines, too.

        A source may contain what was cancelled. A few SKUs are asked for alone, unless they may be parts of
        kits or packs.
        """
        if len(skus) > FEW or any(map(_composes, self._engine.rules.values())):
            return self._all_taken
        return self._demands(self._engine.ledger.lines_since(self._horizon, skus))

    @cached_property
    def _all_taken(self) -> Mapping[Sku, Sequence[Demand]]:
        return self._demands(self._engine.ledger.lines_since(self._horizon))

    def _demands(self, lines: Iterable[OrderLine]) -> Mapping[Sku, Sequence[Demand]]:
        found: dict[Sku, list[Demand]] = {}
        for line in lines:
            rules = self._engine.rules.get(ChannelName(line.channel))
            for demand in () if rules is None else demands(line, rules):
                found.setdefault(demand.sku, []).append(demand)
        return found

    def _pace(self, rule: ListingRule, lately: "_Lately", sku: Sku) -> Pace:
        taken = lately.taken.get(sku, ())
        bought = [
            Sale(at=demand.line.created_at, units=demand.units)
            for demand in taken
            if takes_units(demand.line) and not self._is_here(demand, rule, lately)
        ]
        own = [self._elsewhere(source, rule, lately, sku) for source in self._drawn(rule)]
        if rule.stock.combine is not Combine.SUM:  # they tell of the same units
            own = [max(own, key=lambda sales: sum(sale.units for sale in sales))]
        return Pace(
            now=self._engine.clock.now(),
            exposure=self.exposure(rule),
            sales=[*bought, *(sale for sales in own for sale in sales)],
        )

    def _alone(
        self, rules: Sequence[ListingRule], taken: Mapping[Sku, Sequence[Demand]]
    ) -> Collection[Sku]:
        """SKUs of these rules that the channel sold lately and by one listing alone."""
        sold = {
            demand.rule.sku
            for demands in taken.values()
            for demand in demands
            if demand.line.channel == self._setup.name
        }
        asked = [rule.sku for rule in rules if rule.sku in sold]
        bound = self._engine.ledger.bound(self._setup.name, asked) if asked else {}
        return {sku for sku, listings in bound.items() if len(listings) == 1}

    def _is_here(self, demand: Demand, rule: ListingRule, lately: "_Lately") -> bool:
        """Whether the listing itself sold it: the shop lowered it with the sale, so that is no news to it.

        What can be sold twice is what others sell before this listing hears of it, and nothing else.
        """
        return (
            demand.line.channel == self._setup.name
            and demand.rule.sku == rule.sku
            and rule.sku in lately.alone
        )

    def _elsewhere(
        self, source: SourceSetup, rule: ListingRule, lately: "_Lately", sku: Sku
    ) -> list[Sale]:
        """What one source lost and not to orders of the channels: its own shop's sales."""
        policy = source.orders
        if policy is None or policy.mode is OrdersMode.NEVER:  # a count is no sale
            return []
        here = falls(
            move
            for move in lately.moves.get(sku, ())
            if move.place.source == source.name
            and any(draw.takes(move.place) for draw in rule.stock.draws)
        )
        if not here:
            return []
        taken = [
            each
            for demand in lately.taken.get(sku, ())
            for each in _explained(demand, source, policy, lately)
        ]
        return unexplained(here, taken)

    def _bookings(
        self, moves: Iterable[Sku], taken: Mapping[Sku, Sequence[Demand]]
    ) -> Mapping[LineKey, Sequence[Booking]]:
        """What was booked for cancelled lines of SKUs that moved; asked only where anything is written back."""
        policies = [source.orders for source in self._engine.sources.values()]
        if not any(each is not None and each.mode is OrdersMode.WRITE_BACK for each in policies):
            return {}
        lines = {
            _key(demand.line): demand.line
            for sku in moves
            for demand in taken.get(sku, ())
            if _is_given_up(demand.line)
        }
        return self._engine.ledger.bookings_of(lines.values()) if lines else {}


@dataclass(frozen=True, slots=True)
class _Lately:
    """What readings of the SKUs at hand changed, all places where they lie, and what orders took of them.

    `alone`: SKUs that the channel sells by one listing. `bookings`: those of cancelled lines.
    """

    moves: Mapping[Sku, Sequence[StockMove]]
    places: Mapping[Sku, Sequence[Place]]
    taken: Mapping[Sku, Sequence[Demand]]
    alone: Collection[Sku]
    bookings: Mapping[LineKey, Sequence[Booking]]


def _explained(
    demand: Demand, source: SourceSetup, policy: OrdersPolicy, lately: _Lately
) -> Iterator[Explanation]:
    """How an order lowers the readings of a source.

    One that was cancelled is a matter of what was written there by then: it may never have been paid.
    """
    if policy.mode is OrdersMode.WRITE_BACK and _is_given_up(demand.line):
        known = lately.bookings.get(_key(demand.line), ())
        here = [
            item
            for item in known
            if item.id.sku == demand.sku and item.id.place.source == source.name
        ]
        yield from deducted(here, policy, source.every)
        return
    places = booked_at(demand, lately.places[demand.sku])
    if any(place.source == source.name for place in places):
        found = explanation(demand.line, demand.units, policy, source.every)
        if found is not None:
            yield found


def _is_given_up(line: OrderLine) -> bool:
    """Whether it takes nothing any more, and what it took was not the listing's own."""
    return not takes_units(line) and not line.own


def _key(line: OrderLine) -> LineKey:
    return (line.channel, line.order_id, line.line_id)


def _composes(rules: ChannelRules) -> bool:
    """Whether a channel sells kits or packs."""
    return any(row.kit is not None or row.of is not None for row in rules.overrides)
