"""`/healthz` and `/readyz`: whether the process answers, and whether everything it does is young enough."""

from datetime import datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from syncd.domain.health import Health, Vital
from syncd.engine.setup import EngineSetup
from syncd.engine.vitals import health
from syncd.service.web.access import Access

KEPT = 2.0
"""So many seconds an answer is given again without asking the ledger."""


class HealthEndpoints:
    """Answers the two questions; details need the token."""

    def __init__(self, engine: EngineSetup, access: Access) -> None:
        self._engine = engine
        self._clock = engine.clock
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
            self._known = now, health(self._engine, self._clock.now())
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
