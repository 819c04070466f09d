"""Keeps up with a channel's orders: how far the feed was read, and which units they still take."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from syncd.domain.booking import Demand, booked_at, demands
from syncd.domain.identity import Place, Sku, SourceName
from syncd.domain.orders import (
    OrderLine,
    OrdersMode,
    OrdersPolicy,
    contained,
    subtracts,
    takes_units,
)
from syncd.domain.stock import After, Position, SourceStanding
from syncd.engine.setup import ChannelSetup, EngineSetup, SourceSetup

FEED_OVERLAP = timedelta(minutes=10)
"""How far back each poll reads again, because orders may be indexed late (reliability F-10)."""
INDEX_DELAY = timedelta(seconds=1)
"""How long an order may take to appear in the feed: a poll proves completeness up to its start minus
this. A raise waits so long between reading the live value and asking for orders."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Polled:
    """What a poll found: up to when the feed is complete, its newest update, and how many lines are news.

    `until` is told by our clock, as what was seen of listings; `begun` and `newest` by the shop's.
    """

    until: datetime
    begun: datetime
    newest: datetime | None
    moved: int


def poll_orders(engine: EngineSetup, setup: ChannelSetup) -> Polled:
    """Read the feed to its end and record it.

    The first poll reads all open orders whatever their age, and then everything updated since the
    oldest reading that has to be corrected. Where there never was an order, the next poll asks from the
    shop's time of this one: asked by our clock, one that is ahead would hide the first orders. Raises
    ChannelError; nothing advances then.
    """
    known = engine.ledger.order_cursor(setup.name)
    if known.complete_until is None:
        first = _read_feed(engine, setup, None)
        oldest = _oldest_reading(engine, engine.ledger.standings())
        second = _read_feed(engine, setup, oldest - FEED_OVERLAP)
        found = Polled(
            until=first.until,
            begun=first.begun,
            newest=max(filter(None, (first.newest, second.newest)), default=None),
            moved=first.moved + second.moved,
        )
    else:
        since = (known.cursor or known.complete_until) - FEED_OVERLAP
        found = _read_feed(engine, setup, since)
    newest = found.newest or (found.begun if known.cursor is None else None)
    engine.ledger.complete_orders(setup.name, newest, found.until)
    return found


def poll_meanwhile(engine: EngineSetup, setup: ChannelSetup) -> Polled:
    """As `poll_orders`, by a channel that has planned already: news sets it going once more."""
    found = poll_orders(engine, setup)
    if found.moved:
        engine.wake(setup.name)
    return found


def _wake_others(engine: EngineSetup, setup: ChannelSetup, skus: Collection[Sku]) -> None:
    """Units sold here are gone everywhere: the other channels publish at once."""
    if skus:
        for name in engine.channels:
            if name != setup.name:
                engine.wake(name)


def _read_feed(engine: EngineSetup, setup: ChannelSetup, since: datetime | None) -> Polled:
    newest: datetime | None = None
    moved = 0
    with setup.channel.orders(since) as feed:
        for page in feed.pages():
            bound = [_bound(line, setup) for line in page.lines]
            newest = max(
                (*(line.updated_at for line in bound), *((newest,) if newest else ())), default=None
            )
            news = engine.ledger.record_orders(setup.name, bound)
            moved += len(news)
            _wake_others(engine, setup, mark_demanded(engine, news))
        return Polled(
            until=feed.asked_at - INDEX_DELAY, begun=feed.shop_asked_at, newest=newest, moved=moved
        )


def _bound(line: OrderLine, setup: ChannelSetup) -> OrderLine:
    """The line with the SKU of ours that it sells, so that history finds it."""
    return replace(line, channel=setup.name, sku=setup.rules.bound_sku(line.seller_sku))


def _oldest_reading(
    engine: EngineSetup, standings: Mapping[SourceName, SourceStanding]
) -> datetime:
    """The oldest moment up to which any stock source's reading speaks."""
    moments = [
        standing.as_of - policy.delay
        for name, setup in engine.sources.items()
        if (policy := setup.orders) is not None
        and (standing := standings.get(name)) is not None
        and standing.as_of is not None
    ]
    counts = [_oldest_count(engine, setup) for setup in engine.sources.values()]
    return min([*moments, *filter(None, counts), engine.clock.now()])


def _oldest_count(engine: EngineSetup, source: SourceSetup) -> datetime | None:
    """The oldest count that matters; a row that vanished for good has no units to subtract orders from."""
    if source.orders is None or source.orders.mode is not OrdersMode.NEVER:
        return None
    missing = source.trust.missing
    gone = engine.clock.now() - missing.hold if missing.then is After.ZERO else None
    return engine.ledger.oldest_count(source.name, gone)


def open_lines(
    engine: EngineSetup, standings: Mapping[SourceName, SourceStanding]
) -> Sequence[OrderLine]:
    """Lines of all channels that some reading may not contain yet."""
    return engine.ledger.lines_in_play(_oldest_reading(engine, standings))


def open_demands(
    engine: EngineSetup, standings: Mapping[SourceName, SourceStanding] | None = None
) -> list[Demand]:
    """What those lines take, in base units of each component, and which bookings take it off."""
    found: list[Demand] = []
    with engine.ledger.at_one_moment():
        known = engine.ledger.standings() if standings is None else standings
        lines = open_lines(engine, known)
        booked = engine.ledger.bookings_of(lines) if lines and engine.writers() else {}
    for line in lines:
        rules = engine.rules.get(line.channel)
        if rules is not None:
            bookings = booked.get((line.channel, line.order_id, line.line_id), ())
            found.extend(demands(line, rules, bookings))
    return found


def lines_about_to_be_read(engine: EngineSetup, names: Iterable[SourceName]) -> Sequence[OrderLine]:
    """Open lines that a reading of these sources begun now may contain, and the last one did not."""
    sources = [engine.sources[name] for name in names]
    policies = [(source.name, source.orders) for source in sources if source.orders is not None]
    if not policies:
        return ()
    with engine.ledger.at_one_moment():
        standings = engine.ledger.standings()
        lines = open_lines(engine, standings)
    now = engine.clock.now()
    return [
        line
        for line in lines
        if any(_may_enter(line, policy, standings.get(name), now) for name, policy in policies)
    ]


def _may_enter(
    line: OrderLine, policy: OrdersPolicy, standing: SourceStanding | None, now: datetime
) -> bool:
    """Whether the next reading may contain the line, and the last one did not.

    Where rows bear the time of their count, a new count is a change of the row itself.
    """
    if policy.mode is OrdersMode.WRITE_BACK:
        return True
    if policy.mode is OrdersMode.NEVER or standing is None or standing.as_of is None:
        return False
    return contained(line, policy, now, None) and not contained(line, policy, standing.as_of, None)


def mark_demanded(engine: EngineSetup, lines: Iterable[OrderLine]) -> Collection[Sku]:
    """The components these lines take, which must be planned again, on every channel."""
    skus = {
        demand.sku
        for line in lines
        if (rules := engine.rules.get(line.channel)) is not None
        for demand in demands(line, rules)
    }
    for channel in engine.channels:
        engine.ledger.mark_dirty(channel, skus)
    return skus


class Unseen:
    """Units per place and SKU that readings cannot contain yet."""

    def __init__(self, engine: EngineSetup, open_: Iterable[Demand]) -> None:
        self._policies = {name: setup.orders for name, setup in engine.sources.items()}
        self._by_sku: dict[Sku, list[Demand]] = {}
        for demand in open_:
            self._by_sku.setdefault(demand.sku, []).append(demand)

    def at(
        self, sku: Sku, positions: Mapping[Place, Position],
        standings: Mapping[str, SourceStanding],
    ) -> dict[Place, int]:  # fmt: skip
        """Base units to subtract at each of the SKU's places."""
        taken: dict[Place, int] = {}
        places = list(positions)
        for demand in self._by_sku.get(sku, ()):
            for place in booked_at(demand, places):
                if self.counts(demand, positions[place], standings):
                    taken[place] = taken.get(place, 0) + demand.units
        return taken

    def counts(
        self, demand: Demand, position: Position, standings: Mapping[str, SourceStanding]
    ) -> bool:
        """Whether its units are subtracted from the present reading of a place where it is booked."""
        policy = self._policies.get(position.place.source)
        standing = standings.get(position.place.source)
        if policy is None or standing is None or standing.as_of is None:
            return False
        if policy.mode is OrdersMode.WRITE_BACK:
            return takes_units(demand.line) and not demand.contained_at(position.place)
        return subtracts(demand.line, policy, standing.as_of, position.counted_at)
