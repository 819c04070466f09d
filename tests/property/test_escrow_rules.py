"""A shop, a source and a syncd that decides by the rules of escrow: whatever happens, no unit is sold twice."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from syncd.domain.escrow import (
    BACK_WITHIN,
    LANDS_WITHIN,
    SHOWN_WITHIN,
    Account,
    Sight,
    Step,
    Wish,
    decide,
    granted_of,
    who_is_dry,
)
from syncd.domain.identity import Sku

BEGINNING = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
LAG = int(SHOWN_WITHIN.total_seconds())
LONGEST_FLIGHT = int((LANDS_WITHIN - SHOWN_WITHIN).total_seconds())
BACK = int(BACK_WITHIN.total_seconds())
NEVER = 10**9
WHAT = ("nothing", "nothing", "nothing", "buy", "own", "time", "crash")


@dataclass
class Order:
    """Units sold on the shop; seconds. `told_at`: when the feed shows it, `untold_at`: its cancellation."""

    units: int
    told_at: int
    cancelled: bool = False
    untold_at: int = NEVER
    sold_from: str = ""
    """Once seen: the pool (its source was told), the listing's own units, or first one and now the other."""
    cancel_seen_at: int = NEVER
    deducted: bool = False


@dataclass
class World:
    """What is true: the shop's counter, its orders, what is under way to it, and the source's own stock."""

    source: int
    counter: int
    now: int = 0
    orders: list[Order] = field(default_factory=list)
    past: list[tuple[int, int]] = field(default_factory=list)
    under_way: list[tuple[int, Callable[[], None]]] = field(default_factory=list)
    restocking: int = 0
    sold_by_own_shop: int = 0

    def __post_init__(self) -> None:
        self.stock = self.source
        self.past.append((-NEVER, self.counter))

    def show(self, units: int) -> None:
        self.counter = units
        self.past.append((self.now, units))

    def shown_at(self, moment: int) -> int:
        return next(units for since, units in reversed(self.past) if since <= moment)

    def after(self, seconds: int, happens: Callable[[], None]) -> None:
        self.under_way.append((self.now + seconds, happens))

    def advance(self, seconds: int) -> None:
        end = self.now + seconds
        while due := [item for item in self.under_way if item[0] <= end]:
            first = min(due, key=lambda item: item[0])
            self.under_way.remove(first)
            self.now = first[0]
            first[1]()
        self.now = end

    def buy(self, units: int, told_after: int) -> None:
        if self.counter >= units:
            self.show(self.counter - units)
            self.orders.append(Order(units=units, told_at=self.now + told_after))

    def cancel(self, order: Order, told_after: int, restock_after: int | None) -> None:
        order.cancelled, order.untold_at = True, self.now + told_after
        if restock_after is not None:
            self.restocking += order.units
            self.after(restock_after, lambda: self._restock(order.units))

    def _restock(self, units: int) -> None:
        self.restocking -= units
        self.show(self.counter + units)

    def sell_in_own_shop(self) -> None:
        if self.source >= 1:
            self.source -= 1
            self.sold_by_own_shop += 1

    @property
    def sold(self) -> int:
        return sum(order.units for order in self.orders if not order.cancelled)


@dataclass
class Memory:
    """What survives a crash."""

    lands_until: int
    granted: int = 0
    exposed: int = 0
    opened_at: int | None = None
    zero_at: int | None = None
    lowered_from: int = 0
    allotting: list[list[int | None]] = field(default_factory=list)
    """[asked, quantity after or None] of bookings whose grant is not recorded; the source did them."""


def at(seconds: int) -> datetime:
    return BEGINNING + timedelta(seconds=seconds)


class Crashed(BaseException):
    """The process dies here."""


class Escrow(RuleBasedStateMachine):
    """One listing, one source with an own shop, everything late, lost or killed at will."""

    share = Decimal("0.5")

    @initialize(
        stock=st.integers(0, 30), shown=st.integers(0, 10), flight=st.integers(0, LONGEST_FLIGHT),
        from_pool=st.booleans(),
    )  # fmt: skip
    def begin(self, stock: int, shown: int, flight: int, from_pool: bool) -> None:  # noqa: FBT001
        """A shop that showed part of the pool before, whose last write may be under way, or a new one."""
        shown = min(shown, stock) if from_pool else 0
        self.world = World(source=stock, counter=shown)
        self.memory = Memory(lands_until=int(LANDS_WITHIN.total_seconds()))
        if from_pool:
            self.world.after(flight, lambda: self._land_from_the_pool(shown))
        else:
            self.memory = Memory(lands_until=0, opened_at=0)
        self.reading = stock
        self.ending = ""
        self.left_behind = 0
        """Units of own orders whose cancellation was learned of without an account: nobody gets them."""

    def _land_from_the_pool(self, shown: int) -> None:
        """What the pool itself oversells is not escrow's; what it left under way is."""
        if self.memory.opened_at is not None or shown < self.world.counter:
            self.world.show(shown)

    # what the world does

    @rule(units=st.integers(1, 3), told_after=st.integers(0, LAG))
    def buy(self, units: int, told_after: int) -> None:
        self.world.buy(units, told_after)

    @rule()
    def sell_in_own_shop(self) -> None:
        if (
            self.memory.opened_at is not None
        ):  # before, the pool may oversell: that is not our promise
            self.world.sell_in_own_shop()

    @rule(seconds=st.sampled_from([1, 7, 30, 61, 200, 400, 700]))
    def wait(self, seconds: int) -> None:
        self.world.advance(seconds)

    @precondition(lambda self: any(not order.cancelled for order in self.world.orders))
    @rule(
        data=st.data(),
        told_after=st.integers(0, 600),
        restock=st.one_of(st.none(), st.integers(0, LAG)),
    )
    def cancel(self, data: st.DataObject, told_after: int, restock: int | None) -> None:
        open_ = [order for order in self.world.orders if not order.cancelled]
        self.world.cancel(data.draw(st.sampled_from(open_)), told_after, restock)

    @rule()
    def end_escrow(self) -> None:
        self.ending = "allocation is pool"

    @rule()
    def begin_again(self) -> None:
        self.ending = ""

    # what syncd does

    @rule(data=st.data())
    def cycle(self, data: st.DataObject) -> None:
        with suppress(Crashed):
            self._cycle(data)

    @rule()
    def read_the_source(self) -> None:
        self.reading = self.world.source

    @rule(times=st.integers(1, 5), pause=st.sampled_from([2, 61, 190, 400, 700]))
    def quiet_cycles(self, times: int, pause: int) -> None:
        for _ in range(times):
            self._quiet(pause)

    def _quiet(self, pause: int) -> None:
        self.read_the_source()
        self._poll()
        step = self._look(0)
        self._note(step)
        self._move(step)
        self._grant()
        self._send(0, fate=0)
        self.world.advance(pause)

    def _cycle(self, data: st.DataObject) -> None:
        def here(name: str) -> None:
            """Something may happen at this point of a cycle."""
            what = data.draw(st.sampled_from(WHAT), name)
            if what == "crash":
                raise Crashed
            if what == "buy":
                self.buy(data.draw(st.integers(1, 3)), data.draw(st.integers(0, LAG)))
            if what == "own":
                self.sell_in_own_shop()
            if what == "time":
                self.world.advance(data.draw(st.integers(1, 20)))

        self._poll()
        here("polled")
        step = self._look(data.draw(st.integers(0, LAG), "lag"))
        here("looked")
        self._note(step)
        here("noted")
        self._move(step)
        here("moved")
        self._grant()
        here("granted")
        self._send(
            data.draw(st.integers(0, LAG), "lag"),
            data.draw(
                st.one_of(st.just(0), st.integers(0, LONGEST_FLIGHT), st.just(NEVER)), "fate"
            ),
            here,
        )

    def _poll(self) -> None:
        now = self.world.now
        for order in self.world.orders:
            if order.told_at <= now:
                own = self.memory.opened_at is not None
                order.sold_from = order.sold_from or ("own" if own else "pool")
                if order.untold_at <= now < order.cancel_seen_at:
                    order.cancel_seen_at = now
                    if order.sold_from != "pool" and not own:
                        self.left_behind += order.units
        self.polled_at = now
        for order in self.world.orders:
            self._book(order)

    def _book(self, order: Order) -> None:
        """An order from the pool is taken off the source; cancelled it is given back, unless handed over."""
        takes = order.sold_from == "handed over" or (
            order.sold_from == "pool" and order.cancel_seen_at == NEVER
        )
        if takes != order.deducted and order.sold_from in {"pool", "handed over"}:
            self.world.source += -order.units if takes else order.units
            order.deducted = takes

    def _units(self, cancelled_by: int) -> int:
        return sum(
            order.units
            for order in self.world.orders
            if order.sold_from in {"own", "handed over"} and order.cancel_seen_at > cancelled_by
        )

    def _account(self) -> Account:
        memory = self.memory
        zero_at = memory.zero_at
        return Account(
            sku=Sku("A"),
            need=1,
            lands_until=at(memory.lands_until),
            granted=memory.granted,
            exposed=memory.exposed,
            sold=self._units(NEVER - 1),
            claimed=self._units(0 if zero_at is None else zero_at - BACK),
            coming=sum(asked or 0 for asked, _ in memory.allotting),
            opened_at=None if memory.opened_at is None else at(memory.opened_at),
            zero_at=None if zero_at is None else at(zero_at),
            lowered_from=memory.lowered_from,
        )

    def _look(self, lag: int) -> Step:
        self.began = self.world.now
        self.seen = self.world.shown_at(self.began - lag)
        account = self._account()
        left = self.reading
        pot = max(0, left) + max(0, account.owned) + account.coming
        wish = Wish(
            target=int(self.share * pot), free=max(0, left), cap=99_999, ending=self.ending,
            dry=who_is_dry(left, pot, "own shop", 1 - self.share, ()),
        )  # fmt: skip
        sight = Sight(
            shown=self.seen, began=at(self.began), ended=at(self.world.now),
            orders_until=at(self.polled_at - 1),
        )  # fmt: skip
        return decide(account, sight, wish)

    def _note(self, step: Step) -> None:
        memory = self.memory
        if step.opens:
            for order in self.world.orders:
                if order.sold_from == "pool" and order.cancel_seen_at == NEVER:
                    order.sold_from = "handed over"
            memory.opened_at = self.world.now
            memory.granted = memory.exposed = self._units(NEVER - 1)
            memory.zero_at = None
        if step.settle is not None:
            memory.exposed = step.settle
            memory.zero_at = None
            memory.lowered_from = memory.lowered_from if step.note_zero is not None else 0
        if step.note_zero is not None:
            memory.zero_at = int((step.note_zero - BEGINNING).total_seconds())
        if step.closes:
            self.memory = Memory(lands_until=self.world.now + int(LANDS_WITHIN.total_seconds()))

    def _move(self, step: Step) -> None:
        if step.give_back:
            assert step.give_back <= self._account().spare
            self.memory.granted -= step.give_back
            self.world.source += step.give_back
        if step.allot:
            self.world.source -= step.allot
            self.memory.allotting.append([step.allot, self.world.source])

    def _grant(self) -> None:
        for asked, after in self.memory.allotting:
            units, back = granted_of(asked or 0, after or 0, 1)
            self.memory.granted += units
            self.world.source += back
        self.memory.allotting.clear()

    def _send(self, lag: int, fate: int, here: Callable[[str], None] = lambda _: None) -> None:
        """The value is read again, the number computed anew; only then it is exposed and sent."""
        step = self._look(lag)
        if step.show == 0 and self.seen > 0:
            self.memory.lowered_from = self.seen
            here("about to lower")
            self._fly(0, fate)
        elif step.covered and self.seen == 0:
            self.memory.exposed += step.covered
            self.memory.lands_until = self.world.now + int(LANDS_WITHIN.total_seconds())
            self.memory.zero_at = None
            self.memory.lowered_from = 0
            here("about to raise")
            self._fly(step.covered, fate)

    def _fly(self, number: int, fate: int) -> None:
        if fate == 0:
            self.world.show(number)
        elif fate != NEVER:
            self.world.after(fate, lambda: self.world.show(number))

    # what must hold

    @invariant()
    def no_unit_is_sold_twice(self) -> None:
        if hasattr(self, "world"):
            world = self.world
            assert world.sold + world.sold_by_own_shop <= world.stock

    @invariant()
    def a_counter_never_exceeds_what_is_owned(self) -> None:
        if not hasattr(self, "world") or self.memory.opened_at is None:
            return
        sold = self._true_sold()
        reachable = self.world.counter + self.world.restocking + sold
        assert reachable <= self.memory.exposed
        assert self.memory.exposed <= self.memory.granted

    def _true_sold(self) -> int:
        """As `_units`, by what is true and not by what is known."""
        return sum(
            order.units
            for order in self.world.orders
            if order.sold_from != "pool" and not order.cancelled
        )

    def teardown(self) -> None:
        """In the end everything that was not sold is back at the source, to the last unit."""
        if not hasattr(self, "world"):
            return
        self.ending = "allocation is pool"
        self.world.advance(700)
        for _ in range(12):
            self._quiet(700)
        world, lost = self.world, self.left_behind
        assert self.memory.opened_at is None
        assert world.source + world.sold + world.sold_by_own_shop + lost == world.stock


TestEscrow = Escrow.TestCase
TestEscrow.settings = settings(
    max_examples=700, stateful_step_count=30, deadline=None, phases=[Phase.generate, Phase.shrink]
)
