"""What the entry point of the simulated Shopify shop names: serves it on loopback, leaves nothing behind.

GraphQL is loaded when a shop is opened, not when the commands of syncd look for its sandboxes.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Event
from typing import TYPE_CHECKING

from connectors.transport.simulation.server import SandboxServer
from syncd.ports.sandbox import SandboxOptions

if TYPE_CHECKING:
    from connectors.shopify.sandbox.simulator import Simulator
    from connectors.shopify.sandbox.state import Shop

API_VERSION = "2026-07"


class Sandbox:
    """A simulated shop that serves on loopback."""

    def __init__(self, simulator: "Simulator", url: str) -> None:
        self.simulator = simulator
        self.url = url

    @property
    def shop(self) -> "Shop":
        """The state, for tests in the same process."""
        return self.simulator.shop

    def description(self) -> Mapping[str, str]:
        """What a user needs to connect to it."""
        identity = self.shop.identity
        return {
            "url": self.url,
            "shop": identity.domain,
            "token": identity.token,
            "client_id": identity.client_id,
            "client_secret": identity.client_secret,
            "control": f"{self.url}/control",
            "api_version": API_VERSION,
        }


class ShopifySandboxFactory:
    """Opens simulated shops."""

    place = 1

    @contextmanager
    def open(self, options: SandboxOptions) -> Iterator[Sandbox]:
        """Serve until the context is left; ValueError for a seed, fault or option that makes no sense."""
        from connectors.shopify.sandbox.simulator import Simulator

        stopping = Event()
        simulator = Simulator(options, sleep=stopping.wait)
        server = SandboxServer(options.port, simulator.handle, stopping)
        simulator.serve_at(server.url)
        server.begin()
        try:
            yield Sandbox(simulator, server.url)
        finally:
            server.end()
            simulator.close()

    def sample_stock_rows(self) -> Sequence[tuple[str, ...]]:
        """A stock file, header first, that fits the sample shop."""
        from connectors.shopify.sandbox.sample import sample_stock_rows

        return sample_stock_rows()


FACTORY = ShopifySandboxFactory()
