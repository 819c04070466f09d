"""Reads a shop's orders as order lines: one per ordered unit, without the buyer."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from connectors.tiktok_shop.bodies import OrderFilter
from connectors.tiktok_shop.client import TikTokClient
from connectors.tiktok_shop.paging import whole
from connectors.tiktok_shop.wire import LineItem, Order, OrdersData, moment_of
from syncd.domain.identity import ChannelName, ListingId, ListingRef, ProductId, WarehouseId
from syncd.domain.orders import ENTERED, LEFT, PACKED, OrderLine, OrderState
from syncd.ports.channel import OrderPage

OPEN_STATES = (
    OrderState.UNPAID,
    OrderState.ON_HOLD,
    OrderState.AWAITING_SHIPMENT,
    OrderState.PARTIALLY_SHIPPING,
    OrderState.AWAITING_COLLECTION,
)
PLATFORM = "FULFILLMENT_BY_TIKTOK"
COLLECTED = frozenset({"FULFILLING", "COMPLETED"})
"""Words for a package that the carrier has (description of package_status)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TikTokOrderFeed:
    """One poll of one shop's orders: everything open (`since` None), or everything updated since."""

    channel: ChannelName
    client: TikTokClient
    asked_at: datetime
    since: datetime | None

    @property
    def shop_asked_at(self) -> datetime:
        """When the poll began by the shop's clock, exact to a second; known once a page was read."""
        return self.asked_at + (self.client.clock_offset() or timedelta(0))

    def pages(self) -> Iterator[OrderPage]:
        """Every page of the poll; ChannelUnavailable where an answer lacks orders that were found."""
        for wanted in self._filters():
            for orders in whole(partial(self._page, wanted), "order"):
                yield OrderPage(
                    lines=[line for order in orders for line in lines(self.channel, order)]
                )

    def _page(self, wanted: OrderFilter, token: str) -> OrdersData:
        return self.client.search_orders(wanted, page_token=token)

    def _filters(self) -> Iterator[OrderFilter]:
        if self.since is not None:
            yield OrderFilter(update_time_ge=int(self.since.timestamp()))
            return
        for state in OPEN_STATES:  # a search takes one status
            yield OrderFilter(order_status=state.value)


def lines(channel: ChannelName, order: Order) -> Iterator[OrderLine]:
    """The lines of an order; virtual bundles become their parts."""
    for item in order.line_items:
        if not item.combined_listing_skus:
            yield _line(channel, order, item, item.id, _ref(item.product_id, item.sku_id),
                        item.seller_sku, 1)  # fmt: skip
            continue
        for part in item.combined_listing_skus:
            yield _line(channel, order, item, f"{item.id}:{part.sku_id}",
                        _ref(part.product_id, part.sku_id), part.seller_sku, part.sku_count)  # fmt: skip


def _ref(product_id: str, sku_id: str) -> ListingRef:
    return ListingRef(ProductId(product_id), ListingId(sku_id))


def _line(
    channel: ChannelName, order: Order, item: LineItem, line_id: str, ref: ListingRef,
    seller_sku: str, units: int,
) -> OrderLine:  # fmt: skip
    state = state_of(order.status, item.display_status)
    reached = _reached(order, item, state)
    updated = moment_of(order.update_time)
    return OrderLine(
        channel=channel,
        order_id=order.id,
        line_id=line_id,
        ref=ref,
        seller_sku=seller_sku,
        units=units,
        state=state,
        created_at=moment_of(order.create_time),
        updated_at=updated,
        entered_at=_first(updated, order, item) if reached in ENTERED else None,
        packed_at=_first(updated, order, item) if reached in PACKED else None,
        left_at=min(updated, moment_of(order.collection_time or order.update_time))
        if reached in LEFT
        else None,
        warehouse_id=WarehouseId(order.warehouse_id) if order.warehouse_id else None,
        platform_fulfilled=order.fulfillment_type == PLATFORM,
        out_of_stock=_for_want_of_stock(order),
    )


def _reached(order: Order, item: LineItem, state: OrderState) -> OrderState:
    """The furthest state a line is known to have had: one that was cancelled after it left is gone.

    An order keeps its times when it is cancelled: `rts_time` is when it was handed over for shipping,
    `collection_time` when it became IN_TRANSIT. Those of an order whose lines went different ways are not the
    line's, except where the whole order was cancelled: then what may be gone counts as gone.
    """
    if state is not OrderState.CANCELLED:
        return state
    if item.package_status in COLLECTED:
        return OrderState.IN_TRANSIT
    alone = not any(other.rts_time for other in order.line_items)
    whole = state_of(order.status, "") is OrderState.CANCELLED
    if whole and order.collection_time and (item.rts_time or alone):
        return OrderState.IN_TRANSIT
    if item.rts_time or (whole and order.rts_time and alone):
        return OrderState.AWAITING_COLLECTION
    return OrderState.CANCELLED


def _for_want_of_stock(order: Order) -> bool:
    """The seller cancelled because the goods are gone; the platform then zeroes the stock (section 7)."""
    return order.cancellation_initiator == "SELLER" and "stock" in order.cancel_reason.casefold()


def _first(updated: datetime, order: Order, item: LineItem) -> datetime:
    """The earliest moment by which the step is known to be reached: ready to ship, or the last update."""
    known = [moment for moment in (order.rts_time, item.rts_time, order.collection_time) if moment]
    return min([updated, *(moment_of(moment) for moment in known)])


def state_of(order_status: str, line_status: str) -> OrderState:
    """The line's own state where the shop gives one; an unknown word counts as still with us.

    Webhooks write CANCEL and some answers CANCELED for CANCELLED (fact sheet 3.4).
    """
    if order_status.startswith("CANCEL"):
        return OrderState.CANCELLED
    for word in (line_status, order_status):
        if word.startswith("CANCEL"):
            return OrderState.CANCELLED
        if word in OrderState.__members__:
            return OrderState(word)
    return OrderState.AWAITING_SHIPMENT
