"""`/metrics` for Prometheus: ages, work left and requests, asked of the ledger at every scrape."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response

from syncd.domain.health import Health
from syncd.domain.identity import ChannelName, SourceName
from syncd.domain.report import Requests
from syncd.engine.attention import MOST_BOOKINGS, parked
from syncd.engine.setup import EngineSetup
from syncd.engine.vitals import health
from syncd.service.web.access import Access
from syncd.settings.settings import Settings

TEXT = "text/plain; version=0.0.4; charset=utf-8"


class WebhookCounters:
    """What became of webhooks, by receiver; a receiver that nobody configured is never counted."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._received = Counter(
            "syncd_webhooks",
            "Webhooks by what became of them: stored, duplicate, old, refused, not_stored",
            ["receiver", "result"],
            registry=registry,
        )

    def count(self, receiver: str, result: str) -> None:
        """One more."""
        self._received.labels(receiver, result).inc()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LedgerCollector(Collector):
    """Reads the ledger when somebody scrapes."""

    settings: Settings
    engine: EngineSetup

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering must not read the ledger."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Every gauge."""
        now = self.engine.clock.now()
        yield from _vitals(health(self.engine, now))
        yield from self._sources(now)
        yield from self._channels(now)
        yield _family(
            "syncd_webhooks_waiting", "Stored webhooks that nobody looked after yet", "receiver",
            {name: float(count) for name, count in self.engine.ledger.waiting_counts().items()},
        )  # fmt: skip
        yield from _requests(
            {name: setup.channel.requests() for name, setup in self.engine.channels.items()}
        )

    def _sources(self, now: datetime) -> Iterator[Metric]:
        names: list[SourceName] = list(self.settings.sources)
        standings = {k: v for k, v in self.engine.ledger.standings().items() if k in names}
        yield _family(
            "syncd_source_rows", "Rows the source has now", "source",
            {name: float(one.rows) for name, one in standings.items()},
        )  # fmt: skip
        yield _family(
            "syncd_source_rejected_rows", "Rows that could not be used", "source",
            {name: float(self.engine.ledger.reject_count(name)) for name in standings},
        )  # fmt: skip
        yield _family(
            "syncd_source_data_age_seconds", "Age of what the source says", "source",
            {
                name: (now - one.as_of).total_seconds()
                for name, one in standings.items() if one.as_of is not None
            },
        )  # fmt: skip

    def _channels(self, now: datetime) -> Iterator[Metric]:
        names, ledger = list(self.settings.channels), self.engine.ledger
        held = {name: self._held(name) for name in names}
        for metric, words, values in (
            ("listings", "Bound listings", {n: ledger.listing_count(n) for n in names}),
            ("dirty", "SKUs to be planned again", {n: ledger.dirty_count(n) for n in names}),
            ("held", "Changes that a guard holds", held),
            ("parked", "Listings set aside", {n: len(parked(self.engine, n, now)) for n in names}),
            ("unbooked", "Order lines not taken off their source for sure", self._unbooked()),
            ("paused", "1 while paused by hand", {n: ledger.paused(n) is not None for n in names}),
        ):
            values_ = {str(name): float(value) for name, value in values.items()}
            yield _family(f"syncd_channel_{metric}", words, "channel", values_)

    def _unbooked(self) -> dict[ChannelName, int]:
        counts = dict.fromkeys(self.settings.channels, 0)
        for item in self.engine.ledger.open_bookings(MOST_BOOKINGS):
            if item.id.channel in counts:
                counts[item.id.channel] += 1
        return counts

    def _held(self, name: ChannelName) -> int:
        plan = self.engine.ledger.latest_plan(name)
        return 0 if plan is None else sum(1 for row in plan.rows if row.held_by is not None)


def _vitals(found: Health) -> Iterator[Metric]:
    ready = GaugeMetricFamily("syncd_ready", "1 while everything is young enough")
    ready.add_metric([], float(found.ready))
    yield ready
    ages = GaugeMetricFamily(
        "syncd_age_seconds", "Age of the newest complete reading, order poll and confirmation",
        labels=["name", "what"],
    )  # fmt: skip
    bounds = GaugeMetricFamily(
        "syncd_age_allowed_seconds", "How old it may grow", labels=["name", "what"]
    )
    for vital in found.vitals:
        labels = [vital.name, vital.sign.name.lower()]
        bounds.add_metric(labels, vital.allowed.total_seconds())
        old = vital.age(found.at)
        if old is not None:
            ages.add_metric(labels, old.total_seconds())
    yield ages
    yield bounds


def _requests(counts: Mapping[ChannelName, Requests]) -> Iterator[Metric]:
    family = CounterMetricFamily(
        "syncd_channel_requests", "HTTP requests to the shop since the start",
        labels=["channel", "result"],
    )  # fmt: skip
    for name, count in counts.items():
        for result in ("sent", "throttled", "retried"):
            family.add_metric([name, result], float(getattr(count, result)))
    yield family


def _family(name: str, words: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, words, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsEndpoint:
    """Answers a scrape that bears the token."""

    registry: CollectorRegistry
    access: Access

    def scrape(self, request: Request) -> Response:
        """The metrics as text."""
        refusal = self.access.refusal(request)
        if refusal is not None:
            return refusal
        return Response(generate_latest(self.registry), media_type=TEXT)


def new_registry() -> CollectorRegistry:
    """A registry of our own with the numbers of this process; the global one belongs to nobody."""
    registry = CollectorRegistry(auto_describe=False)
    ProcessCollector(registry=registry)
    return registry
