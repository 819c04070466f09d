"""The installed daemon: what it does by itself, beside it, and when it is told to stop or to change."""

import json
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.process.conftest import Shopkeeper
from tests.process.daemons import Running, configure, running, shows, until


@pytest.fixture
def daemon(keeper: Shopkeeper) -> Iterator[Running]:
    configure(keeper)
    keeper.stock({f"S{number:03}": 10 for number in range(50)})
    with running(keeper) as started:
        yield started


def adopted(keeper: Shopkeeper) -> bool:
    """Whether the first cycle is over."""
    status = json.loads(keeper.syncd("status", "--json").stdout)
    return bool(status["channels"][0]["listings"] == 50 and status["channels"][0]["dirty"] == 0)


def known_orders(keeper: Shopkeeper) -> int:
    """How many order lines the ledger has."""
    with closing(sqlite3.connect(f"file:{keeper.folder}/ledger.db?mode=ro", uri=True)) as ledger:
        return int(ledger.execute("SELECT COUNT(*) FROM order_line").fetchone()[0])


def test_a_changed_row_reaches_the_shop_by_itself_and_orders_are_asked_for_after_it(
    daemon: Running, keeper: Shopkeeper
) -> None:
    """An order that came while the quantity was on its way is overwritten; its webhook may be lost."""
    stock = {f"S{number:03}": 10 for number in range(50)}
    keeper.stock({**stock, "S007": 3})

    until(shows(keeper, "S007", 3), "S007 shows 3")
    keeper.control.post("orders", seller_sku="S007", units=1, status="AWAITING_SHIPMENT")
    until(lambda: known_orders(keeper) == 1, "the order is known long before the next poll")
    assert 0 == daemon.stop()
    assert "stopped" in daemon.log


def test_an_apply_beside_the_daemon_is_done_by_it(daemon: Running, keeper: Shopkeeper) -> None:
    stock = {f"S{number:03}": 10 for number in range(50)}
    keeper.stock({**stock, "S001": 4})
    done = keeper.syncd("apply", "--json")

    assert 0 == done.returncode, done.stderr
    assert f"the daemon (pid {daemon.process.pid}) does it" in done.stderr
    assert "apply" == json.loads(done.stdout)["trigger"]
    assert 4 == keeper.shown()["S001"]


@pytest.mark.usefixtures("daemon")
def test_a_released_plan_is_sent_at_once(keeper: Shopkeeper) -> None:
    keeper.stock({f"S{number:03}": 5 for number in range(50)})
    until(lambda: "held" in keeper.syncd("status").stdout, "the plan is held")
    plan = keeper.report("report")["channels"]
    digest = json.loads(keeper.syncd("status", "--json").stdout)["needs_attention"][0][
        "help"
    ].split()[3]
    del plan

    done = keeper.syncd("release", "shop", digest, "--reason", "a stocktake")

    assert 0 == done.returncode, done.stderr
    assert "the daemon sends them now" in done.stdout
    until(shows(keeper, "S049", 5), "the released plan arrives")


def test_a_second_daemon_is_refused_with_the_pid(daemon: Running, keeper: Shopkeeper) -> None:
    begun = time.monotonic()
    done = keeper.syncd("run")

    assert 5 == done.returncode
    assert f"pid {daemon.process.pid}" in done.stderr
    assert time.monotonic() - begun < 5
    assert daemon.process.poll() is None


def test_an_invalid_file_is_refused_with_its_lines_and_the_old_one_stays(
    daemon: Running, keeper: Shopkeeper
) -> None:
    configure(keeper, **{"mode: apply": "mode: applyy"})
    daemon.process.send_signal(signal.SIGHUP)

    daemon.says("syncd.yaml:1:7: mode: 'applyy' is not one of observe, apply")
    daemon.says("the former configuration stays in force")
    stock = {f"S{number:03}": 10 for number in range(50)}
    keeper.stock({**stock, "S002": 1})
    until(shows(keeper, "S002", 1), "the old configuration still works")


def test_a_valid_file_is_taken_and_its_blast_radius_told(
    daemon: Running, keeper: Shopkeeper
) -> None:
    until(lambda: adopted(keeper), "the first cycle adopted the shop")
    path = keeper.folder / "syncd.yaml"
    path.write_text(path.read_text() + "    stock: {safety: 4}\n")

    done = keeper.syncd("reload")

    assert 0 == done.returncode, done.stderr
    assert "the configuration is in force" in done.stdout
    assert "shop: of 50 listings 50 would change, 0 of them to 0, and 0 prices" in done.stdout
    assert "so it will be held" in done.stdout
    daemon.says("running: 1 source, 1 channel")
    until(lambda: "held" in keeper.syncd("status").stdout, "the guard holds it")
    assert {10} == set(keeper.shown().values())


def test_a_second_sigterm_ends_it_at_once(daemon: Running) -> None:
    daemon.process.send_signal(signal.SIGTERM)
    daemon.process.send_signal(signal.SIGTERM)

    assert daemon.process.wait(5) in {0, 130}


def test_a_killed_daemon_is_replaced_at_once(daemon: Running, keeper: Shopkeeper) -> None:
    daemon.process.kill()
    daemon.process.wait(5)

    with running(keeper, "second.log") as second:
        stock = {f"S{number:03}": 10 for number in range(50)}
        keeper.stock({**stock, "S003": 2})
        until(shows(keeper, "S003", 2), "the second daemon works")
        assert second.process.poll() is None
