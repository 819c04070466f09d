"""`/healthz` and `/readyz`: whether the process answers, and whether everything it does is young enough."""

from collections.abc import Iterator
from datetime import datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from syncd.domain.health import Health, Sign, Vital, missed
from syncd.domain.identity import ChannelName
from syncd.domain.stock import SourceStanding
from syncd.ports.clock import Clock
from syncd.ports.ledger import Ledger
from syncd.service.web.access import Access
from syncd.settings.settings import ChannelSettings, Settings

KEPT = 2.0
"""So many seconds an answer is given again without asking the ledger."""


def health(settings: Settings, ledger: Ledger, now: datetime) -> Health:
    """The signs of life of everything that is configured, by the ledger alone."""
    notes = [
        f"{name} is paused and not counted: {pause.reason}"
        for name in settings.channels
        if (pause := ledger.paused(name)) is not None
    ]
    return Health(at=now, vitals=tuple(_vitals(settings, ledger)), notes=tuple(notes))


def _vitals(settings: Settings, ledger: Ledger) -> Iterator[Vital]:
    standings = ledger.standings()
    for source, reads in settings.sources.items():
        allowed = reads.trust().stale_after
        read_at = _read_at(standings.get(source))
        yield Vital(name=source, sign=Sign.READING, at=read_at, allowed=allowed)
    for channel, shop in settings.channels.items():
        if ledger.paused(channel) is None:
            yield from _channel(ledger, channel, shop)


def _read_at(standing: SourceStanding | None) -> datetime | None:
    return None if standing is None else standing.read_at


def _channel(ledger: Ledger, name: ChannelName, shop: ChannelSettings) -> Iterator[Vital]:
    polled = ledger.order_cursor(name).complete_until
    yield Vital(name=name, sign=Sign.ORDERS, at=polled, allowed=missed(shop.orders_every))
    allowed = missed(shop.reconcile_every)
    yield Vital(name=name, sign=Sign.CONFIRMATION, at=_confirmed(ledger, name), allowed=allowed)


def _confirmed(ledger: Ledger, name: ChannelName) -> datetime | None:
    """When the channel was last seen to show what it should.

    A full reading after which nothing is left to plan says so too, of a shop without listings as well.
    """
    found = [ledger.confirmed_at(name)]
    if ledger.dirty_count(name) == 0:
        found.append(ledger.scanned_at(name))
    return max((moment for moment in found if moment is not None), default=None)


class HealthEndpoints:
    """Answers the two questions; details need the token."""

    def __init__(self, settings: Settings, ledger: Ledger, clock: Clock, access: Access) -> None:
        self._settings = settings
        self._ledger = ledger
        self._clock = clock
        self._access = access
        self._known: tuple[float, Health] | None = None

    async def alive(self, _request: Request) -> Response:
        """Whether the event loop answers; nothing else is asked."""
        return PlainTextResponse("ok\n")

    def ready(self, request: Request) -> Response:
        """200 when everything is young enough, 503 otherwise."""
        found = self._present()
        status = 200 if found.ready else 503
        if not self._access.granted(request):
            return JSONResponse({"ready": found.ready}, status)
        return JSONResponse(_details(found), status)

    def _present(self) -> Health:
        now = self._clock.monotonic()
        if self._known is None or now - self._known[0] > KEPT:
            self._known = now, health(self._settings, self._ledger, self._clock.now())
        return self._known[1]


def _details(found: Health) -> dict[str, object]:
    return {
        "ready": found.ready,
        "at": found.at.isoformat(),
        "problems": list(found.problems()),
        "notes": list(found.notes),
        "vitals": [
            {
                "name": vital.name,
                "what": vital.sign.value,
                "at": None if vital.at is None else vital.at.isoformat(),
                "age_seconds": _seconds(vital, found.at),
                "allowed_seconds": vital.allowed.total_seconds(),
            }
            for vital in found.vitals
        ],
    }


def _seconds(vital: Vital, now: datetime) -> float | None:
    old = vital.age(now)
    return None if old is None else old.total_seconds()
