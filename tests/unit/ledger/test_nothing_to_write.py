"""What a cycle asks for and finds done already takes nobody's turn to write: the lock stays where it is."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from syncd.domain.identity import ChannelName, Sku
from syncd.domain.report import ChannelState
from syncd.ledger.store import SqlLedger
from tests.fakes.clock import FakeClock

SHOP = ChannelName("shop")


@pytest.fixture
def settled(ledger: SqlLedger) -> SqlLedger:
    """A channel whose last cycle left nothing to do."""
    ledger.rebind(SHOP, "rules", Sku)
    ledger.record_standing(SHOP, ChannelState.OK, "")
    return ledger


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another process writes, for longer than anybody waits."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


def test_no_park_and_no_withheld_unit_is_due(
    settled: SqlLedger, path: Path, clock: FakeClock
) -> None:
    with locked(path):
        assert 0 == settled.release_due_parks(SHOP, clock.now())
        assert 0 == settled.mark_withheld_due(SHOP, clock.now())


def test_the_rules_are_those_of_the_last_cycle(settled: SqlLedger, path: Path) -> None:
    with locked(path):
        assert not settled.rebind(SHOP, "rules", Sku)
    assert settled.rebind(SHOP, "others", Sku)


def test_the_channel_stands_as_it_did(settled: SqlLedger, path: Path, clock: FakeClock) -> None:
    since = clock.now()
    settled.record_standing(SHOP, ChannelState.UNAVAILABLE, "down")
    clock.advance(60)
    with locked(path):
        settled.record_standing(SHOP, ChannelState.UNAVAILABLE, "down")

    (trouble,) = settled.channel_troubles().values()
    assert (since, "down") == (trouble.since, trouble.message)
