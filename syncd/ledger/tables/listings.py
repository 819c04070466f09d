"""Tables of what channels show, what was published to them, and which SKUs must be planned."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from syncd.ledger.columns import Moment


class ListingRow(SQLModel, table=True):
    """One SKU as one channel shows it; prices are minor units. `item_id` NULL means unmapped."""

    __tablename__ = "listing"
    __table_args__ = (
        UniqueConstraint("channel_id", "product_id", "listing_id"),
        Index("listing_of_item", "item_id", "channel_id"),
        Index("listing_by_seller_sku", "channel_id", "seller_sku"),
        Index("listing_alive", "channel_id", "item_id", sqlite_where=text("status <> 'gone'")),
        Index(
            "listing_safety",
            "channel_id",
            "safety_until",
            sqlite_where=text("safety_until IS NOT NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    channel_id: int = Field(foreign_key="channel.id")
    product_id: str
    listing_id: str
    seller_sku: str
    item_id: int | None = Field(default=None, foreign_key="item.id")
    status: str
    title: str = ""
    refusal: str = ""
    locked_units: int = 0
    price: int | None = None
    currency: str | None = None
    observed_at: datetime = Field(sa_type=Moment)
    adopted_at: datetime | None = Field(default=None, sa_type=Moment)
    published_price: int | None = None
    published_currency: str | None = None
    published_at: datetime | None = Field(default=None, sa_type=Moment)
    confirmed_at: datetime | None = Field(default=None, sa_type=Moment)
    source_offer: int | None = None
    unseen: int = 0
    safety: int | None = None
    safety_until: datetime | None = Field(default=None, sa_type=Moment)


class ListingStockRow(SQLModel, table=True):
    """Units of one listing in one of the channel's warehouses: observed, and last published."""

    __tablename__ = "listing_stock"
    __table_args__ = ({"sqlite_with_rowid": False},)

    listing_id: int = Field(primary_key=True, foreign_key="listing.id")
    warehouse_id: str = Field(primary_key=True)
    available: int
    committed: int = 0
    published: int | None = None


class DirtyRow(SQLModel, table=True):
    """An item one channel must plan again; a mark above a reader's token is newer than its reading."""

    __tablename__ = "dirty"
    __table_args__ = ({"sqlite_with_rowid": False},)

    channel_id: int = Field(primary_key=True)
    item_id: int = Field(primary_key=True)
    mark: int


class ChannelStateRow(SQLModel, table=True):
    """Which rules the listings of a channel were bound by, when they were last read to the end, its trouble."""

    __tablename__ = "channel_state"

    channel_id: int = Field(primary_key=True, foreign_key="channel.id")
    rules_fingerprint: str | None = None
    scanned_at: datetime | None = Field(default=None, sa_type=Moment)
    trouble_state: str = Field(default="", sa_column_kwargs={"server_default": ""})
    trouble: str = Field(default="", sa_column_kwargs={"server_default": ""})
    trouble_since: datetime | None = Field(default=None, sa_type=Moment)
