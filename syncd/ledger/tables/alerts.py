"""Tables of open alerts, of what waits to be told of them, and of what they are derived from."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from syncd.ledger.columns import Moment


class AlertRow(SQLModel, table=True):
    """A condition that was seen and is not over; `told_at` NULL while it must still prove to last."""

    __tablename__ = "alert"

    key: str = Field(primary_key=True)
    kind: str
    what: str
    help: str
    since: datetime | None = Field(default=None, sa_type=Moment)
    seen_at: datetime = Field(sa_type=Moment)
    told_at: datetime | None = Field(default=None, sa_type=Moment)
    reminded_at: datetime | None = Field(default=None, sa_type=Moment)
    away_since: datetime | None = Field(default=None, sa_type=Moment)


class AlertNoticeRow(SQLModel, table=True):
    """One thing that waits to be told to one address, named by its credential."""

    __tablename__ = "alert_notice"

    id: int | None = Field(default=None, primary_key=True)
    address: str = Field(index=True)
    event: str
    key: str
    kind: str
    what: str
    help: str
    since: datetime | None = Field(default=None, sa_type=Moment)
    at: datetime = Field(sa_type=Moment)


class AlertAddressRow(SQLModel, table=True):
    """How sending to an address goes: when it may be tried next, and what is in the way."""

    __tablename__ = "alert_address"

    address: str = Field(primary_key=True)
    not_before: datetime | None = Field(default=None, sa_type=Moment)
    failures: int = 0
    message: str = ""
    failing_since: datetime | None = Field(default=None, sa_type=Moment)


class BacklogRow(SQLModel, table=True):
    """How many SKUs of a channel waited to be published at a moment; only the latest are kept."""

    __tablename__ = "backlog"
    __table_args__ = ({"sqlite_with_rowid": False},)

    channel_id: int = Field(primary_key=True, foreign_key="channel.id")
    at: datetime = Field(primary_key=True, sa_type=Moment)
    waiting: int
