"""syncd in the simulated world: the real engine, ledger and connector, run as the daemon runs them."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from pydantic import BaseModel, SecretStr

from syncd.domain.identity import ChannelName, SourceName
from syncd.domain.report import Report, SourceState
from syncd.domain.rules import ChannelRules, Draw, Limits, StockRule, Zero
from syncd.domain.stock import Basis, Expectations, Trust
from syncd.engine.cycle import Task, run_cycle
from syncd.engine.reconciling import reconcile
from syncd.engine.setup import ChannelSetup, EngineSetup, Mode, Silent, SourceSetup, Trigger
from syncd.ledger.store import SqlLedger, open_ledger_for_writing
from syncd.ports.channel import Channel, ChannelFactory
from syncd.ports.credentials import Secret
from syncd.ports.deliveries import Arrival
from syncd.ports.ledger import Lease
from syncd.ports.sandbox import Letter
from syncd.ports.wire import Wire
from syncd.simulation.designs import Design
from syncd.simulation.inline import Inline
from syncd.simulation.merchant_source import MerchantSource
from syncd.simulation.misfortune import Crash, Fate
from syncd.simulation.polling import Poll
from syncd.simulation.timeline import Timeline

SHOP = ChannelName("shop")
STOCK = SourceName("stock")
LOOKS = (0.5, 2.0)
LOOK_AGAIN = 5.0
RECONCILE_EVERY = 6 * 3_600.0
RESTARTS_AFTER = (1.0, 6.0)
"""Seconds from the death of the process until the next one works."""
KEY = bytes(range(32))


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """How the connector of the simulated shop is opened; `wire` None goes over real HTTP to the options' url."""

    factory: ChannelFactory
    options: BaseModel
    secret: SecretStr
    auth_code: str
    wire: Wire | None


class KnownSecret:
    """Credentials that answer the one secret there is."""

    def __init__(self, value: SecretStr) -> None:
        self._value = value

    def secret(self, reference: Secret) -> SecretStr:
        """The secret, whatever its name."""
        del reference
        return self._value


class KeptLease:
    """The right to write, held as long as the process lives, as the daemon does."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease

    def lease(self, channel: ChannelName) -> AbstractContextManager[Lease]:
        """The kept lease."""
        del channel
        self._lease.confirm()
        return nullcontext(self._lease)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alive:
    """One life of the process: what a crash takes away."""

    engine: EngineSetup
    ledger: SqlLedger
    channel: Channel
    closing: ExitStack


class Keeper:
    """Runs cycles when polls, hints and timers ask for them; dies and is born again."""

    def __init__(
        self, design: Design, folder: Path, timeline: Timeline, fate: Fate, source: MerchantSource,
        connection: Connection, told: Callable[[Report], None],
    ) -> None:  # fmt: skip
        self._design = design
        self._folder = folder
        self._timeline = timeline
        self._source = source
        self._connection = connection
        self._told = told
        self._dice = fate.dice("keeper")
        self.reading = Poll(every=design.source_every, phase=self._dice.uniform(0, design.source_every))
        self.publishing = Poll(every=design.orders_every, phase=self._dice.uniform(0, design.orders_every))
        self._reconciled_at = 0.0
        self.cycles = 0
        self._requests = 0
        self._alive: Alive | None = None

    def begin(self) -> None:
        """The first start: connect, and read both sides."""
        self._alive = self._born()
        self._alive.channel.connect(self._connection.auth_code)
        self._cycle(Task(trigger=Trigger.SERVICE, word="begin", sources=[STOCK], channels=[SHOP], send=True, looks=LOOKS))

    def serve(self, until: float) -> None:
        """Work until that moment."""
        time = self._timeline
        while time.time < until:
            poll = min((self.reading, self.publishing), key=lambda each: each.due(time.time))
            due = poll.due(time.time)
            if due > time.time:
                time.rest(min(due, until))
                continue
            try:
                if poll is self.reading:
                    self._read()
                else:
                    self._publish()
            except Crash:
                self._reborn()

    def close(self) -> None:
        if self._alive is not None:
            self._alive.closing.close()

    def _read(self) -> None:
        self.reading.ran(self._timeline.time)
        task = Task(trigger=Trigger.SERVICE, word="read stock", sources=[STOCK], channels=())
        (part,) = self._cycle(task).sources
        if part.state not in {SourceState.OK, SourceState.UNCHANGED}:
            self.reading.stir(self._timeline.time)
        if part.changed or part.missing:
            self.publishing.hinted = True

    def _publish(self) -> None:
        self.publishing.ran(self._timeline.time)
        ledger = self._alive.ledger
        task = Task(trigger=Trigger.SERVICE, word="publish shop", sources=(), channels=[SHOP], send=True, looks=LOOKS)
        waiting = ledger.waiting_deliveries(SHOP, 1000) if self._design.hooks else ()
        self._cycle(task)
        if waiting:
            ledger.settle_deliveries(SHOP, waiting[-1].number)
        if ledger.unresolved(SHOP):
            self.publishing.again_at = self._timeline.time + LOOK_AGAIN
        if ledger.dirty_count(SHOP):
            self.publishing.stir(self._timeline.time)

    def _cycle(self, task: Task) -> Report:
        self.cycles += 1
        report = run_cycle(self._alive.engine, task, lambda report: "")
        self._told(report)
        return report

    def take_letter(self, letter: Letter) -> bool:
        """A webhook of TikTok Shop arrives."""
        alive = self._alive
        if alive is None:
            return False
        delivery = alive.channel.parse_delivery(letter.headers, letter.body)
        alive.ledger.record_deliveries([Arrival(receiver=SHOP, delivery=delivery, received_at=self._timeline.now())])
        self.publishing.hinted = True
        self._timeline.wake()
        return True

    def take_hint(self) -> bool:
        """The merchant's shop says that stock moved."""
        if self._alive is None:
            return False
        self.reading.hinted = True
        self._timeline.wake()
        return True

    def _reborn(self) -> None:
        alive, self._alive = self._alive, None
        alive.closing.close()
        self._timeline.sleep(self._dice.uniform(*RESTARTS_AFTER))
        self._alive = self._born()
        self.reading.hinted = self.publishing.hinted = True

    def _born(self) -> Alive:
        clock = self._timeline
        with ExitStack() as stack:
            ledger = stack.enter_context(open_ledger_for_writing(f"sqlite:///{self._folder}/ledger.db", clock))
            connection = self._connection
            channel = stack.enter_context(
                connection.factory.open(
                    SHOP, connection.options, folder=self._folder, credentials=KnownSecret(connection.secret),
                    tokens=ledger.tokens(lambda: [KEY]), facts=ledger.facts(), clock=clock, wire=connection.wire,
                )
            )
            lease = stack.enter_context(ledger.lease(SHOP))
            return Alive(engine=self._engine(ledger, channel, lease), ledger=ledger, channel=channel, closing=stack.pop_all())

    def _engine(self, ledger: SqlLedger, channel: Channel, lease: Lease) -> EngineSetup:
        design = self._design
        rules = ChannelRules(
            channel=SHOP, stock=StockRule(draws=(Draw(source=STOCK),), safety=design.safety), price=None, warehouses={},
            orders_go_to=None, aliases={}, overrides=(), limits=Limits(), zero=Zero.SEND, origins={}, fingerprint=design.name,
        )
        source = SourceSetup(
            name=STOCK, source=self._source, trust=Trust(stale_after=timedelta(hours=1), dead_after=timedelta(days=2)),
            expectations=Expectations(), orders=design.orders, basis=Basis.AVAILABLE, every=timedelta(seconds=design.source_every),
        )
        setup = ChannelSetup(name=SHOP, channel=channel, rules=rules, reconcile_every=timedelta(seconds=RECONCILE_EVERY), orders_every=timedelta(seconds=design.orders_every))
        return EngineSetup(
            ledger=ledger, clock=self._timeline, mode=Mode.APPLY, sources={STOCK: source}, channels={SHOP: setup},
            rules={SHOP: rules}, progress=Silent(), leases=KeptLease(lease), workers=Inline,
        )
