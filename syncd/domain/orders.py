"""Orders of a channel: which units a source's reading cannot contain yet (DESIGN section 5)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from syncd.domain.identity import ChannelName, ListingRef, Sku, WarehouseId


class OrderState(StrEnum):
    """States of an order line; everything from IN_TRANSIT on has left."""

    UNPAID = "UNPAID"
    ON_HOLD = "ON_HOLD"
    AWAITING_SHIPMENT = "AWAITING_SHIPMENT"
    PARTIALLY_SHIPPING = "PARTIALLY_SHIPPING"
    AWAITING_COLLECTION = "AWAITING_COLLECTION"
    IN_TRANSIT = "IN_TRANSIT"
    DELIVERED = "DELIVERED"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"


ENTERED = frozenset(OrderState) - {OrderState.UNPAID, OrderState.ON_HOLD, OrderState.CANCELLED}
"""Seen AWAITING_SHIPMENT or later: an order import would have told the source."""
PACKED = ENTERED - {OrderState.AWAITING_SHIPMENT, OrderState.PARTIALLY_SHIPPING}
LEFT = PACKED - {OrderState.AWAITING_COLLECTION}


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """Units of one listing in one order. Times are aware UTC; no buyer data.

    `entered_at`, `packed_at` and `left_at` are the latest moments at which the line can have reached
    that step. They stay set when the line is cancelled afterwards, because the source still contains it
    until it books the return itself. `out_of_stock`: the seller cancelled it for want of stock, after
    which the platform sets the SKU to 0 by itself.
    """

    channel: ChannelName
    order_id: str
    line_id: str
    ref: ListingRef
    seller_sku: str
    units: int
    state: OrderState
    created_at: datetime
    updated_at: datetime
    entered_at: datetime | None = None
    packed_at: datetime | None = None
    left_at: datetime | None = None
    warehouse_id: WarehouseId | None = None
    platform_fulfilled: bool = False
    out_of_stock: bool = False
    sku: Sku | None = None
    own: bool = False


class OrdersMode(StrEnum):
    """How a source learns of the channel's orders."""

    WITHIN = "within"
    ON_SHIPMENT = "on_shipment"
    NEVER = "never"
    WRITE_BACK = "write_back"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdersPolicy:
    """`orders:` of a source: its mode, the delay D, and whether packed goods count as left."""

    mode: OrdersMode
    delay: timedelta = timedelta(0)
    left_when_packed: bool = False


def takes_units(line: OrderLine) -> bool:
    """Whether the line takes units of ours: it is ours to ship, and was not cancelled in time.

    A line cancelled before its goods left takes nothing any more; one cancelled afterwards does, because
    the goods are gone and the merchant books their return himself.
    """
    cancelled_in_time = line.state is OrderState.CANCELLED and line.left_at is None
    return not line.platform_fulfilled and not cancelled_in_time


def contained(
    line: OrderLine, policy: OrdersPolicy, as_of: datetime, counted_at: datetime | None
) -> bool:
    """Whether a reading up to `as_of` (or counted at `counted_at`) already contains the line.

    A source that is written back contains nothing by itself: `Demand.contained_at` knows its bookings.
    """
    if policy.mode is OrdersMode.WITHIN:
        return line.entered_at is not None and line.entered_at <= as_of - policy.delay
    left = line.packed_at if policy.left_when_packed else line.left_at
    if policy.mode is OrdersMode.ON_SHIPMENT:
        return left is not None and left <= as_of - policy.delay
    if policy.mode is OrdersMode.NEVER:
        return left is not None and counted_at is not None and left <= counted_at
    return False


def subtracts(
    line: OrderLine, policy: OrdersPolicy, as_of: datetime, counted_at: datetime | None
) -> bool:
    """Whether the line's units must be subtracted: ours to ship, not contained in the reading."""
    return takes_units(line) and not contained(line, policy, as_of, counted_at)
