"""A witness on the wire: stands between syncd and a shop, passes every byte on and remembers it."""

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qsl, urlsplit

from tests.fakes.server import LoopbackServer


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """A request and its answer."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    status: int
    answer: bytes


@dataclass
class Witness:
    """Where to send requests, and what was seen."""

    url: str
    exchanges: list[Exchange] = field(default_factory=list)


@contextmanager
def witness_of(target: str) -> Iterator[Witness]:
    """Stand before the shop at `target`."""
    shop = urlsplit(target).netloc

    class Passing(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            upstream = http.client.HTTPConnection(shop, timeout=60)
            upstream.request(self.command, self.path, body or None, dict(self.headers))
            reply = upstream.getresponse()
            answer = reply.read()
            split = urlsplit(self.path)
            witness.exchanges.append(
                Exchange(
                    method=self.command, path=split.path, query=dict(parse_qsl(split.query)),
                    headers=dict(self.headers), body=body, status=reply.status, answer=answer,
                )
            )  # fmt: skip
            self.send_response(reply.status)
            self.send_header("content-type", reply.headers.get("content-type", ""))
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)
            upstream.close()

        do_GET = do_POST = do_PUT = do_DELETE = do_any  # noqa: N815 - http.server names them so

        def log_message(self, format: str, *_: object) -> None:  # noqa: A002 - named by http.server
            """Nothing is printed."""

    server = LoopbackServer(("127.0.0.1", 0), Passing)
    witness = Witness(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield witness
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
