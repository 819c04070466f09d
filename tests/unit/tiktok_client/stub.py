"""A scripted HTTP server on loopback, a clock that tests wind, and a token store in memory."""

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qsl, urlsplit

from tests.fakes.server import LoopbackServer

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class WoundClock:
    """Time that only sleeping and tests move; remembers the sleeps."""

    def __init__(self) -> None:
        self.at = NOW
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return (self.at - NOW).total_seconds()

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += timedelta(seconds=seconds)


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One request as the server got it."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, kw_only=True)
class Reply:
    """A reply to give. `claims` is a Content-Length that is not kept; `cut` hangs up without a word."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    claims: int | None = None
    cut: bool = False


def envelope(data: object = None, code: int = 0, message: str = "Success", status: int = 200,
             **headers: str) -> Reply:  # fmt: skip
    document = {"code": code, "message": message, "request_id": "r-1", "data": data}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status=status, body=json.dumps(document).encode(), headers=named)


def http_date(moment: datetime) -> str:
    return format_datetime(moment, usegmt=True)


Answering = Callable[[Seen], Reply]


class Stub:
    """Answers the scripted replies in order, the last one for ever; or by a function."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.script: list[Reply] = [envelope({})]
        self.answering: Answering | None = None
        self.url = ""

    def reply_to(self, seen: Seen) -> Reply:
        self.seen.append(seen)
        if self.answering is not None:
            return self.answering(seen)
        return self.script.pop(0) if len(self.script) > 1 else self.script[0]


@contextmanager
def serving() -> Iterator[Stub]:
    stub = Stub()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            url = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            reply = stub.reply_to(
                Seen(
                    method=self.command,
                    path=url.path,
                    query=dict(parse_qsl(url.query, keep_blank_values=True)),
                    headers={name.lower(): value for name, value in self.headers.items()},
                    body=body,
                )
            )
            if reply.cut:
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self.close_connection = True
                return
            self.send_response_only(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            length = len(reply.body) if reply.claims is None else reply.claims
            self.send_header("content-length", str(length))
            self.end_headers()
            self.wfile.write(reply.body)
            self.close_connection = self.close_connection or reply.claims is not None

        do_GET = do_POST = do_PUT = answer  # noqa: N815 - the names http.server looks for

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as above
            pass

    server = LoopbackServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    stub.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield stub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


class MemoryStore:
    """A TokenStore in memory; `trail` tells in which order it was used."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        self.trail: list[str] = []
        self._lock = threading.Lock()

    def load(self, channel: str) -> bytes | None:
        self.trail.append("load")
        return self.blobs.get(channel)

    def save(self, channel: str, blob: bytes) -> None:
        self.trail.append("save")
        self.blobs[channel] = blob

    @contextmanager
    def lock(self, channel: str) -> Iterator[None]:
        with self._lock:
            self.trail.append(f"lock {channel}")
            yield
            self.trail.append("unlock")
