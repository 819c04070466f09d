"""What `syncd sandbox` and `syncd simulate` ask of a connector that can simulate its shop."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from syncd.ports.wire import Wire


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxOptions:
    """How a simulated shop behaves. Times in seconds, `rate` in requests per second (0: no limit).

    A fault written `NAME.KIND` is meant for the shop of that name; a shop ignores those of others.
    """

    port: int = 0
    seed: Path | None = None
    rate: float = 0.0
    latency: float = 0.0
    zero: str = "allow"
    read_delay: float = 0.0
    order_delay: float = 0.0
    clock_offset: float = 0.0
    faults: tuple[str, ...] = ()
    token_life: float = 604800.0


class RunningSandbox(Protocol):
    """A simulated shop that serves on loopback."""

    @property
    def url(self) -> str:
        """Where it listens."""
        ...

    def description(self) -> Mapping[str, str]:
        """What a user needs to connect to it."""
        ...


class SandboxFactory(Protocol):
    """What an entry point of the group `syncd.sandboxes` names."""

    @property
    def place(self) -> int:
        """What is added to the port that the user names, so that several shops can be served at once."""
        ...

    def open(self, options: SandboxOptions) -> AbstractContextManager[RunningSandbox]:
        """Serve until the context is left; ValueError for options that make no sense."""
        ...

    def sample_stock_rows(self) -> Sequence[tuple[str, ...]]:
        """A stock file, header first, that fits the sample data served without a seed."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A webhook as the shop sends it; header names in lower case."""

    headers: Mapping[str, str]
    body: bytes


class SimulatedShop(Protocol):
    """A shop on a clock that is given, without sockets; its buyers act in the same process."""

    @property
    def wire(self) -> Wire:
        """Where its API answers."""
        ...

    def description(self) -> Mapping[str, str]:
        """What a user needs to connect to it, its addresses aside."""
        ...

    def available(self, seller_sku: str) -> int:
        """Units of the SKU that a buyer could order now."""
        ...

    def buy(self, seller_sku: str, units: int) -> str | None:
        """Order so many units as a buyer does, who pays at once: the order's id; None if there are fewer."""
        ...

    def put(self, seller_sku: str, units: int) -> None:
        """Somebody else than syncd sets what the shop shows."""
        ...

    def ship(self, order_id: str) -> None:
        """The goods of an order leave the seller."""
        ...

    def letters(self) -> Sequence[Letter]:
        """Webhooks of orders written since the last look."""
        ...


@runtime_checkable
class ShopSimulator(Protocol):
    """A sandbox that also runs without sockets, on simulated time."""

    def simulate(self, options: SandboxOptions, now: Callable[[], float]) -> SimulatedShop:
        """A shop as the options' seed describes it; `now` gives unix seconds.

        ValueError for a seed, fault or option that makes no sense; the port and the latency count for nothing.
        """
        ...
