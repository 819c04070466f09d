"""The whole web surface of one daemon as one thing that is started and stopped."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from pydantic import SecretStr

from syncd.engine.setup import EngineSetup
from syncd.ports.clock import Clock
from syncd.ports.deliveries import Deliveries
from syncd.ports.ledger import Ledger
from syncd.service.web.access import Access
from syncd.service.web.app import Endpoints, application
from syncd.service.web.callback import CallbackEndpoint
from syncd.service.web.deliveries import WebhookEndpoint
from syncd.service.web.gate import Hosts
from syncd.service.web.health import HealthEndpoints
from syncd.service.web.inbox import Inbox
from syncd.service.web.metrics import (
    LedgerCollector,
    MetricsEndpoint,
    WebhookCounters,
    new_registry,
)
from syncd.service.web.rates import Gauge, Rates
from syncd.service.web.receiver import Receiver
from syncd.service.web.server import REQUEST_WITHIN, WebServer
from syncd.settings.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where it listens and how it is called outside; port 0 takes a free one."""

    host: str
    port: int
    public_url: str | None = None

    @classmethod
    def of(cls, listen: str, public_url: str | None) -> "Place":
        """From `host:port` as the configuration writes it."""
        host, _, port = listen.rpartition(":")
        bare = host.removeprefix("[").removesuffix("]")
        return cls(host=bare, port=int(port), public_url=public_url)


class WebSurface:
    """Health, metrics, webhooks and the OAuth callback. Start and stop it from any thread, once each."""

    def __init__(
        self, settings: Settings, engine: EngineSetup, place: Place, token: SecretStr | None,
        wake: Callable[[str], None], rates: Rates | None = None,
        request_within: float = REQUEST_WITHIN,
    ) -> None:  # fmt: skip
        """`wake` is told the name of a channel or source that has news; it must not block for long."""
        ledger, clock = engine.ledger, engine.clock
        registry = new_registry()
        access = Access(token)
        self._inbox = Inbox(ledger, clock, wake)
        counters = WebhookCounters(registry)
        registry.register(
            LedgerCollector(settings=settings, ledger=ledger, channels=engine.channels, clock=clock)
        )
        endpoints = Endpoints(
            health=HealthEndpoints(settings, ledger, clock, access),
            metrics=MetricsEndpoint(registry=registry, access=access),
            webhooks=WebhookEndpoint(
                receivers=receivers(settings, engine), inbox=self._inbox, clock=clock,
                counters=counters,
            ),
            callback=_callback(engine, ledger, clock, wake),
            access=access,
        )  # fmt: skip
        hosts = Hosts.of(place.host, place.public_url)
        self.app = application(endpoints, hosts, Gauge(rates or Rates(), clock))
        self._server = WebServer(self.app, place.host, place.port, request_within)

    @property
    def url(self) -> str:
        """Where it listens."""
        return self._server.url

    @property
    def serves(self) -> bool:
        """Whether it is alive."""
        return self._server.serves

    def start(self) -> None:
        """Listen and serve; UsageError when the address cannot be listened on."""
        self._inbox.start()
        try:
            self._server.start()
        except BaseException:
            self._inbox.stop()
            raise

    def stop(self) -> None:
        """Finish what is under way; whatever was answered with 200 is in the ledger."""
        self._server.stop()
        self._inbox.stop()

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Started on entering, stopped on leaving."""
        self.start()
        try:
            yield
        finally:
            self.stop()


def receivers(settings: Settings, engine: EngineSetup) -> Mapping[Receiver, Deliveries]:
    """Everything that can read webhooks, by the address they come to."""
    found: dict[Receiver, Deliveries] = {}
    for name, setup in engine.channels.items():
        if isinstance(setup.channel, Deliveries):
            found[Receiver.of(settings.channels[name].kind, name)] = setup.channel
    for source, reading in engine.sources.items():
        if isinstance(reading.source, Deliveries):
            found[Receiver.of(settings.sources[source].kind, source)] = reading.source
    return found


def _callback(
    engine: EngineSetup, ledger: Ledger, clock: Clock, wake: Callable[[str], None]
) -> CallbackEndpoint:
    return CallbackEndpoint(channels=engine.channels, ledger=ledger, clock=clock, wake=wake)
