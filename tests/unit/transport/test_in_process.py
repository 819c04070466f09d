from collections.abc import Mapping
from threading import Event

import pytest

from connectors.transport.http_transport import (
    HttpRequest,
    HttpTransport,
    NoAnswer,
    NotSent,
)
from connectors.transport.in_process import WireTransport
from connectors.transport.simulation.server import SandboxServer
from syncd.ports.wire import Unanswered
from tests.fakes.clock import FakeClock

REQUEST = HttpRequest(
    method="POST", url="http://127.0.0.1/a/b%20c", query={"sign": "a/b+c=", "z": "é"},
    headers={"content-type": "application/json", "x-token": "t"}, body=b'{"a": 1}',
)  # fmt: skip


class Shop:
    """Answers on a wire and remembers what was carried."""

    def __init__(self, body: bytes = b"{}", length: int | None = None) -> None:
        self.body = body
        self.length = len(body) if length is None else length
        self.carried: list[tuple[str, str, Mapping[str, str], bytes]] = []

    def wire(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, Mapping[str, str], bytes]:
        lowered = {name.lower(): value for name, value in headers.items()}
        self.carried.append((method, target, lowered, body))
        return 201, {"Content-Length": str(self.length), "X-Seen": "yes"}, self.body


@pytest.mark.parametrize(
    ("method", "path", "query", "body"),
    [
        ("POST", "/a/b%20c", {"sign": "a/b+c=", "z": "é"}, b'{"a": 1}'),
        ("GET", "/a/b!$&'()*+,;=:@~-._/%7B7%7D", {}, b""),
        ("GET", "/ü/x y", {"q": "a b&c~d"}, b""),
        ("PUT", "", {"q": ""}, b""),
    ],
)
def test_a_wire_carries_the_very_bytes_that_go_over_http(
    method: str, path: str, query: dict[str, str], body: bytes
) -> None:
    shop = Shop()
    server = SandboxServer(0, shop.wire, Event())
    server.begin()
    try:
        served = HttpRequest(
            method=method,
            url=f"{server.url}{path}",
            query=query,
            headers=REQUEST.headers,
            body=body,
        )
        with HttpTransport(FakeClock()) as transport:
            over_http = transport.send(served)
        over_wire = WireTransport(shop.wire).send(served)
    finally:
        server.end()
    first, second = shop.carried
    assert first == second
    assert (201, "yes", b"{}") == (over_wire.status, over_wire.headers["x-seen"], over_wire.body)
    assert over_http.body == over_wire.body


def test_no_answer_on_a_wire_may_have_had_an_effect() -> None:
    def silent(
        method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, Mapping[str, str], bytes]:
        del method, target, headers, body
        raise Unanswered

    with pytest.raises(NoAnswer):
        WireTransport(silent).send(REQUEST)


def test_an_answer_cut_off_on_a_wire_is_none() -> None:
    shop = Shop(b'{"code"', 40)
    with pytest.raises(NoAnswer):
        WireTransport(shop.wire).send(REQUEST)


def test_a_header_that_is_none_is_not_sent_on_a_wire() -> None:
    shop = Shop()
    strange = HttpRequest(method="GET", url="http://127.0.0.1/", headers={"x-token": "é"})
    with pytest.raises(NotSent):
        WireTransport(shop.wire).send(strange)
    assert [] == shop.carried
