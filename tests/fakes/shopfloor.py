"""A whole small world for tests of the engine: sources, one shop, a real ledger on disk, a clock."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from syncd.domain.identity import ChannelName, LocationName, Place, Sku, SourceName, WarehouseId
from syncd.domain.orders import OrdersMode, OrdersPolicy
from syncd.domain.report import ChannelReport, Report
from syncd.domain.rules import (
    ChannelRules,
    Component,
    Draw,
    Limits,
    PriceRule,
    RuleOverride,
    StockRule,
    Zero,
)
from syncd.domain.stock import Basis, Expectations, MissingPolicy, Trust
from syncd.engine.cycle import Task, run_cycle
from syncd.engine.setup import ChannelSetup, EngineSetup, Mode, Silent, SourceSetup, Trigger
from syncd.engine.verifying import LOOKS
from syncd.ledger.store import SqlLedger
from syncd.ports.source import Source
from tests.fakes.clock import FakeClock
from tests.fakes.ledgers import ledger_at
from tests.fakes.memory_channel import MemoryChannel
from tests.fakes.memory_source import MemorySource

SHOP = ChannelName("shop")
STOCK = SourceName("stock")
UNLIMITED = Limits(changed=Decimal(1), to_zero=Decimal(1), price_moved=Decimal(1), at_least=1000)


def shipment(delay: timedelta = timedelta(0)) -> OrdersPolicy:
    """`orders: on_shipment within D`."""
    return OrdersPolicy(mode=OrdersMode.ON_SHIPMENT, delay=delay)


def within(delay: timedelta) -> OrdersPolicy:
    """`orders: within D`."""
    return OrdersPolicy(mode=OrdersMode.WITHIN, delay=delay)


@dataclass
class Shopfloor:
    """Everything a cycle needs; tests change its parts and call `cycle`."""

    folder: Path
    clock: FakeClock = field(default_factory=FakeClock)
    orders: OrdersPolicy = field(default_factory=shipment)
    basis: Basis = Basis.ON_HAND
    stock: StockRule = field(default_factory=lambda: StockRule(draws=(Draw(source=STOCK),)))
    price: PriceRule | None = None
    overrides: tuple[RuleOverride, ...] = ()
    warehouses: Mapping[str, WarehouseId] = field(default_factory=dict)
    orders_go_to: Place | None = None
    limits: Limits = UNLIMITED
    zero: Zero = Zero.SEND
    mode: Mode = Mode.APPLY
    trust: Trust = field(
        default_factory=lambda: Trust(
            stale_after=timedelta(days=30), dead_after=timedelta(days=60),
            missing=MissingPolicy(),
        )
    )  # fmt: skip
    expectations: Expectations = field(default_factory=Expectations)
    more_sources: dict[SourceName, tuple[MemorySource, OrdersPolicy, Basis]] = field(
        default_factory=dict
    )

    stock_file: Source | None = None
    """What to read in place of the source in memory."""

    def __post_init__(self) -> None:
        self.ledger: SqlLedger = ledger_at(self.folder / "ledger.db", self.clock)
        self.source = MemorySource(STOCK, self.clock.now())
        self.shop = MemoryChannel(SHOP, self.clock)
        self.tags = 0

    def rules(self) -> ChannelRules:
        """The present mapping; its fingerprint follows its content."""
        content = repr((self.stock, self.price, self.overrides, dict(self.warehouses)))
        return ChannelRules(
            channel=SHOP, stock=self.stock, price=self.price, warehouses=self.warehouses,
            orders_go_to=self.orders_go_to, aliases={}, overrides=self.overrides,
            limits=self.limits, zero=self.zero, origins={}, fingerprint=content,
        )  # fmt: skip

    def engine(self) -> EngineSetup:
        """The setup of one cycle."""
        rules = self.rules()
        sources = {STOCK: self._source(self.stock_file or self.source, self.orders, self.basis)}
        for name, (source, policy, basis) in self.more_sources.items():
            sources[name] = self._source(source, policy, basis)
        setup = ChannelSetup(
            name=SHOP, channel=self.shop, rules=rules, reconcile_every=timedelta(hours=1)
        )
        return EngineSetup(
            ledger=self.ledger, clock=self.clock, mode=self.mode, sources=sources,
            channels={SHOP: setup}, rules={SHOP: rules}, progress=Silent(),
        )  # fmt: skip

    def _source(self, source: Source, policy: OrdersPolicy, basis: Basis) -> SourceSetup:
        return SourceSetup(
            name=source.name, source=source, trust=self.trust, expectations=self.expectations,
            orders=policy, basis=basis, every=timedelta(minutes=15),
        )  # fmt: skip

    def cycle(
        self, *, send: bool = True, only: Sequence[str] | None = None,
        trigger: Trigger = Trigger.BY_HAND, looks: Sequence[float] = LOOKS,
    ) -> Report:  # fmt: skip
        """Run one cycle over everything."""
        engine = self.engine()
        skus = None if only is None else [Sku(sku) for sku in only]
        task = Task(
            trigger=trigger, word="test", sources=list(engine.sources), channels=[SHOP],
            only=skus, send=send, looks=looks,
        )  # fmt: skip
        return run_cycle(engine, task, lambda report: report.status().value)

    def apply(self) -> ChannelReport:
        """One cycle that sends; the channel's part of the report."""
        return self.cycle().channels[0]

    def read_at(self, hour: str) -> None:
        """The source's reading speaks up to this time of the day."""
        self.source.as_of = self.clock.at(hour)

    def now_is(self, hour: str) -> None:
        """Move the clock forward to this time of the day."""
        self.clock.advance((self.clock.at(hour) - self.clock.now()).total_seconds())

    def close(self) -> None:
        """Close the ledger."""
        self.ledger.close()


def open_floor(folder: Path) -> AbstractContextManager[Shopfloor]:
    """A floor that is closed on leaving."""
    from contextlib import closing

    return closing(Shopfloor(folder))


def kit(match: str, **components: int) -> RuleOverride:
    """`{match: …, kit: {…}}`; `_` stands for `-` in component names."""
    parts = tuple(
        Component(sku=Sku(sku.replace("_", "-")), need=need) for sku, need in components.items()
    )
    return RuleOverride(match=match, origin="test.yaml:1", kit=parts)


def pack(match: str, of: str, units: int) -> RuleOverride:
    """`{match: …, of: …, units: n}`."""
    return RuleOverride(match=match, origin="test.yaml:1", of=Sku(of), units=units)


def at(location: str, source: str = "stock") -> Place:
    """A place."""
    return Place(SourceName(source), LocationName(location))
