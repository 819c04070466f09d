"""The server against rude clients: bytes that are no HTTP, requests that never end, and being stopped."""

import random
import socket
import threading
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from syncd.domain.errors import UsageError
from syncd.service.web.server import WebServer
from tests.fakes.web import Stage, stage_of


def connected(stage: Stage) -> socket.socket:
    parts = urlsplit(stage.web.url)
    return socket.create_connection((parts.hostname, parts.port), timeout=15)


def answer(connection: socket.socket) -> bytes:
    """All that comes until the other side closes."""
    got = bytearray()
    try:
        while chunk := connection.recv(65536):
            got += chunk
    except ConnectionResetError:
        pass
    return bytes(got)


def status(got: bytes) -> int | None:
    return int(got.split(b" ", 2)[1]) if got.startswith(b"HTTP/1.1 ") else None


def rude(rng: random.Random) -> bytes:
    """Random bytes, or a request with something broken in it."""
    request = bytearray(
        b"POST /webhooks/tiktok/shop HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 3\r\n"
        b"Authorization: x\r\nConnection: close\r\n\r\nabc"
    )
    kind = rng.randrange(4)
    if kind == 0:
        return rng.randbytes(rng.randrange(1, 400))
    if kind == 1:
        for _ in range(rng.randrange(1, 9)):
            request[rng.randrange(len(request))] = rng.randrange(256)
    elif kind == 2:
        del request[rng.randrange(len(request)) :]
    else:
        at = rng.randrange(len(request))
        request[at:at] = rng.choice([b"\r\n", b"\0", b"\r\nHost: evil\r\n", b"%ff", b"\xff" * 99])
    return bytes(request)


def test_no_bytes_make_it_fail_or_hang(tmp_path: Path) -> None:
    rng = random.Random(7)
    with stage_of(tmp_path, patience=1.0) as stage:
        for _ in range(400):
            with closing(connected(stage)) as connection:
                connection.sendall(rude(rng))
                connection.shutdown(socket.SHUT_WR)
                found = status(answer(connection))
                assert found is None or found < 500
            stage.floor.clock.advance(1)
        assert 200 == stage.web.get("/healthz").status


@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"GET /healthz HTT",
        b"POST /webhooks/tiktok/shop HTTP/1.1\r\nHost: 127.0.0.1\r\n",
        b"POST /webhooks/tiktok/shop HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\nab",
    ],
)
def test_a_request_that_never_ends_is_cut_off_while_others_are_served(
    tmp_path: Path, begun: bytes
) -> None:
    with stage_of(tmp_path, patience=0.5) as stage:
        slow = [connected(stage) for _ in range(50)]
        for connection in slow:
            connection.sendall(begun)
        assert 200 == stage.web.get("/healthz").status
        assert {b""} == {answer(connection) for connection in slow}
        for connection in slow:
            connection.close()


def test_the_next_request_of_a_connection_may_not_take_for_ever_either(tmp_path: Path) -> None:
    with stage_of(tmp_path, patience=0.5) as stage, closing(connected(stage)) as connection:
        whole = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        connection.sendall(whole)
        got = b""
        while not got.endswith(b"ok\n"):
            got += connection.recv(65536)
        connection.sendall(whole[:20])
        assert b"" == answer(connection)


def test_headers_are_bounded(stage: Stage) -> None:
    with closing(connected(stage)) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"x" * 40_000)
        assert 400 == status(answer(connection))


def test_an_address_in_use_says_what_to_do(stage: Stage) -> None:
    port = urlsplit(stage.web.url).port
    assert port is not None
    with pytest.raises(UsageError, match=r"web\.listen: 127\.0\.0\.1:\d+ cannot be listened on"):
        WebServer(stage.surface.app, "127.0.0.1", port).start()


def test_a_stopped_surface_leaves_no_thread_and_its_port_free(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    with stage_of(tmp_path) as stage:
        url = stage.web.url
        assert stage.surface.serves
        assert 200 == stage.tell().status
    assert not stage.surface.serves
    left = {thread.name for thread in set(threading.enumerate()) - before}
    assert not {name for name in left if name.startswith("syncd")}
    with closing(socket.socket()) as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", urlsplit(url).port))
