"""Looks at sources and channels for alerts and the heartbeat, by the ledger alone."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from syncd.domain.alerting import Sample, keeps_growing
from syncd.domain.booking import Demand
from syncd.domain.conditions import (
    ChannelTrouble,
    ChannelView,
    ParkedListings,
    PausedSince,
    SourceView,
    View,
    shortage,
)
from syncd.domain.identity import ChannelName, Place, Sku, SourceName
from syncd.domain.listing import SetAside
from syncd.domain.overselling import Claim, Oversold, by_shortage, claimed, is_oversold
from syncd.domain.report import Attention
from syncd.domain.rules import Combine
from syncd.domain.stock import Basis, Position, SourceStanding, believe, freshness
from syncd.engine.attention import open_unbooked, parked
from syncd.engine.ordering import Unseen, open_demands
from syncd.engine.setup import ChannelSetup, EngineSetup, Mode, SourceSetup
from syncd.engine.vitals import health
from syncd.ports.bookings import WrittenOrder
from syncd.ports.records import Park

MOST_SHORT = 10
"""Oversold SKUs named, the worst first."""
KEPT_SPANS = 2
"""Backlog samples are kept for so many times the span they are judged over."""


def look(engine: EngineSetup, now: datetime, backlog_span: timedelta) -> View:
    """Where everything stands now; also notes how many SKUs wait, for the next looks."""
    standings = engine.ledger.standings()
    troubles = engine.ledger.channel_troubles()
    return View(
        health=health(engine, now),
        sources=tuple(
            _source(setup, standings.get(name), now) for name, setup in engine.sources.items()
        ),
        channels=tuple(
            _channel(engine, setup, now, troubles.get(name), backlog_span)
            for name, setup in engine.channels.items()
        ),
        oversold=oversold(engine, standings, now),
        unbooked=open_unbooked(engine, now),
    )


def _source(setup: SourceSetup, known: SourceStanding | None, now: datetime) -> SourceView:
    standing = known or SourceStanding(source=setup.name)
    return SourceView(
        name=setup.name,
        freshness=freshness(standing, setup.trust, now),
        as_of=standing.as_of,
        trouble=standing.trouble,
        trouble_since=standing.trouble_since,
        stale_after=setup.trust.stale_after,
        then=setup.trust.then,
    )


def _channel(
    engine: EngineSetup, setup: ChannelSetup, now: datetime, trouble: ChannelTrouble | None,
    span: timedelta,
) -> ChannelView:  # fmt: skip
    ledger, name = engine.ledger, setup.name
    sample = Sample(at=now, waiting=ledger.dirty_count(name))
    ledger.record_backlog(name, sample, now - span * KEPT_SPANS)
    parks, pause = parked(engine, name, now), ledger.paused(name)
    return ChannelView(
        name=name,
        sends=engine.mode is Mode.APPLY,
        trouble=trouble,
        held=ledger.held_plan(name),
        parked=_listings(parks, SetAside.PARKED),
        contested=_listings(parks, SetAside.CONTESTED),
        paused=None if pause is None else PausedSince(since=pause.since, reason=pause.reason),
        waiting=sample.waiting,
        growing=keeps_growing(ledger.backlog(name), span, now),
        backlog_span=span,
    )


def _listings(parks: Iterable[Park], kind: SetAside) -> ParkedListings | None:
    rows = [park for park in parks if park.kind is kind]
    if not rows:
        return None
    return ParkedListings(
        count=len(rows),
        since=min(park.since for park in rows),
        first=f"{rows[0].sku}: {rows[0].message}",
    )


def shortages(
    engine: EngineSetup, standings: Mapping[SourceName, SourceStanding], now: datetime
) -> Iterator[Attention]:
    """SKUs that were sold more often than they are there, the worst first, for a person to read."""
    for row in oversold(engine, standings, now)[:MOST_SHORT]:
        told = shortage(row)
        yield Attention(what=told.what, since=told.since, count=row.short, help=told.help)


def oversold(
    engine: EngineSetup, standings: Mapping[SourceName, SourceStanding], now: datetime
) -> tuple[Oversold, ...]:
    """SKUs of which open orders take more than all readings have left, the worst first.

    Units that a reading cannot contain yet are taken from it. Where our own bookings have taken a reading
    below zero, those of open orders are given back first, so that it is seen who is short. Only readings
    that are numbers are judged: an unknown or untracked position raises no alarm.
    """
    asked: dict[Sku, _Asked] = {}
    with engine.ledger.at_one_moment():
        for demand in open_demands(engine, standings):
            asked.setdefault(demand.sku, _Asked()).demands.append(demand)
        for order in engine.ledger.written_orders() if engine.writers() else ():
            asked.setdefault(order.sku, _Asked()).written.append(order)
        positions = engine.ledger.positions(asked)
    named = {str(name): standing for name, standing in standings.items()}
    found: dict[Sku, Oversold] = {}
    for sku, rows in asked.items():
        places = {item.place: item for item in positions.get(sku, ()) if _feeds(engine, item)}
        taken = Unseen(engine, rows.demands).at(sku, places, named)
        left = _left(engine, places, standings, now)
        if left is None:
            continue
        claim = claimed(_claims(left, taken, rows), _combine(engine, rows))
        if claim is not None and is_oversold(claim):
            found[sku] = Oversold(
                sku=sku, ordered=claim.ordered, left=claim.left, orders=len(rows.orders()),
                last_order_at=max(rows.orders().values()),
            )  # fmt: skip
    return by_shortage(found)


@dataclass(slots=True)
class _Asked:
    """What open orders take of one SKU: not contained in a reading yet, and taken off by our bookings."""

    demands: list[Demand] = field(default_factory=list)
    written: list[WrittenOrder] = field(default_factory=list)

    def orders(self) -> dict[tuple[ChannelName, str], datetime]:
        """When each of the orders was made."""
        lines = [row.line for row in self.demands]
        return {
            **{(row.channel, row.order_id): row.created_at for row in self.written},
            **{(line.channel, line.order_id): line.created_at for line in lines},
        }


def _feeds(engine: EngineSetup, position: Position) -> bool:
    source = engine.sources.get(position.place.source)
    return source is not None and source.feeds_stock


def _combine(engine: EngineSetup, rows: _Asked) -> Combine:
    """How the sources stand to each other; where channels differ, the one that alarms less."""
    kinds = {row.rule.stock.combine for row in rows.demands}
    kinds |= {
        engine.rules[row.channel].rule_for(row.sku).stock.combine
        for row in rows.written
        if row.channel in engine.rules
    }
    return Combine.SUM if kinds == {Combine.SUM} else Combine.FIRST


def _left(
    engine: EngineSetup, places: Mapping[Place, Position],
    standings: Mapping[SourceName, SourceStanding], now: datetime,
) -> dict[Place, int] | None:  # fmt: skip
    """What each place has left by its reading; None when one of them is no number."""
    left: dict[Place, int] = {}
    for place, position in places.items():
        source = engine.sources[place.source]
        believed = believe(position, standings[place.source], source.trust, now)
        if believed.quantity is None:
            return None
        committed = (position.committed or 0) if source.basis is Basis.ON_HAND else 0
        left[place] = believed.quantity - committed
    return left


def _claims(left: Mapping[Place, int], taken: Mapping[Place, int], rows: _Asked) -> Iterator[Claim]:
    for source in sorted({place.source for place in left}):
        written = sum(row.units for row in rows.written if row.source == source)
        yield Claim(
            source=source,
            left=written + sum(units for place, units in left.items() if place.source == source),
            ordered=written
            + sum(units for place, units in taken.items() if place.source == source),
        )
