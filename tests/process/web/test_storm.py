"""A storm of webhooks while the daemon is killed: every order counts, and it counts once."""

import json
import os
import random
import signal
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

from tests.process.conftest import Shopkeeper, seed_of
from tests.process.daemons import configure, running, until
from tests.process.web.conftest import address, web_keeper_of
from tests.process.web.senders import Senders

TOLD = 10_000 if "SYNCD_PROOF" in os.environ else 600
"""Deliveries; every fifth repeats another."""
KILLS = (0.15, 0.3, 0.45, 0.6, 0.75, 0.9) if "SYNCD_PROOF" in os.environ else (0.3, 0.6)
"""When the daemon is killed, as shares of what was answered with 200."""
SKUS = 20
UNITS = 20_000
FIRST_ORDER = 576_461_413_038_000_000


def bodies(rng: random.Random) -> list[bytes]:
    """What is told of orders, in any order."""
    news = [
        json.dumps(
            {"type": 1, "tts_notification_id": str(n), "timestamp": 1_795_435_200,
             "data": {"order_id": str(FIRST_ORDER + n), "order_status": "AWAITING_SHIPMENT",
                      "update_time": 1_795_435_200}}
        ).encode()
        for n in range(TOLD * 4 // 5)
    ]  # fmt: skip
    told = news + rng.sample(news, TOLD // 5)
    rng.shuffle(told)
    return told


class Buyers:
    """Buy what a delivery tells of, right before it is told for the first time."""

    def __init__(self, keeper: Shopkeeper) -> None:
        self._keeper = keeper
        self._lock = threading.Lock()
        self.bought: dict[str, tuple[str, int]] = {}

    def buy(self, body: bytes) -> None:
        order = json.loads(body)["data"]["order_id"]
        number = int(order) - FIRST_ORDER
        sku, units = f"S{number % SKUS:03}", 1 + number % 3
        with self._lock:
            if order in self.bought:
                return
            self.bought[order] = (sku, units)
        self._keeper.control.post("orders", id=order, seller_sku=sku, units=units)


def ask(keeper: Shopkeeper, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(keeper.folder / "ledger.db")) as ledger:
        return ledger.execute(query).fetchall()


def units_by_order(keeper: Shopkeeper) -> dict[object, int]:
    """What the ledger took from each order, however many lines told it."""
    rows = ask(
        keeper, "SELECT order_id, COUNT(DISTINCT line_id), SUM(units) FROM order_line GROUP BY 1"
    )
    return {order: units for order, _, units in rows if isinstance(units, int)}


def test_no_order_is_lost_and_none_has_two_effects(tmp_path: Path) -> None:
    with web_keeper_of(tmp_path, seed_of(SKUS, UNITS)) as keeper:
        configure(keeper, **{"every: 1s,": "every: 1h,"})
        keeper.stock({f"S{number:03}": UNITS for number in range(SKUS)})
        buyers = Buyers(keeper)
        senders = Senders(
            keeper.shop["app_key"], keeper.shop["app_secret"], bodies(random.Random(68)),
            buyers.buy,
        )  # fmt: skip
        senders.url = address(keeper)
        for number, share in enumerate(KILLS):
            name = f"killed-{number}.log"
            with running(keeper, name) as daemon, senders.under_way(int(TOLD * share)):
                daemon.process.send_signal(signal.SIGKILL)
                daemon.process.wait()
        with running(keeper):
            senders.run(TOLD)
            waits = "SELECT 1 FROM delivery WHERE handled_at IS NULL"
            until(lambda: not ask(keeper, waits), "every delivery is looked at")
            left = {f"S{number:03}": UNITS for number in range(SKUS)}
            for sku, units in buyers.bought.values():
                left[sku] -= units

            assert {order: units for order, (_, units) in buyers.bought.items()} == units_by_order(
                keeper
            )
            assert left == keeper.shown()
            assert set() == keeper.effects()
            assert [] == ask(keeper, "SELECT * FROM drift")
            stored = {row[0] for row in ask(keeper, "SELECT notification FROM delivery")}
            assert set(senders.answered) <= stored
        assert TOLD * 4 // 5 == len(buyers.bought)
