"""A merchant's day around syncd: stock and prices move, buyers buy and cancel; and what must be shown then."""

import os
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.process.conftest import Shopkeeper, shopkeeper_of
from tests.process.forking import Forked, forks

NAIVE = ("--naive",)
"""The flags of a syncd that records what it sends only afterwards."""
IN_TURN = ("--in-turn",)
"""The flags of a syncd that sends by one thread, so that all its calls can be counted."""
TERMS = """\
    reconcile_every: 1h
    limits: {changed: 100%, to_zero: 100%, price_moved: 100%, at_least: 100000}
    price: {currency: USD, floor: 1.00, ceiling: 900, max_move: 1000%}
"""
FAULTS = (
    {"kind": "refuse", "match": "/update", "probability": 0.03},
    {"kind": "code", "code": 36009002, "probability": 0.02},
    {"kind": "timeout_after_commit", "match": "/update", "probability": 0.04, "seconds": 0.05},
    {"kind": "slow", "match": "/update", "probability": 0.8, "seconds": 0.3},
)
"""What the shop does now and then: refuses, throttles, and does the work without an answer.

Else it mostly answers late, so that many moments lie between what it did and what is known of it.
"""


class Warm:
    """Runs one command at a time in the merchant's folder, forked off a warmed-up process."""

    def __init__(self, keeper: Shopkeeper, *flags: str) -> None:
        self._keeper = keeper
        self._forks = forks(*flags)
        self.log = keeper.folder / "warm.log"
        self._command: Forked | None = None

    @property
    def server(self) -> int:
        """The process that commands are forked off."""
        return self._forks.process.pid

    def start(self, *arguments: str) -> int:
        """Begin a command; its process id."""
        with self.log.open("wb", buffering=0) as log:
            self._command = self._forks.start(
                "--config", "syncd.yaml", *arguments, cwd=self._keeper.folder,
                environment=self._keeper.environment, stdout=log.fileno(), stderr=log.fileno(),
            )  # fmt: skip
        return self._command.pid

    def ended(self) -> int:
        """Wait for the end; exit code, or minus the signal that killed it."""
        assert self._command is not None
        return self._command.wait()

    def run(self, *arguments: str) -> int:
        """Run a command to its end."""
        self.start(*arguments)
        return self.ended()

    def printed(self) -> str:
        """What the last command printed."""
        return self.log.read_text()


@dataclass
class World:
    """What is true: units on the shelf, prices, and the orders that still lie there."""

    keeper: Shopkeeper
    warm: Warm
    dice: random.Random
    on_hand: dict[str, int]
    cents: dict[str, int]
    orders: dict[str, tuple[str, int]] = field(default_factory=dict)
    bought: dict[str, tuple[str, int]] = field(default_factory=dict)

    def wish(self) -> dict[str, tuple[int, str]]:
        """What every listing must show in the end: quantity and price."""
        return {
            sku: (max(0, units - self._promised(sku)), f"{self.cents[sku] / 100:.2f}")
            for sku, units in self.on_hand.items()
        }

    def export(self) -> None:
        """Write the stock file as an ERP does: aside, then in one stroke."""
        rows = "".join(
            f"{sku},{units},{self.cents[sku] / 100:.2f}\n" for sku, units in self.on_hand.items()
        )
        aside = self.keeper.folder / "stock.tmp"
        aside.write_text(f"sku,quantity,price\n{rows}")
        aside.rename(self.keeper.folder / "stock.csv")

    def move(self, moves: int) -> None:
        """Something happens."""
        for _ in range(moves):
            what = self.dice.choice(
                (self._restock, self._reprice, self._buy, self._buy, self._cancel)
            )
            what()
        self.export()

    def stir(self, moves: int) -> None:
        """Something happens, and two listings get other numbers, so that every cycle has writes to send."""
        self.move(moves)
        for sku in self.dice.sample(sorted(self.on_hand), 2):
            now = self.on_hand[sku] - self._promised(sku)
            units = self.dice.choice([units for units in range(1, 60) if units != now])
            self.on_hand[sku] = self._promised(sku) + units
            self.cents[sku] += self.dice.choice((-100, 100) if self.cents[sku] > 500 else (100,))
        self.export()

    def _promised(self, sku: str) -> int:
        return sum(units for ordered, units in self.orders.values() if ordered == sku)

    def _sku(self) -> str:
        return self.dice.choice(sorted(self.on_hand))

    def _restock(self) -> None:
        """Seldom less than is promised: where nothing can be bought, nothing happens any more."""
        sku = self._sku()
        self.on_hand[sku] = max(0, self._promised(sku) + self.dice.randrange(-3, 60))

    def _reprice(self) -> None:
        self.cents[self._sku()] = self.dice.randrange(500, 2_500)

    def _buy(self) -> None:
        shown = self.keeper.shown()
        sku = self._sku()
        if shown[sku]:
            units = self.dice.randint(1, min(3, shown[sku]))
            made = self.keeper.control.post(
                "orders", seller_sku=sku, units=units, status="AWAITING_SHIPMENT"
            )
            self.orders[str(made["id"])] = self.bought[str(made["id"])] = (sku, units)

    def _cancel(self) -> None:
        if self.orders:
            order = self.dice.choice(sorted(self.orders))
            self.keeper.control.post(f"orders/{order}/status", status="CANCELLED")
            del self.orders[order]

    def misbehave(self) -> None:
        """The shop has a bad day."""
        self.keeper.control.post("faults", faults=list(FAULTS))

    def behave(self) -> None:
        """The shop has a good day again."""
        self.keeper.control.delete("faults")

    def kill_at_random(self, longest: float, *arguments: str) -> bool:
        """Start a command and kill it after a random time; whether it was still running."""
        pid = self.warm.start(*arguments)
        time.sleep(self.dice.uniform(0.0, longest))
        with suppress(ProcessLookupError):
            os.kill(pid, 9)
        return self.warm.ended() == -9

    def quieten(self, tries: int = 6) -> Sequence[int]:
        """Let syncd run undisturbed until it has nothing left to say; the exit codes."""
        self.behave()
        codes = []
        for _ in range(tries):
            codes.append(self.warm.run("apply", "--json"))
            if codes[-1] == 0:
                break
        return codes


@contextmanager
def world_of(
    folder: Path, skus: int, seed: int, *flags: str, server: Sequence[str] = (), each: int = 2
) -> Iterator[World]:
    """A connected shop whose products have two (`each`) SKUs each, and a warmed-up syncd of such flags."""
    names = [f"S{number:03}" for number in range(skus)]
    stock = [{"seller_sku": name, "price": "9.00", "stock": 10} for name in names]
    products = [
        {"title": f"p{start}", "skus": stock[start : start + each]}
        for start in range(0, skus, each)
    ]
    with shopkeeper_of(folder, {"products": products}, *flags) as keeper:
        path = folder / "syncd.yaml"
        text = path.read_text().replace("settle: 0s,", "settle: 0s, export_takes: 0s,")
        path.write_text(text + TERMS)
        world = World(
            keeper=keeper, warm=Warm(keeper, *server), dice=random.Random(seed),
            on_hand=dict.fromkeys(names, 10), cents=dict.fromkeys(names, 900),
        )  # fmt: skip
        world.export()
        yield world
