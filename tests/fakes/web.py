"""A web surface on loopback before a small world, and a client that can be as rude as it likes."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, SecretStr

from syncd.domain.errors import DeliveryRefused
from syncd.domain.identity import SourceName
from syncd.ports.deliveries import About, Delivery, Hint
from syncd.service.web.rates import Rates
from syncd.service.web.surface import Place, WebSurface
from syncd.settings.kinds import Kinds
from syncd.settings.loading import load_settings
from syncd.settings.settings import Settings
from tests.fakes.memory_source import MemorySource
from tests.fakes.shopfloor import Shopfloor, within
from tests.unit.settings.standins import STANDINS

TOKEN = "web-geheim"
STORE = SourceName("store")
CONFIG = """\
ledger: sqlite:///ledger.db
sources:
  stock: {kind: csv_file, path: stock.csv, basis: on_hand, committed: none, orders: on_shipment}
  store: {kind: shopify, stock: none}
channels:
  shop:
    kind: tiktok_shop
    app_key: 29a39d
    app_secret: {credential: app_secret}
    orders_every: 5m
    reconcile_every: 1h
    stock: {from: {stock: all}}
web: {listen: 127.0.0.1:8085, public_url: https://sync.acme.com, token: {credential: web_token}}
"""


class NoMoreOptions(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


KINDS = Kinds(sources={**STANDINS.sources, "shopify": NoMoreOptions}, channels=STANDINS.channels)


class TellingSource(MemorySource):
    """A source that receives webhooks: the signature is the word `good`."""

    def parse_delivery(self, headers: Mapping[str, str], body: bytes) -> Delivery:
        if headers.get("x-shopify-hmac-sha256") != "good":
            raise DeliveryRefused("store: the signature does not fit the body")
        if b"\\u" in body:
            body = b""
            headers = {**headers, "x-shopify-webhook-id": "\ud800"}
        return Delivery(
            topic="inventory_levels/update", notification=headers["x-shopify-webhook-id"],
            event="", sent_at=None, hints=(Hint(about=About.STOCK, reference=body.decode()),),
        )  # fmt: skip


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def text(self) -> str:
        return self.body.decode()

    def json(self) -> dict[str, object]:
        document: dict[str, object] = json.loads(self.body)
        return document


@dataclass
class Client:
    """Sends one request per connection."""

    url: str

    def send(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Reply:
        parts = urlsplit(self.url)
        connection = HTTPConnection(parts.hostname or "", parts.port, timeout=20)
        try:
            connection.request(method, path, body or None, dict(headers or {}))
            reply = connection.getresponse()
            found = {name.lower(): value for name, value in reply.getheaders()}
            return Reply(reply.status, found, reply.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Reply:
        return self.send("GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()})

    def with_token(self, path: str) -> Reply:
        return self.get(path, authorization=f"Bearer {TOKEN}")


@dataclass
class Stage:
    """The world behind the surface, the surface, and who was woken."""

    floor: Shopfloor
    settings: Settings
    surface: WebSurface
    web: Client
    woken: list[str] = field(default_factory=list)

    def tell(self, body: bytes = b"5", signature: str = "good", **headers: str) -> Reply:
        """A webhook for the channel."""
        given = {"x-signature": signature, **headers}
        return self.web.send("POST", "/webhooks/tiktok/shop", body, given)

    def waiting(self, receiver: str = "shop") -> list[str]:
        """What waits in the inbox, by reference."""
        rows = self.floor.ledger.waiting_deliveries(receiver, 100_000)
        return [hint.reference for row in rows for hint in row.hints]


@contextmanager
def stage_of(
    folder: Path, *, token: str | None = TOKEN, rates: Rates | None = None, patience: float = 10.0
) -> Iterator[Stage]:
    """A serving stage."""
    (folder / "syncd.yaml").write_text(CONFIG)
    settings = load_settings(folder / "syncd.yaml", KINDS, {})
    floor = Shopfloor(folder)
    store = TellingSource(STORE, floor.clock.now())
    store.set(A=1)
    floor.more_sources[STORE] = (store, within(timedelta(minutes=15)), floor.basis)
    woken: list[str] = []
    surface = WebSurface(
        settings, floor.engine(), Place(host="127.0.0.1", port=0, public_url="https://sync.acme.com"),
        None if token is None else SecretStr(token), woken.append, rates, patience,
    )  # fmt: skip
    try:
        with surface.serving():
            yield Stage(floor, settings, surface, Client(surface.url), woken)
    finally:
        floor.close()
