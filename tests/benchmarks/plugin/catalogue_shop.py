"""A shop of any size that costs nothing to ask: listings by formula, so that planning is measured alone."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from syncd.domain.change import Change
from syncd.domain.errors import DeliveryRefused
from syncd.domain.identity import ChannelName, ListingId, ListingRef, ProductId, WarehouseId
from syncd.domain.listing import Listing, ListingStatus, WarehouseStock
from syncd.domain.outcome import Outcome
from syncd.domain.promotion import Promotion
from syncd.domain.report import Requests
from syncd.domain.rules import Zero
from syncd.ports.channel import Channel, Exchange, Fact, FactStore, OrderPage, ShopFacts
from syncd.ports.clock import Clock
from syncd.ports.credentials import Credentials
from syncd.ports.deliveries import Delivery
from syncd.ports.tokens import TokenStore

BATCH = 1_000
MAIN = WarehouseId("W1")


class CatalogueOptions(BaseModel):
    """How many SKUs the shop lists."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: int


def sku_of(number: int) -> str:
    """The SKU with this number."""
    return f"SKU-{number:08}"


def units_of(number: int) -> int:
    """What shop and first stock file say of it."""
    return number * 7 % 97


@dataclass(frozen=True)
class EmptyFeed:
    """No orders, completely."""

    asked_at: datetime

    @property
    def shop_asked_at(self) -> datetime:
        """The same."""
        return self.asked_at

    def pages(self) -> Iterator[OrderPage]:
        """Nothing."""
        return iter(())


class CatalogueShop:
    """The channel."""

    def __init__(self, name: ChannelName, size: int, clock: Clock) -> None:
        self.name = name
        self._size = size
        self._clock = clock

    def connect(self, auth_code: str) -> str:
        """Nothing to connect."""
        return auth_code

    def facts(self) -> ShopFacts:
        """One warehouse."""
        return ShopFacts(
            shop_id="1", name="catalogue", region="US", currency="USD", warehouses={MAIN: "Main"}
        )

    def listings(self) -> Iterator[Sequence[Listing]]:
        """Everything."""
        for start in range(0, self._size, BATCH):
            numbers = range(start, min(start + BATCH, self._size))
            yield [self._listing(number) for number in numbers]

    def look(self, refs: Sequence[ListingRef]) -> Mapping[ListingRef, Listing]:
        """What is listed, as ever."""
        return {ref: self._listing(int(ref.listing_id)) for ref in refs}

    look_at_prices = look

    def still_listed(self, refs: Sequence[ListingRef]) -> Collection[ListingRef]:
        """All of them."""
        return refs

    def promotions(self) -> Sequence[Promotion]:
        """None."""
        return ()

    def batches(self, changes: Sequence[Change]) -> Iterator[Sequence[Change]]:
        """One by one."""
        return ([change] for change in changes)

    def submit(self, exchange: Exchange, zero: Zero) -> Sequence[Outcome]:
        """Nobody writes to it."""
        raise AssertionError(f"a plan sends nothing, not {exchange} ({zero})")

    @contextmanager
    def orders(self, since: datetime | None) -> Iterator[EmptyFeed]:
        """None."""
        del since
        yield EmptyFeed(self._clock.now())

    def parse_delivery(self, headers: Mapping[str, str], body: bytes) -> Delivery:
        """It sends no webhooks."""
        del headers, body
        raise DeliveryRefused("this shop sends none")

    def refuses_zero(self) -> Fact | None:
        """It takes a zero."""
        return None

    def requests(self) -> Requests:
        """Nothing is asked of anyone."""
        return Requests()

    def _listing(self, number: int) -> Listing:
        return Listing(
            ref=ListingRef(ProductId(str(number // 4)), ListingId(str(number))),
            seller_sku=sku_of(number), status=ListingStatus.LIVE, price=None,
            stock=(WarehouseStock(warehouse_id=MAIN, available=units_of(number)),),
            observed_at=self._clock.now(),
        )  # fmt: skip


class CatalogueFactory:
    """Opens it."""

    options_model: type[BaseModel] = CatalogueOptions

    @contextmanager
    def open(
        self, name: ChannelName, options: BaseModel, *, folder: Path, credentials: Credentials,
        tokens: TokenStore, facts: FactStore, clock: Clock,
    ) -> Iterator[Channel]:  # fmt: skip
        """A shop of that size."""
        del folder, credentials, tokens, facts
        assert isinstance(options, CatalogueOptions)
        yield CatalogueShop(name, options.size, clock)


FACTORY = CatalogueFactory()
