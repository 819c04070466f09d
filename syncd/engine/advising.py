"""Proposes safety stocks: every SKU's own sales and the delays that were measured, put together."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice

from syncd.domain.adaptive import percent
from syncd.domain.advice import (
    SHORTEST,
    YOUNG,
    Advice,
    AdviceView,
    ChannelAdvice,
    Exposure,
    Sales,
    advised,
    lowered,
)
from syncd.domain.delay import ENOUGH, USUAL, percentile
from syncd.domain.identity import ChannelName, Sku, SourceName
from syncd.domain.orders import OrdersMode
from syncd.domain.rules import Combine, ListingRule
from syncd.domain.selling import StockMove, falls
from syncd.engine.setup import ChannelSetup, EngineSetup, SourceSetup
from syncd.engine.telling_delays import Booking, news, remarks
from syncd.engine.tempo import LOOKED_AT, Delays, Tempo
from syncd.engine.wanting import Dependents
from syncd.ports.selling import OrderAges

SPAN = timedelta(days=28)
CHUNK = 500
DAY = timedelta(days=1)


def advise(
    engine: EngineSetup, channels: Sequence[ChannelName], skus: Sequence[Sku], share: Decimal
) -> AdviceView:
    """What these channels' safety stocks should be, by the ledger alone; only of `skus` where there are any."""
    now = engine.clock.now()
    first = engine.ledger.first_run_at() or now
    span = min(SPAN, max(now - first, timedelta(minutes=1)))
    adviser = Adviser(engine, span, share)
    return AdviceView(
        at=now,
        days=round(span / DAY, 1),
        quantile=percent(share),
        channels=tuple(adviser.channel(engine.channels[name], skus) for name in channels),
    )


@dataclass(frozen=True, slots=True)
class _Known:
    """What sold of some components, by SKU; `told` are orders that a source may contain, cancelled ones too.

    `sold`: listing units by channel and the SKU that was ordered. `alone`: SKUs that the channel at hand
    sells by one listing.
    """

    ordered: Mapping[Sku, int]
    told: Mapping[Sku, int]
    moves: Mapping[Sku, Sequence[StockMove]]
    sold: Mapping[tuple[ChannelName, Sku], int]
    alone: Collection[Sku]


@dataclass(frozen=True, slots=True)
class _Outlet:
    """A channel with what is known of how late it hears of sales, and its sources of its orders."""

    setup: ChannelSetup
    tempo: Tempo
    bookings: Mapping[SourceName, Booking]

    def exposure(self, rule: ListingRule, drawn: Sequence[SourceSetup]) -> Exposure:
        """For a listing; the channel's is the one that an adaptive safety stock of it goes by."""
        spans = [self.bookings[source.name].span for source in drawn]
        booked = [span for span in spans if span is not None]
        return Exposure(channel=self.tempo.exposure(rule), own_shop=max(booked) if booked else None)


class Adviser:
    """Works through the SKUs of a channel in chunks; what is the same for all of them is read once."""

    def __init__(self, engine: EngineSetup, span: timedelta, share: Decimal) -> None:
        self._engine = engine
        self._span = span
        self._share = share
        self._since: datetime = engine.clock.now() - span
        self._ages: OrderAges = engine.ledger.order_ages(self._since, LOOKED_AT)
        self._sellers = {
            name: Dependents(rules, engine.ledger.bound_skus(name))
            for name, rules in engine.rules.items()
        }

    def channel(self, setup: ChannelSetup, skus: Sequence[Sku]) -> ChannelAdvice:
        """The advice for one channel."""
        delays = Delays(self._engine, setup)
        bookings = {
            name: self._booking(source, delays)
            for name, source in self._engine.sources.items()
            if source.feeds_stock
        }
        outlet = _Outlet(setup, Tempo(self._engine, setup, delays), bookings)
        rows: list[Advice] = []
        unchanged = unsold = 0
        for row in self._rows(outlet, skus):
            if row.differs or row.sku in skus:
                rows.append(row)
            elif not row.units:
                unsold += 1
            else:
                unchanged += 1
        usual = setup.rules.rule_for(Sku(""))
        ways = {
            source.name: delays.of_source(source.name) for source in _drawn(self._engine, usual)
        }
        orders = delays.of_orders if outlet.tempo.orders_matter(usual) else None
        return ChannelAdvice(
            channel=setup.name,
            news=tuple(news(setup, ways, bookings, orders)),
            remarks=tuple(remarks(self._span, rows, [bookings[name] for name in ways])),
            rows=tuple(sorted(rows, key=lambda row: row.rank)),
            unchanged=unchanged,
            unsold=unsold,
        )

    def _rows(self, outlet: _Outlet, skus: Sequence[Sku]) -> Iterator[Advice]:
        setup = outlet.setup
        named = iter(skus or self._engine.ledger.bound_skus(setup.name))
        while chunk := list(islice(named, CHUNK)):
            bound = self._engine.ledger.bound(setup.name, chunk)
            rules = [setup.rules.rule_for(sku) for sku in chunk if bound.get(sku)]
            alone = {sku for sku, listings in bound.items() if len(listings) == 1}
            known = self._known(rules, alone)
            for rule in rules:
                drawn = _drawn(self._engine, rule)
                if drawn:
                    yield self._advice(rule, drawn, known, outlet)

    def _known(self, rules: Sequence[ListingRule], alone: Collection[Sku]) -> _Known:
        components = list(dict.fromkeys(part.sku for rule in rules for part in rule.components))
        ordered = dict.fromkeys(components, 0)
        told = dict.fromkeys(components, 0)
        by_listing: dict[tuple[ChannelName, Sku], int] = {}
        for name, sellers in self._sellers.items():
            selling = sellers.with_dependents(components)
            for sold in self._engine.ledger.sold(selling, self._since):
                if sold.channel != name:
                    continue
                by_listing[name, sold.sku] = sold.units
                for sku, need in self._engine.rules[name].rule_for(sold.sku).needs():
                    if sku in ordered:
                        ordered[sku] += sold.units * need
                        told[sku] += (sold.units + sold.dropped) * need
        moves = self._engine.ledger.stock_moves(components, self._since)
        return _Known(ordered, told, moves, by_listing, alone)

    def _advice(
        self, rule: ListingRule, drawn: Sequence[SourceSetup], known: _Known, outlet: _Outlet
    ) -> Advice:
        exposure = outlet.exposure(rule, drawn)
        itself = _by_itself(rule, known, outlet.setup)
        sales = [
            Sales(
                ordered=known.ordered[part.sku],
                elsewhere=_elsewhere(rule, drawn, known, part.sku),
                own=itself * part.need * rule.units,
                need=part.need,
            )
            for part in rule.components
        ]
        span = max(self._span, SHORTEST)
        needs = [advised(each, span, exposure, self._share) for each in sales]
        for_channel, for_own = (max(units) for units in zip(*needs, strict=True))
        adaptive = rule.stock.adaptive
        fixed = lowered(max(for_channel, for_own), rule.stock.safety)
        proposed = fixed if adaptive is None else for_own
        fastest = max(sales, key=lambda each: (each.ordered + each.elsewhere) / each.need)
        moves = [
            move
            for part in rule.components
            for move in known.moves.get(part.sku, ())
            if any(draw.takes(move.place) for draw in rule.stock.draws)
        ]
        return Advice(
            sku=rule.sku,
            ordered_per_day=_per_day(fastest.ordered, fastest.need, span),
            elsewhere_per_day=_per_day(fastest.elsewhere, fastest.need, span),
            units=sum(each.ordered + each.elsewhere for each in sales),
            present=rule.stock.safety,
            adaptive="" if adaptive is None else percent(adaptive.quantile),
            at_most=0 if adaptive is None else adaptive.at_most,
            for_channel=for_channel,
            for_own_shop=for_own,
            proposed=proposed,
            refused=proposed * _dips(moves, proposed),
            known=self._span >= YOUNG,
        )

    def _booking(self, source: SourceSetup, delays: Delays) -> Booking:
        """How long the source's own shop goes on selling what an order took."""
        policy = source.orders
        if policy is None or policy.mode is OrdersMode.NEVER:
            return Booking(source=source.name, mode=OrdersMode.NEVER)
        ages = {
            OrdersMode.WITHIN: self._ages.entered,
            OrdersMode.ON_SHIPMENT: self._ages.left,
            OrdersMode.WRITE_BACK: self._ages.written,
        }[policy.mode]
        if len(ages) >= ENOUGH:
            waited, ways = percentile(ages, USUAL), len(ages)
        else:
            written_back = policy.mode is OrdersMode.WRITE_BACK
            waited, ways = (delays.of_orders.usual if written_back else timedelta(0)), 0
        return Booking(
            source=source.name, mode=policy.mode, waited=waited, promised=policy.delay, ways=ways
        )


def _drawn(engine: EngineSetup, rule: ListingRule) -> list[SourceSetup]:
    names = dict.fromkeys(draw.source for draw in rule.stock.draws)
    known = [engine.sources[name] for name in names if name in engine.sources]
    return [source for source in known if source.feeds_stock]


def _by_itself(rule: ListingRule, known: _Known, setup: ChannelSetup) -> int:
    """What a listing sold itself, where it is the channel's only one of its SKU."""
    return known.sold.get((setup.name, rule.sku), 0) if rule.sku in known.alone else 0


def _elsewhere(rule: ListingRule, drawn: Sequence[SourceSetup], known: _Known, sku: Sku) -> int:
    """What the sources lost beyond the orders of the channels; where they tell of the same units, once."""
    lost = []
    for source in drawn:
        moves = [
            move
            for move in known.moves.get(sku, ())
            if move.place.source == source.name
            and any(draw.takes(move.place) for draw in rule.stock.draws)
        ]
        lost.append(sum(sale.units for sale in falls(moves)))
    total = sum(lost) if rule.stock.combine is Combine.SUM else max(lost)
    return max(0, total - known.told[sku])


def _dips(moves: Sequence[StockMove], units: int) -> int:
    """How often a place fell to so few units or fewer."""
    return sum(
        1
        for move in moves
        if move.before is not None and move.after is not None and move.before > units >= move.after
    )


def _per_day(units: int, need: int, span: timedelta) -> float:
    return round(units / need / (span / DAY), 2)
