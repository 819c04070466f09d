"""Tables of the running service: who it is, and what other processes ask of it."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from syncd.ledger.columns import Moment


class ServiceRow(SQLModel, table=True):
    """The daemon that runs or ran last, one row."""

    __tablename__ = "service"

    id: int = Field(default=1, primary_key=True)
    pid: int
    boot_id: str
    started_at: datetime = Field(sa_type=Moment)
    beat_at: datetime = Field(sa_type=Moment)
    ended_at: datetime | None = Field(default=None, sa_type=Moment)


class RequestRow(SQLModel, table=True):
    """Something a command asks the daemon to do; channels and SKUs are JSON lists."""

    __tablename__ = "request"
    __table_args__ = (Index("request_open", "id", sqlite_where=text("answered_at IS NULL")),)

    id: int | None = Field(default=None, primary_key=True)
    word: str
    channels: str
    skus: str
    asked_at: datetime = Field(sa_type=Moment)
    taken_at: datetime | None = Field(default=None, sa_type=Moment)
    answered_at: datetime | None = Field(default=None, sa_type=Moment)
    run: str | None = None
    code: int | None = None
    text: str = ""
