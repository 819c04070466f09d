"""Knows what HTTP would write to a socket, and hands it to whoever answers in this process instead."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from urllib.parse import quote, urlsplit

from connectors.transport.http_transport import (
    USUAL_HEADERS,
    HttpReply,
    HttpRequest,
    HttpTransport,
    NoAnswer,
    NotSent,
    Transport,
    query_text,
)
from syncd.ports.clock import Clock
from syncd.ports.wire import Unanswered, Wire

_IN_A_PATH = "/%!$&'()*+,;=:@~"
"""What a path may hold as it is."""
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


class WireTransport:
    """Sends requests over a wire: the same bytes as `HttpTransport`, and nothing leaves this process.

    httpx takes longer over a request than the simulated shop does, which is why it is left out.
    """

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def send(self, request: HttpRequest) -> HttpReply:
        """As `HttpTransport.send`; NoAnswer when none came or it ends too early."""
        where = urlsplit(request.url)
        path = quote(where.path, safe=_IN_A_PATH) or "/"
        query = query_text(request)
        target = f"{path}?{query}" if query else path
        try:
            status, headers, body = self._wire(
                request.method, target, _headers(request, where.netloc), request.body
            )
        except Unanswered:
            raise NoAnswer(f"{where.hostname}: no answer came") from None
        received = {name.lower(): value for name, value in headers.items()}
        if received.get("content-length", str(len(body))) != str(len(body)):
            raise NoAnswer(f"{where.hostname}: the answer ends too early")
        return HttpReply(status=status, headers=received, body=body)


def _headers(request: HttpRequest, host: str) -> Mapping[str, str]:
    """What httpx adds to ours; NotSent for a header that is none."""
    if not all(map(str.isascii, request.headers.values())):
        raise NotSent(f"{host}: the address or a header is no valid HTTP")
    sized = request.body or request.method in _WITH_BODY
    length = {"Content-Length": str(len(request.body))} if sized else {}
    return {
        "Host": host, "Connection": "keep-alive", **USUAL_HEADERS, **request.headers, **length
    }  # fmt: skip


def carrier(clock: Clock, wire: Wire | None) -> AbstractContextManager[Transport]:
    """Who carries requests: to real hosts, or over the wire to a shop in this process."""
    return HttpTransport(clock) if wire is None else nullcontext(WireTransport(wire))
