"""Runs, parks, pauses, leases, tokens and facts."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from syncd.domain.errors import ChannelUnauthorized, LeaseHeld, LeaseLost, LedgerUnusable
from syncd.domain.identity import ChannelName, ListingId, ListingRef, ProductId, RunId, Sku
from syncd.domain.report import Status
from syncd.ledger.locks import FileLock, lock_path
from syncd.ledger.store import SqlLedger
from syncd.ledger.tokens import SqlTokenStore
from syncd.ports.records import Park, Pause
from tests.fakes.clock import FakeClock

SHOP = ChannelName("shop")
REF = ListingRef(ProductId("p"), ListingId("l"))
KEY = bytes(range(32))


def park(clock: FakeClock, **fields: object) -> Park:
    plain = Park(
        channel=SHOP,
        sku=Sku("A"),
        ref=REF,
        field="quantity",
        code="12019155",
        message="promotion",
        since=clock.now(),
        until=clock.now() + timedelta(hours=1),
    )
    return replace(plain, **fields)  # type: ignore[arg-type]


def test_finished_runs_come_newest_first_and_are_found_by_a_prefix(
    ledger: SqlLedger, clock: FakeClock
) -> None:
    first = ledger.begin_run("timer")
    clock.advance(3600)
    second = ledger.begin_run("apply")
    ledger.finish_run(first, Status.CLEAN, '{"schema": 1}')
    assert [first] == [report.run for report in ledger.reports(5)]
    clock.advance(5)
    ledger.finish_run(second, Status.HELD, "{}")
    assert [second, first] == [report.run for report in ledger.reports(5)]
    assert [second] == [report.run for report in ledger.reports(1)]
    found = ledger.report(RunId(second[:14]))
    assert found is not None
    assert ("held", "apply", "{}", clock.now()) == (
        found.status,
        found.trigger,
        found.document,
        found.finished_at,
    )
    assert (None, None) == (ledger.report(RunId("2026")), ledger.report(RunId("")))
    assert None is ledger.report(RunId("%"))


def test_parks_are_in_force_until_their_time(ledger: SqlLedger, clock: FakeClock) -> None:
    whole = park(clock, sku=Sku("B"), ref=None, field=None, until=None)
    ledger.park(park(clock))
    ledger.park(whole)
    assert (park(clock), whole) == ledger.parks(SHOP, clock.now())
    assert 0 == ledger.release_due_parks(SHOP, clock.now())
    later = clock.now() + timedelta(hours=1)
    assert (whole,) == ledger.parks(SHOP, later)
    assert 1 == ledger.release_due_parks(SHOP, later)
    assert ["A"] == list(ledger.dirty(SHOP, 9).skus)


def test_park_replaces_one_of_the_same_listing_and_field(
    ledger: SqlLedger, clock: FakeClock
) -> None:
    ledger.park(park(clock))
    ledger.park(park(clock, message="again", until=None))
    ledger.park(park(clock, field="price"))
    assert ["price", "quantity"] == [str(one.field) for one in ledger.parks(SHOP, clock.now())]
    assert 2 == ledger.unpark(SHOP, Sku("A"))
    assert 0 == ledger.unpark(SHOP, Sku("A"))
    assert ["A"] == list(ledger.dirty(SHOP, 9).skus)


def test_pause_lasts_until_resumed_and_keeps_its_beginning(
    ledger: SqlLedger, clock: FakeClock
) -> None:
    began = clock.now()
    assert None is ledger.paused(SHOP)
    ledger.pause(SHOP, "stocktaking")
    clock.advance(60)
    ledger.pause(SHOP, "still counting")
    assert Pause(channel=SHOP, reason="still counting", since=began) == ledger.paused(SHOP)
    assert (True, False, None) == (ledger.resume(SHOP), ledger.resume(SHOP), ledger.paused(SHOP))


def test_one_writer_per_channel_and_a_growing_number(ledger: SqlLedger) -> None:
    with ledger.lease(SHOP) as first:
        with pytest.raises(LeaseHeld, match="pid") as refused, ledger.lease(SHOP):
            pass
        assert ledger.writer(SHOP) == refused.value.pid
        with ledger.lease(ChannelName("other")) as other:
            assert 1 == other.fence
        first.confirm()
    assert None is ledger.writer(SHOP)
    with ledger.lease(SHOP) as second:
        assert first.fence + 1 == second.fence
    with pytest.raises(LeaseLost):
        first.confirm()


def test_stuck_holder_is_taken_over_and_stopped(ledger: SqlLedger, clock: FakeClock) -> None:
    with ledger.lease(SHOP) as stuck:
        clock.advance(31)
        with ledger.lease(SHOP) as second:
            assert stuck.fence + 1 == second.fence
            with pytest.raises(LeaseLost):
                stuck.confirm()
            second.confirm()


def test_late_release_of_a_stuck_holder_leaves_the_new_one_alone(
    ledger: SqlLedger, clock: FakeClock
) -> None:
    stuck = ledger.lease(SHOP)
    stuck.__enter__()
    clock.advance(31)
    with ledger.lease(SHOP) as second:
        stuck.__exit__(None, None, None)
        with pytest.raises(LeaseHeld), ledger.lease(SHOP):
            pass
        clock.advance(6)
        second.confirm()
        clock.advance(6)
        with pytest.raises(LeaseHeld), ledger.lease(SHOP):
            pass
        second.confirm()


def test_heartbeat_is_renewed_by_confirming(ledger: SqlLedger, clock: FakeClock) -> None:
    with ledger.lease(SHOP) as lease:
        for _ in range(4):
            clock.advance(20)
            lease.confirm()
        with pytest.raises(LeaseHeld), ledger.lease(SHOP):
            pass


def test_tokens_rest_encrypted_and_come_back(ledger: SqlLedger, path: Path) -> None:
    tokens = ledger.tokens(lambda: [KEY])
    assert None is tokens.load(SHOP)
    tokens.save(SHOP, b"access-geheim")
    tokens.save(SHOP, b"access-geheim-2")
    assert b"access-geheim-2" == tokens.load(SHOP)
    ledger.close()
    assert b"geheim" not in b"".join(file.read_bytes() for file in path.parent.iterdir())


def test_another_key_says_which_command_helps(ledger: SqlLedger) -> None:
    ledger.tokens(lambda: [KEY]).save(SHOP, b"blob")
    with pytest.raises(ChannelUnauthorized, match=r"cannot be decrypted: .*`syncd connect shop`"):
        ledger.tokens(lambda: [bytes(32)]).load(SHOP)
    with pytest.raises(LedgerUnusable, match="has 3 bytes instead of 32"):
        ledger.tokens(lambda: [b"abc"]).load(SHOP)


def test_token_lock_excludes_other_refreshers(ledger: SqlLedger, path: Path) -> None:
    tokens: SqlTokenStore = ledger.tokens(lambda: [KEY])
    other = FileLock(lock_path(path, "token", "shop"))
    with tokens.lock(SHOP):
        assert not other.try_acquire()
    assert other.try_acquire()
    other.release()


def test_lock_files_of_unlike_names_differ(path: Path) -> None:
    names = {lock_path(path, "lease", name).name for name in ("a/b", "a_b", "a b", "ä")}
    assert 4 == len(names)
    assert all("/" not in name for name in names)


def test_facts_bear_the_date_they_were_learned(ledger: SqlLedger, clock: FakeClock) -> None:
    facts = ledger.facts()
    assert None is facts.fact(SHOP, "zero")
    facts.learn(SHOP, "zero", "refused")
    clock.advance(60)
    facts.learn(SHOP, "zero", "taken")
    found = facts.fact(SHOP, "zero")
    assert ("taken", clock.now()) == (found and found.value, found and found.learned_at)
    assert None is facts.fact(ChannelName("other"), "zero")
