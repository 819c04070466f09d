"""Real cycles and a real ledger, late writes and orders, lost answers and deaths: nothing is sold twice."""

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from syncd.domain.orders import LEFT, OrderState
from syncd.domain.rules import Allocation
from syncd.ledger.store import open_ledger_for_writing
from tests.fakes.written_source import Fault
from tests.unit.escrow.vault import Vault

PROOF = bool(os.environ.get("SYNCD_PROOF"))
fates = st.one_of(st.just(0.0), st.just(0.0), st.floats(1, 290), st.none())
faults = st.sampled_from(
    [None, None, Fault.LOST_BEFORE, Fault.LOST_AFTER, Fault.LATER, Fault.SPENT, Fault.AWAY]
)


class Killed(BaseException):
    """The process dies here."""


class Escrow(RuleBasedStateMachine):
    """One SKU that is sold in the merchant's own shop and on a channel that owns its units."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="syncd-escrow-"))
        self.vault = Vault(self.folder)
        self.own_sales = 0

    @initialize(stock=st.integers(1, 20))
    def begin(self, stock: int) -> None:
        self.stock = stock
        self.vault.opened("A", stock)

    @rule(units=st.integers(1, 3), late=st.floats(0, 59))
    def buy(self, units: int, late: float) -> None:
        shop = self.vault.late
        shop.land()
        shown = shop.shown("A")
        assert isinstance(shown, int)
        if shown >= units:
            shop.told_after = [late]
            shop.order("A", units)

    @rule()
    def sell_in_own_shop(self) -> None:
        if self.vault.left("A") >= 1:
            self.vault.sell_in_own_shop("A")
            self.own_sales += 1

    @precondition(lambda self: self.open_orders())
    @rule(data=st.data(), state=st.sampled_from([OrderState.IN_TRANSIT, OrderState.CANCELLED]))
    def end_order(self, data: st.DataObject, state: OrderState) -> None:
        self.vault.late.advance(data.draw(st.sampled_from(self.open_orders())), state)

    @rule(seconds=st.sampled_from([1.0, 20.0, 61.0, 130.0, 400.0]))
    def wait(self, seconds: float) -> None:
        self.vault.clock.advance(seconds)

    @rule(
        fate=fates, fault=faults, seconds=st.sampled_from([1.0, 20.0, 61.0]),
        buyers=st.lists(st.integers(1, 2), max_size=2), dies=st.sampled_from(["", "", "before", "after"]),
    )  # fmt: skip
    def cycle(
        self, fate: float | None, fault: Fault | None, seconds: float, buyers: list[int], dies: str
    ) -> None:
        """A cycle whose first write and first booking have this fate, with buyers in the middle of it."""
        shop = self.vault.late
        shop.fates = [fate]
        self.vault.stock_of.faults = [] if fault is None else [fault]

        def meanwhile() -> None:
            for units in buyers:
                self.buy(units, 30.0)
            if dies == "before":
                raise Killed

        def afterwards() -> None:
            if dies == "after":
                raise Killed

        shop.meanwhile, shop.afterwards = meanwhile, afterwards
        with suppress(Killed):
            self.vault.step(seconds)
        shop.meanwhile, shop.afterwards, shop.fates = None, None, []
        self.vault.stock_of.faults = []
        if dies:
            self.restart()

    @rule(times=st.integers(1, 4), seconds=st.sampled_from([20.0, 61.0, 200.0, 400.0]))
    def quiet_cycles(self, times: int, seconds: float) -> None:
        for _ in range(times):
            self.vault.step(seconds)

    @rule()
    def restart(self) -> None:
        self.vault.ledger.close()
        url = f"sqlite:///{self.folder / 'ledger.db'}"
        self.vault.ledger = open_ledger_for_writing(url, self.vault.clock)

    def open_orders(self) -> list[str]:
        closed = LEFT | {OrderState.CANCELLED}
        lines = self.vault.late.lines
        return [number for number, line in lines.items() if line.state not in closed]

    @property
    def sold(self) -> int:
        lines = self.vault.late.lines.values()
        return sum(line.units for line in lines if line.state is not OrderState.CANCELLED)

    @invariant()
    def no_unit_is_sold_twice(self) -> None:
        if hasattr(self, "stock"):
            assert self.sold + self.own_sales <= self.stock

    @invariant()
    def what_can_be_sold_is_owned(self) -> None:
        if hasattr(self, "stock") and self.vault.has_account():
            account = self.vault.account("A")
            assert account.exposed <= account.granted

    def teardown(self) -> None:
        """Once escrow ends, everything that was not sold is back at the source, to the last unit."""
        if hasattr(self, "stock"):
            self.vault.allocation = Allocation.POOL
            self.vault.late.fates, self.vault.stock_of.faults = [], []
            for _ in range(10):
                self.vault.step(400)
            assert not self.vault.has_account()
            assert self.vault.left("A") + self.sold + self.own_sales == self.stock
        self.vault.close()
        shutil.rmtree(self.folder)


TestEscrow = Escrow.TestCase
TestEscrow.settings = settings(
    max_examples=400 if PROOF else 12,
    stateful_step_count=30 if PROOF else 15,
    deadline=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow],
)
