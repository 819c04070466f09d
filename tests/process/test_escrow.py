"""Units of one table sold out on a shop and over the merchant's own counter at once: never one too many."""

import json
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import HTTPError

import pytest

from tests.process.conftest import Shopkeeper, shopkeeper_of
from tests.process.crash.counting import PROOF
from tests.process.crash.world import Warm
from tests.process.later import LATER
from tests.process.test_written_sources import BOOKED, DATABASE, given

STOCK = {"S000": 8, "S001": 6, "S002": 1}
ON_SHOP = {"S000": 0.9, "S001": 0.2, "S002": 0.5}
"""How many of its buyers come to the shop."""
SEEDS = range(1, 6 if PROOF else 2)
MINUTES = 3.1
"""Between two cycles: more than `clock_tolerance`, so that each reading contains what was booked before."""
CYCLES = 60
CONFLICT = 409
ESCROW = """\
    allocation: escrow
    limits: {changed: 100%, to_zero: 100%}
"""


@dataclass
class TwoTills:
    """What was sold on the shop, and over the counter from the table `stock`."""

    keeper: Shopkeeper
    syncd: Warm
    dice: random.Random
    shop: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STOCK, 0))
    counter: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STOCK, 0))
    most: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STOCK, 0))
    elapsed: float = 0.0

    def wait(self, minutes: float = MINUTES) -> None:
        """Time goes by, here and for the shop."""
        self.elapsed += minutes * 60
        (self.keeper.folder / LATER).write_text(str(self.elapsed))
        self.keeper.control.post("settings", clock_offset=self.elapsed)

    def cycle(self, buyers: int = 0) -> None:
        """A cycle, while so many buyers come to either side."""
        self.syncd.start("apply", "--json")
        for _ in range(buyers):
            self.someone_buys()
        assert self.syncd.ended() in {0, 4}, self.syncd.printed()

    def someone_buys(self) -> None:
        """One unit or two of some SKU, wherever the buyer happens to be; it is counted when it is there."""
        sku, units = self.dice.choice(sorted(STOCK)), self.dice.choice((1, 1, 2))
        if self.dice.random() < ON_SHOP[sku]:
            self.shop[sku] += units * self._sell_on_shop(sku, units)
        else:
            self.counter[sku] += units * self._sell_over_counter(sku, units)
        self.most[sku] = max(self.most[sku], self.sold(sku))

    def sold(self, sku: str) -> int:
        return self.shop[sku] + self.counter[sku]

    def _sell_on_shop(self, sku: str, units: int) -> bool:
        try:
            self.keeper.control.post("orders", seller_sku=sku, units=units)
        except HTTPError as refused:
            if refused.code != CONFLICT:
                raise
            return False
        return True

    def _sell_over_counter(self, sku: str, units: int) -> bool:
        with closing(sqlite3.connect(self.keeper.folder / "erp.db", timeout=30)) as table, table:
            sale = table.execute(
                "UPDATE stock SET qty = qty - :units WHERE sku = :sku AND qty >= :units",
                {"sku": sku, "units": units},
            )
            return sale.rowcount == 1

    def left(self) -> dict[str, int]:
        """What the table says is free to sell."""
        return dict(self._asked("SELECT sku, qty FROM stock ORDER BY sku"))

    def booked(self) -> dict[str, int]:
        """Units that were taken off the table, by its own list of keys: it can hold each of them once only."""
        return dict(self._asked("SELECT sku, -SUM(units) FROM booked GROUP BY sku ORDER BY sku"))

    def owned(self) -> dict[str, int]:
        """Units of which `syncd explain` says that the shop owns them."""
        return {sku: int(self.told(sku)["owns"].split()[0]) for sku in STOCK}

    def told(self, sku: str) -> dict[str, str]:
        """What `syncd explain` says of escrow."""
        assert 0 == self.syncd.run("explain", sku, "--json"), self.syncd.printed()
        (listing,) = json.loads(self.syncd.printed())["listings"]
        (lines,) = [part["lines"] for part in listing["sections"] if part["title"] == "Escrow"]
        return {line["label"]: line["value"] for line in lines}

    def _asked(self, query: str) -> list[tuple[str, int]]:
        with closing(sqlite3.connect(self.keeper.folder / "erp.db", timeout=30)) as table:
            return table.execute(query).fetchall()


@contextmanager
def two_tills(folder: Path, seed: int) -> Iterator[TwoTills]:
    """A shop in escrow that shows nothing yet, and a table that is written back."""
    with closing(sqlite3.connect(folder / "erp.db", isolation_level=None)) as owner:
        owner.execute("CREATE TABLE stock (sku text PRIMARY KEY, qty integer)")
        owner.executemany("INSERT INTO stock VALUES (?, ?)", list(STOCK.items()))
        owner.execute(BOOKED)
    products = [
        {"title": sku, "skus": [{"seller_sku": sku, "price": "9.00", "stock": 0}]} for sku in STOCK
    ]
    with shopkeeper_of(folder, {"products": products}) as keeper:
        given(keeper, DATABASE, {"erp": f"sqlite:///{folder / 'erp.db'}"})
        with (folder / "syncd.yaml").open("a") as config:
            config.write(ESCROW)
        yield TwoTills(keeper, Warm(keeper), random.Random(seed))


def sell_out(tills: TwoTills) -> None:
    """Cycles among buyers until nobody finds anything any more."""
    for _ in range(CYCLES):
        tills.cycle(buyers=20)
        tills.wait()
        if all(tills.sold(sku) >= units for sku, units in STOCK.items()):
            return


@pytest.mark.parametrize("seed", SEEDS)
def test_two_sides_that_sell_at_once_never_sell_more_than_there_is(
    tmp_path: Path, seed: int
) -> None:
    nothing = dict.fromkeys(STOCK, 0)
    with two_tills(tmp_path, seed) as tills:
        for _ in range(4):
            tills.cycle()
            tills.wait()
        shown, owned, left = tills.keeper.shown(), tills.owned(), tills.left()
        sell_out(tills)
        for _ in range(2):
            tills.cycle()
            tills.wait()

        assert {"S000": 4, "S001": 3, "S002": 0} == shown == owned
        assert STOCK == {sku: owned[sku] + left[sku] for sku in STOCK}
        assert STOCK == tills.most
        assert nothing == tills.left() == tills.keeper.shown()
        assert tills.shop == {**nothing, **tills.booked()}
        told = tills.told("S000")
        assert ("0 units", f"{tills.shop['S000']} units") == (told["owns"], told["sold"])
        assert tills.shop["S000"] > shown["S000"]
