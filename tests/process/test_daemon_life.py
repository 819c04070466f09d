"""One daemon through many bad days, each beginning where the one before it ended; they share a worker."""

import json
import time
from collections.abc import Iterator

import pytest

from tests.process.bad_days import (
    LIMITS,
    SKUS,
    STOCK,
    last_entry,
    round_of,
    state,
    told,
    until_all_is_well,
    waiting,
)
from tests.process.conftest import seed_of, shopkeeper_of
from tests.process.daemons import Running, configure, running, until


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One daemon that lives through most of these days."""
    with shopkeeper_of(tmp_path_factory.mktemp("shared"), seed_of(SKUS)) as keeper:
        configure(keeper, **{"rate: 200\n": f"rate: 200\n    orders_every: 10s\n{LIMITS}"})
        keeper.stock(STOCK)
        with running(keeper) as daemon:
            yield daemon


# Its source


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


def test_a_token_that_expired_is_renewed(shared: Running) -> None:
    keeper = shared.keeper
    keeper.control.post("tokens/expire")
    keeper.stock(round_of(4))

    until_all_is_well(keeper, round_of(4))
    assert 0 == shared.log.count("unauthorized")


def test_a_lost_answer_to_the_renewal_is_asked_for_once_more(shared: Running) -> None:
    keeper = shared.keeper
    keeper.control.post("settings", refresh_grace=60)
    keeper.control.post("faults", kind="timeout_after_commit", match="token/refresh", seconds=0.2)
    keeper.control.post("tokens/expire")
    keeper.stock(round_of(5))

    until_all_is_well(keeper, round_of(5))
    assert 0 == shared.log.count("unauthorized")


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


# Its operator


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


def test_a_parked_sku_stays_while_the_others_move(shared: Running) -> None:
    keeper = shared.keeper
    assert 0 == keeper.syncd("park", "S003", "--reason", "photo shoot").returncode
    keeper.stock(round_of(8))
    until(lambda: keeper.shown() == {**round_of(8), "S003": 27}, "all but S003 move")
    unparked = keeper.syncd("unpark", "S003")

    assert 0 == unparked.returncode, unparked.stderr
    until_all_is_well(keeper, round_of(8))


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


def test_the_shared_daemon_ends_well(shared: Running) -> None:
    assert 0 == shared.stop()
