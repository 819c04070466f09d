"""Webhooks over HTTP: nothing is acknowledged that is not stored, nothing counts twice."""

import asyncio
import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message

from syncd.service.log_changes import StateChanges
from syncd.service.web.bodies import LARGEST, read_body
from tests.fakes.web import Stage, stage_of


def counted(stage: Stage) -> dict[str, float]:
    """What became of webhooks, by result."""
    text = stage.web.with_token("/metrics").text()
    rows = [line for line in text.splitlines() if line.startswith("syncd_webhooks_total{")]
    return {row.split('result="')[1].split('"')[0]: float(row.split()[-1]) for row in rows}


def test_a_delivery_is_stored_before_it_is_acknowledged_and_then_told(stage: Stage) -> None:
    reply = stage.tell(b"77")

    assert (200, b"") == (reply.status, reply.body)
    assert ["77"] == stage.waiting()
    stage.surface.stop()
    assert ["shop"] == stage.woken


def test_a_duplicate_is_acknowledged_and_changes_nothing(stage: Stage) -> None:
    assert [200, 200] == [stage.tell(b"77").status for _ in range(2)]
    assert ["77"] == stage.waiting()
    assert {"stored": 1, "duplicate": 1} == counted(stage)


def test_a_delivery_without_a_good_signature_leaves_no_trace(stage: Stage) -> None:
    assert [401, 401] == [stage.tell(signature=word).status for word in ("bad", "")]
    assert [] == stage.waiting()
    assert {"refused": 2} == counted(stage)
    assert [] == stage.woken


def test_forged_deliveries_are_told_once_until_a_good_one_comes(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "syncd.service.web.deliveries")
    changes = StateChanges()
    caplog.handler.addFilter(changes)
    for _ in range(3):
        stage.tell(signature="bad")
    stage.tell(b"77")
    stage.tell(b"78")
    caplog.handler.removeFilter(changes)

    first, last = caplog.messages
    assert first.startswith("webhook refused: ")
    assert last.startswith("webhooks of shop: taken again, after ")


def test_a_source_that_reads_deliveries_receives_them_too(stage: Stage) -> None:
    headers = {"x-shopify-hmac-sha256": "good", "x-shopify-webhook-id": "w-1"}
    reply = stage.web.send("POST", "/webhooks/shopify/store", b"gid-1", headers)

    assert 200 == reply.status
    assert ["gid-1"] == stage.waiting("store")


def test_a_delivery_that_no_database_takes_is_refused(stage: Stage) -> None:
    headers = {"x-shopify-hmac-sha256": "good", "x-shopify-webhook-id": "w-1"}
    reply = stage.web.send("POST", "/webhooks/shopify/store", b'"\\ud800"', headers)
    assert 401 == reply.status
    assert 200 == stage.tell().status


@pytest.mark.parametrize(
    "path", ["/webhooks/tiktok/other", "/webhooks/shopify/shop", "/webhooks/csv/stock"]
)
def test_nobody_else_receives(stage: Stage, path: str) -> None:
    assert 404 == stage.web.send("POST", path, b"1", {"x-signature": "good"}).status


@pytest.mark.parametrize(("size", "status"), [(LARGEST, 200), (LARGEST + 1, 413)])
def test_a_body_is_bounded(stage: Stage, size: int, status: int) -> None:
    assert status == stage.tell(b"1" * size).status


def test_a_body_whose_length_is_not_told_is_bounded_too(stage: Stage) -> None:
    chunked = {"transfer-encoding": "chunked", "x-signature": "good"}
    chunk = b"1" * 1024
    body = b"".join(b"400\r\n" + chunk + b"\r\n" for _ in range(LARGEST // 1024 + 1)) + b"0\r\n\r\n"

    assert 413 == stage.web.send("POST", "/webhooks/tiktok/shop", body, chunked).status


def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    async def nothing() -> Message:
        await asyncio.sleep(3600)
        raise AssertionError

    request = Request({"type": "http", "method": "POST", "headers": [], "path": "/"}, nothing)
    with pytest.raises(HTTPException) as refusal:
        asyncio.run(read_body(request, within=0.01))
    assert 408 == refusal.value.status_code


@contextmanager
def locked(stage: Stage) -> Iterator[None]:
    """Somebody else writes to the ledger all the while."""
    path = stage.floor.folder / "ledger.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def test_a_sender_is_not_kept_waiting_for_a_long_transaction(stage: Stage) -> None:
    with locked(stage):
        assert [200] * 3 == [stage.tell(body).status for body in (b"1", b"2", b"2")]
        assert [] == stage.waiting()
    stage.floor.clock.advance(2)
    stage.tell(b"3")
    stage.surface.stop()

    assert ["1", "2", "3"] == sorted(stage.waiting())
    assert "shop" in stage.woken


def test_what_was_acknowledged_while_the_ledger_was_busy_outlives_the_process(
    tmp_path: Path,
) -> None:
    with stage_of(tmp_path) as stage, locked(stage):
        assert 200 == stage.tell(b"1").status
        stage.surface.stop()
        assert [] == stage.waiting()
    spool = tmp_path / "ledger.db.inbox"
    with spool.open("ab") as file:
        file.write(b'\n{"receiver": "shop", "half a line')
    with stage_of(tmp_path) as stage:
        assert 200 == stage.tell(b"2").status
        assert ["1", "2"] == stage.waiting()
    assert not spool.exists()


def test_what_cannot_be_stored_is_not_acknowledged(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    spool = stage.floor.folder / "ledger.db.inbox"
    with locked(stage):
        spool.mkdir()
        reply = stage.tell()
        spool.rmdir()

    assert (503, "10") == (reply.status, reply.headers["retry-after"])
    assert ["1 webhooks could not be stored and will be sent again"] == [
        record.getMessage().partition(":")[0] for record in caplog.records
    ]
    assert 200 == stage.tell().status


def test_a_wake_that_fails_loses_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with stage_of(tmp_path) as stage:

        def broken(_name: str) -> None:
            raise RuntimeError("nobody home")

        stage.surface._inbox._wake = broken
        assert [200, 200] == [stage.tell(body).status for body in (b"1", b"2")]
        assert ["1", "2"] == stage.waiting()
    assert {"shop could not be woken"} == {record.getMessage() for record in caplog.records}
