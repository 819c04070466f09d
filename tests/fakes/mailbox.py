"""A server on loopback that takes alerts and heartbeats, remembers them, and refuses when told to."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from threading import Thread
from typing import ClassVar

from tests.fakes.server import LoopbackServer


@dataclass
class Mailbox:
    """What arrived: the JSON documents of alerts, and the paths that were called."""

    port: int = 0
    status: int = HTTPStatus.OK
    location: str = ""
    letters: list[dict[str, object]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)

    def address(self, secret: str) -> str:
        """An Apprise address with a secret in it."""
        return f"json://127.0.0.1:{self.port}/{secret}"

    def url(self, path: str) -> str:
        """A plain address."""
        return f"http://127.0.0.1:{self.port}/{path}"

    def titles(self) -> list[object]:
        """The titles of the alerts that arrived."""
        return [letter["title"] for letter in self.letters]


@contextmanager
def open_mailbox() -> Iterator[Mailbox]:
    """A mailbox that is served until the test is over."""
    box = Mailbox()

    class Handler(BaseHTTPRequestHandler):
        mailbox: ClassVar[Mailbox] = box

        def _answer(self) -> None:
            size = int(self.headers.get("content-length") or 0)
            body = self.rfile.read(size)
            self.mailbox.calls.append(f"{self.command} {self.path}")
            if self.mailbox.status < HTTPStatus.BAD_REQUEST and body:
                self.mailbox.letters.append(json.loads(body))
            self.send_response(self.mailbox.status)
            if self.mailbox.location:
                self.send_header("location", self.mailbox.location)
            self.send_header("content-length", "0")
            self.end_headers()

        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            del format, args

    server = LoopbackServer(("127.0.0.1", 0), Handler)
    box.port = server.server_address[1]
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield box
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
