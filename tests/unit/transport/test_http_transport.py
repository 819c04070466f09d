import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.transport.http_transport import (
    HttpReply,
    HttpRequest,
    HttpTransport,
    NoAnswer,
    NotSent,
    TransportLimits,
)
from syncd.ports.clock import SystemClock
from tests.unit.tiktok_client.stub import NOW, Reply, Seen, Stub, closed_port, serving

LIMITS = TransportLimits(connect=2, read=0.3, whole=5, body=1000)


@pytest.fixture
def stub() -> Iterator[Stub]:
    with serving() as running:
        yield running


@pytest.fixture
def transport() -> Iterator[HttpTransport]:
    with HttpTransport(SystemClock(), LIMITS) as opened:
        yield opened


def test_a_request_arrives_as_it_was_given(transport: HttpTransport, stub: Stub) -> None:
    stub.script = [Reply(status=418, body=b"tea", headers={"X-Kind": "Oolong"})]
    reply = transport.send(
        HttpRequest(
            method="POST",
            url=f"{stub.url}/a/b",
            query={"x": "a+b/c= d&e%41é"},
            headers={"h": "1"},
            body=b'{"a": 1}',
        )
    )
    assert (418, b"tea", "Oolong") == (reply.status, reply.body, reply.headers["x-kind"])
    (seen,) = stub.seen
    assert ("POST", "/a/b", b'{"a": 1}') == (seen.method, seen.path, seen.body)
    assert {"x": "a+b/c= d&e%41é"} == seen.query
    assert ("1", "identity") == (seen.headers["h"], seen.headers["accept-encoding"])


def test_redirects_are_not_followed(transport: HttpTransport, stub: Stub) -> None:
    stub.script = [Reply(status=302, headers={"location": f"{stub.url}/other"})]
    assert 302 == transport.send(HttpRequest(method="GET", url=stub.url)).status
    assert 1 == len(stub.seen)


def test_a_refused_connection_is_not_sent(transport: HttpTransport) -> None:
    with pytest.raises(NotSent, match=r"127\.0\.0\.1"):
        transport.send(HttpRequest(method="GET", url=f"http://127.0.0.1:{closed_port()}/"))


@pytest.mark.parametrize("url", ["http://nowhere.invalid/", "ftp://127.0.0.1/", "http://[::1/"])
def test_an_address_that_leads_nowhere_is_not_sent(transport: HttpTransport, url: str) -> None:
    with pytest.raises((NotSent, ValueError)):
        transport.send(HttpRequest(method="GET", url=url))


@pytest.mark.parametrize(
    "reply",
    [Reply(cut=True), Reply(body=b"abc", claims=99), Reply(body=b"x" * 1001)],
    ids=["cut", "truncated", "oversized"],
)
def test_a_reply_that_is_not_whole_is_no_answer(
    transport: HttpTransport, stub: Stub, reply: Reply
) -> None:
    stub.script = [reply]
    with pytest.raises(NoAnswer):
        transport.send(HttpRequest(method="POST", url=stub.url, body=b"x"))


def test_silence_is_no_answer(transport: HttpTransport, stub: Stub) -> None:
    over = threading.Event()

    def silent(_: Seen) -> Reply:
        over.wait(5)
        return Reply(cut=True)

    stub.answering = silent
    with pytest.raises(NoAnswer, match="ReadTimeout"):
        transport.send(HttpRequest(method="GET", url=stub.url))
    over.set()


def test_the_environment_does_not_choose_a_proxy(
    stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{closed_port()}")
    monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{closed_port()}")
    with HttpTransport(SystemClock(), LIMITS) as transport:
        assert 200 == transport.send(HttpRequest(method="GET", url=stub.url)).status


@pytest.mark.parametrize("headers", [{}, {"token": "geheim\r\nx: y"}, {"token": "geheimé"}])
def test_no_secret_enters_an_error_a_log_or_a_repr(
    transport: HttpTransport,
    stub: Stub,
    caplog: pytest.LogCaptureFixture,
    headers: dict[str, str],
) -> None:
    caplog.set_level(logging.DEBUG)
    stub.script = [Reply(cut=True)]
    request = HttpRequest(
        method="POST", url=stub.url, query={"app_secret": "geheim"}, headers=headers, body=b"geheim"
    )
    with pytest.raises((NotSent, NoAnswer)) as failure:
        transport.send(request)
    assert "geheim" not in caplog.text + str(failure.value) + repr(failure.value) + repr(request)
    assert failure.value.__cause__ is None


def test_more_threads_than_connections_share_one_transport(stub: Stub) -> None:
    limits = TransportLimits(read=5, connections=2)
    with HttpTransport(SystemClock(), limits) as transport, ThreadPoolExecutor(16) as pool:
        request = HttpRequest(method="GET", url=stub.url)
        replies = list(pool.map(transport.send, [request] * 100))
    assert [200] * 100 == [reply.status for reply in replies]
    assert 100 == len(stub.seen)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("2.0", 2.0),
        ("0.25", 0.25),
        ("2.", None),
        ("1e3", None),
        ("Mon, 23 Nov 2026 12:00:30 GMT", 30.0),
        ("Mon, 23 Nov 2026 11:00:00 GMT", 0.0),
        ("", None),
        ("soon", None),
        ("-3", None),
        ("٣", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(text: str, seconds: float | None) -> None:
    reply = HttpReply(status=429, headers={"retry-after": text}, body=b"")
    assert seconds == reply.retry_after(NOW)


def test_a_body_is_saved_as_it_comes(transport: HttpTransport, stub: Stub, tmp_path: Path) -> None:
    stub.script = [Reply(body=b"line\n" * 100_000)]
    with (tmp_path / "saved").open("w+b") as file:
        reply = transport.save(HttpRequest(method="GET", url=stub.url), file, most=500_000)
        file.seek(0)

        assert (200, b"") == (reply.status, reply.body)
        assert b"line\n" * 100_000 == file.read()


def test_a_body_that_is_larger_than_allowed_is_not_saved_whole(
    transport: HttpTransport, stub: Stub, tmp_path: Path
) -> None:
    stub.script = [Reply(body=b"line\n" * 100_000)]
    with (
        (tmp_path / "saved").open("w+b") as file,
        pytest.raises(NoAnswer, match="larger than 499999 bytes"),
    ):
        transport.save(HttpRequest(method="GET", url=stub.url), file, most=499_999)


def test_a_body_that_is_cut_is_no_reply(
    transport: HttpTransport, stub: Stub, tmp_path: Path
) -> None:
    stub.script = [Reply(body=b"line", claims=5)]
    with (tmp_path / "saved").open("w+b") as file, pytest.raises(NoAnswer):
        transport.save(HttpRequest(method="GET", url=stub.url), file, most=100)


def test_a_refusal_is_a_reply_with_its_body_and_saves_nothing(
    transport: HttpTransport, stub: Stub, tmp_path: Path
) -> None:
    stub.script = [Reply(status=403, body=b"expired")]
    with (tmp_path / "saved").open("w+b") as file:
        reply = transport.save(HttpRequest(method="GET", url=stub.url), file, most=100)

        assert (403, b"expired", 0) == (reply.status, reply.body, file.tell())


@pytest.mark.parametrize("text", ["", "yesterday", "Mon, 99 Nov 2026 12:00:30 GMT"])
def test_an_unreadable_date_is_none(text: str) -> None:
    assert HttpReply(status=200, headers={"date": text}, body=b"").server_time() is None


def test_the_date_header_is_the_servers_time() -> None:
    reply = HttpReply(status=200, headers={"date": "Mon, 23 Nov 2026 12:00:30 GMT"}, body=b"")
    assert datetime(2026, 11, 23, 12, 0, 30, tzinfo=UTC) == reply.server_time()


def test_all_transports_of_a_process_load_the_certificates_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with HttpTransport(SystemClock()):
        monkeypatch.setattr("httpx.create_ssl_context", None)  # another one could not be made
        with HttpTransport(SystemClock()):
            pass
