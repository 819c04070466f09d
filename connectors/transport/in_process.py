"""Knows how httpx hands a request to whoever answers in this process, and how a missing answer looks to it."""

import httpx

from syncd.ports.wire import Unanswered, Wire


class InProcess(httpx.BaseTransport):
    """Carries what httpx would write to a socket over a wire instead."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The answer; ReadError when none came, RemoteProtocolError when it ends too early."""
        headers = {name.decode(): value.decode("latin-1") for name, value in request.headers.raw}
        target = request.url.raw_path.decode("ascii")
        try:
            status, answered, body = self._wire(request.method, target, headers, request.read())
        except Unanswered:
            raise httpx.ReadError("the connection was closed without an answer") from None
        response = httpx.Response(status, headers=dict(answered), content=body)
        if response.headers.get("content-length", str(len(body))) != str(len(body)):
            raise httpx.RemoteProtocolError("the answer ends too early")
        return response
