"""syncd in the simulated world: cycles when polls, hints and timers ask for them, as the daemon runs them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import partial
from pathlib import Path

from syncd.domain.errors import ChannelError
from syncd.domain.outcome import Verdict
from syncd.domain.report import ChannelReport, Report, SourceState
from syncd.engine.cycle import Task, run_cycle
from syncd.engine.ordering import poll_orders
from syncd.engine.reconciling import reconcile
from syncd.engine.setup import Trigger
from syncd.ports.deliveries import Arrival, Delivery, Receipt
from syncd.ports.ledger import Ledger
from syncd.ports.sandbox import Letter
from syncd.settings.surroundings import Retention
from syncd.simulation.designs import Design
from syncd.simulation.machine import Machine
from syncd.simulation.merchant_source import MerchantSource
from syncd.simulation.misfortune import Crash, Fate
from syncd.simulation.polling import NEVER, Poll
from syncd.simulation.process import (
    RECONCILE_EVERY,
    SHOP,
    STOCK,
    Connection,
    Process,
    started,
)
from syncd.simulation.trace import Trace

LOOKS = (0.5, 2.0)
LOOK_AGAIN = 5.0
LATE_ORDERS = 3.0
AT_LEAST = 1.0
AFTERWARDS = 2.0
SELDOM = 1e9
TIDY_FIRST, TIDY_EVERY = 60.0, 86_400.0
"""Seconds after its start at which a daemon forgets what is old, and until it does so again."""
RESTARTS_AFTER = (1.0, 6.0)
"""Seconds from the death of the process until the next one works."""
MOST_DELIVERIES = 1_000
_WRITTEN = frozenset({Verdict.VERIFIED, Verdict.ACCEPTED, Verdict.CONTRADICTED, Verdict.UNKNOWN})


def unwritten(report: Report) -> str:
    """The record of a run that nobody will read."""
    return report.status().value


class Keeper:
    """Reads the source, publishes and reconciles, one thing at a time; dies and is born again."""

    def __init__(
        self, design: Design, folder: Path, machine: Machine, fate: Fate,
        trace: Trace, source: MerchantSource, connection: Connection,
        told: Callable[[Report, Ledger], None],
    ) -> None:  # fmt: skip
        self._design = design
        self._folder = folder
        self._machine = machine
        self._timeline = machine.timeline
        self._trace = trace
        self._source = source
        self._connection = connection
        self._told = told
        self._dice = fate.dice("keeper")
        phases = [self._dice.random() for _ in range(3)]
        every = design.source_every, design.orders_every, RECONCILE_EVERY.total_seconds()
        self.reading, self.publishing, self._reconciling = (
            Poll(every=span, phase=span * phase) for span, phase in zip(every, phases, strict=True)
        )
        self._late = Poll(every=SELDOM, phase=SELDOM)
        self._tidying = self._tidying_from(0.0)
        self.retention = Retention()
        self.cycles = 0
        self._process: Process | None = None

    @property
    def process(self) -> Process:
        """The present life; RuntimeError between two of them."""
        if self._process is None:
            raise RuntimeError("the process is dead")
        return self._process

    def begin(self) -> None:
        """The first start: connect, and take up what both sides show."""
        self._process = self._born()
        self.process.channel.connect(self._connection.auth_code)
        self._survived(lambda: self._cycle("begin", sources=True, channels=True))

    def serve(self, until: float) -> None:
        """Work until that moment."""
        time = self._timeline
        while time.time < until:
            jobs = (
                (self.reading, self._read),
                (self.publishing, self._publish),
                (self._late, self._ask_late),
                (self._reconciling, self._reconcile),
                (self._tidying, self._tidy),
            )
            poll, work = min(jobs, key=lambda job: (job[0].due(time.time), job[0].ran_at))
            due = poll.due(time.time)
            if due > time.time:
                self._survived(partial(self._machine.rest, min(due, until)))
                continue
            poll.ran(time.time)
            self._survived(work)

    def close(self) -> None:
        """End for good."""
        if self._process is not None:
            self._process.closing.close()

    def take_letter(self, letter: Letter) -> bool:
        """A webhook of TikTok Shop comes in; False when nobody is there to take it."""
        if self._process is None:
            return False
        delivery = self._process.channel.parse_delivery(letter.headers, letter.body)
        self._take(SHOP, delivery, self.publishing)
        return True

    def take_note(self, delivery: Delivery) -> bool:
        """A webhook of the merchant's shop comes in; False when nobody is there to take it."""
        if self._process is None:
            return False
        self._take(STOCK, delivery, self.reading)
        return True

    def stir(self, poll: Poll) -> None:
        """Something happened that a poll would find."""
        poll.stir(self._timeline.time)
        self._timeline.wake()

    def _take(self, receiver: str, delivery: Delivery, poll: Poll) -> None:
        """Stored before it is answered; what was told before asks for nothing."""
        arrival = Arrival(receiver=receiver, delivery=delivery, received_at=self._machine.now())
        (receipt,) = self.process.ledger.record_deliveries([arrival])
        if receipt is Receipt.STORED:
            poll.hinted = True
            self._timeline.wake()

    def _read(self) -> None:
        with self._settled(STOCK):
            (part,) = self._cycle("read", sources=True).sources
        if part.state not in {SourceState.OK, SourceState.UNCHANGED}:
            self.reading.stir(self._timeline.time)
        if part.changed or part.missing:
            self.publishing.hinted = True

    def _publish(self) -> None:
        with self._settled(SHOP):
            (part,) = self._cycle("publish", channels=True).channels
        now = self._timeline.time
        if any(row.verdict in _WRITTEN for row in part.changes):
            self._late.again_at = now + LATE_ORDERS
        self._plan_ahead(now, part)

    def _plan_ahead(self, now: float, part: ChannelReport) -> None:
        """When to publish again before its time, and from when on there is something to find."""
        ledger, writers = self.process.ledger, self.process.engine.writers()
        booking = self._seconds(ledger.next_booking_at(SHOP, writers)) if writers else None
        waits = [now + LOOK_AGAIN] if ledger.unresolved(SHOP) else []
        if booking is not None and booking <= now + LOOK_AGAIN:
            waits.append(booking)
        if part.look_again is not None:
            waits.append(self._machine.seconds(part.look_again) + AFTERWARDS)
        if waits:
            self.publishing.again_at = max(min(waits), now + AT_LEAST)
        if ledger.dirty_count(SHOP):
            self.publishing.stir(now)
        withheld = self._seconds(ledger.next_withheld_at(SHOP)) if self._design.adaptive else None
        for moment in (booking, withheld):
            if moment is not None:
                self.publishing.stir(moment)

    def _ask_late(self) -> None:
        """Orders that came while a quantity was on its way."""
        engine = self.process.engine
        try:
            if poll_orders(engine, engine.channels[SHOP]).moved:
                self.publishing.hinted = True
        except ChannelError:
            return  # the next poll asks again

    def _reconcile(self) -> None:
        engine = self.process.engine
        task = Task(trigger=Trigger.SERVICE, word="reconcile", sources=(), channels=[SHOP])
        self._told(reconcile(engine, engine.channels[SHOP], task, unwritten), engine.ledger)
        if self.process.ledger.dirty_count(SHOP):
            self.publishing.hinted = True

    def _tidy(self) -> None:
        now, kept = self._machine.now(), self.retention
        self.process.ledger.prune(now - kept.movements, now - kept.runs)

    @contextmanager
    def _settled(self, receiver: str) -> Iterator[None]:
        """What webhooks pointed at before is settled by what is done now."""
        ledger = self.process.ledger
        waiting = ledger.waiting_deliveries(receiver, MOST_DELIVERIES) if self._design.hooks else ()
        yield
        if waiting:
            ledger.settle_deliveries(receiver, waiting[-1].number)

    def _cycle(self, word: str, *, sources: bool = False, channels: bool = False) -> Report:
        self.cycles += 1
        task = Task(
            trigger=Trigger.SERVICE, word=word, sources=[STOCK] if sources else (),
            channels=[SHOP] if channels else (), send=channels, looks=LOOKS,
        )  # fmt: skip
        report = run_cycle(self.process.engine, task, unwritten)
        self._told(report, self.process.ledger)
        return report

    def _survived(self, work: Callable[[], object]) -> None:
        """Do it; if the process dies in it, a new one takes up after a while."""
        try:
            with self._machine.working():
                work()
        except Crash:
            self._die()
            self._live_again()

    def _die(self) -> None:
        """The kernel closes files and frees locks; whatever else would be done at the end is not done."""
        self._trace.note("syncd dies")
        dead, self._process = self.process, None
        with suppress(Crash), self._machine.working():
            dead.closing.close()

    def _live_again(self) -> None:
        while self._process is None:
            self._timeline.sleep(self._dice.uniform(*RESTARTS_AFTER))
            self._machine.crashes.born()
            with suppress(Crash), self._machine.working():
                self._process = self._born()
        self._trace.note("syncd lives again")
        self.reading.hinted = self.publishing.hinted = True
        self.publishing.again_at = self._late.again_at = NEVER
        self._tidying = self._tidying_from(self._timeline.time)

    def _born(self) -> Process:
        return started(self._design, self._folder, self._machine, self._source, self._connection)

    def _seconds(self, moment: datetime | None) -> float | None:
        """In simulated seconds."""
        return None if moment is None else self._machine.seconds(moment)

    def _tidying_from(self, now: float) -> Poll:
        return Poll(every=TIDY_EVERY, phase=now + TIDY_FIRST, stirred_at=now)
