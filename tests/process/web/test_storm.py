"""A storm of webhooks while the daemon is killed: every order counts, and it counts once."""

import json
import os
import random
import signal
import sqlite3
import threading
from collections import Counter
from contextlib import closing
from pathlib import Path

from tests.process.conftest import Shopkeeper, seed_of
from tests.process.daemons import running, until
from tests.process.web.conftest import address, web_keeper_of
from tests.process.web.senders import Senders

TOLD = 10_000 if "SYNCD_PROOF" in os.environ else 600
"""Deliveries; every fifth repeats another."""
KILLS = (0.15, 0.3, 0.45, 0.6, 0.75, 0.9) if "SYNCD_PROOF" in os.environ else (0.3, 0.6)
"""When the daemon is killed, as shares of what was answered with 200."""
SKUS = 20
UNITS = 20_000
FIRST_ORDER = 576_461_413_038_000_000
PATIENCE = 1_800.0 if "SYNCD_PROOF" in os.environ else 60.0
ERP = """\
  erp:
    kind: sql_query
    url: {credential: erp_url}
    query: SELECT article AS sku, free AS quantity FROM stock
    basis: available
    orders: write_back
    every: 1h
    clock_tolerance: 0s
    write_back:
      url: {credential: erp_url}
      statement: |
        INSERT INTO syncd_bookings (booking_key, units) VALUES (:key, :delta);
        UPDATE stock SET free = free + :delta WHERE article = :sku
"""


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
        self.bought: dict[str, str] = {}
        """Order → SKU."""

    def buy(self, body: bytes) -> None:
        order = json.loads(body)["data"]["order_id"]
        number = int(order) - FIRST_ORDER
        sku = skus()[number % SKUS]
        with self._lock:
            if order in self.bought:
                return
            self.bought[order] = sku
        self._keeper.control.post("orders", id=order, seller_sku=sku, units=1)


def rows(database: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(database)) as opened:
        return opened.execute(query).fetchall()


def with_erp(keeper: Shopkeeper) -> Path:
    """An ERP of one table that syncd reads, and into which it books every order line."""
    erp = keeper.folder / "erp.db"
    with closing(sqlite3.connect(erp)) as made:
        made.execute("CREATE TABLE stock (article TEXT PRIMARY KEY, free INTEGER)")
        made.execute("CREATE TABLE syncd_bookings (booking_key TEXT PRIMARY KEY, units INTEGER)")
        made.executemany("INSERT INTO stock VALUES (?, ?)", [(sku, UNITS) for sku in skus()])
        made.commit()
    credential = keeper.folder / "credentials" / "erp_url"
    credential.write_text(f"sqlite:///{erp}")
    credential.chmod(0o600)
    path = keeper.folder / "syncd.yaml"
    head, _, rest = path.read_text().partition("sources:")
    _, _, channels = rest.partition("channels:")
    path.write_text(f"{head}sources:\n{ERP}channels:{channels}")
    return erp


def skus() -> list[str]:
    return [f"S{number:03}" for number in range(SKUS)]


def test_no_order_is_lost_and_none_has_two_effects(tmp_path: Path) -> None:
    with web_keeper_of(tmp_path, seed_of(SKUS, UNITS)) as keeper:
        ledger, erp = keeper.folder / "ledger.db", with_erp(keeper)
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
            sold = Counter(buyers.bought.values())
            waits = "SELECT 1 FROM delivery WHERE handled_at IS NULL"
            until(lambda: not rows(ledger, waits), "every delivery is looked at", PATIENCE)
            booked = "SELECT COUNT(*) FROM syncd_bookings"
            until(lambda: rows(erp, booked) == [(len(buyers.bought),)], "all is booked", PATIENCE)

        assert TOLD * 4 // 5 == len(buyers.bought)
        told = {str(name) for (name,) in rows(ledger, "SELECT notification FROM delivery")}
        assert set(senders.answered) <= told
        lines = "SELECT order_id, SUM(units), COUNT(*) FROM order_line GROUP BY 1"
        assert {(order, 1, 1) for order in buyers.bought} == set(rows(ledger, lines))
        left = {sku: UNITS - sold[sku] for sku in skus()}
        assert set(left.items()) == set(rows(erp, "SELECT article, free FROM stock"))
        # a booking that is contained in a reading sooner than it is confirmed counts twice until the next one
        assert [] == [
            sku for sku, units in keeper.shown().items() if not left[sku] - 2 <= units <= left[sku]
        ]
        assert [] == rows(ledger, "SELECT * FROM drift")
