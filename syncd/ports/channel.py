"""What the engine asks of a channel: what it shows, its orders, and absolute writes."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from pydantic import BaseModel

from syncd.domain.change import Change
from syncd.domain.identity import ChannelName, ListingRef, WarehouseId
from syncd.domain.listing import Listing
from syncd.domain.orders import OrderLine
from syncd.domain.outcome import Outcome
from syncd.domain.promotion import Promotion
from syncd.domain.report import Requests
from syncd.domain.rules import Zero
from syncd.ports.clock import Clock
from syncd.ports.credentials import Credentials
from syncd.ports.deliveries import Delivery
from syncd.ports.tokens import TokenStore
from syncd.ports.wire import Wire


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPage:
    """Order lines of one page of the feed."""

    lines: Sequence[OrderLine]


class OrderFeed(Protocol):
    """One poll of a channel's orders."""

    @property
    def asked_at(self) -> datetime:
        """When the poll began, by the clock that also dates what was seen of a listing: ours."""
        ...

    @property
    def shop_asked_at(self) -> datetime:
        """The same moment by the shop's clock, which dates orders; known once a page was read."""
        ...

    def pages(self) -> Iterator[OrderPage]:
        """Every page; the poll is complete only when this ends without an error."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopFacts:
    """What is known of the shop behind a channel. `warehouses` maps id to name, sales ones only."""

    shop_id: str
    name: str
    region: str
    currency: str | None
    warehouses: Mapping[WarehouseId, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A write of several changes that belong together: one request. `live` is what was just read.

    For quantities, `live` is the listing's stock in every warehouse it has, so that warehouses without
    a change can be sent as they are.
    """

    changes: Sequence[Change]
    live: Mapping[ListingRef, Listing] = field(default_factory=dict)


class Channel(Protocol):
    """A shop that shows listings.

    Every method raises ChannelUnavailable or ChannelUnauthorized only when nothing is known of the call.
    """

    @property
    def name(self) -> ChannelName:
        """The channel's name in the YAML."""
        ...

    def parse_delivery(self, headers: Mapping[str, str], body: bytes) -> Delivery:
        """Verify and read a webhook, as Deliveries says; DeliveryRefused when it is not the shop's."""
        ...

    def connect(self, auth_code: str) -> str:
        """Exchange an authorization code for tokens and keep them; a sentence about the shop."""
        ...

    def facts(self) -> ShopFacts:
        """The shop and its warehouses."""
        ...

    def listings(self) -> Iterator[Sequence[Listing]]:
        """Everything the shop lists, in bounded batches; complete only when it ends without an error."""
        ...

    def look(self, refs: Sequence[ListingRef]) -> Mapping[ListingRef, Listing]:
        """The live stock of these listings; price and status as last seen may be absent (None, LIVE).

        A listing the shop no longer knows is not in the answer.
        """
        ...

    def still_listed(self, refs: Sequence[ListingRef]) -> Collection[ListingRef]:
        """Those of these few listings that the shop has after all, asked for each by itself.

        They are missing from what `listings` said: gone, or left out of an answer that was cut.
        """
        ...

    def look_at_prices(self, refs: Sequence[ListingRef]) -> Mapping[ListingRef, Listing]:
        """The live price and status of these listings."""
        ...

    def promotions(self) -> Sequence[Promotion]:
        """Promotions that run now or begin within a day and lock prices of whole products."""
        ...

    def batches(self, changes: Sequence[Change]) -> Iterator[Sequence[Change]]:
        """Group changes into what one `submit` takes, keeping their order of urgency."""
        ...

    def submit(self, exchange: Exchange, zero: Zero) -> Sequence[Outcome]:
        """Write absolute values; one outcome per change, in order.

        `zero` says what to do where the shop refuses a quantity of 0.
        """
        ...

    def orders(self, since: datetime | None) -> AbstractContextManager[OrderFeed]:
        """Order lines updated since then; None reads all open orders whatever their age."""
        ...

    def refuses_zero(self) -> "Fact | None":
        """Whether the shop was seen to refuse a quantity of 0, and since when we know."""
        ...

    def requests(self) -> Requests:
        """HTTP requests since the channel was opened."""
        ...


class ChannelFactory(Protocol):
    """What an entry point of the group `syncd.channels` names."""

    @property
    def options_model(self) -> type[BaseModel]:
        """The kind's own YAML keys, as a frozen pydantic model that forbids unknown keys."""
        ...

    def open(
        self,
        name: ChannelName,
        options: BaseModel,
        *,
        folder: Path,
        credentials: Credentials,
        tokens: TokenStore,
        facts: "FactStore",
        clock: Clock,
        wire: Wire | None = None,
    ) -> AbstractContextManager[Channel]:
        """A channel ready to be used; connections are closed on leaving.

        With a `wire` every request goes over it, to a shop simulated in this process.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something learned about a shop by trying, with its date."""

    name: str
    value: str
    learned_at: datetime


class FactStore(Protocol):
    """Dated facts a connector learned about its shop (cipher, whether 0 is accepted)."""

    def fact(self, channel: ChannelName, name: str) -> Fact | None:
        """The fact, if it was learned."""
        ...

    def learn(self, channel: ChannelName, name: str, value: str) -> None:
        """Remember the fact with the present date."""
        ...
