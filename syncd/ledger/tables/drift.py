"""Tables of listings that showed other numbers than we sent, and of who was told to have moved their stock."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from syncd.ledger.columns import Moment


class DriftRow(SQLModel, table=True):
    """One value that was shown in place of ours; `change_id` is our write before it, 0 for an adopted value."""

    __tablename__ = "drift"
    __table_args__ = (
        UniqueConstraint("channel_id", "product_id", "listing_id", "change_id", "shown", "places"),
        Index("drift_by_time", "channel_id", "last_seen"),
        Index("drift_by_sku", "channel_id", "sku"),
    )

    id: int | None = Field(default=None, primary_key=True)
    channel_id: int = Field(foreign_key="channel.id")
    product_id: str
    listing_id: str
    sku: str
    change_id: int
    ours: int
    ours_at: datetime = Field(sa_type=Moment)
    shown: int
    places: str
    mover: str
    moved_at: datetime | None = Field(default=None, sa_type=Moment)
    first_seen: datetime = Field(sa_type=Moment)
    last_seen: datetime = Field(sa_type=Moment)
    verified: bool
    decided: bool
    counted: bool = False


class MoveRow(SQLModel, table=True):
    """The newest telling of who set a listing's stock."""

    __tablename__ = "move"
    __table_args__ = ({"sqlite_with_rowid": False},)

    channel_id: int = Field(primary_key=True, foreign_key="channel.id")
    product_id: str = Field(primary_key=True)
    listing_id: str = Field(primary_key=True)
    mover: str
    at: datetime = Field(sa_type=Moment)
    units: int | None = None
