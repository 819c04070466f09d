"""Bad days of the installed daemon; after each the shop shows what it should and nothing is undecided."""

import json
import random
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest

from syncd.domain.identity import ChannelName
from syncd.ledger.store import SqlLedger, open_ledger
from syncd.ports import SystemClock
from tests.process.conftest import Shopkeeper, seed_of, shopkeeper_of
from tests.process.daemons import Running, configure, running, shows, until
from tests.process.web.conftest import free_port

SHOP = ChannelName("shop")
SKUS = 50
LIMITS = "    limits: {changed: 100%, to_zero: 100%, at_least: 1000}\n"
STOCK = {f"S{number:03}": 10 for number in range(SKUS)}
in_its_life = pytest.mark.xdist_group("one daemon")
"""Of the tests that share a daemon, each beginning where the one before it ended."""


def round_of(number: int) -> dict[str, int]:
    """Another number for every SKU in every round."""
    return dict.fromkeys(STOCK, 20 + number)


def ledger_of(keeper: Shopkeeper) -> SqlLedger:
    return open_ledger(f"sqlite:///{keeper.folder / 'ledger.db'}", SystemClock())


def decided(keeper: Shopkeeper) -> bool:
    """Whether every request's result is known."""
    with ledger_of(keeper) as ledger:
        return not ledger.unresolved(SHOP)


def waiting(keeper: Shopkeeper) -> int:
    """How many SKUs the next cycle looks at."""
    with ledger_of(keeper) as ledger:
        return ledger.dirty_count(SHOP)


def until_all_is_well(keeper: Shopkeeper, stock: dict[str, int]) -> None:
    """Wait until the shop shows the stock and nothing is undecided."""
    until(lambda: keeper.shown() == stock, "the shop shows the stock file")
    until(lambda: decided(keeper), "nothing is undecided")


def told(keeper: Shopkeeper, since: int = 0) -> dict[str, list[int]]:
    """What the shop was told to show, in order, by listing; `since` an entry of its journal."""
    found: dict[str, list[int]] = {}
    entries = keeper.control.get(f"journal?since={since}")["entries"]
    assert isinstance(entries, list)
    for entry in entries:
        for item in entry.get("applied") or ():
            if "quantity" in item:
                found.setdefault(item["sku_id"], []).append(item["quantity"])
    return found


def sending(keeper: Shopkeeper, since: int) -> Callable[[], bool]:
    """Whether the shop was told anything since that entry."""
    return lambda: bool(told(keeper, since))


def said_twice(keeper: Shopkeeper) -> list[str]:
    """Listings that were told the same number twice running."""
    return [
        listing for listing, numbers in told(keeper).items()
        if any(one == other for one, other in pairwise(numbers))
    ]  # fmt: skip


def last_entry(keeper: Shopkeeper) -> int:
    entries = keeper.control.get("journal")["entries"]
    assert isinstance(entries, list)
    return int(entries[-1]["seq"])


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One daemon that lives through most of these days."""
    with shopkeeper_of(tmp_path_factory.mktemp("shared"), seed_of(SKUS)) as keeper:
        configure(keeper, **{"rate: 200\n": f"rate: 200\n    orders_every: 10s\n{LIMITS}"})
        keeper.stock(STOCK)
        with running(keeper) as daemon:
            yield daemon


# Its source


@in_its_life
def test_a_source_that_vanished_and_came_back_as_garbage_changes_nothing(shared: Running) -> None:
    keeper = shared.keeper
    until_all_is_well(keeper, STOCK)
    before = last_entry(keeper)
    (keeper.folder / "stock.csv").unlink()
    shared.says("stock.csv does not exist")
    (keeper.folder / "stock.csv").write_bytes(b"\x00\xff\xfe\x00" * 400)
    until(lambda: shared.log.count("WARNING syncd.engine.telling: source stock: ") > 1, "refused")
    assert {} == told(keeper, before)

    keeper.stock({**STOCK, "S001": 7})

    until_all_is_well(keeper, {**STOCK, "S001": 7})
    assert shared.process.poll() is None


# Its shop


@in_its_life
@pytest.mark.parametrize(
    ("number", "fault"),
    [
        (1, {"kind": "refuse"}),
        (2, {"kind": "http_503"}),
        (3, {"kind": "timeout_after_commit", "seconds": 0.5}),
    ],
)
def test_a_shop_that_was_down_is_caught_up_with(
    shared: Running, number: int, fault: dict[str, object]
) -> None:
    keeper = shared.keeper
    before = shared.log.count("unavailable")
    keeper.control.post("faults", times=0, **fault)
    keeper.stock(round_of(number))
    until(lambda: shared.log.count("unavailable") > before, "the shop is unavailable")

    keeper.control.delete("faults")

    until_all_is_well(keeper, round_of(number))


# Its authorization


@in_its_life
def test_a_token_that_expired_is_renewed(shared: Running) -> None:
    keeper = shared.keeper
    keeper.control.post("tokens/expire")
    keeper.stock(round_of(4))

    until_all_is_well(keeper, round_of(4))
    assert 0 == shared.log.count("unauthorized")


@in_its_life
def test_a_lost_answer_to_the_renewal_is_asked_for_once_more(shared: Running) -> None:
    keeper = shared.keeper
    keeper.control.post("settings", refresh_grace=60)
    keeper.control.post("faults", kind="timeout_after_commit", match="token/refresh", seconds=0.2)
    keeper.control.post("tokens/expire")
    keeper.stock(round_of(5))

    until_all_is_well(keeper, round_of(5))
    assert 0 == shared.log.count("unauthorized")


@in_its_life
def test_a_seller_who_took_the_authorization_back_and_gave_it_again(shared: Running) -> None:
    keeper = shared.keeper
    keeper.control.post("deauthorize")
    keeper.stock(round_of(6))
    until(lambda: state(keeper) == "unauthorized", "the channel is unauthorized")
    keeper.stock({**round_of(6), "S002": 9})
    time.sleep(3)
    lines = [line for line in shared.log.splitlines() if "syncd connect shop" in line]
    kept = waiting(keeper)
    code = str(keeper.control.post("auth_code")["auth_code"])
    connected = keeper.syncd("connect", "shop", "--auth-code", code)

    assert 1 == len(lines), shared.log
    assert SKUS == kept
    assert 0 == connected.returncode, connected.stderr
    until_all_is_well(keeper, {**round_of(6), "S002": 9})


def listed(keeper: Shopkeeper) -> int:
    """How many listings the ledger knows."""
    with ledger_of(keeper) as ledger:
        return ledger.listing_count(SHOP)


def state(keeper: Shopkeeper) -> str:
    """What `syncd status` says of the channel."""
    return str(json.loads(keeper.syncd("status", "--json").stdout)["channels"][0]["state"])


# Its operator


@in_its_life
def test_a_paused_channel_gets_nothing_until_it_is_resumed(shared: Running) -> None:
    keeper = shared.keeper
    assert 0 == keeper.syncd("pause", "shop", "--reason", "stocktake").returncode
    before = last_entry(keeper)
    keeper.stock(round_of(7))
    until(lambda: waiting(keeper) == SKUS, "the rows were read")
    time.sleep(2)
    silent = told(keeper, before)
    resumed = keeper.syncd("resume", "shop")

    assert {} == silent
    assert 0 == resumed.returncode, resumed.stderr
    until_all_is_well(keeper, round_of(7))


@in_its_life
def test_a_parked_sku_stays_while_the_others_move(shared: Running) -> None:
    keeper = shared.keeper
    assert 0 == keeper.syncd("park", "S003", "--reason", "photo shoot").returncode
    keeper.stock(round_of(8))
    until(lambda: keeper.shown() == {**round_of(8), "S003": 27}, "all but S003 move")
    unparked = keeper.syncd("unpark", "S003")

    assert 0 == unparked.returncode, unparked.stderr
    until_all_is_well(keeper, round_of(8))


@in_its_life
def test_a_plan_released_beside_the_daemon_is_sent(shared: Running) -> None:
    keeper = shared.keeper
    path = keeper.folder / "syncd.yaml"
    path.write_text(path.read_text().replace(LIMITS, "    limits: {changed: 10%, at_least: 1}\n"))
    assert 0 == keeper.syncd("reload").returncode
    keeper.stock(round_of(9))
    until(lambda: "held" in keeper.syncd("status").stdout, "the plan is held")
    attention = json.loads(keeper.syncd("status", "--json").stdout)["needs_attention"]
    digest = attention[0]["help"].split()[3]

    released = keeper.syncd("release", "shop", digest, "--reason", "a delivery")

    assert 0 == released.returncode, released.stderr
    until_all_is_well(keeper, round_of(9))


@in_its_life
def test_the_shared_daemon_ends_well(shared: Running) -> None:
    assert 0 == shared.stop()


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
