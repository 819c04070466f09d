"""Who serves, and how commands ask and are answered."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from syncd.domain.errors import LeaseHeld, LeaseLost
from syncd.domain.identity import ChannelName, RunId, Sku
from syncd.ledger.processes import refuse_second_daemon, runs
from syncd.ledger.store import SqlLedger
from syncd.ports.service import Reply, Word
from tests.fakes.clock import FakeClock

SHOP = ChannelName("shop")


def test_nobody_serves_until_somebody_begins(ledger: SqlLedger) -> None:
    assert None is ledger.running()
    ledger.begin_service()
    assert ledger.running() is not None
    ledger.end_service()
    assert None is ledger.running()


def test_a_service_that_went_silent_no_longer_counts(ledger: SqlLedger, clock: FakeClock) -> None:
    ledger.begin_service()
    clock.advance(timedelta(seconds=31).total_seconds())
    assert None is ledger.running()
    ledger.beat()
    assert ledger.running() is not None


def test_another_living_process_is_named(
    ledger: SqlLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.begin_service()
    monkeypatch.setattr("os.getpid", lambda: 1)
    with pytest.raises(LeaseHeld, match=r"already serves the ledger .* in another process, pid"):
        ledger.begin_service()


def test_a_second_daemon_is_refused_by_a_look_from_outside(
    ledger: SqlLedger, clock: FakeClock, path: Path
) -> None:
    refuse_second_daemon(path, clock.now())  # nobody serves
    ledger.begin_service()
    with pytest.raises(LeaseHeld, match=f"already serves the ledger .*, pid {os.getpid()}, since"):
        refuse_second_daemon(path, clock.now())

    refuse_second_daemon(path, clock.now() + timedelta(seconds=31))  # it went silent
    ledger.end_service()
    refuse_second_daemon(path, clock.now())


def test_a_ledger_that_cannot_be_looked_at_is_left_to_those_who_open_it(tmp_path: Path) -> None:
    refuse_second_daemon(tmp_path / "none.db", datetime.now(UTC))
    (tmp_path / "odd.db").write_bytes(b"no database")
    refuse_second_daemon(tmp_path / "odd.db", datetime.now(UTC))


def test_a_service_whose_place_was_taken_is_told_at_its_next_beat(
    ledger: SqlLedger, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.begin_service()
    clock.advance(timedelta(seconds=31).total_seconds())
    with monkeypatch.context() as other:
        other.setattr("os.getpid", lambda: 1)
        ledger.begin_service()

    with pytest.raises(LeaseLost, match="another one serves the ledger now"):
        ledger.beat()
    assert 1 == getattr(ledger.running(), "pid", None)


def test_a_dead_process_is_replaced(ledger: SqlLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.getpid", lambda: 2**22 + 1)
    ledger.begin_service()
    monkeypatch.undo()
    assert not runs(2**22 + 1)
    ledger.begin_service()
    assert ledger.running() is not None


def test_requests_are_taken_once_in_order_and_answered(ledger: SqlLedger) -> None:
    first = ledger.ask(Word.APPLY, [SHOP], [Sku("A"), Sku("00123")])
    second = ledger.ask(Word.RELOAD, [], [])

    taken = ledger.take_requests()

    assert [first, second] == [request.number for request in taken]
    assert (Word.APPLY, (SHOP,), (Sku("A"), Sku("00123"))) == (
        taken[0].word,
        taken[0].channels,
        taken[0].skus,
    )
    assert () == ledger.take_requests()
    assert None is ledger.reply_to(first)
    reply = Reply(code=4, text="partly", run=RunId("20261128-1"))
    ledger.reply(first, reply)
    assert reply == ledger.reply_to(first)


@pytest.mark.parametrize("word", ["begin", "end"])
def test_what_nobody_will_answer_is_refused(ledger: SqlLedger, word: str) -> None:
    ledger.begin_service()
    taken = ledger.ask(Word.APPLY, [SHOP], [])
    ledger.take_requests()
    waiting = ledger.ask(Word.PUBLISH, [SHOP], [])

    ledger.begin_service() if word == "begin" else ledger.end_service()

    for number in (taken, waiting):
        reply = ledger.reply_to(number)
        assert reply is not None
        assert 5 == reply.code
        assert "run the command again" in reply.text
