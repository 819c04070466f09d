"""Sold here, sold there, cancelled, killed, answers lost: every order is taken off once, none oversold."""

import os
import shutil
import tempfile
from collections import Counter as Tally
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from syncd.domain.identity import SourceName
from syncd.domain.orders import LEFT, OrderState, takes_units
from syncd.domain.write_back import FOR_A_PERSON, said_booked, said_missing
from syncd.engine.cycle import Task, run_cycle
from syncd.engine.setup import Trigger
from syncd.ledger.store import open_ledger_for_writing
from tests.fakes.memory_source import MemoryReader
from tests.fakes.shopfloor import SHOP, STOCK
from tests.fakes.written_source import Fault
from tests.unit.write_back.counter import Counter

SKUS = ("A", "B")
PROOF = "SYNCD_PROOF" in os.environ
skus = st.sampled_from(SKUS)
DEATHS = ("record_orders", "complete_orders", "book", "record_booking", "record_snapshot")


class Killed(BaseException):
    """The process dies here."""


class WritingBack(RuleBasedStateMachine):
    """`owned` is what the merchant has, less what his own shop sold; orders of the channel take from it."""

    naive = False

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="syncd-written-"))
        self.counter = Counter(self.folder)
        self.counter.stock_of.keeps_keys = not self.naive
        self.owned = dict.fromkeys(SKUS, 12)
        self.read = dict(self.owned)
        """`owned` as the reading in force was begun."""
        self.slow: tuple[MemoryReader, int, dict[str, int]] | None = None

    @initialize()
    def begin(self) -> None:
        self.counter.stocked(**self.owned)

    @rule(sku=skus, units=st.integers(1, 3))
    def sell_here(self, sku: str, units: int) -> None:
        shown = self.counter.shop.shown(sku)
        assert isinstance(shown, int)
        if shown >= units:
            self.counter.shop.order(sku, units)

    @rule(sku=skus, units=st.integers(-3, 6))
    def move_there(self, sku: str, units: int) -> None:
        """The merchant's own shop sells what it has, or goods come in."""
        if self.counter.left(sku) + units >= 0:
            self.owned[sku] += units
            self.counter.stock_of.rows = [
                replace(row, quantity=str(int(row.quantity) + units)) if row.sku == sku else row
                for row in self.counter.stock_of.rows
            ]

    @precondition(lambda self: self.open_orders())
    @rule(data=st.data(), state=st.sampled_from([OrderState.IN_TRANSIT, OrderState.CANCELLED]))
    def end_order(self, data: st.DataObject, state: OrderState) -> None:
        self.counter.shop.advance(data.draw(st.sampled_from(self.open_orders())), state)

    @rule(faults=st.lists(st.sampled_from(list(Fault)), max_size=3))
    def run(self, faults: list[Fault]) -> None:
        """A whole cycle, in which the source answers as it likes."""
        self.counter.stock_of.faults = faults
        self.cycle([STOCK])
        self.counter.stock_of.faults = []

    @rule(faults=st.lists(st.sampled_from(list(Fault)), max_size=2))
    def publish(self, faults: list[Fault]) -> None:
        """A cycle that reads no source, as a daemon's."""
        self.counter.stock_of.faults = faults
        self.cycle([])
        self.counter.stock_of.faults = []

    @rule()
    def begin_slow_reading(self) -> None:
        """Another thread begins to read, and sees the source as it is now."""
        source = self.counter.stock_of
        frozen = replace(source, rows=list(source.rows), as_of=self.counter.clock.now())
        known = self.counter.ledger.confirmations(STOCK)
        self.slow = (MemoryReader(frozen), known, dict(self.owned))

    @precondition(lambda self: self.slow is not None)
    @rule()
    def end_slow_reading(self) -> None:
        assert self.slow is not None
        reader, known, owned = self.slow
        self.slow = None
        run = self.counter.ledger.begin_run("slow")
        self.counter.ledger.record_snapshot(
            run, STOCK, reader, self.counter.expectations, "", known
        )
        self.read = owned
        self.cycle([])

    @rule(method=st.sampled_from(DEATHS), at=st.integers(0, 3), after=st.booleans())
    def die_at_the_ledger(self, method: str, at: int, *, after: bool) -> None:
        """kill -9 before or after something became durable; then a new process."""
        ledger = self.counter.ledger
        original: Callable[..., object] = getattr(ledger, method)
        left = [at]

        def dying(*arguments: object) -> object:
            left[0] -= 1
            if left[0] >= 0:
                return original(*arguments)
            if after:
                original(*arguments)
            raise Killed

        setattr(ledger, method, dying)
        owned = dict(self.owned)
        try:
            self.counter.clock.advance(10)
            self.counter.source.as_of = self.counter.clock.now()
            self.counter.cycle()
        except Killed:
            pass
        delattr(ledger, method)
        if method != "record_snapshot" or after or at:
            self.read = owned
        self.restart()

    @rule()
    def die_in_a_call(self) -> None:
        """kill -9 after the source did the work."""
        self.counter.stock_of.dies_after = True
        try:
            self.cycle([STOCK])
        except ZeroDivisionError:
            self.restart()
        self.counter.stock_of.dies_after = False

    @rule()
    def restart(self) -> None:
        self.slow = None
        self.counter.ledger.close()
        url = f"sqlite:///{self.folder / 'ledger.db'}"
        self.counter.ledger = open_ledger_for_writing(url, self.counter.clock)

    @rule()
    def settle(self) -> None:
        """A person looks into the source and says what is there."""
        for booking in self.counter.ledger.open_bookings(1000):
            if booking.state in FOR_A_PERSON:
                change = said_missing
                if booking.key in self.counter.stock_of.booked:
                    change = said_booked
                after = change(booking, self.counter.clock.now(), "looked")
                assert self.counter.ledger.settle_booking(booking, after)

    @rule()
    def come_to_rest(self) -> None:
        for _ in range(4):
            self.settle()
            self.cycle([STOCK], later=600)
        for sku in SKUS:
            there = self.owned[sku] - self.taken(sku)
            assert there == self.counter.left(sku), sku
            assert max(0, there) == self.counter.shop.shown(sku), sku
        assert () == self.counter.ledger.open_bookings(1)
        assert () == self.counter.ledger.lines_in_play(self.counter.clock.now())

    def cycle(self, sources: list[SourceName], later: float = 10.0) -> None:
        """Some time goes by, then a cycle; what is shown afterwards can be delivered."""
        self.counter.clock.advance(later)
        self.counter.source.as_of = self.counter.clock.now()
        task = Task(
            trigger=Trigger.BY_HAND, word="test", sources=sources, channels=[SHOP], send=True
        )
        if sources:
            self.slow, self.read = None, dict(self.owned)
        run_cycle(self.counter.engine(), task, lambda report: report.status().value)
        for sku in SKUS:
            shown = self.counter.shop.shown(sku)
            assert isinstance(shown, int)
            assert shown <= max(0, self.read[sku] - self.taken(sku)), sku

    def open_orders(self) -> list[str]:
        closed = LEFT | {OrderState.CANCELLED}
        lines = self.counter.shop.lines
        return [number for number, line in lines.items() if line.state not in closed]

    def taken(self, sku: str) -> int:
        """Units of all orders ever made here that were not cancelled in time."""
        lines = self.counter.shop.lines.values()
        return sum(line.units for line in lines if line.seller_sku == sku and takes_units(line))

    @invariant()
    def every_effect_happens_at_most_once(self) -> None:
        done = Tally((item.reference, item.sku) for item in self.counter.stock_of.applied)
        assert [] == [what for what, times in done.items() if times > 1]

    def teardown(self) -> None:
        try:
            self.come_to_rest()
        finally:
            self.counter.close()
            shutil.rmtree(self.folder)


QUICK = settings(
    max_examples=150 if PROOF else 8, stateful_step_count=15, deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip
TestWritingBack = WritingBack.TestCase
TestWritingBack.settings = QUICK


class Naive(WritingBack):
    """The source does everything as often as it is told."""

    naive = True


def test_a_source_without_keys_is_found_out() -> None:
    """So many examples that chance does not decide; it stops at the first that finds it."""
    many = settings(
        QUICK, max_examples=2_000, database=None, print_blob=False, phases=[Phase.generate]
    )

    with pytest.raises(AssertionError):
        run_state_machine_as_test(Naive, settings=many)
