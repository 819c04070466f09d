"""A TikTok Shop channel on the simulated shop, over real HTTP, for tests."""

import json
import urllib.request
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from connectors.tiktok_shop.channel import TikTokShopChannel
from connectors.tiktok_shop.factory import FACTORY
from connectors.tiktok_shop.options import TikTokShopOptions
from connectors.tiktok_shop.sandbox.factory import FACTORY as SANDBOX
from syncd.domain.identity import ChannelName
from syncd.ports import Clock, SandboxOptions, Secret, SystemClock
from syncd.ports.channel import Fact


class OneSecret:
    """Credentials that answer the sandbox's app secret to every name."""

    def __init__(self, value: str) -> None:
        self._value = SecretStr(value)

    def secret(self, reference: Secret) -> SecretStr:
        del reference
        return self._value


class MemoryTokens:
    """A token store that is a dictionary."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}

    def load(self, channel: ChannelName) -> bytes | None:
        return self.blobs.get(channel)

    def save(self, channel: ChannelName, blob: bytes) -> None:
        self.blobs[channel] = blob

    def lock(self, channel: ChannelName) -> AbstractContextManager[None]:
        del channel
        return nullcontext()


class MemoryFacts:
    """A fact store that is a dictionary."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.known: dict[str, Fact] = {}

    def fact(self, channel: ChannelName, name: str) -> Fact | None:
        return self.known.get(f"{channel}/{name}")

    def learn(self, channel: ChannelName, name: str, value: str) -> None:
        fact = Fact(name=name, value=value, learned_at=self._clock.now())
        self.known[f"{channel}/{name}"] = fact


@dataclass
class Control:
    """The sandbox's control endpoint."""

    url: str

    def get(self, path: str) -> dict[str, object]:
        with urllib.request.urlopen(f"{self.url}/{path}", timeout=10) as reply:  # noqa: S310 - loopback
            document: dict[str, object] = json.load(reply)
            return document

    def post(self, path: str, **body: object) -> dict[str, object]:
        request = urllib.request.Request(  # noqa: S310 - loopback
            f"{self.url}/{path}", data=json.dumps(body).encode(), method="POST"
        )
        with urllib.request.urlopen(request, timeout=10) as reply:  # noqa: S310 - loopback
            document: dict[str, object] = json.load(reply)
            return document

    def delete(self, path: str) -> None:
        request = urllib.request.Request(f"{self.url}/{path}", method="DELETE")  # noqa: S310 - loopback
        with urllib.request.urlopen(request, timeout=10):  # noqa: S310 - loopback
            pass

    def available(self, seller_sku: str) -> dict[str, int]:
        """Units available per warehouse."""
        houses = self._sku(seller_sku)["warehouses"]
        assert isinstance(houses, dict)
        return {name: stock["available"] for name, stock in houses.items()}

    def price(self, seller_sku: str) -> object:
        """The price the shop shows."""
        return self._sku(seller_sku)["price"]

    def _sku(self, seller_sku: str) -> dict[str, object]:
        products = self.get("state")["products"]
        assert isinstance(products, list)
        for product in products:
            for sku in product["skus"]:
                if sku["seller_sku"] == seller_sku:
                    found: dict[str, object] = sku
                    return found
        raise AssertionError(seller_sku)


@contextmanager
def connected(
    folder: Path, seed: dict[str, object] | None = None, **options: object
) -> Iterator[tuple[TikTokShopChannel, Control]]:
    """A connected channel and the control of its shop."""
    path = None
    if seed is not None:
        path = folder / "seed.json"
        path.write_text(json.dumps(seed))
    clock = SystemClock()
    with SANDBOX.open(SandboxOptions(seed=path, **options)) as sandbox:  # type: ignore[arg-type]  # keywords of a test
        shop = sandbox.description()
        mapping = TikTokShopOptions.model_validate(
            {
                "app_key": shop["app_key"], "app_secret": {"credential": "secret"},
                "api_url": shop["url"], "auth_url": shop["url"], "rate": "500",
            }
        )  # fmt: skip
        with FACTORY.open(
            ChannelName("shop"), mapping, folder=folder,
            credentials=OneSecret(shop["app_secret"]), tokens=MemoryTokens(),
            facts=MemoryFacts(clock), clock=clock,
        ) as channel:  # fmt: skip
            assert isinstance(channel, TikTokShopChannel)
            channel.connect(shop["auth_code"])
            yield channel, Control(shop["control"])
