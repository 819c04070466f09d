"""The signs of life of everything that is configured, by the ledger alone."""

from collections.abc import Iterator
from datetime import datetime

from syncd.domain.health import Health, Sign, Vital, missed
from syncd.domain.identity import ChannelName
from syncd.domain.stock import SourceStanding
from syncd.engine.setup import ChannelSetup, EngineSetup
from syncd.ports.ledger import Ledger


def health(engine: EngineSetup, now: datetime) -> Health:
    """What /readyz answers, the heartbeat follows, and an alert tells when it stays away."""
    notes = [
        f"{name} is paused and not counted: {pause.reason}"
        for name in engine.channels
        if (pause := engine.ledger.paused(name)) is not None
    ]
    return Health(at=now, vitals=tuple(_vitals(engine)), notes=tuple(notes))


def _vitals(engine: EngineSetup) -> Iterator[Vital]:
    standings = engine.ledger.standings()
    for name, source in engine.sources.items():
        read_at = _read_at(standings.get(name))
        yield Vital(name=name, sign=Sign.READING, at=read_at, allowed=source.trust.stale_after)
    for setup in engine.channels.values():
        if engine.ledger.paused(setup.name) is None:
            yield from _channel(engine.ledger, setup)


def _read_at(standing: SourceStanding | None) -> datetime | None:
    return None if standing is None else standing.read_at


def _channel(ledger: Ledger, setup: ChannelSetup) -> Iterator[Vital]:
    name = setup.name
    polled = ledger.order_cursor(name).complete_until
    yield Vital(name=name, sign=Sign.ORDERS, at=polled, allowed=missed(setup.orders_every))
    allowed = missed(setup.reconcile_every)
    yield Vital(name=name, sign=Sign.CONFIRMATION, at=_confirmed(ledger, name), allowed=allowed)


def _confirmed(ledger: Ledger, name: ChannelName) -> datetime | None:
    """When the channel was last seen to show what it should.

    A full reading after which nothing is left to plan says so too, of a shop without listings as well.
    """
    found = [ledger.confirmed_at(name)]
    if ledger.dirty_count(name) == 0:
        found.append(ledger.scanned_at(name))
    return max((moment for moment in found if moment is not None), default=None)
