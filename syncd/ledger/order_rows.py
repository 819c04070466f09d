"""How an order line lies in its table: what is selected of it, which lines may matter, and its value."""

# ruff: noqa: S608 - statements are put together from constants and question marks only

from datetime import timedelta

from syncd.domain.identity import ChannelName, ListingId, ListingRef, ProductId, Sku, WarehouseId
from syncd.domain.orders import OrderLine, OrderState
from syncd.ledger.columns import moment, moment_or_none
from syncd.ledger.connection import Row

TAKES_UNITS = "NOT platform_fulfilled AND NOT (state = 'CANCELLED' AND left_at IS NULL)"
"""The domain's `takes_units`; SQLite uses the index only where it stands word for word as there."""

LINES_LAST = timedelta(days=90)
"""An order line is remembered at least so long; no outage lasts longer."""

# the SKU a listing is bound to now outranks the one noted when the order came in
_COLUMNS = "SELECT o.*, c.name AS channel, COALESCE(i.sku, o.sku) AS bound_sku FROM"
_NAMES = (
    "CROSS JOIN channel c ON c.id = o.channel_id "
    "LEFT JOIN listing g ON g.channel_id = o.channel_id AND g.product_id = o.product_id "
    "AND g.listing_id = o.listing_id LEFT JOIN item i ON i.id = g.item_id "
)
SELECT = f"{_COLUMNS} order_line o {_NAMES}"
SELECT_OF_LISTING = f"{_COLUMNS} order_line o INDEXED BY order_line_of_listing {_NAMES}"
SELECT_TO_BOOK = f"{_COLUMNS} order_line o INDEXED BY order_line_to_book {_NAMES}"


def select_by_keys(keys: str) -> str:
    """The lines that a query names, each looked up: as a list behind `IN` SQLite reads all lines there are."""
    return (
        f"{_COLUMNS} ({keys}) k CROSS JOIN order_line o ON o.channel_id = k.channel_id "
        f"AND o.order_id = k.order_id AND o.line_id = k.line_id {_NAMES}"
    )


_KEY = "SELECT channel_id, order_id, line_id FROM"
# a line that is taken off by bookings alone is in play for as long as one of them is not contained; one
# that left before it was ever looked at may still have to be booked
IN_PLAY = (
    select_by_keys(
        f"{_KEY} order_line INDEXED BY order_line_in_play "
        f"WHERE {TAKES_UNITS} AND NOT written AND left_at IS NULL "
        f"UNION {_KEY} order_line INDEXED BY order_line_in_play "
        f"WHERE {TAKES_UNITS} AND NOT written AND left_at >= :horizon "
        f"UNION {_KEY} booking INDEXED BY booking_in_play "
        "WHERE effect = 'deduct' AND state <> 'dropped' AND NOT contained "
        f"UNION {_KEY} order_line INDEXED BY order_line_to_book "
        "WHERE booking_step > 0 AND booking_step = 2 AND channel_id IN (SELECT id FROM channel) "
        "AND left_at >= (SELECT MIN(written_since) FROM source_state)"
    )
    + "WHERE NOT o.platform_fulfilled AND NOT (o.state = 'CANCELLED' AND o.left_at IS NULL) "
    "ORDER BY o.channel_id, o.order_id, o.line_id"
)


def line_of(row: Row) -> OrderLine:
    """A selected row as the domain's value."""
    return OrderLine(
        channel=ChannelName(row.channel),
        order_id=row.order_id,
        line_id=row.line_id,
        ref=ListingRef(ProductId(row.product_id), ListingId(row.listing_id)),
        seller_sku=row.seller_sku,
        units=row.units,
        state=OrderState(row.state),
        created_at=moment(row.created_at),
        updated_at=moment(row.updated_at),
        entered_at=moment_or_none(row.entered_at),
        packed_at=moment_or_none(row.packed_at),
        left_at=moment_or_none(row.left_at),
        warehouse_id=None if row.warehouse_id is None else WarehouseId(row.warehouse_id),
        platform_fulfilled=bool(row.platform_fulfilled),
        out_of_stock=bool(row.out_of_stock),
        own=bool(row.own),
        sku=None if row.bound_sku is None else Sku(row.bound_sku),
    )
