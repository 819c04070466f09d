"""What a cycle works with: the opened sources and channels, their rules, the ledger and the clock."""

from collections.abc import Callable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from functools import cache
from threading import Lock
from typing import Protocol, cast

from syncd.domain.identity import ChannelName, Place, SourceName
from syncd.domain.orders import OrdersMode, OrdersPolicy
from syncd.domain.rules import ChannelRules
from syncd.domain.stock import Basis, Expectations, Trust
from syncd.ports.channel import Channel
from syncd.ports.clock import Clock
from syncd.ports.ledger import Lease, Ledger
from syncd.ports.source import Source
from syncd.ports.write_back import WriteBack


@cache
def _can_be_written(kind: type[Source]) -> bool:
    """Whether sources of this class are written back; looked up each time it takes longer than a query."""
    return issubclass(kind, WriteBack)


class Mode(StrEnum):
    """Whether channels may be written to."""

    OBSERVE = "observe"
    APPLY = "apply"


class Trigger(StrEnum):
    """Who asked for a cycle."""

    BY_HAND = "by_hand"
    SCHEDULE = "schedule"
    SERVICE = "service"
    """A daemon that reads all listings by a job of its own, beside the cycles."""


class Leases(Protocol):
    """Who gives the right to write to a channel."""

    def lease(self, channel: ChannelName) -> AbstractContextManager[Lease]:
        """The right for as long as the context is open."""
        ...


class ProgressSink(Protocol):
    """Who is told how far long work has come."""

    def step(self, label: str, done: int, total: int | None) -> None:
        """`done` of `total` (None: unknown) units of the work named by `label`."""
        ...

    def close(self) -> None:
        """The work is over."""
        ...


class Silent:
    """Tells nobody."""

    def step(self, label: str, done: int, total: int | None) -> None:
        """Ignore it."""

    def close(self) -> None:
        """Nothing to close."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSetup:
    """One source and how far it is believed. `orders` is None for a source that feeds no stock.

    A source that can tell what changed is read whole every `full_every` all the same. `form` names how its
    rows are read: after a change of it nothing that is known may be skipped.
    """

    name: SourceName
    source: Source
    trust: Trust
    expectations: Expectations
    orders: OrdersPolicy | None
    basis: Basis | None
    every: timedelta
    full_every: timedelta = timedelta(hours=24)
    form: str = ""
    turn: Lock = field(default_factory=Lock, compare=False)
    """Held while the source is written to: several channels may draw on it."""

    @property
    def writer(self) -> WriteBack | None:
        """The source as something that can be written to, where its orders are written back."""
        if self.orders is None or self.orders.mode is not OrdersMode.WRITE_BACK:
            return None
        return cast("WriteBack", self.source) if _can_be_written(type(self.source)) else None

    @property
    def feeds_stock(self) -> bool:
        """Whether its quantities may reach a listing."""
        return self.orders is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSetup:
    """One channel and its rules.

    `reconcile_every` bounds the age of what we think it shows, `orders_every` that of its orders.
    """

    name: ChannelName
    channel: Channel
    rules: ChannelRules
    reconcile_every: timedelta
    orders_every: timedelta = timedelta(minutes=5)


def sleeping(_: ChannelName) -> None:
    """Wakes nobody: every channel has its turn in this process anyway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSetup:
    """Everything one cycle needs."""

    ledger: Ledger
    clock: Clock
    mode: Mode
    sources: Mapping[SourceName, SourceSetup]
    channels: Mapping[ChannelName, ChannelSetup]
    rules: Mapping[ChannelName, ChannelRules]
    progress: ProgressSink
    leases: "Leases | None" = None
    """Where the right to write comes from; None: taken from the ledger for each cycle."""
    workers: Callable[[int], Executor] = ThreadPoolExecutor
    """Who makes the requests of a plan: so many at the same time, or in a simulation one after another."""
    wake: Callable[[ChannelName], None] = sleeping
    """Told of a channel that has something to publish for a reason found elsewhere, or after it planned."""

    def lease(self, channel: ChannelName) -> AbstractContextManager[Lease]:
        """The right to write to a channel for one cycle; LeaseHeld when another process has it."""
        return (self.leases or self.ledger).lease(channel)

    def writers(self) -> Mapping[SourceName, WriteBack]:
        """The sources that are written back."""
        return {
            name: setup.writer for name, setup in self.sources.items() if setup.writer is not None
        }

    def draws_on(self, rules: ChannelRules, place: Place) -> bool:
        """Whether a channel's own stock rule takes units from a place."""
        return any(draw.takes(place) for draw in rules.stock.draws)
