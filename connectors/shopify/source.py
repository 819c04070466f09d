"""A Shopify shop as a source of stock and prices; it reads and loads nothing heavy before it is asked to."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING

from pydantic import SecretStr

from connectors.shopify.options import ShopifyOptions
from connectors.shopify.webhooks import read_delivery
from syncd.domain.errors import DeliveryRefused, SourceInvalid, SourceUnauthorized
from syncd.domain.identity import SourceName
from syncd.ports.clock import Clock
from syncd.ports.deliveries import Delivery
from syncd.ports.probe import Check
from syncd.ports.source import SnapshotReader
from syncd.ports.write_back import Adjustment, Answer

if TYPE_CHECKING:
    from connectors.shopify.visiting import Shop


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopSecrets:
    """What the options refer to: a permanent token or a client secret, and what signs webhooks."""

    token: SecretStr | None
    client_secret: SecretStr | None
    webhook: SecretStr | None


class ShopifySource:
    """One shop, which several threads may write to."""

    def __init__(
        self, name: SourceName, options: ShopifyOptions, secrets: ShopSecrets, clock: Clock
    ) -> None:
        self.name = name
        self._options = options
        self._secrets = secrets
        self._clock = clock
        self._opening = Lock()
        self._shop: Shop | None = None

    @property
    def shop(self) -> "Shop":
        """The shop, its connector loaded."""
        with self._opening:
            if self._shop is None:
                from connectors.shopify.tokens import keeper_of
                from connectors.shopify.visiting import Shop

                options, secrets = self._options, self._secrets
                tokens = keeper_of(options, secrets.token, secrets.client_secret, self._clock)
                self._shop = Shop(options, tokens, self._clock)
            return self._shop

    def fingerprint(self) -> str | None:
        """None: only reading tells."""
        return None

    @property
    def delta_scope(self) -> str | None:
        """Asks the shop, because its locations may have changed; None when it does not answer."""
        return self.shop.scope()

    def probe(self, every: timedelta) -> tuple[Check, ...]:
        """Permissions, clock, locations, and what readings cost."""
        return self.shop.probe(every)

    def snapshot(self, since: datetime | None) -> AbstractContextManager[SnapshotReader]:
        """Everything, or what changed since a former watermark less `overlap`."""
        return self.shop.snapshot(since)

    def adjust(self, adjustment: Adjustment) -> Answer:
        """One keyed change of what is available; Shopify itself knows a key again (fact sheet 2.6)."""
        with _of_the_whole_shop(), self.shop.writer() as writer:
            return writer.adjust(adjustment)

    def was_booked(self, adjustment: Adjustment) -> bool | None:
        """None: no stable version of the API tells who changed a quantity (fact sheet 4)."""
        del adjustment
        return None

    def write_back_checks(self) -> tuple[Check, ...]:
        """The scope, and orders that somebody else imports from TikTok."""
        with _of_the_whole_shop(), self.shop.writer() as writer:
            return tuple(writer.checks())

    def parse_delivery(self, headers: Mapping[str, str], body: bytes) -> Delivery:
        """Verify and read one webhook; header names in lower case. Raises DeliveryRefused."""
        if self._secrets.webhook is None:
            raise DeliveryRefused(
                f"source {self.name} has no webhook_secret, so nothing sent to it can be verified"
            )
        return read_delivery(headers, body, self._secrets.webhook, self._options.domain)


@contextmanager
def _of_the_whole_shop() -> Iterator[None]:
    """What does not fit between shop and configuration stops every adjustment, so a person must act."""
    try:
        yield
    except SourceInvalid as error:
        raise SourceUnauthorized(str(error)) from None
