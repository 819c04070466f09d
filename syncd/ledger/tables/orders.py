"""Tables of channel orders: the columns of `OrderLine` and how far it is booked, nothing of the buyer."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from syncd.ledger.columns import Moment
from syncd.ledger.order_rows import TAKES_UNITS


class OrderLineRow(SQLModel, table=True):
    """Units of one listing in one order.

    `booking_step` says how far its bookings are decided (`Step`), `written` that nothing but bookings takes
    its units: then only those tell whether a reading contains them. `own`: it counts in the account of its
    listing (escrow); `given_up_at` is when its cancellation was first seen. `sold_out_at`: when
    it was cancelled for want of stock, `restocked` why a person said since that there are units.
    """

    __tablename__ = "order_line"
    __table_args__ = (
        Index("order_line_in_play", "left_at", sqlite_where=text(f"{TAKES_UNITS} AND NOT written")),
        Index(
            "order_line_to_book", "channel_id", "left_at", sqlite_where=text("booking_step > 0")
        ),
        Index("order_line_of_listing", "channel_id", "product_id", "listing_id"),
        Index("order_line_of_sku", "sku", "created_at"),
        Index("order_line_by_creation", "created_at"),
        Index("order_line_out_of_stock", "channel_id", sqlite_where=text("out_of_stock")),
        Index(
            "order_line_own", "channel_id", "product_id", "listing_id", sqlite_where=text("own")
        ),
        {"sqlite_with_rowid": False},
    )  # fmt: skip

    channel_id: int = Field(primary_key=True, foreign_key="channel.id")
    order_id: str = Field(primary_key=True)
    line_id: str = Field(primary_key=True)
    product_id: str
    listing_id: str
    seller_sku: str
    units: int
    state: str
    created_at: datetime = Field(sa_type=Moment)
    updated_at: datetime = Field(sa_type=Moment)
    entered_at: datetime | None = Field(default=None, sa_type=Moment)
    packed_at: datetime | None = Field(default=None, sa_type=Moment)
    left_at: datetime | None = Field(default=None, sa_type=Moment)
    warehouse_id: str | None = None
    platform_fulfilled: bool = False
    out_of_stock: bool = False
    sku: str | None = None
    booking_step: int = Field(default=2, sa_column_kwargs={"server_default": text("2")})
    written: bool = Field(default=False, sa_column_kwargs={"server_default": text("0")})
    own: bool = Field(default=False, sa_column_kwargs={"server_default": text("0")})
    given_up_at: datetime | None = Field(default=None, sa_type=Moment)
    sold_out_at: datetime | None = Field(default=None, sa_type=Moment)
    restocked: str | None = None


class OrderCursorRow(SQLModel, table=True):
    """How far a channel's order feed was read."""

    __tablename__ = "order_cursor"

    channel_id: int = Field(primary_key=True, foreign_key="channel.id")
    cursor: datetime | None = Field(default=None, sa_type=Moment)
    complete_until: datetime | None = Field(default=None, sa_type=Moment)
