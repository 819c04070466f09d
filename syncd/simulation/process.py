"""One life of the simulated process: its ledger, connector and engine as the service opens them."""

from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from pydantic import BaseModel, SecretStr

from syncd.domain.identity import ChannelName, SourceName
from syncd.domain.rules import (
    Adaptive,
    Allocation,
    ChannelRules,
    Draw,
    Limits,
    PriceRule,
    StockRule,
    Zero,
)
from syncd.domain.stock import Basis, Expectations, Trust
from syncd.engine.setup import ChannelSetup, EngineSetup, Mode, Silent, SourceSetup
from syncd.ledger.store import SqlLedger, open_ledger_for_writing
from syncd.ports.channel import Channel, ChannelFactory
from syncd.ports.clock import Clock
from syncd.ports.credentials import Secret
from syncd.ports.ledger import Lease
from syncd.ports.source import Source
from syncd.ports.wire import Wire
from syncd.simulation.designs import Design
from syncd.simulation.inline import Inline

SHOP = ChannelName("shop")
STOCK = SourceName("stock")
RECONCILE_EVERY = timedelta(hours=6)
TRUST = Trust(stale_after=timedelta(hours=1), dead_after=timedelta(days=2))
HALF = Decimal("0.5")
"""What a channel in escrow owns beside one other seller, the merchant's own shop."""
PRICE = PriceRule(source=STOCK, floor=Decimal("1.00"))
KEY = bytes(range(32))
"""Encrypts the tokens of a shop that does not exist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """How the simulated shop is reached; without a `wire` over real HTTP at the address in the options."""

    factory: ChannelFactory
    options: BaseModel
    secret: SecretStr
    auth_code: str
    wire: Wire | None


class OneSecret:
    """Credentials that answer the one secret there is."""

    def __init__(self, value: SecretStr) -> None:
        self._value = value

    def secret(self, reference: Secret) -> SecretStr:
        """The secret, whatever its name."""
        del reference
        return self._value


class KeptLease:
    """The right to write, held for as long as the process lives, as the daemon does."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease

    def lease(self, channel: ChannelName) -> AbstractContextManager[Lease]:
        """The kept lease, proved anew."""
        del channel
        self._lease.confirm()
        return nullcontext(self._lease)


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """All that a crash takes away."""

    engine: EngineSetup
    ledger: SqlLedger
    channel: Channel
    closing: ExitStack


def started(
    design: Design, folder: Path, clock: Clock, source: Source, connection: Connection
) -> Process:
    """A process that works on the ledger in this folder."""
    with ExitStack() as stack:
        ledger = stack.enter_context(
            open_ledger_for_writing(f"sqlite:///{folder / 'ledger.db'}", clock)
        )
        channel = stack.enter_context(
            connection.factory.open(
                SHOP, connection.options, folder=folder,
                credentials=OneSecret(connection.secret), tokens=ledger.tokens(lambda: [KEY]),
                facts=ledger.facts(), clock=clock, wire=connection.wire,
            )
        )  # fmt: skip
        lease = KeptLease(stack.enter_context(ledger.lease(SHOP)))
        engine = EngineSetup(
            ledger=ledger, clock=clock, mode=Mode.APPLY,
            sources={STOCK: _source(design, source)}, channels={SHOP: _channel(design, channel)},
            rules={SHOP: _rules(design)}, progress=Silent(), leases=lease, workers=Inline,
        )  # fmt: skip
        return Process(engine=engine, ledger=ledger, channel=channel, closing=stack.pop_all())


def _rules(design: Design) -> ChannelRules:
    return ChannelRules(
        channel=SHOP,
        stock=StockRule(
            draws=(Draw(source=STOCK),), safety=design.safety,
            adaptive=Adaptive() if design.adaptive else None,
            share=HALF if design.escrow else Decimal(1),
        ),
        allocation=Allocation.ESCROW if design.escrow else Allocation.POOL,
        price=PRICE if design.prices else None, warehouses={}, orders_go_to=None,
        aliases={}, overrides=(), limits=Limits(),
        zero=Zero.SEND, origins={}, fingerprint=design.name,
    )  # fmt: skip


def _source(design: Design, source: Source) -> SourceSetup:
    return SourceSetup(
        name=STOCK, source=source, trust=TRUST, expectations=Expectations(),
        orders=design.orders, basis=Basis.AVAILABLE,
        every=timedelta(seconds=design.source_every),
    )  # fmt: skip


def _channel(design: Design, channel: Channel) -> ChannelSetup:
    return ChannelSetup(
        name=SHOP, channel=channel, rules=_rules(design), reconcile_every=RECONCILE_EVERY,
        orders_every=timedelta(seconds=design.orders_every),
    )  # fmt: skip
