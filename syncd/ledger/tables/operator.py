"""Tables of what operators said, who may write, and what connectors learned; tokens lie encrypted."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from syncd.ledger.columns import Moment


class ParkRow(SQLModel, table=True):
    """A listing set aside; empty ids park every listing of the SKU, an empty field both fields."""

    __tablename__ = "park"

    channel_id: int = Field(primary_key=True, foreign_key="channel.id")
    sku: str = Field(primary_key=True)
    product_id: str = Field(default="", primary_key=True)
    listing_id: str = Field(default="", primary_key=True)
    field: str = Field(default="", primary_key=True)
    code: str
    message: str
    since: datetime = Field(sa_type=Moment)
    until: datetime | None = Field(default=None, sa_type=Moment)
    kind: str = Field(default="parked", sa_column_kwargs={"server_default": "parked"})


class PauseRow(SQLModel, table=True):
    """A channel stopped by hand."""

    __tablename__ = "pause"

    channel_id: int = Field(primary_key=True, foreign_key="channel.id")
    reason: str
    since: datetime = Field(sa_type=Moment)


class LeaseRow(SQLModel, table=True):
    """Who writes to a channel. `locked` is false while a taken-over holder still keeps the flock."""

    __tablename__ = "lease"

    channel_id: int = Field(primary_key=True, foreign_key="channel.id")
    fence: int
    pid: int
    boot_id: str
    since: datetime = Field(sa_type=Moment)
    heartbeat: datetime = Field(sa_type=Moment)
    expires: datetime = Field(sa_type=Moment)
    locked: bool
    released_at: datetime | None = Field(default=None, sa_type=Moment)


class TokenRow(SQLModel, table=True):
    """The encrypted tokens of a channel."""

    __tablename__ = "token"

    channel_id: int = Field(primary_key=True, foreign_key="channel.id")
    blob: bytes
    saved_at: datetime = Field(sa_type=Moment)


class FactRow(SQLModel, table=True):
    """Something a connector learned about its shop."""

    __tablename__ = "fact"

    channel_id: int = Field(primary_key=True, foreign_key="channel.id")
    name: str = Field(primary_key=True)
    value: str
    learned_at: datetime = Field(sa_type=Moment)


class LedgerStateRow(SQLModel, table=True):
    """The ledger as a whole, one row: how far back its movements reach (NULL: to the beginning)."""

    __tablename__ = "ledger_state"

    id: int = Field(default=1, primary_key=True)
    history_from: datetime | None = Field(default=None, sa_type=Moment)
