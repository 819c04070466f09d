"""A shop whose own counter is written back: what was bought, what the counter's journal says of it."""

import os
import random
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.process.conftest import Shopkeeper, shopkeeper_of
from tests.process.crash.plugin.till import SCHEMA
from tests.process.crash.world import Warm

PLUGIN = Path(__file__).with_name("plugin")
CONFIG = """\
mode: apply
ledger: sqlite:///ledger.db
sources:
  till: {{kind: till, path: till.db, basis: available, orders: write_back, keys: {keys}, trouble: {trouble}}}
channels:
  shop:
    kind: tiktok_shop
    app_key: {app_key}
    app_secret: {{credential: app_secret}}
    api_url: {url}
    auth_url: {url}
    rate: 200
    limits: {{changed: 100%, to_zero: 100%, at_least: 100000}}
"""
FULL = 40
KILLED = -9


@dataclass
class TillWorld:
    """What is true: units at the counter but for orders, and the orders that were made and cancelled."""

    keeper: Shopkeeper
    warm: Warm
    dice: random.Random
    owned: dict[str, int]
    bought: dict[str, tuple[str, int]] = field(default_factory=dict)
    cancelled: set[str] = field(default_factory=set)

    def buy(self, units: int = 1) -> None:
        """An order of some SKU that the shop shows."""
        shown = self.keeper.shown()
        sku = self.dice.choice([name for name, there in shown.items() if there >= units])
        made = self.keeper.control.post(
            "orders", seller_sku=sku, units=units, status="AWAITING_SHIPMENT"
        )
        self.bought[str(made["id"])] = (sku, units)

    def cancel(self) -> None:
        """One of the orders is cancelled before it leaves."""
        order = self.dice.choice(sorted(self.bought.keys() - self.cancelled))
        self.keeper.control.post(f"orders/{order}/status", status="CANCELLED")
        self.cancelled.add(order)

    def sell_there(self) -> None:
        """The counter sells one unit of something it has."""
        with closing(sqlite3.connect(self.keeper.folder / "till.db", timeout=30)) as till, till:
            rows = till.execute("SELECT sku FROM stock WHERE quantity > 0").fetchall()
            sku = self.dice.choice(sorted(row[0] for row in rows))
            till.execute("UPDATE stock SET quantity = quantity - 1 WHERE sku = ?", (sku,))
        self.owned[sku] -= 1

    def restock(self) -> None:
        """Goods come in wherever few are left."""
        with closing(sqlite3.connect(self.keeper.folder / "till.db", timeout=30)) as till, till:
            for (sku,) in till.execute("SELECT sku FROM stock WHERE quantity < 20").fetchall():
                till.execute("UPDATE stock SET quantity = quantity + 20 WHERE sku = ?", (sku,))
                self.owned[sku] += 20

    def kill_at_random(self, longest: float) -> bool:
        """Start a cycle and kill it after a random time; whether it was still running."""
        pid = self.warm.start("apply")
        time.sleep(self.dice.uniform(0.0, longest))
        with suppress(ProcessLookupError):
            os.kill(pid, 9)
        return self.warm.ended() == KILLED

    def come_to_rest(self) -> int:
        """Run until nothing is open, and answer how many runs died on the way.

        A booking that was on its way at a death waits five seconds.
        """
        deaths = 0
        for _ in range(20):
            code = self.warm.run("apply", "--json")
            deaths += code == KILLED
            if code == 0 and not self.open():
                assert 0 == self.warm.run("apply", "--json"), self.warm.printed()
                return deaths
            time.sleep(0 if code == KILLED else 1)
        raise AssertionError(f"no rest: {self.open()} {self.warm.printed()}")

    def open(self) -> list[tuple[str, ...]]:
        """Bookings that are neither done nor dropped."""
        return self._ledger("SELECT key, state FROM booking WHERE state NOT IN ('done', 'dropped')")

    def violations(self) -> list[str]:
        """Everything that is wrong once all has come to rest."""
        journal = self.journal()
        keys = {key for (key,) in self._ledger("SELECT key FROM booking")}
        found = [f"{key} has no booking in the ledger" for key, *_ in journal if key not in keys]
        times = Counter(key for key, *_ in journal)
        found += [f"{key} was done {count} times" for key, count in times.items() if count > 1]
        taken = dict.fromkeys(self.owned, 0)
        for order, (sku, units) in self.bought.items():
            taken[sku] += 0 if order in self.cancelled else units
        with closing(sqlite3.connect(self.keeper.folder / "till.db")) as till:
            stock = dict(till.execute("SELECT sku, quantity FROM stock").fetchall())
        wish = {sku: units - taken[sku] for sku, units in self.owned.items()}
        if stock != wish:
            found.append(f"the counter has {stock}, should have {wish}")
        shown = {sku: max(0, units) for sku, units in wish.items()}
        if shown != self.keeper.shown():
            found.append(f"the shop shows {self.keeper.shown()}, should show {shown}")
        return found

    def journal(self) -> list[tuple[str, str, int]]:
        """What the counter did, in order: key, SKU, units."""
        with closing(sqlite3.connect(self.keeper.folder / "till.db")) as till:
            return till.execute("SELECT key, sku, delta FROM journal ORDER BY id").fetchall()

    def _ledger(self, query: str) -> list[tuple[str, ...]]:
        path = self.keeper.folder / "ledger.db"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as ledger:
            return ledger.execute(query).fetchall()


@contextmanager
def till_world(
    folder: Path, seed: int, trouble: str, *, skus: int = 4, keys: bool = True
) -> Iterator[TillWorld]:
    """A connected shop that shows what the counter has."""
    names = [f"S{number:03}" for number in range(skus)]
    products = [
        {"title": name, "skus": [{"seller_sku": name, "price": "9.00", "stock": FULL}]}
        for name in names
    ]
    with shopkeeper_of(folder, {"products": products}) as keeper:
        with closing(sqlite3.connect(folder / "till.db")) as till:
            till.executescript(SCHEMA)
            till.executemany("INSERT INTO stock VALUES (?, ?)", [(name, FULL) for name in names])
            till.commit()
        text = CONFIG.format(keys=str(keys).lower(), trouble=trouble, **keeper.shop)
        (folder / "syncd.yaml").write_text(text)
        world = TillWorld(
            keeper=keeper, warm=Warm(keeper, f"--with={PLUGIN}"), dice=random.Random(seed),
            owned=dict.fromkeys(names, FULL),
        )  # fmt: skip
        world.come_to_rest()
        yield world
