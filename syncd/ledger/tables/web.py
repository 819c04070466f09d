"""Tables of what came in over the web: webhook deliveries, and authorize links that were given out."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from syncd.ledger.columns import Moment


class DeliveryRow(SQLModel, table=True):
    """A webhook delivery; `handled_at` is NULL while nobody looked where it points."""

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("receiver", "notification"),
        Index("delivery_of_receiver", "receiver", "received_at", "handled_at", "sent_at"),
        Index("delivery_event", "receiver", "event", sqlite_where=text("event <> ''")),
        Index("delivery_waiting", "receiver", "id", sqlite_where=text("handled_at IS NULL")),
    )

    id: int | None = Field(default=None, primary_key=True)
    receiver: str
    notification: str
    event: str
    topic: str
    sent_at: datetime | None = Field(default=None, sa_type=Moment)
    received_at: datetime = Field(sa_type=Moment, index=True)
    hints: str
    handled_at: datetime | None = Field(default=None, sa_type=Moment)


class OAuthStateRow(SQLModel, table=True):
    """The digest of a state in an authorize link; it is good once."""

    __tablename__ = "oauth_state"

    digest: str = Field(primary_key=True)
    channel_id: int = Field(foreign_key="channel.id")
    created_at: datetime = Field(sa_type=Moment)
    used_at: datetime | None = Field(default=None, sa_type=Moment)
    connected: bool | None = None
    message: str = ""
