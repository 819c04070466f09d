"""What every request passes: Host, token, rate, and the headers of every answer."""

from pathlib import Path

import pytest

from syncd.service.web.gate import Hosts
from syncd.service.web.rates import MOST_PEERS, Gauge, Rate, Rates
from tests.fakes.clock import FakeClock
from tests.fakes.web import TOKEN, Stage, stage_of

SECURED = ["/metrics", "/openapi.json"]


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8085", "127.0.0.1", "LOCALHOST:1", "[::1]:8085", "sync.acme.com"]
)
def test_the_server_answers_to_its_own_names(stage: Stage, host: str) -> None:
    assert 200 == stage.web.get("/healthz", host=host).status


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example", "127.0.0.2", "", "[", "sync.acme.com.", "a@b"],
)
def test_a_name_that_was_made_to_point_here_is_refused(stage: Stage, host: str) -> None:
    assert 421 == stage.web.get("/healthz", host=host).status


def test_listening_everywhere_takes_addresses_but_no_foreign_names() -> None:
    hosts = Hosts.of("::", None)
    assert [True, True, False, False] == [
        hosts.allow(each) for each in ("10.0.0.5:8085", "[fe80::1]", "evil.example", "10.0.0.5.x")
    ]


@pytest.mark.parametrize("path", SECURED)
@pytest.mark.parametrize(
    "given", [None, "", "Bearer", "Bearer x", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer \xff"]
)
def test_nothing_but_health_is_told_without_the_token(
    stage: Stage, path: str, given: str | None
) -> None:
    headers = {} if given is None else {"authorization": given}
    assert 401 == stage.web.send("GET", path, headers=headers).status
    assert 200 == stage.web.with_token(path).status


@pytest.mark.parametrize("path", SECURED)
def test_without_a_configured_token_nobody_is_let_in(tmp_path: Path, path: str) -> None:
    with stage_of(tmp_path, token=None) as stage:
        reply = stage.web.get(path, authorization="Bearer ")
        assert 403 == reply.status
        assert "set web.token" in reply.text()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404), ("GET", "/healthz/", 404), ("GET", "/../etc/passwd", 404),
        ("POST", "/healthz", 405), ("DELETE", "/metrics", 405), ("GET", "/webhooks/tiktok/shop", 405),
        ("GET", "/webhooks/tiktok", 404),
    ],
)  # fmt: skip
def test_there_is_nothing_else(stage: Stage, method: str, path: str, status: int) -> None:
    assert status == stage.web.send(method, path).status


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/nothing", "/metrics", "/oauth/callback"])
def test_every_answer_forbids_a_browser_to_make_anything_of_it(stage: Stage, path: str) -> None:
    headers = stage.web.get(path).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert ("nosniff", "no-store", "DENY") == (
        headers["x-content-type-options"], headers["cache-control"], headers["x-frame-options"],
    )  # fmt: skip
    assert "server" not in headers


def test_whoever_asks_too_much_waits(tmp_path: Path) -> None:
    rates = Rates(peer=Rate(per_second=0.5, burst=2), total=Rate(per_second=10, burst=100))
    with stage_of(tmp_path, rates=rates) as stage:
        replies = [stage.web.get("/healthz") for _ in range(3)]
        assert [200, 200, 429] == [reply.status for reply in replies]
        assert "2" == replies[2].headers["retry-after"]
        stage.floor.clock.advance(2)
        assert 200 == stage.web.get("/healthz").status


def test_peers_are_told_apart_as_a_proxy_on_loopback_names_them(tmp_path: Path) -> None:
    rates = Rates(peer=Rate(per_second=1, burst=1), total=Rate(per_second=1, burst=2))
    with stage_of(tmp_path, rates=rates) as stage:
        statuses = [
            stage.web.get("/healthz", x_forwarded_for=peer).status
            for peer in ("198.51.100.1", "198.51.100.1", "198.51.100.2", "198.51.100.3")
        ]
    assert [200, 429, 200, 429] == statuses


def test_genuine_news_is_never_limited_and_repetition_is(tmp_path: Path) -> None:
    rates = Rates(peer=Rate(per_second=1, burst=3), total=Rate(per_second=1, burst=3))
    with stage_of(tmp_path, rates=rates) as stage:
        assert {200} == {stage.tell(str(number).encode()).status for number in range(20)}
        assert [200, 200, 200, 429] == [stage.tell(b"1").status for _ in range(4)]


def test_the_memory_of_peers_is_bounded() -> None:
    gauge = Gauge(Rates(total=Rate(per_second=1, burst=10_000)), FakeClock())
    assert {0.0} == {gauge.admit(f"10.0.{n // 256}.{n % 256}") for n in range(MOST_PEERS + 99)}
    assert MOST_PEERS == len(gauge._peers)
