"""The parts of a simulated world, plugged together: buyers, both shops, the line between them, and syncd."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path

from pydantic import SecretStr

from syncd.domain.orders import OrdersMode
from syncd.ports.channel import ChannelFactory
from syncd.ports.sandbox import SandboxOptions, ShopSimulator, SimulatedShop
from syncd.ports.wire import Wire
from syncd.simulation.books import Books, EscrowBooks
from syncd.simulation.checking import Checks
from syncd.simulation.delays import Delays
from syncd.simulation.demand import Demand
from syncd.simulation.designs import Design
from syncd.simulation.keeper import Keeper
from syncd.simulation.line import Line
from syncd.simulation.machine import Machine
from syncd.simulation.merchant_source import MerchantSource, WritableMerchantSource, stock_note
from syncd.simulation.misfortune import MIDDLES, Crashes, Fate
from syncd.simulation.post import Post
from syncd.simulation.process import STOCK, Connection
from syncd.simulation.timeline import Timeline
from syncd.simulation.trace import Trace
from syncd.simulation.world import World, opening_stock

SHOP_RATE = 20.0
"""Requests per second that the simulated shop takes; the connector is not told."""
FIRST_SKU_ID = 1_729_592_969_712_400_000
WAREHOUSE = {"id": "7068517275539719942", "name": "Main"}
NOWHERE = "http://shop.invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The connector that is tried and the shop it talks to.

    `serving` puts real HTTP between them: the address where a wire can be reached while its context is open.
    """

    channels: ChannelFactory
    shops: ShopSimulator
    serving: Callable[[Wire], AbstractContextManager[str]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """What is played: a design, its buyers, what goes wrong; from which seed; whether its lines are kept."""

    design: Design
    demand: Demand
    seed: int
    fate: Fate
    lines: bool = False
    machine: Callable[[Timeline, Crashes], Machine] = Machine
    crash_within: int = MIDDLES
    """Moments of danger within which a crash that is due strikes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """Syncd in the world: who keeps it going, what it talks to, and who watches it."""

    keeper: Keeper
    source: MerchantSource
    line: Line
    checks: Checks
    connection: Connection


class Stage:
    """A world that waits for its first moment."""

    def __init__(self, plot: Plot, parts: Parts, folder: Path) -> None:
        self._plot = plot
        self._parts = parts
        self._folder = folder
        self.timeline = Timeline()
        self.trace = Trace(self.timeline, kept=plot.lines)
        self.crashes = Crashes(plot.fate, lambda: self.timeline.time, plot.crash_within)
        self.machine = plot.machine(self.timeline, self.crashes)
        stock = opening_stock(plot.seed, plot.demand.articles)
        self.skus = {str(FIRST_SKU_ID + n): sku for n, sku in enumerate(stock)}
        self.shop = self._opened_shop(stock)
        self.books = EscrowBooks() if plot.design.escrow else Books()
        self.world = World(plot.demand, self.shop, stock, self.timeline, self.trace, self.books)

    @contextmanager
    def syncd(self) -> Iterator[Cast]:
        """Syncd, not begun yet; whatever life it has at the end is ended."""
        plot = self._plot
        written = plot.design.orders.mode is OrdersMode.WRITE_BACK
        source_of = WritableMerchantSource if written else MerchantSource
        source = source_of(STOCK, self.world, plot.fate, self.crashes)
        line = Line(self.shop.wire, self.timeline, plot.fate, self.crashes)
        serving = self._parts.serving
        with nullcontext(NOWHERE) if serving is None else serving(line.carry) as url:
            wire = line.carry if serving is None else None
            delays = Delays(self.timeline, self.world.tally)
            connection = self._connection(url, wire)
            keeper = Keeper(
                plot.design, self._folder, self.machine, plot.fate, self.trace, source,
                connection, delays.told,
            )  # fmt: skip
            checks = Checks(plot.design, self.world, self.books, keeper, self.skus, self.trace)
            line.arrived = checks.arrived
            self.world.changed = delays.changed
            self._announce(keeper)
            try:
                yield Cast(
                    keeper=keeper, source=source, line=line, checks=checks, connection=connection
                )
            finally:
                keeper.close()

    def _opened_shop(self, stock: Mapping[str, int]) -> SimulatedShop:
        """The simulated TikTok Shop, which shows at first what it may sell of the shelf; in escrow nothing.

        Were it more, the first plan would lower every listing, and a guard hold it for a person.
        """
        seed = self._folder / "seed.json"
        design = self._plot.design
        shown = {
            sku: max(0, units - design.safety) for sku, units in stock.items() if not design.escrow
        }
        products = [
            {"title": sku, "skus": [{"id": number, "seller_sku": sku, "stock": shown.get(sku, 0)}]}
            for number, sku in self.skus.items()
        ]
        seed.write_text(json.dumps({"warehouses": [WAREHOUSE], "products": products}))
        options = SandboxOptions(seed=seed, rate=SHOP_RATE)
        return self._parts.shops.simulate(options, self.timeline.unix)

    def _connection(self, url: str, wire: Wire | None) -> Connection:
        told = self.shop.description()
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
        post = Post(self.timeline, self._plot.fate)
        hooks = self._plot.design.hooks

        notes = count(1)

        def stock_moved(sku: str) -> None:
            keeper.stir(keeper.reading)
            if hooks:
                note = stock_note(sku, next(notes), self.timeline.now())
                post.send(partial(keeper.take_note, note))

        def orders_moved() -> None:
            keeper.stir(keeper.publishing)
            for letter in self.shop.letters():
                if hooks:
                    post.send(partial(keeper.take_letter, letter))

        self.world.stock_moved = stock_moved
        self.world.orders_moved = orders_moved
