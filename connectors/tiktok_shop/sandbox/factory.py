"""What the entry point of the simulated TikTok Shop names: serves it on loopback, leaves nothing behind."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Event

from connectors.tiktok_shop.sandbox.options import SandboxOptions
from connectors.tiktok_shop.sandbox.post import PostRoom
from connectors.tiktok_shop.sandbox.postman import Postman
from connectors.tiktok_shop.sandbox.sample import sample_stock_rows
from connectors.tiktok_shop.sandbox.simulated import SimulatedTikTokShop
from connectors.tiktok_shop.sandbox.simulator import Simulator
from connectors.tiktok_shop.sandbox.state import Shop
from connectors.transport.simulation.server import SandboxServer


class Sandbox:
    """A simulated shop that serves on loopback."""

    def __init__(self, simulator: Simulator, url: str) -> None:
        self.simulator = simulator
        self.url = url

    @property
    def shop(self) -> Shop:
        """The state, for tests in the same process."""
        return self.simulator.shop

    def description(self) -> Mapping[str, str]:
        """What a user needs to connect to it."""
        return {
            "url": self.url,
            **self.shop.identity.description(),
            "control": f"{self.url}/control",
        }


class TikTokShopSandboxFactory:
    """Opens simulated shops."""

    place = 0

    @contextmanager
    def open(self, options: SandboxOptions) -> Iterator[Sandbox]:
        """Serve until the context is left; ValueError for a seed, fault or option that makes no sense."""
        stopping = Event()
        simulator = Simulator(options, sleep=stopping.wait)
        server = SandboxServer(options.port, simulator.handle, stopping)
        server.begin()
        identity = simulator.shop.identity

        def room() -> PostRoom:
            simulator.pass_time()
            return simulator.world.post

        postman = Postman(
            room, simulator.world.clock.raw, identity.app_key, identity.app_secret, stopping
        )
        postman.begin()
        try:
            yield Sandbox(simulator, server.url)
        finally:
            server.end()
            postman.end()

    def simulate(self, options: SandboxOptions, now: Callable[[], float]) -> SimulatedTikTokShop:
        """A shop without sockets; ValueError for a seed, fault or option that makes no sense."""
        return SimulatedTikTokShop(options, now)

    def sample_stock_rows(self) -> Sequence[tuple[str, ...]]:
        """A stock file, header first, that fits the sample shop."""
        return sample_stock_rows()


FACTORY = TikTokShopSandboxFactory()
