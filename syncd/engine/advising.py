"""Proposes safety stocks: every SKU's own sales and the delays that were measured, put together."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice

from syncd.domain.adaptive import percent
from syncd.domain.advice import Advice, AdviceView, ChannelAdvice, Exposure, Sales, advised
from syncd.domain.delay import ENOUGH, USUAL, percentile
from syncd.domain.identity import ChannelName, Sku, SourceName
from syncd.domain.orders import OrdersMode
from syncd.domain.rules import Combine, ListingRule
from syncd.domain.selling import StockMove, falls
from syncd.engine.setup import ChannelSetup, EngineSetup, SourceSetup
from syncd.engine.telling_delays import Booking, news, remarks
from syncd.engine.tempo import LOOKED_AT, Delays
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
    """What sold of some components, by SKU; `told` are orders that a source may contain, cancelled ones too."""

    ordered: Mapping[Sku, int]
    told: Mapping[Sku, int]
    moves: Mapping[Sku, Sequence[StockMove]]


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
        rows: list[Advice] = []
        unchanged = unsold = 0
        for row in self._rows(setup, delays, bookings, skus):
            if row.changes or row.sku in skus:
                rows.append(row)
            elif row.units:
                unchanged += 1
            else:
                unsold += 1
        drawn = _drawn(self._engine, setup.rules.rule_for(Sku("")))
        ways = {source.name: delays.of_source(source.name) for source in drawn}
        return ChannelAdvice(
            channel=setup.name,
            news=tuple(news(setup, ways, bookings)),
            remarks=tuple(remarks(self._span, rows, [bookings[name] for name in ways])),
            rows=tuple(sorted(rows, key=lambda row: row.rank)),
            unchanged=unchanged,
            unsold=unsold,
        )

    def _rows(
        self, setup: ChannelSetup, delays: Delays, bookings: Mapping[SourceName, Booking],
        skus: Sequence[Sku],
    ) -> Iterator[Advice]:  # fmt: skip
        named = iter(skus or self._engine.ledger.bound_skus(setup.name))
        while chunk := list(islice(named, CHUNK)):
            bound = self._engine.ledger.bound(setup.name, chunk)
            rules = [setup.rules.rule_for(sku) for sku in chunk if bound.get(sku)]
            known = self._known(rules)
            for rule in rules:
                drawn = _drawn(self._engine, rule)
                if drawn:
                    yield self._advice(rule, drawn, known, delays, bookings)

    def _known(self, rules: Sequence[ListingRule]) -> _Known:
        components = list(dict.fromkeys(part.sku for rule in rules for part in rule.components))
        ordered = dict.fromkeys(components, 0)
        told = dict.fromkeys(components, 0)
        for name, sellers in self._sellers.items():
            selling = sellers.with_dependents(components)
            for sold in self._engine.ledger.sold(selling, self._since):
                if sold.channel != name:
                    continue
                for sku, need in self._engine.rules[name].rule_for(sold.sku).needs():
                    if sku in ordered:
                        ordered[sku] += sold.units * need
                        told[sku] += (sold.units + sold.dropped) * need
        return _Known(ordered, told, self._engine.ledger.stock_moves(components, self._since))

    def _advice(
        self, rule: ListingRule, drawn: Sequence[SourceSetup], known: _Known, delays: Delays,
        bookings: Mapping[SourceName, Booking],
    ) -> Advice:  # fmt: skip
        exposure = _exposure(drawn, delays, bookings)
        sales = [
            Sales(
                ordered=known.ordered[part.sku],
                elsewhere=_elsewhere(rule, drawn, known, part.sku),
                need=part.need,
            )
            for part in rule.components
        ]
        needs = [advised(each, self._span, exposure, self._share) for each in sales]
        for_channel, for_own = (max(units) for units in zip(*needs, strict=True))
        adaptive = rule.stock.adaptive
        proposed = for_own if adaptive is not None else max(for_channel, for_own)
        fastest = max(sales, key=lambda each: (each.ordered + each.elsewhere) / each.need)
        moves = [
            move
            for part in rule.components
            for move in known.moves.get(part.sku, ())
            if any(draw.takes(move.place) for draw in rule.stock.draws)
        ]
        return Advice(
            sku=rule.sku,
            ordered_per_day=_per_day(fastest.ordered, fastest.need, self._span),
            elsewhere_per_day=_per_day(fastest.elsewhere, fastest.need, self._span),
            units=sum(each.ordered + each.elsewhere for each in sales),
            present=rule.stock.safety,
            adaptive="" if adaptive is None else percent(adaptive.quantile),
            at_most=0 if adaptive is None else adaptive.at_most,
            for_channel=for_channel,
            for_own_shop=for_own,
            proposed=proposed,
            refused=proposed * _dips(moves, proposed),
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
    return [engine.sources[name] for name in names if name in engine.sources]


def _exposure(
    drawn: Sequence[SourceSetup], delays: Delays, bookings: Mapping[SourceName, Booking]
) -> Exposure:
    spans = [bookings[source.name].span for source in drawn if source.name in bookings]
    booked = [span for span in spans if span is not None]
    return Exposure(
        channel=max(delays.of_source(source.name).usual for source in drawn),
        own_shop=max(booked) if booked else None,
    )


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
