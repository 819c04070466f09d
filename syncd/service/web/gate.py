"""What every request passes before anything else looks at it: Host, rate, and the headers of every answer.

The Host header is checked against a list, so that a web page cannot reach a server on loopback through a
name it made point there (DNS rebinding). A literal address cannot be rebound.
"""

from collections.abc import MutableMapping
from dataclasses import dataclass
from ipaddress import ip_address
from math import ceil
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from syncd.service.web.rates import Gauge

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
ANYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 - recognised, not listened on
CHARGE = "syncd.charge"
HEADERS = {
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "cross-origin-resource-policy": "same-origin",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosts:
    """The names under which this server may be addressed."""

    names: frozenset[str]
    any_address: bool = False

    @classmethod
    def of(cls, listened: str, public_url: str | None) -> "Hosts":
        """From the address that is listened on and the one that is told to others."""
        public = "" if public_url is None else urlsplit(public_url).hostname or ""
        names = LOOPBACK_NAMES | {listened.lower(), public}
        return cls(names=frozenset(names - {""}), any_address=listened in ANYWHERE)

    def allow(self, header: str) -> bool:
        """Whether a Host header names this server."""
        name = _host_of(header)
        if name in self.names:
            return True
        return self.any_address and _is_address(name)


def _host_of(header: str) -> str:
    try:
        return (urlsplit(f"//{header.strip()}").hostname or "").lower()
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Charge:
    """What one request was counted against."""

    gauge: Gauge
    peer: str

    def give_back(self) -> None:
        """It brought genuine news: it does not count."""
        self.gauge.give_back(self.peer)


class Gate:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, hosts: Hosts, gauge: Gauge) -> None:
        self._app = app
        self._hosts = hosts
        self._gauge = gauge

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through or answer it here."""
        if scope["type"] != "http":
            return
        app = self._judged(scope)

        async def sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                _seal(message)
            await send(message)

        await app(scope, receive, sealed)

    def _judged(self, scope: Scope) -> ASGIApp:
        hosts = Headers(scope=scope).getlist("host")
        if len(hosts) != 1 or not self._hosts.allow(hosts[0]):
            text = "this server is not addressed by that name; see web.public_url\n"
            return PlainTextResponse(text, status_code=421)
        peer = _peer(scope)
        wait = self._gauge.admit(peer)
        if wait > 0:
            again = {"retry-after": str(ceil(wait))}
            return PlainTextResponse("too many requests\n", status_code=429, headers=again)
        scope[CHARGE] = Charge(self._gauge, peer)
        return self._app


def _seal(message: MutableMapping[str, Any]) -> None:
    headers = MutableHeaders(scope=message)
    for name, value in HEADERS.items():
        headers.setdefault(name, value)


def _peer(scope: Scope) -> str:
    client = scope.get("client")
    return "" if client is None else str(client[0])
