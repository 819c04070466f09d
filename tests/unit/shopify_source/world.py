"""A simulated Shopify shop over real HTTP, its source, and one clock for both that only sleeping moves."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Lock
from typing import cast

from pydantic import SecretStr

from connectors.shopify.factory import FACTORY
from connectors.shopify.options import ShopifyOptions
from connectors.shopify.sandbox.simulator import Simulator
from connectors.shopify.sandbox.state import Shop
from connectors.shopify.source import ShopifySource
from connectors.transport.simulation.server import SandboxServer
from syncd.domain.identity import SourceName
from syncd.domain.stock import Completeness, Reading, Reject, State, Watermark
from syncd.ports.credentials import Secret
from syncd.ports.sandbox import SandboxOptions

START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MAIN, EAST = "Main", "East"
Raw = dict[str, object]


class SharedClock:
    """Moved by whoever sleeps, shop or source; remembers the sleeps of the source.

    `pace`: how many seconds go by in a second that the source sleeps.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self.at = START
        self.slept: list[float] = []
        self.pace = 1

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return (self.at - START).total_seconds()

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.slept.append(seconds)
            self.at += timedelta(seconds=seconds * self.pace)

    def advance(self, seconds: float) -> None:
        with self._lock:
            self.at += timedelta(seconds=seconds)


@dataclass(frozen=True)
class Secrets:
    """Credentials of the simulated shop."""

    shop: Shop

    def secret(self, reference: Secret) -> SecretStr:
        identity = self.shop.identity
        known = {
            "token": identity.token,
            "client_secret": identity.client_secret,
            "wrong": "shpat_wrong",
            "webhook": "hook-secret",
        }
        return SecretStr(known[reference.credential])


@dataclass
class Taken:
    """All that one reading said."""

    completeness: Completeness
    as_of: datetime
    watermark: Watermark | None
    fingerprint: str | None
    notes: Sequence[str]
    rejects: list[Reject]
    readings: list[Reading] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    values: list[tuple[str, ...]] = field(default_factory=list)
    origin: str = ""

    def quantity(self, sku: str, location: str = MAIN) -> int | None:
        """The quantity of the only row of a SKU at a location."""
        return self.reading(sku, location).quantity

    def reading(self, sku: str, location: str = MAIN) -> Reading:
        (found,) = [each for each in self.readings if (each.sku, each.location) == (sku, location)]
        return found

    @property
    def known(self) -> dict[tuple[str, str], int | None]:
        """Quantities that are known, by SKU and location."""
        return {
            (each.sku, each.location): each.quantity
            for each in self.readings
            if each.state is State.KNOWN
        }

    @property
    def moment(self) -> datetime:
        assert self.watermark is not None
        return self.watermark.moment


@dataclass
class World:
    """The shop, where it listens, and everybody's clock."""

    simulator: Simulator
    url: str
    clock: SharedClock

    @property
    def shop(self) -> Shop:
        return self.simulator.shop

    def control(self, path: str, /, **body: object) -> object:
        """An edit of the shop; the words of a refusal fail the test."""
        content = json.dumps(body).encode()
        status, _, answer = self.simulator.handle("POST", f"/control/{path}", {}, content)
        assert isinstance(answer, bytes)
        assert status == 200, answer
        return json.loads(answer)

    def fault(
        self, kind: str, match: str = "", *, times: int = 1, after: int = 0, seconds: float = 0.0
    ) -> None:
        self.control("faults", kind=kind, match=match, times=times, after=after, seconds=seconds)

    def settings(self, **changes: object) -> None:
        self.control("settings", **changes)

    def requests(self, operation: str | None = None) -> Sequence[Mapping[str, object]]:
        """What the shop was asked, or only one kind of question."""
        entries = self.simulator.world.journal.since(0)
        found = [entry for entry in entries if entry["kind"] == "request"]
        if operation is None:
            return found
        return [entry for entry in found if str(entry.get("operation")).split()[:1] == [operation]]

    def source(self, **options: object) -> ShopifySource:
        identity = self.shop.identity
        given: Raw = {"shop": identity.domain, "url": self.url, **options}
        if "client_id" not in given:
            given.setdefault("token", {"credential": "token"})
        model = ShopifyOptions.model_validate(given)
        source = FACTORY.open(
            SourceName("store"),
            model,
            folder=Path(),
            credentials=Secrets(self.shop),
            clock=self.clock,
        )
        return cast("ShopifySource", source)

    def read(self, since: datetime | None = None, /, **options: object) -> Taken:
        """One reading by a new source."""
        return read(self.source(**options), since)


def read(source: ShopifySource, since: datetime | None = None) -> Taken:
    """One reading to its end."""
    with source.snapshot(since) as reader:
        taken = Taken(
            completeness=reader.completeness,
            as_of=reader.as_of,
            watermark=reader.watermark,
            fingerprint=reader.fingerprint,
            notes=(),
            rejects=[],
            origin=reader.origin,
        )
        assert taken.watermark is None
        for batch in reader.batches():
            for position, values in zip(batch.positions, batch.values, strict=True):
                found = reader.parse(position, values)
                taken.positions.append(position)
                taken.values.append(values)
                if isinstance(found, Reject):
                    taken.rejects.append(found)
                else:
                    taken.readings.append(found)
        taken.rejects += reader.rejects()
        taken.notes = reader.notes
        taken.watermark, taken.fingerprint = reader.watermark, reader.fingerprint
    return taken


@contextmanager
def open_world(folder: Path, raw: Raw | None = None, **options: object) -> Iterator[World]:
    """Serve a shop, the sample or one described as in a seed file."""
    clock = SharedClock()
    seed: Path | None = None
    if raw is not None:
        seed = folder / "seed.json"
        seed.write_text(json.dumps({"shopify": raw}), encoding="utf-8")
    stopping = Event()
    simulator = Simulator(
        SandboxOptions(seed=seed, **options),  # type: ignore[arg-type]
        now=lambda: clock.now().timestamp(),
        sleep=clock.advance,
    )
    server = SandboxServer(0, simulator.handle, stopping)
    simulator.serve_at(server.url)
    server.begin()
    try:
        yield World(simulator, server.url, clock)
    finally:
        server.end()
        simulator.close()


def product(*variants: Raw, **more: object) -> Raw:
    return {"title": "Thing", "variants": list(variants), **more}


def variant(sku: str | None, main: int = 5, **more: object) -> Raw:
    named: Raw = {} if sku is None else {"sku": sku}
    return {**named, "price": "10.00", "levels": {MAIN: main}, **more}


def shop_of(*products: Raw, locations: Sequence[Raw] | None = None) -> Raw:
    """A seed with two locations unless said otherwise."""
    places = [{"name": MAIN}, {"name": EAST}] if locations is None else list(locations)
    return {"locations": places, "products": list(products)}
