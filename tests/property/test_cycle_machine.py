"""A world that sells, ships, edits and crashes at will: every quiet cycle afterwards sets the shop right."""

import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from syncd.domain.drifting import OVERWRITTEN
from syncd.domain.errors import SourceUnavailable
from syncd.domain.identity import Sku
from syncd.domain.listing import SetAside
from syncd.domain.orders import LEFT, OrderState
from syncd.domain.outcome import Outcome
from syncd.domain.rules import Zero
from syncd.ledger.store import open_ledger_for_writing
from syncd.ports.channel import Exchange
from tests.fakes.memory_channel import MAIN
from tests.fakes.memory_source import Row
from tests.fakes.shopfloor import Shopfloor

SKUS = ("A", "B", "C")
PROOF = "SYNCD_PROOF" in os.environ
skus = st.sampled_from(SKUS)


class Killed(BaseException):
    """The process dies here."""


class Cycles(RuleBasedStateMachine):
    """Physical stock, a source that reports it, a shop that sells it."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="syncd-machine-"))
        self.floor = Shopfloor(self.folder)
        self.physical = dict.fromkeys(SKUS, 20)
        self.known = dict(self.physical)
        """The physical stock as the last good reading told it, less what has left since."""
        self.edits = dict.fromkeys(SKUS, 0)
        """Edits by hand since the SKU was last given back to us."""

    @initialize()
    def begin(self) -> None:
        for sku in SKUS:
            self.floor.shop.list_sku(sku, W1=0)
        self.run_quietly()

    def tick(self) -> None:
        self.floor.clock.advance(3.0)

    def read(self) -> None:
        self.tick()
        self.floor.source.rows = [Row(sku, str(units)) for sku, units in self.physical.items()]
        self.floor.source.as_of = self.floor.clock.now()
        self.floor.source.fail = None
        self.known = dict(self.physical)

    @rule(sku=skus, units=st.integers(0, 40))
    def count(self, sku: str, units: int) -> None:
        """A stocktake, never below what is promised."""
        self.physical[sku] = max(units, self.open_units(sku))

    @rule(sku=skus, units=st.integers(1, 3))
    def sell(self, sku: str, units: int) -> None:
        self.tick()
        shown = self.floor.shop.shown(sku)
        assert isinstance(shown, int)
        if shown >= units:
            self.floor.shop.order(sku, units)

    @precondition(lambda self: self.open_orders())
    @rule(data=st.data(), state=st.sampled_from([OrderState.IN_TRANSIT, OrderState.CANCELLED]))
    def end_order(self, data: st.DataObject, state: OrderState) -> None:
        number = data.draw(st.sampled_from(self.open_orders()))
        self.tick()
        line = self.floor.shop.lines[number]
        self.floor.shop.advance(number, state)
        if state is OrderState.IN_TRANSIT:
            self.physical[line.seller_sku] -= line.units
            self.known[line.seller_sku] -= line.units

    @rule(sku=skus, units=st.integers(0, 30))
    def edit_by_hand(self, sku: str, units: int) -> None:
        self.floor.shop.set_stock(sku, MAIN, units)
        self.edits[sku] += 1

    @precondition(lambda self: self.contested())
    @rule()
    def settle_who_writes(self) -> None:
        """The operator gives back what was stopped because somebody else kept writing it."""
        for sku in self.contested():
            self.floor.ledger.unpark(self.floor.shop.name, sku)
            self.edits[sku] = 0
        self.run_quietly()

    @rule()
    def run_quietly(self) -> None:
        self.read()
        self.cycle()
        self.check()

    @rule(reading=st.sampled_from(["unavailable", "empty", "cut off", "rejected"]))
    def run_on_a_bad_reading(self, reading: str) -> None:
        """Absence is never zero: what the last good reading said stays in force, and orders go on."""
        self.tick()
        rows = [Row(sku, str(units + 7)) for sku, units in self.physical.items()]
        self.floor.source.as_of = self.floor.clock.now()
        self.floor.source.fail = SourceUnavailable("away") if reading == "unavailable" else None
        self.floor.source.rows = {
            "unavailable": rows,
            "empty": [],
            "cut off": rows[:1],
            "rejected": [replace(row, reject="bad") for row in rows],
        }[reading]
        self.cycle()
        self.check()

    @rule()
    def lose_answers(self) -> None:
        self.read()
        self.floor.shop.lose_answers = True
        self.cycle()
        self.floor.shop.lose_answers = False
        self.check()

    @rule(after=st.booleans())
    def die_around_a_send(self, after: bool) -> None:  # noqa: FBT001 - drawn
        """kill -9 right before or right after the shop did the work; then a new process.

        Nothing is shown but what was and what should be; whatever cycle comes next sets the rest right.
        """
        self.read()
        before = {sku: self.floor.shop.shown(sku) for sku in SKUS}
        original = self.floor.shop.submit

        def dying(exchange: Exchange, zero: Zero) -> Sequence[Outcome]:
            if after:
                original(exchange, zero)
            raise Killed

        self.floor.shop.submit = dying  # type: ignore[method-assign]  # the process dies in there
        died = False
        try:
            self.cycle()
        except Killed:
            died = True
            self.restart()
        self.floor.shop.submit = original  # type: ignore[method-assign]  # as it was
        if not died:
            self.check()
        for sku in SKUS:
            assert self.floor.shop.shown(sku) in {before[sku], self.wish(sku)}, sku

    @rule()
    def restart(self) -> None:
        self.floor.ledger.close()
        url = f"sqlite:///{self.folder / 'ledger.db'}"
        self.floor.ledger = open_ledger_for_writing(url, self.floor.clock)

    def open_orders(self) -> list[str]:
        closed = LEFT | {OrderState.CANCELLED}
        return [
            number for number, line in self.floor.shop.lines.items() if line.state not in closed
        ]

    def open_units(self, sku: str) -> int:
        return sum(
            self.floor.shop.lines[number].units
            for number in self.open_orders()
            if self.floor.shop.lines[number].seller_sku == sku
        )

    def wish(self, sku: str) -> int:
        """What is to be shown by what is known."""
        return max(0, self.known[sku] - self.open_units(sku))

    def cycle(self) -> None:
        """One cycle, in which every zero has a reason."""
        (channel,) = self.floor.cycle().channels
        zeros = [row.change for row in channel.changes if row.change.after == 0]
        assert [] == [change.sku for change in zeros if not change.reason]

    def contested(self) -> list[Sku]:
        parks = self.floor.ledger.parks(self.floor.shop.name, self.floor.clock.now())
        return [park.sku for park in parks if park.kind is SetAside.CONTESTED]

    def check(self) -> None:
        contested = self.contested()
        assert [] == [sku for sku in contested if self.edits[sku] < OVERWRITTEN]
        for sku in set(SKUS) - set(contested):
            assert self.wish(sku) == self.floor.shop.shown(sku), sku
        assert [] == list(self.floor.ledger.unresolved(self.floor.shop.name))

    @invariant()
    def nothing_negative_is_ever_sent(self) -> None:
        assert all(after >= 0 for _, _, after in self.floor.shop.journal)

    def teardown(self) -> None:
        self.run_quietly()
        self.floor.close()
        shutil.rmtree(self.folder)


TestCycles = Cycles.TestCase
TestCycles.settings = settings(
    max_examples=300 if PROOF else 25,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
