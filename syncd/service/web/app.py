"""Which address leads to which endpoint; everything passes the gate first."""

import logging
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from syncd.service.web.access import Access
from syncd.service.web.callback import CallbackEndpoint
from syncd.service.web.deliveries import WebhookEndpoint
from syncd.service.web.gate import Gate, Hosts
from syncd.service.web.health import HealthEndpoints
from syncd.service.web.metrics import MetricsEndpoint
from syncd.service.web.openapi import description
from syncd.service.web.rates import Gauge

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """Everything that can be asked for."""

    health: HealthEndpoints
    metrics: MetricsEndpoint
    webhooks: WebhookEndpoint
    callback: CallbackEndpoint
    access: Access


def application(endpoints: Endpoints, hosts: Hosts, gauge: Gauge) -> ASGIApp:
    """The ASGI application."""

    def openapi(request: Request) -> Response:
        return endpoints.access.refusal(request) or JSONResponse(description())

    routes = [
        Route("/healthz", endpoints.health.alive, methods=["GET"]),
        Route("/readyz", endpoints.health.ready, methods=["GET"]),
        Route("/metrics", endpoints.metrics.scrape, methods=["GET"]),
        Route("/openapi.json", openapi, methods=["GET"]),
        Route("/oauth/callback", endpoints.callback.come_back, methods=["GET"]),
        Route("/webhooks/{kind}/{name}", endpoints.webhooks.take, methods=["POST"]),
    ]
    handlers = {HTTPException: _refused, Exception: _broken}
    app = Starlette(routes=routes, exception_handlers=handlers)  # type: ignore[arg-type]  # a handler of one kind of error takes no other
    app.router.redirect_slashes = False
    return Gate(app, hosts, gauge)


async def _refused(_request: Request, error: HTTPException) -> Response:
    text = error.detail if error.detail.endswith("\n") else f"{error.detail}\n"
    return PlainTextResponse(text, error.status_code, headers=error.headers)


async def _broken(_request: Request, error: Exception) -> Response:
    logger.error("a request failed", exc_info=error, extra={"action": "web_error"})
    return PlainTextResponse("this went wrong here; the log says why\n", 500)
