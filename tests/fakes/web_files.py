"""A web server on loopback that holds one file and answers as told, honestly or not."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from ssl import SSLContext

from syncd.ports.clock import Clock
from tests.fakes.clock import START
from tests.fakes.server import LoopbackServer


@dataclass(frozen=True)
class Asked:
    """One request."""

    path: str
    headers: Mapping[str, str]


@dataclass
class Answered:
    """What is sent: the head, then the body as given, then the connection ends."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    length: int | None = None


Answering = Callable[["WebFiles", Asked], Answered]


@dataclass
class WebFiles:
    """One file, its validators, and what the next requests meet (`then`); afterwards honesty."""

    clock: Clock
    content: bytes = b""
    etag: str = '"1"'
    modified: datetime | None = START
    secret: str = ""
    date: str = ""
    url: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    then: list[Answering] = field(default_factory=list)
    seen: list[Asked] = field(default_factory=list)

    def put(self, content: bytes | str, etag: str = '"1"') -> None:
        self.content = content if isinstance(content, bytes) else content.encode()
        self.etag = etag

    def answer(self, asked: Asked) -> Answered:
        self.seen.append(asked)
        return (self.then.pop(0) if self.then else honest)(self, asked)

    def validators(self) -> dict[str, str]:
        told = {"ETag": self.etag} if self.etag else {}
        if self.modified is not None:
            told["Last-Modified"] = format_datetime(self.modified, usegmt=True)
        return told | self.headers


def honest(files: WebFiles, asked: Asked) -> Answered:
    told, sent = files.validators(), asked.headers
    if files.secret and sent.get("authorization") != files.secret:
        return Answered(401)
    if sent.get("if-none-match") == files.etag != "":
        return Answered(304, told)
    if sent.get("if-modified-since") == told.get("Last-Modified", "-"):
        return Answered(304, told)
    if "range" in sent and sent.get("if-range") == files.etag:
        start = int(sent["range"].removeprefix("bytes=").removesuffix("-"))
        size = len(files.content)
        told["Content-Range"] = f"bytes {start}-{size - 1}/{size}"
        return Answered(206, told, files.content[start:])
    return Answered(200, told, files.content)


def cut(length: int) -> Answering:
    """Only so many bytes of what honesty would send."""

    def answer(files: WebFiles, asked: Asked) -> Answered:
        told = honest(files, asked)
        return Answered(told.status, told.headers, told.body[:length], len(told.body))

    return answer


def status(code: int) -> Answering:
    return lambda _files, _asked: Answered(code)


def redirect(location: str, code: int = 302) -> Answering:
    return lambda _files, _asked: Answered(code, {"Location": location})


def with_headers(**headers: str) -> Answering:
    """Honest, but for these headers."""

    def answer(files: WebFiles, asked: Asked) -> Answered:
        told = honest(files, asked)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        kept = {key: value for key, value in told.headers.items() if key not in named}
        return Answered(told.status, kept | named, told.body)

    return answer


def chunked(files: WebFiles, asked: Asked) -> Answered:
    """In chunks, without a length."""
    told = honest(files, asked)
    parts = [told.body[at : at + 7] for at in range(0, len(told.body), 7)]
    body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
    return Answered(200, {**told.headers, "Transfer-Encoding": "chunked"}, body)


def chunked_and_cut(files: WebFiles, asked: Asked) -> Answered:
    told = chunked(files, asked)
    return Answered(told.status, told.headers, told.body[:-9])


@contextmanager
def serving(clock: Clock, tls: SSLContext | None = None) -> Iterator[WebFiles]:
    files = WebFiles(clock)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            told = files.answer(Asked(self.path, headers))
            self.send_response_only(told.status)
            date = files.date or format_datetime(files.clock.now(), usegmt=True)
            lengthless = "Transfer-Encoding" in told.headers or told.headers.pop("NoLength", "")
            sized = {} if lengthless else {"Content-Length": str(
                len(told.body) if told.length is None else told.length
            )}  # fmt: skip
            for name, value in ({"Date": date} | sized | told.headers).items():
                self.send_header(name, value)
            self.end_headers()
            if told.status not in {204, 304}:
                self.wfile.write(told.body)
            self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its own name
            pass

    server = LoopbackServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    files.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}"
    try:
        yield files
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
