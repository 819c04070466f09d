"""What `syncd sandbox` asks of a connector that can simulate its shop."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


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
