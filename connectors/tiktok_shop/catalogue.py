"""Reads what a TikTok Shop lists and shows, as listings; knows the 10,000-result cap and its way round."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal, InvalidOperation

from connectors.tiktok_shop.bodies import ProductFilter
from connectors.tiktok_shop.client import INVENTORY_SKUS, TikTokClient
from connectors.tiktok_shop.codes import ErrorClass
from connectors.tiktok_shop.errors import ApiRefused
from connectors.tiktok_shop.paging import whole
from connectors.tiktok_shop.wire import InventorySku, Product, ProductsData, ProductSku
from connectors.transport.pacing import Lane
from syncd.domain.errors import ChannelUnavailable
from syncd.domain.identity import ListingId, ListingRef, ProductId, WarehouseId
from syncd.domain.listing import Listing, ListingStatus, WarehouseStock
from syncd.domain.money import Money
from syncd.ports.clock import Clock

MOST_RESULTS = 10_000
"""A search that finds more answers 12052180 (fact sheet 3.1)."""
SKUS_PER_SEARCH = 10
BEGINNING = 1_500_000_000
"""Before the first TikTok Shop product was made (2017)."""
_STATUSES = {
    "ACTIVATE": (ListingStatus.LIVE, ""),
    "SELLER_DEACTIVATED": (ListingStatus.DEACTIVATED, ""),
    "PLATFORM_DEACTIVATED": (
        ListingStatus.NOT_WRITABLE,
        "TikTok Shop has taken the product off sale",
    ),
    "FREEZE": (ListingStatus.NOT_WRITABLE, "TikTok Shop has frozen the product"),
    "DRAFT": (ListingStatus.NOT_WRITABLE, "the product is a draft"),
    "PENDING": (ListingStatus.NOT_WRITABLE, "the product is being reviewed"),
    "FAILED": (ListingStatus.NOT_WRITABLE, "the product failed its review"),
}
"""Statuses that accept an inventory update are worded three ways; this is the safe common set."""
DELETED = "DELETED"


class Catalogue:
    """The listings of one shop. `sale_price` says that prices are read from `sale_price`."""

    def __init__(self, client: TikTokClient, clock: Clock, price_field: str) -> None:
        self._client = client
        self._clock = clock
        self._price_field = price_field

    def listings(self) -> Iterator[Sequence[Listing]]:
        """Everything the shop lists; DELETED products are left out."""
        for page in self._slice(None):
            committed = self._live([listing.ref.listing_id for listing in page])
            yield [self._merged(listing, committed) for listing in page]

    def look(self, refs: Sequence[ListingRef], lane: Lane) -> Mapping[ListingRef, Listing]:
        """Live stock; a SKU the shop does not know, or whose quantity it does not say, is absent."""
        live = self._live([ref.listing_id for ref in refs], lane)
        found = {}
        for ref in refs:
            listing = live.get(ref.listing_id)
            if listing is not None and listing.ref == ref:
                found[ref] = listing
        return found

    def still_listed(self, refs: Sequence[ListingRef]) -> Collection[ListingRef]:
        """Those that have stock and a product that knows them: the stock of a deleted one may still be told."""
        found = self.look(refs, Lane.BULK)
        known = {
            product_id: self._skus_of(product_id)
            for product_id in dict.fromkeys(ref.product_id for ref in found)
        }
        return {ref for ref in found if ref.listing_id in known[ref.product_id]}

    def _skus_of(self, product_id: ProductId) -> Collection[str]:
        """The SKUs of a product; none where it is deleted or the shop refuses to show it."""
        try:
            product = self._client.product(product_id, lane=Lane.BULK)
        except ApiRefused:
            return ()
        return () if product.status == DELETED else {sku.id for sku in product.skus}

    def look_at_prices(self, refs: Sequence[ListingRef]) -> Mapping[ListingRef, Listing]:
        """Live price and status."""
        wanted = set(refs)
        found: dict[ListingRef, Listing] = {}
        ids = [ref.listing_id for ref in refs]
        for start in range(0, len(ids), SKUS_PER_SEARCH):
            part = tuple(str(name) for name in ids[start : start + SKUS_PER_SEARCH])
            for products in self._pages(ProductFilter(sku_ids=part), Lane.NORMAL):
                rows = (row for product in products for row in self._of(product))
                found.update({row.ref: row for row in rows if row.ref in wanted})
        return found

    def _slice(self, window: tuple[int, int] | None) -> Iterator[Sequence[Listing]]:
        """Listings of a time window, halved until the shop answers all of it.

        A whole slice is held until its end is known: as listings, which take a seventh of what the shop says.
        """
        low, high = window or (BEGINNING, int(self._clock.now().timestamp()) + 86_400)
        wanted = ProductFilter(status="ALL")
        if window is not None:
            wanted = ProductFilter(status="ALL", update_time_ge=low, update_time_le=high)
        try:
            yield from [self._kept(products) for products in self._pages(wanted, Lane.BULK)]
        except ApiRefused as error:
            if error.entry.kind is not ErrorClass.SEARCH_CAP:
                raise
            if low >= high:
                text = f"more than {MOST_RESULTS} products were updated in second {low}"
                raise ChannelUnavailable(text) from error
            middle = (low + high) // 2
            yield from self._slice((low, middle))
            yield from self._slice((middle + 1, high))

    def _pages(self, wanted: ProductFilter, lane: Lane) -> Iterator[Sequence[Product]]:
        """Pages of a search. The cap may show only in mid-search: then all of it is asked again."""

        def page(token: str) -> ProductsData:
            return self._client.search_products(wanted, page_token=token, lane=lane)

        return whole(page, "product")

    def _kept(self, products: Sequence[Product]) -> Sequence[Listing]:
        return [row for one in products if one.status != DELETED for row in self._of(one)]

    def _of(self, product: Product) -> Iterator[Listing]:
        status, refusal = _STATUSES.get(
            product.status, (ListingStatus.NOT_WRITABLE, f"product status {product.status}")
        )
        for sku in product.skus:
            yield Listing(
                ref=ListingRef(ProductId(product.id), ListingId(sku.id)),
                seller_sku=sku.seller_sku,
                status=status,
                stock=tuple(
                    WarehouseStock(
                        warehouse_id=WarehouseId(item.warehouse_id), available=item.quantity
                    )
                    for item in sku.inventory
                    if item.quantity is not None and item.warehouse_id
                ),
                price=self._price(sku),
                observed_at=self._clock.now(),
                title=product.title,
                refusal=_shared(sku) or refusal,
            )

    def _price(self, sku: ProductSku) -> Money | None:
        """What the buyer sees before discounts; the field differs for cross-border sellers (section 8)."""
        if sku.price is None:
            return None
        text = getattr(sku.price, self._price_field) or sku.price.tax_exclusive_price
        try:
            return Money.of(Decimal(text), sku.price.currency) if text else None
        except (InvalidOperation, ValueError):
            return None

    def _live(self, sku_ids: Sequence[str], lane: Lane = Lane.BULK) -> Mapping[str, Listing]:
        found: dict[str, Listing] = {}
        for start in range(0, len(sku_ids), INVENTORY_SKUS):
            data = self._client.search_inventory(
                sku_ids=sku_ids[start : start + INVENTORY_SKUS], lane=lane
            )
            now = self._clock.now()
            for product in data.inventory:
                for sku in product.skus:
                    listing = _live_listing(product.product_id, sku, now)
                    if listing is not None:
                        found[sku.id] = listing
        return found

    def _merged(self, listing: Listing, live: Mapping[str, Listing]) -> Listing:
        """The product's listing with the stock of the inventory search, which knows more."""
        seen = live.get(listing.ref.listing_id)
        if seen is None:
            return listing
        return replace(
            listing, stock=seen.stock, locked_units=seen.locked_units, observed_at=seen.observed_at
        )


def _shared(sku: ProductSku) -> str:
    policy = sku.global_listing_policy
    if policy is not None and policy.inventory_type == "SHARED":
        return "shares its stock with a source shop"
    return ""


def _live_listing(product_id: str, sku: InventorySku, now: datetime) -> Listing | None:
    """None when the shop does not say a quantity: absence is never zero."""
    rows = sku.warehouse_inventory
    if any(row.available_quantity is None for row in rows) or not rows:
        return None
    distribution = sku.total_available_inventory_distribution
    return Listing(
        ref=ListingRef(ProductId(product_id), ListingId(sku.id)),
        seller_sku=sku.seller_sku,
        status=ListingStatus.LIVE,
        stock=tuple(
            WarehouseStock(
                warehouse_id=WarehouseId(row.warehouse_id),
                available=row.available_quantity or 0,
                committed=row.committed_quantity or 0,
            )
            for row in rows
        ),
        price=None,
        observed_at=now,
        locked_units=0 if distribution is None else distribution.locked(),
    )
