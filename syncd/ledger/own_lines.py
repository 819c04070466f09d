"""Order lines that were sold from what their listing owns (escrow): which ones are, and when they are over."""

# ruff: noqa: S608 - statements are put together from constants and question marks only

from syncd.domain.orders import OrderLine, OrderState
from syncd.ledger.connection import Connection

_LINE = "channel_id = :channel AND order_id = :order AND line_id = :line"
_ACCOUNT = (
    "escrow_account a WHERE a.channel_id = order_line.channel_id "
    "AND a.product_id = order_line.product_id AND a.listing_id = order_line.listing_id"
)
_CLAIM = (
    "UPDATE order_line SET own = 1, booking_step = 0, "
    f"written = (SELECT a.booked FROM {_ACCOUNT}) "
    f"WHERE {_LINE} AND EXISTS (SELECT 1 FROM {_ACCOUNT} AND a.opened_at IS NOT NULL)"
)
_GIVEN_UP = f"UPDATE order_line SET given_up_at = COALESCE(given_up_at, :now) WHERE {_LINE}"
# an order is told again when its refund is through, which cancels nothing again
_SOLD_OUT = f"UPDATE order_line SET sold_out_at = COALESCE(sold_out_at, updated_at) WHERE {_LINE}"
_OVER = f"UPDATE order_line SET own = 0 WHERE {_LINE} AND own RETURNING units"
_TAKE = (
    "UPDATE escrow_account SET granted = granted - :units, exposed = exposed - :units "
    "WHERE channel_id = :channel AND product_id = :product AND listing_id = :listing"
)


def claim(connection: Connection, channel: int, line: OrderLine) -> None:
    """A line seen for the first time is its listing's own once the listing has an account.

    Nothing is booked for it: its units were taken off the source when they were allotted.
    """
    connection.exec_driver_sql(_CLAIM, _key(channel, line))


def follow(connection: Connection, channel: int, line: OrderLine, now: int) -> None:
    """A new or moved line: note since when it is cancelled, and leave behind what has left.

    Units that left are gone from what was sold and from what was granted alike, so that the sums over the
    lines of an account stay short however long it lives. So are those of a line that was cancelled for want
    of stock: they are not there.
    """
    wanting = line.state is OrderState.CANCELLED and line.out_of_stock
    if wanting:
        connection.exec_driver_sql(_SOLD_OUT, _key(channel, line))
    if line.left_at is not None or wanting:
        gone = connection.exec_driver_sql(_OVER, _key(channel, line)).scalar()
        if gone is not None and not line.platform_fulfilled:
            listing = {"product": line.ref.product_id, "listing": line.ref.listing_id}
            connection.exec_driver_sql(_TAKE, {**listing, "channel": channel, "units": int(gone)})
    elif line.state is OrderState.CANCELLED:
        connection.exec_driver_sql(_GIVEN_UP, {**_key(channel, line), "now": now})


def _key(channel: int, line: OrderLine) -> dict[str, object]:
    return {"channel": channel, "order": line.order_id, "line": line.line_id}
