"""Tables of channel orders: exactly the columns of `OrderLine`, nothing of the buyer."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from syncd.ledger.columns import Moment


class OrderLineRow(SQLModel, table=True):
    """Units of one listing in one order."""

    __tablename__ = "order_line"
    __table_args__ = (
        Index("order_line_of_listing", "channel_id", "product_id", "listing_id"),
        Index("order_line_by_sku", "sku"),
        {"sqlite_with_rowid": False},
    )

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
    left_at: datetime | None = Field(default=None, sa_type=Moment, index=True)
    warehouse_id: str | None = None
    platform_fulfilled: bool = False
    out_of_stock: bool = False
    sku: str | None = None


class OrderCursorRow(SQLModel, table=True):
    """How far a channel's order feed was read."""

    __tablename__ = "order_cursor"

    channel_id: int = Field(primary_key=True, foreign_key="channel.id")
    cursor: datetime | None = Field(default=None, sa_type=Moment)
    complete_until: datetime | None = Field(default=None, sa_type=Moment)
