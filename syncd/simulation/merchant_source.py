"""The merchant's shop as syncd sees it: readings that take time and may fail, and write-back with keys."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from syncd.domain.errors import SourceUnavailable
from syncd.domain.identity import DEFAULT_LOCATION, Sku, SourceName
from syncd.domain.stock import Completeness, Reading, Reject, State, Watermark
from syncd.ports.deliveries import About, Delivery, Hint
from syncd.ports.probe import Check
from syncd.ports.source import RawBatch
from syncd.ports.write_back import Adjustment, Answer, Booked, InDoubt, NotBooked
from syncd.simulation.misfortune import Crashes, Fate
from syncd.simulation.timeline import BEGIN
from syncd.simulation.world import World

READ_TAKES = (0.15, 0.6)
"""Seconds for a reading, half of them before the moment it speaks of."""
OVERLAP = timedelta(minutes=2)
SCOPE = "counters"
ORIGIN = "merchant"
CURRENCY = "USD"
READING, WRITING_BACK = "reading", "write-back"
"""The kinds of call that misfortunes strike here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterReader:
    """What the merchant's shop said at one moment."""

    as_of: datetime
    completeness: Completeness
    fingerprint: str
    rows: Sequence[tuple[str, ...]]
    cut: bool
    origin: str = ORIGIN
    notes: Sequence[str] = ()

    @property
    def watermark(self) -> Watermark:
        """Changes are to be asked from this moment on."""
        return Watermark(moment=self.as_of, scope=SCOPE)

    def batches(self) -> Iterator[RawBatch]:
        """Every counter, or half of them and SourceUnavailable."""
        rows = self.rows[: len(self.rows) // 2] if self.cut else self.rows
        yield RawBatch(range(1, len(rows) + 1), rows)
        if self.cut:
            raise SourceUnavailable(f"{ORIGIN}: the connection was cut in mid-answer")

    def parse(self, position: int, values: tuple[str, ...]) -> Reading | Reject:
        """One counter."""
        del position
        sku, quantity, *price = values
        return Reading(
            sku=Sku(sku), location=DEFAULT_LOCATION, state=State.KNOWN, quantity=int(quantity),
            price=Decimal(price[0]) if price else None, currency=CURRENCY if price else None,
        )  # fmt: skip

    def rejects(self) -> Sequence[Reject]:
        """None: every counter is a number."""
        return ()

    def objections(self) -> Sequence[str]:
        """None."""
        return ()

    def locate(self, position: int) -> str:
        """`merchant:17`."""
        return f"{ORIGIN}:{position}"


def stock_note(sku: str, number: int, at: datetime) -> Delivery:
    """The webhook that tells of a change of a SKU's stock."""
    return Delivery(
        topic="stock", notification=str(number), event=str(number), sent_at=at,
        hints=(Hint(about=About.STOCK, reference=sku),),
    )  # fmt: skip


class MerchantSource:
    """Reads counters: all of them, or those that changed."""

    def __init__(self, name: SourceName, world: World, fate: Fate, crashes: Crashes) -> None:
        self.name = name
        self.calls = 0
        self.bookings = 0
        self._world = world
        self._merchant = world.merchant
        self._timeline = world.timeline
        self._fate = fate
        self._crashes = crashes
        self._dice = fate.dice("merchant")

    @property
    def delta_scope(self) -> str | None:
        """Readings of changes are possible."""
        return SCOPE

    def fingerprint(self) -> str | None:
        """None: only reading tells."""
        return None

    def probe(self, every: timedelta) -> tuple[Check, ...]:
        """Nothing that a simulated shop could lack."""
        del every
        return ()

    @contextmanager
    def snapshot(self, since: datetime | None) -> Iterator[CounterReader]:
        """One reading; SourceUnavailable when it is lost on the way."""
        self.calls += 1
        takes = self._dice.uniform(*READ_TAKES) / 2
        self._timeline.sleep(takes)
        self._crashes.pass_by()
        self._reach()
        if self._fate.strikes("lost_read", READING):
            raise SourceUnavailable(f"{ORIGIN}: no answer")
        reader = self._captured(since)
        self._timeline.sleep(takes)
        yield reader

    def _captured(self, since: datetime | None) -> CounterReader:
        merchant = self._merchant
        skus: Sequence[str] = list(merchant.counters)
        if since is not None:
            earliest = (since - OVERLAP - BEGIN).total_seconds()
            skus = [sku for sku in skus if merchant.changed_at.get(sku, 0.0) >= earliest]
        return CounterReader(
            as_of=self._timeline.now(),
            completeness=Completeness.FULL if since is None else Completeness.PARTIAL,
            fingerprint=f"version:{merchant.version}",
            rows=[self._row(sku) for sku in skus],
            cut=self._fate.strikes("cut_read", READING),
        )

    def _row(self, sku: str) -> tuple[str, ...]:
        counter, price = str(self._merchant.counters[sku]), self._merchant.prices.get(sku)
        return (sku, counter) if price is None else (sku, counter, price)

    def _reach(self) -> None:
        if self._timeline.time < self._merchant.shut_until:
            raise SourceUnavailable(f"{ORIGIN}: the connection was refused")


BOOKING_TAKES = (0.5, 3.0)
"""Seconds for a write-back; the effect comes two thirds into them."""
EFFECT = 2 / 3
HALF = 0.5
HANGS = (0.5, 20.0)


class WritableMerchantSource(MerchantSource):
    """The same shop when it lets orders be taken off its counters, once by key."""

    def adjust(self, adjustment: Adjustment) -> Answer:
        """Move a counter; the answer may be lost before or after that.

        SourceUnavailable while the shop is shut.
        """
        self._reach()
        self.bookings += 1
        takes = self._dice.uniform(*BOOKING_TAKES)
        self._timeline.sleep(takes * EFFECT)
        self._crashes.pass_by()
        if self._fate.strikes("lost_request", WRITING_BACK):
            return self._lost()
        if self._fate.strikes("refused_booking", WRITING_BACK):
            return NotBooked(code="429", message="slow down", again=True)
        gave_up = self._fate.strikes("broken_gateway", WRITING_BACK)
        if gave_up and self._dice.random() < HALF:
            return InDoubt(reason="502 Bad Gateway")
        after = self._world.adjust(adjustment.key, adjustment.sku, adjustment.delta)
        self._crashes.pass_by()
        if self._fate.strikes("lost_answer", WRITING_BACK):
            return self._lost()
        self._timeline.sleep(takes * (1 - EFFECT))
        if gave_up or self._fate.strikes("garbled", WRITING_BACK):
            return InDoubt(reason="the answer makes no sense")
        return Booked(quantity_after=after)

    def was_booked(self, adjustment: Adjustment) -> bool | None:
        """Whether the key was seen; SourceUnavailable while the shop is shut."""
        self._reach()
        return adjustment.key in self._merchant.answered

    def write_back_checks(self) -> Sequence[Check]:
        """Nothing that a simulated shop could lack."""
        return ()

    def _lost(self) -> InDoubt:
        self._timeline.sleep(self._dice.uniform(*HANGS))
        return InDoubt(reason="no answer came")
