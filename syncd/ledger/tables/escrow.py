"""Tables of escrow: what each listing owns, and how units came to it and went back."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from syncd.ledger.columns import Moment


class EscrowAccountRow(SQLModel, table=True):
    """What one listing owns, in listing units, without what its order lines took (`order_line.own`).

    `booked` tells that its units are taken off sources which are written back; else they are only counted.
    """

    __tablename__ = "escrow_account"
    __table_args__ = ({"sqlite_with_rowid": False},)

    channel_id: int = Field(primary_key=True, foreign_key="channel.id")
    product_id: str = Field(primary_key=True)
    listing_id: str = Field(primary_key=True)
    item_id: int = Field(foreign_key="item.id", index=True)
    need: int
    booked: bool
    granted: int = 0
    exposed: int = 0
    lands_until: datetime = Field(sa_type=Moment)
    opened_at: datetime | None = Field(default=None, sa_type=Moment)
    zero_at: datetime | None = Field(default=None, sa_type=Moment)
    lowered_from: int = 0


class EscrowMoveRow(SQLModel, table=True):
    """Units on their way between a source and a listing; its booking bears its id as line.

    `units` are listing units asked for or given back, `base` the base units moved; `granted` are the listing
    units that came of it, NULL while nobody knows.
    """

    __tablename__ = "escrow_move"
    __table_args__ = (
        Index("escrow_move_open", "channel_id", sqlite_where=text("ended_at IS NULL")),
    )

    id: int | None = Field(default=None, primary_key=True)
    channel_id: int = Field(foreign_key="channel.id")
    product_id: str
    listing_id: str
    item_id: int = Field(foreign_key="item.id", index=True)
    location_id: int | None = Field(default=None, foreign_key="location.id")
    effect: str
    units: int
    base: int
    granted: int | None = None
    reason: str = ""
    stored_at: datetime = Field(sa_type=Moment)
    ended_at: datetime | None = Field(default=None, sa_type=Moment)
