"""Bad days of the installed daemon; after each the shop shows what it should and nothing is undecided."""

import random
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest

from tests.process.bad_days import (
    LIMITS,
    SKUS,
    STOCK,
    last_entry,
    listed,
    round_of,
    said_twice,
    sending,
    told,
    until_all_is_well,
    waiting,
)
from tests.process.conftest import Shopkeeper, seed_of, shopkeeper_of
from tests.process.daemons import Running, configure, running, shows, until
from tests.process.web.conftest import free_port

# Its webhooks


def test_an_order_told_by_webhook_lowers_the_other_listings_at_once(tmp_path: Path) -> None:
    """Polling comes once a day here, so only the webhook can have told."""
    listen = f"127.0.0.1:{free_port()}"
    kit = '    orders_every: 1d\n    rules: [{match: "S001", of: "S000", units: 1}]\n'
    with shopkeeper_of(tmp_path, seed_of(3)) as keeper:
        configure(keeper, **{"rate: 200\n": f"rate: 200\n{kit}{LIMITS}"})
        path = keeper.folder / "syncd.yaml"
        path.write_text(
            f"{path.read_text()}web: {{listen: {listen}, public_url: http://{listen}}}\n"
        )
        keeper.stock({"S000": 10, "S002": 10})
        assert 0 == keeper.syncd("webhooks", "subscribe").returncode
        with running(keeper):
            until(lambda: waiting(keeper) == 0 and listed(keeper) == 3, "it adopted the shop")
            keeper.control.post("orders", seller_sku="S001", units=4, status="AWAITING_SHIPMENT")
            until(shows(keeper, "S000", 6), "S000 shows what the kit left")
            until_all_is_well(keeper, {"S000": 6, "S001": 6, "S002": 10})


# Its own end


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Shopkeeper]:
    """A shop that takes fifteen requests a second, so that a round of changes takes a while."""
    with shopkeeper_of(tmp_path, seed_of(SKUS), "--rate", "15", "--latency", "0.05") as keeper:
        configure(keeper, **{"rate: 200\n": f"rate: 15\n    orders_every: 10s\n{LIMITS}"})
        keeper.stock(STOCK)
        yield keeper


def test_a_daemon_killed_under_load_again_and_again_loses_and_doubles_nothing(
    slow: Shopkeeper,
) -> None:
    chance = random.Random(20261128)
    for number in range(1, 4):
        with running(slow, f"killed-{number}.log") as daemon:
            before = last_entry(slow)
            slow.stock(round_of(number))
            until(sending(slow, before), "it sends")
            time.sleep(chance.uniform(0, 2))
            daemon.process.kill()
            daemon.process.wait(5)
    with running(slow, "stopped.log") as daemon:
        until_all_is_well(slow, round_of(3))
        before = last_entry(slow)
        slow.stock(round_of(4))
        until(sending(slow, before), "it sends")
        assert 0 == daemon.stop()
        assert len(told(slow, before)) < SKUS
    with running(slow, "last.log"):
        until_all_is_well(slow, round_of(4))

    assert [] == said_twice(slow)
    with closing(sqlite3.connect(slow.folder / "ledger.db")) as ledger:
        intents = set(ledger.execute("SELECT listing_id, sent FROM change").fetchall())
    assert slow.effects() <= intents


def stop_between_writes(daemon: Running, keeper: Shopkeeper) -> None:
    """Let it stand still, but not in the middle of a transaction: that would lock out whoever comes next."""
    while True:
        daemon.process.send_signal(signal.SIGSTOP)
        with closing(sqlite3.connect(keeper.folder / "ledger.db", timeout=0.2)) as ledger:
            try:
                ledger.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                daemon.process.send_signal(signal.SIGCONT)
                time.sleep(0.01)
            else:
                return


def test_a_daemon_that_stood_still_and_was_replaced_sends_nothing_more(slow: Shopkeeper) -> None:
    with running(slow, "stale.log") as stale:
        before = last_entry(slow)
        slow.stock(round_of(1))
        until(sending(slow, before), "it sends")
        stop_between_writes(stale, slow)
        time.sleep(31)
        with running(slow, "second.log") as second:
            until_all_is_well(slow, round_of(1))
            settled = last_entry(slow)
            stale.process.send_signal(signal.SIGCONT)
            assert 5 == stale.process.wait(30)
            stale.says("another one serves the ledger now")
            assert {} == told(slow, settled)
            slow.stock(round_of(2))
            until_all_is_well(slow, round_of(2))
            assert second.process.poll() is None

    assert [] == said_twice(slow)


# Its pace


def test_a_source_slower_than_its_interval_is_never_read_twice_at_once(tmp_path: Path) -> None:
    with shopkeeper_of(tmp_path, seed_of(SKUS)) as keeper:
        configure(keeper, **{"rate: 200\n": f"rate: 200\n{LIMITS}"})
        many = {f"X{number:06}": 1 for number in range(100_000)}
        keeper.stock({**STOCK, **many})
        with running(keeper) as daemon:
            for number in range(1, 3):
                keeper.stock({**round_of(number), **dict.fromkeys(many, number + 1)})
                until(shows(keeper, "S000", 20 + number), f"round {number}")
            until_all_is_well(keeper, round_of(2))
            daemon.stop()
        with closing(sqlite3.connect(keeper.folder / "ledger.db")) as ledger:
            spans = ledger.execute(
                "SELECT started_at, finished_at FROM run WHERE document LIKE '%\"stock\"%' "
                "AND document NOT LIKE '%\"shop\"%' ORDER BY started_at"
            ).fetchall()

    assert any(end - begin > 1_000_000 for begin, end in spans), "no reading was slow"
    assert [] == [(one, other) for one, other in pairwise(spans) if other[0] < one[1]]
