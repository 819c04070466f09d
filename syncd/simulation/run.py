"""One run: a design in a scenario from a seed, from the first buyer to the last rest, with its measures."""

import json
import shutil
import tempfile
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path

from pydantic import SecretStr

from syncd.domain.orders import OrdersMode
from syncd.ports.channel import ChannelFactory
from syncd.ports.sandbox import SandboxOptions, ShopSimulator, SimulatedShop
from syncd.ports.wire import Wire
from syncd.simulation.bookkeeper import Bookkeeper
from syncd.simulation.books import Books, EscrowBooks
from syncd.simulation.checking import Checks
from syncd.simulation.delays import Delays
from syncd.simulation.demand import DAY, REST, SCENARIOS, Demand, demand
from syncd.simulation.designs import DESIGNS
from syncd.simulation.keeper import Keeper
from syncd.simulation.laws import Broken
from syncd.simulation.line import Line
from syncd.simulation.merchant_source import MerchantSource, WritableMerchantSource, stock_note
from syncd.simulation.misfortune import USUAL, Crashes, Fate, Misfortune
from syncd.simulation.post import Post
from syncd.simulation.process import STOCK, Connection
from syncd.simulation.tally import Tally
from syncd.simulation.timeline import Timeline
from syncd.simulation.trace import Trace
from syncd.simulation.typical_app import TypicalApp
from syncd.simulation.world import World, opening_stock

SHOP_RATE = 20.0
"""Requests per second that the simulated shop takes; the connector is not told."""
FIRST_SKU_ID = 1_729_592_969_712_400_000
WAREHOUSE = {"id": "7068517275539719942", "name": "Main"}
NOWHERE = "http://shop.invalid"
FIRST_LOOK, LAST_LOOK = REST[0] + 35 * 60, REST[1] - 60
"""When it is quiet long enough, every day; and when again if something was still wrong."""
MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
"""Where a ledger costs no writes to a disk, if the machine has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What is run. The last four cut a run down: only these SKUs and buyers, until a moment."""

    seed: int
    scenario: str
    design: str
    orders: int = 2_000
    skus: int = 300
    misfortune: Misfortune = USUAL
    lines: bool = False
    only_skus: frozenset[str] | None = None
    only_buyers: frozenset[int] | None = None
    until: float | None = None

    def demand(self) -> Demand:
        """Its buyers."""
        whole = demand(self.seed, SCENARIOS[self.scenario], self.skus, self.orders)
        skus, numbers = self.only_skus, self.only_buyers
        end = whole.end if self.until is None else self.until
        return Demand(
            articles=[each for each in whole.articles if skus is None or each.sku in skus],
            buyers=[
                each for each in whole.buyers
                if (skus is None or each.sku in skus)
                and (numbers is None or each.number in numbers) and each.at < end
            ],
            end=end,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A law that was broken, how, and when in simulated seconds."""

    law: str
    how: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run came to; `lines` where the trial asked for them."""

    trial: Trial
    days: float
    tally: Tally
    digest: str
    failure: Failure | None
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The connector that is tried and the shop it talks to.

    `serving` puts real HTTP between them: the address where a wire can be reached while its context is open.
    """

    channels: ChannelFactory
    shops: ShopSimulator
    serving: Callable[[Wire], AbstractContextManager[str]] | None = None


def run(trial: Trial, parts: Parts) -> Outcome:
    """Run it to its end, or to the first broken law."""
    folder = Path(tempfile.mkdtemp(prefix="syncd-world-", dir=MEMORY if MEMORY.is_dir() else None))
    try:
        return _Run(trial, parts, folder).outcome()
    finally:
        shutil.rmtree(folder)


class _Run:
    """The parts of one run, plugged together."""

    def __init__(self, trial: Trial, parts: Parts, folder: Path) -> None:
        self._trial = trial
        self._parts = parts
        self._folder = folder
        self._design = DESIGNS[trial.design]
        self._demand = trial.demand()
        self._timeline = Timeline()
        self._trace = Trace(self._timeline, kept=trial.lines)
        self._fate = Fate(trial.seed, trial.misfortune)
        self._crashes = Crashes(self._fate, lambda: self._timeline.time)
        stock = opening_stock(trial.seed, self._demand.articles)
        self._skus = {str(FIRST_SKU_ID + n): sku for n, sku in enumerate(stock)}
        self._shop = self._opened_shop(stock)
        self._books = EscrowBooks() if self._design.escrow else Books()
        self._world = World(
            self._demand, self._shop, stock, self._timeline, self._trace, self._books
        )

    def outcome(self) -> Outcome:
        """Run."""
        failure: Failure | None = None
        try:
            if self._design.imports_every is not None:
                Bookkeeper(self._world, self._design.imports_every).begin()
            if self._design.syncd:
                self._with_syncd()
            else:
                self._with_an_app()
        except Broken as broken:
            failure = Failure(law=str(broken.law), how=broken.how, at=broken.at)
        return Outcome(
            trial=self._trial, days=self._demand.end / DAY, tally=self._world.tally,
            digest=self._trace.digest(), failure=failure, lines=tuple(self._trace.lines or ()),
        )  # fmt: skip

    def _opened_shop(self, stock: Mapping[str, int]) -> SimulatedShop:
        """The simulated TikTok Shop, which shows at first what is on the shelf, or in escrow nothing."""
        seed = self._folder / "seed.json"
        shown: Mapping[str, int] = {} if self._design.escrow else stock
        products = [
            {"title": sku, "skus": [{"id": number, "seller_sku": sku, "stock": shown.get(sku, 0)}]}
            for number, sku in self._skus.items()
        ]
        seed.write_text(json.dumps({"warehouses": [WAREHOUSE], "products": products}))
        options = SandboxOptions(seed=seed, rate=SHOP_RATE)
        return self._parts.shops.simulate(options, self._timeline.unix)

    def _with_an_app(self) -> None:
        app = TypicalApp(self._design, self._world, self._timeline, self._fate)
        app.begin()
        self._timeline.rest(self._demand.end)
        self._world.tally.requests = app.requests

    def _with_syncd(self) -> None:
        written = self._design.orders.mode is OrdersMode.WRITE_BACK
        source_of = WritableMerchantSource if written else MerchantSource
        source = source_of(STOCK, self._world, self._fate, self._crashes)
        line = Line(self._shop.wire, self._timeline, self._fate, self._crashes)
        serving = self._parts.serving
        with nullcontext(NOWHERE) if serving is None else serving(line.carry) as url:
            wire = line.carry if serving is None else None
            delays = Delays(self._timeline, self._world.tally)
            keeper = Keeper(
                self._design, self._folder, self._timeline, self._fate, self._trace, source,
                self._connection(url, wire), delays.told,
            )  # fmt: skip
            checks = Checks(self._design, self._world, self._books, keeper, self._skus, self._trace)
            line.arrived = checks.arrived
            self._world.changed = delays.changed
            self._announce(keeper)
            try:
                self._live(keeper, checks)
            finally:
                self._count(keeper, source, line)
                keeper.close()

    def _connection(self, url: str, wire: Wire | None) -> Connection:
        told = self._shop.description()
        options = self._parts.channels.options_model.model_validate(
            {
                "app_key": told["app_key"], "app_secret": {"credential": "app_secret"},
                "api_url": url, "auth_url": url,
            }
        )  # fmt: skip
        return Connection(
            factory=self._parts.channels, options=options, secret=SecretStr(told["app_secret"]),
            auth_code=told["auth_code"], wire=wire,
        )  # fmt: skip

    def _announce(self, keeper: Keeper) -> None:
        """Who is told what: polls that would find something, and webhooks where the design has them."""
        post = Post(self._timeline, self._fate)
        hooks = self._design.hooks

        notes = count(1)

        def stock_moved(sku: str) -> None:
            keeper.stir(keeper.reading)
            if hooks:
                note = stock_note(sku, next(notes), self._timeline.now())
                post.send(partial(keeper.take_note, note))

        def orders_moved() -> None:
            keeper.stir(keeper.publishing)
            for letter in self._shop.letters():
                if hooks:
                    post.send(partial(keeper.take_letter, letter))

        self._world.stock_moved = stock_moved
        self._world.orders_moved = orders_moved

    def _live(self, keeper: Keeper, checks: Checks) -> None:
        """Day after day, with a look at every rest; then the last rest."""
        keeper.begin()
        day = 0
        while day * DAY <= self._demand.end:
            keeper.serve(day * DAY + FIRST_LOOK)
            if checks.at_rest() is not None:
                keeper.serve(day * DAY + LAST_LOOK)
                broken = checks.at_rest()
                if broken is not None:
                    raise broken
            day += 1
        checks.at_the_end()

    def _count(self, keeper: Keeper, source: MerchantSource, line: Line) -> None:
        """What is not counted as it happens; polls that were not made count as if they had been."""
        tally = self._world.tally
        tally.requests = line.requests + keeper.publishing.skipped
        tally.reads = source.calls + keeper.reading.skipped
        tally.bookings = source.bookings
        tally.cycles = keeper.cycles
        tally.crashes = self._crashes.count
