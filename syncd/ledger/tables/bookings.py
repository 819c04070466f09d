"""The table of bookings: what syncd writes into sources for order lines, each with its key."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from syncd.ledger.columns import Moment


class BookingRow(SQLModel, table=True):
    """One effect on a source; what it is about is unique, so that it exists once.

    `mark` is the number of its confirmation among those of its source, `contained` is set once a reading
    begun after that was recorded.
    """

    __tablename__ = "booking"
    __table_args__ = (
        UniqueConstraint("channel_id", "order_id", "line_id", "item_id", "location_id", "effect"),
        Index(
            "booking_waiting", "channel_id", "due_at",
            sqlite_where=text("state IN ('new', 'sent', 'unknown')"),
        ),
        Index("booking_open", "state", sqlite_where=text("state NOT IN ('done', 'dropped')")),
        Index(
            "booking_to_contain", "location_id",
            sqlite_where=text("state = 'done' AND NOT contained"),
        ),
        Index(
            "booking_of_moves", "item_id", sqlite_where=text("order_id = '' AND NOT contained")
        ),
        Index(
            "booking_in_play", "channel_id", "order_id", "line_id",
            sqlite_where=text("effect = 'deduct' AND state <> 'dropped' AND NOT contained"),
        ),
    )  # fmt: skip

    id: int | None = Field(default=None, primary_key=True)
    channel_id: int = Field(foreign_key="channel.id")
    order_id: str
    line_id: str
    item_id: int = Field(foreign_key="item.id", index=True)
    location_id: int = Field(foreign_key="location.id")
    effect: str
    delta: int
    state: str
    attempt: int = 1
    key: str = Field(unique=True)
    stored_at: datetime = Field(sa_type=Moment)
    tried_at: datetime | None = Field(default=None, sa_type=Moment)
    tries: int = 0
    due_at: datetime | None = Field(default=None, sa_type=Moment)
    confirmed_at: datetime | None = Field(default=None, sa_type=Moment)
    mark: int | None = None
    contained: bool = False
    quantity_after: int | None = None
    code: str = ""
    message: str = ""
