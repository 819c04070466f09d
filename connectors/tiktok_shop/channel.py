"""A TikTok Shop as a channel: what it shows, its orders, absolute writes, and what it was seen to refuse."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from random import Random

from pydantic import SecretStr

from connectors.tiktok_shop.batches import LargestBatch, parts
from connectors.tiktok_shop.calls import App, SignedCalls
from connectors.tiktok_shop.catalogue import Catalogue
from connectors.tiktok_shop.client import TikTokClient
from connectors.tiktok_shop.codes import ErrorClass
from connectors.tiktok_shop.errors import ApiRefused, ApiUnavailable, ApiUnknown
from connectors.tiktok_shop.options import TikTokShopOptions
from connectors.tiktok_shop.order_feed import TikTokOrderFeed
from connectors.tiktok_shop.promotions import promotions
from connectors.tiktok_shop.scopes import NEEDED, USEFUL
from connectors.tiktok_shop.tokens import Keeper, TokenIssuer
from connectors.tiktok_shop.webhooks import SUBSCRIBED, WebhookReader
from connectors.tiktok_shop.wire import Shop
from connectors.tiktok_shop.writing import (
    ProductWriter,
    Refusals,
    at_least_one,
    is_quantity,
    stock_write,
)
from connectors.transport.in_process import carrier
from connectors.transport.pacing import Lane, Pacer
from connectors.transport.rate import known, learned
from connectors.transport.retrying import PacedCaller
from syncd.domain.authorization import Authorization
from syncd.domain.change import Change
from syncd.domain.errors import ChannelUnauthorized, ChannelUnavailable
from syncd.domain.identity import ChannelName, ListingRef, WarehouseId
from syncd.domain.listing import Listing
from syncd.domain.outcome import Accepted, Outcome, Rejected, Unknown
from syncd.domain.promotion import Promotion
from syncd.domain.report import Requests
from syncd.domain.rules import Zero
from syncd.ports.channel import Exchange, Fact, FactStore, OrderFeed, ShopFacts
from syncd.ports.clock import Clock
from syncd.ports.credentials import Credentials
from syncd.ports.deliveries import Delivery, Subscription
from syncd.ports.tokens import TokenStore
from syncd.ports.wire import Wire

ZERO_REFUSED = "zero_refused"
DEACTIVATED = "deactivated_by_syncd:"
SALES = "SALES_WAREHOUSE"
CROSS_BORDER = "CROSS_BORDER"


class TikTokShopChannel:
    """One authorized shop. Threads may share it."""

    def __init__(
        self, name: ChannelName, options: TikTokShopOptions, client: TikTokClient,
        keeper: Keeper, webhooks: WebhookReader, facts: FactStore, clock: Clock,
    ) -> None:  # fmt: skip
        self._name = name
        self._options = options
        self._authorized = client
        self._keeper = keeper
        self._webhooks = webhooks
        self._facts = facts
        self._clock = clock
        self._batches = LargestBatch(name, facts)

    @property
    def name(self) -> ChannelName:
        """The channel's name in the YAML."""
        return self._name

    def connect(self, auth_code: str) -> str:
        """Exchange an authorization code and keep the tokens; a sentence about the shop.

        Raises ChannelUnauthorized or ChannelUnavailable.
        """
        grant = self._keeper.connect(SecretStr(auth_code))
        for cached in ("_shop", "_client", "_catalogue", "_writer"):
            self.__dict__.pop(cached, None)  # another seller may have granted access this time
        shop = self._shop
        return (
            f"connected to {shop.name or shop.id} ({shop.region or 'region unknown'}, id {shop.id}); "
            f"authorized until {grant.refresh_expires_at:%Y-%m-%d}"
        )

    def authorization(self) -> Authorization | None:
        """What the seller granted, as it is kept; None when the channel is not connected."""
        try:
            grant = self._keeper.grant()
        except ChannelUnauthorized:
            return None
        return Authorization(
            holder=grant.seller_name or grant.open_id,
            expires_at=grant.refresh_expires_at,
            needed=NEEDED,
            granted=grant.granted_scopes or None,
            useful=USEFUL,
        )

    def authorized_shops(self) -> Sequence[str]:
        """The shops the authorization covers."""
        return [
            f"{shop.name or 'without a name'} ({shop.region or 'region unknown'}, id {shop.id})"
            for shop in self._authorized.authorized_shops()
        ]

    def parse_delivery(self, headers: Mapping[str, str], body: bytes) -> Delivery:
        """Verify and read a webhook. Raises DeliveryRefused."""
        return self._webhooks.read(headers, body)

    def wanted_topics(self) -> Sequence[str]:
        """The topics that can be subscribed to by a call and tell where to look."""
        return SUBSCRIBED

    def subscriptions(self) -> Sequence[Subscription]:
        """What the shop sends now, one address a topic."""
        return [
            Subscription(topic=row.event_type, address=row.address)
            for row in self._client.webhooks()
        ]

    def subscribe(self, topic: str, address: str) -> None:
        """Have a topic sent to this address.

        The shop was seen to answer success and to forget one of several, so it is looked at and said twice.
        """
        wanted = Subscription(topic=topic, address=address)
        for _ in range(2):
            self._client.put_webhook(topic, address)
            if wanted in self.subscriptions():
                return
        raise ChannelUnavailable(
            f"the shop took {topic} without an error but does not list it; try again later"
        )

    def unsubscribe(self, topic: str, address: str) -> None:
        """Have a topic no longer sent to this address; another address stays."""
        if Subscription(topic=topic, address=address) in self.subscriptions():
            self._client.delete_webhook(topic)

    @cached_property
    def _shop(self) -> Shop:
        """The shop of this channel among those the authorization covers."""
        shops = self._authorized.authorized_shops()
        wanted = self._options.shop
        if wanted is None and len(shops) == 1:
            return shops[0]
        for shop in shops:
            if wanted in {shop.id, shop.code}:
                return shop
        names = ", ".join(f"{shop.id} ({shop.name})" for shop in shops) or "none"
        if wanted is None:
            text = f"the authorization covers several shops; set channels.{self._name}.shop to one: {names}"
            raise ChannelUnauthorized(text)
        text = f"the authorization does not cover shop {wanted}; it covers: {names}"
        raise ChannelUnauthorized(text)

    @cached_property
    def _client(self) -> TikTokClient:
        return self._authorized.with_shop(SecretStr(self._shop.cipher))

    @property
    def _price_field(self) -> str:
        """Cross-border sellers set `sale_price`, local ones `amount` (read back as tax_exclusive_price)."""
        cross_border = self._shop.seller_type == CROSS_BORDER
        return "sale_price" if cross_border else "tax_exclusive_price"

    @cached_property
    def _catalogue(self) -> Catalogue:
        return Catalogue(self._client, self._clock, self._price_field)

    @cached_property
    def _writer(self) -> ProductWriter:
        return ProductWriter(self._client, self._clock, self._price_field)

    def facts(self) -> ShopFacts:
        """The shop and its sales warehouses; a return warehouse may come first in the shop's list."""
        return ShopFacts(
            shop_id=self._shop.id,
            name=self._shop.name,
            region=self._shop.region,
            currency=None,
            warehouses={
                WarehouseId(item.id): item.name
                for item in self._client.warehouses()
                if item.type == SALES
            },
        )

    def listings(self) -> Iterator[Sequence[Listing]]:
        """Everything the shop lists, in batches of at most 100 products."""
        return self._catalogue.listings()

    def look(self, refs: Sequence[ListingRef]) -> Mapping[ListingRef, Listing]:
        """The live stock of these listings."""
        return self._catalogue.look(refs, Lane.URGENT)

    def still_listed(self, refs: Sequence[ListingRef]) -> Collection[ListingRef]:
        """Those of these few listings that the shop has after all, asked for each product by itself."""
        return self._catalogue.still_listed(refs)

    def look_at_prices(self, refs: Sequence[ListingRef]) -> Mapping[ListingRef, Listing]:
        """The live price and status of these listings."""
        return self._catalogue.look_at_prices(refs)

    def promotions(self) -> Sequence[Promotion]:
        """Promotions that lock prices now or within a day; the times are the shop's own."""
        return tuple(promotions(self._client, self._clock.now()))

    def batches(self, changes: Sequence[Change]) -> Iterator[Sequence[Change]]:
        """One product and one field per call, all warehouses of a SKU together."""
        groups: dict[tuple[str, str], list[Change]] = {}
        for change in changes:
            groups.setdefault((change.ref.product_id, change.field.value), []).append(change)
        for rows in groups.values():
            yield from parts(rows)

    def submit(self, exchange: Exchange, zero: Zero) -> Sequence[Outcome]:
        """Write one product. Raises ChannelUnavailable or ChannelUnauthorized when nothing was done."""
        if not is_quantity(exchange.changes):
            return self._writer.write_prices(exchange.changes)[0]
        outcomes, refused = self._writer.write_stock(exchange.changes, exchange.live)
        if any(item.entry.kind is ErrorClass.WAREHOUSES for item in refused.values()):
            outcomes = self._again_with_warehouses(exchange, outcomes, refused)
        if any(_zero_refused(outcome, refused) for outcome in outcomes):
            outcomes = self._without_zero(exchange, zero, outcomes, refused)
        self._reactivate(outcomes)
        self._batches.note(self._writer.largest)
        return outcomes

    def _again_with_warehouses(
        self, exchange: Exchange, outcomes: Sequence[Outcome], refused: Refusals
    ) -> Sequence[Outcome]:
        """The SKU's warehouses changed since they were read: read them again, write once more."""
        guilty = [ref for ref, item in refused.items() if item.entry.kind is ErrorClass.WAREHOUSES]
        live = self.look(guilty)
        again = [
            row
            for row in exchange.changes
            if row.ref in live
            and row.warehouse_id in {item.warehouse_id for item in live[row.ref].stock}
        ]
        if not again:
            return outcomes
        repeated, still = self._writer.write_stock(again, live)
        for ref in {row.ref for row in again}:
            refused.pop(ref, None)
        refused.update(still)
        return _replaced(outcomes, repeated)

    def _without_zero(
        self, exchange: Exchange, zero: Zero, outcomes: Sequence[Outcome], refused: Refusals
    ) -> Sequence[Outcome]:
        """The shop refuses 0: leave one on sale and say so, or take the product off sale."""
        if self.refuses_zero() is None:
            self._facts.learn(self._name, ZERO_REFUSED, "yes")
        if zero is Zero.KEEP:
            return outcomes
        guilty = {item.change.ref for item in outcomes if _zero_refused(item, refused)}
        rows = [row for row in exchange.changes if row.ref in guilty]
        repeated, _ = self._writer.write_stock(at_least_one(rows), exchange.live)
        note = "the shop refuses 0: 1 is left on sale"
        product = rows[0].ref.product_id
        if zero is Zero.DEACTIVATE and self._is_empty(product, rows, exchange):
            note = self._deactivate(product) or note
        noted: list[Outcome] = []
        for row, outcome in zip(rows, repeated, strict=True):
            if isinstance(outcome, Accepted):
                sent = max(1, row.after)
                noted.append(Accepted(change=row, at=outcome.at, sent=sent, note=note))
            elif isinstance(outcome, Unknown):
                noted.append(Unknown(change=row, reason=outcome.reason))
            else:
                noted.append(outcome)
        return _replaced(outcomes, noted)

    def _is_empty(self, product_id: str, rows: Sequence[Change], exchange: Exchange) -> bool:
        """Whether every SKU of the product is to show nothing anywhere, so that it may go off sale."""
        emptied = {
            row.ref.listing_id
            for row in rows
            if not any(
                stock_write(
                    row.ref, _of(row.ref, rows), exchange.live.get(row.ref)
                ).quantities.values()
            )
        }
        try:
            skus = self._client.product(product_id).skus
        except (ApiRefused, ApiUnavailable):
            return False
        return all(
            sku.id in emptied or sum(item.quantity or 0 for item in sku.inventory) == 0
            for sku in skus
        )

    def _deactivate(self, product_id: str) -> str:
        try:
            errors = self._client.deactivate([product_id]).errors
        except (ApiRefused, ApiUnknown, ApiUnavailable):
            return ""
        if errors:
            return ""
        self._facts.learn(self._name, DEACTIVATED + product_id, "yes")
        return "the shop refuses 0: the product was deactivated"

    def _reactivate(self, outcomes: Sequence[Outcome]) -> None:
        """A product that we took off sale for want of stock is put back once it has some."""
        for product_id in {item.change.ref.product_id for item in outcomes}:
            fact = self._facts.fact(self._name, DEACTIVATED + product_id)
            stocked = any(
                isinstance(item, Accepted) and item.change.after > 0 and item.sent is None
                for item in outcomes
            )
            if fact is not None and fact.value == "yes" and stocked:
                try:
                    self._client.activate([product_id])
                except (ApiRefused, ApiUnknown, ApiUnavailable):
                    continue
                self._facts.learn(self._name, DEACTIVATED + product_id, "no")

    def refuses_zero(self) -> Fact | None:
        """Whether the shop was seen to refuse a quantity of 0, and when."""
        return self._facts.fact(self._name, ZERO_REFUSED)

    @contextmanager
    def orders(self, since: datetime | None) -> Iterator[OrderFeed]:
        """Order lines updated since then; None reads all open orders whatever their age."""
        yield TikTokOrderFeed(
            channel=self._name, client=self._client, asked_at=self._clock.now(), since=since
        )

    def requests(self) -> Requests:
        """HTTP requests since the channel was opened, token calls aside."""
        traffic = self._authorized.traffic()
        return Requests(sent=traffic.sent, throttled=traffic.throttled, retried=traffic.retried)


def _zero_refused(outcome: Outcome, refused: Refusals) -> bool:
    """Whether a SKU was refused for its quantity and one of its rows says 0."""
    refusal = refused.get(outcome.change.ref)
    return (
        isinstance(outcome, Rejected)
        and refusal is not None
        and refusal.entry.kind is ErrorClass.QUANTITY_REFUSED
        and outcome.change.after == 0
    )


def _of(ref: ListingRef, rows: Sequence[Change]) -> Sequence[Change]:
    return [row for row in rows if row.ref == ref]


def _replaced(outcomes: Sequence[Outcome], by: Sequence[Outcome]) -> Sequence[Outcome]:
    newer = {outcome.change.key: outcome for outcome in by}
    return [newer.get(outcome.change.key, outcome) for outcome in outcomes]


@contextmanager
def opened(
    name: ChannelName, options: TikTokShopOptions, *, credentials: Credentials,
    tokens: TokenStore, facts: FactStore, clock: Clock, wire: Wire | None = None,
) -> Iterator[TikTokShopChannel]:  # fmt: skip
    """A channel; its connections are closed on leaving."""
    app = App(key=options.app_key, secret=credentials.secret(options.app_secret))
    limits = learned() if options.rate is None else known(options.rate)
    with carrier(clock, wire) as transport:
        # two processes that start at different moments must not wait for the same spans
        dice = Random(f"{name} {clock.now()}")  # noqa: S311 - spreads retries, no cryptography
        caller = PacedCaller(transport, Pacer(limits, clock), clock, dice)
        issuer = TokenIssuer(auth_url=options.auth_url, app=app, transport=transport, clock=clock)
        keeper = Keeper(name, tokens, issuer, clock)
        calls = SignedCalls(
            api_url=options.api_url, app=app, tokens=keeper, caller=caller, clock=clock
        )
        client = TikTokClient(calls)
        webhooks = WebhookReader(channel=name, app_key=app.key, secret=app.secret)
        yield TikTokShopChannel(name, options, client, keeper, webhooks, facts, clock)
