"""Tables of names, runs and what sources said.

Positions and movements carry no foreign keys: the merge writes ids it has joined in the same
transaction, and a million look-ups would prove nothing new.
"""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from syncd.ledger.columns import Moment


class ItemRow(SQLModel, table=True):
    """A SKU of ours; `sourced` once any source named it."""

    __tablename__ = "item"
    __table_args__ = (Index("item_unsourced", "id", sqlite_where=text("NOT sourced")),)

    id: int | None = Field(default=None, primary_key=True)
    sku: str = Field(unique=True)
    sourced: bool = Field(default=False, sa_column_kwargs={"server_default": text("0")})


class SourceRow(SQLModel, table=True):
    """A source by its name in the YAML."""

    __tablename__ = "source"

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)


class LocationRow(SQLModel, table=True):
    """A location of one source."""

    __tablename__ = "location"
    __table_args__ = (UniqueConstraint("source_id", "name"),)

    id: int | None = Field(default=None, primary_key=True)
    source_id: int = Field(foreign_key="source.id")
    name: str


class ChannelRow(SQLModel, table=True):
    """A channel; `mark` numbers its dirty marks and never falls."""

    __tablename__ = "channel"

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    mark: int = 0


class RunRow(SQLModel, table=True):
    """One recorded cycle; `key` is the id that people see."""

    __tablename__ = "run"

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    trigger: str
    started_at: datetime = Field(sa_type=Moment, index=True)
    finished_at: datetime | None = Field(default=None, sa_type=Moment)
    status: str = "running"
    document: str | None = None


class SnapshotRow(SQLModel, table=True):
    """One accepted reading; `locator` is the reader's wording of a place, with `{line}` left open."""

    __tablename__ = "snapshot"
    __table_args__ = (Index("snapshot_of_run", "source_id", "run_id"),)

    id: int | None = Field(default=None, primary_key=True)
    run_id: int = Field(foreign_key="run.id")
    source_id: int = Field(foreign_key="source.id")
    as_of: datetime = Field(sa_type=Moment)
    recorded_at: datetime = Field(sa_type=Moment)
    completeness: str
    fingerprint: str
    rows: int
    rejected: int
    origin: str
    locator: str


class PositionRow(SQLModel, table=True):
    """The current reading of an item at a location; the location tells the source.

    `value_hash` is 60 bits over the row's text and NULL while the row must be parsed again whatever it
    says. `missing_step` is 1 once the item was marked dirty because its grace time was over.
    """

    __tablename__ = "position"
    __table_args__ = (
        Index("position_missing", "location_id", sqlite_where=text("missing_since IS NOT NULL")),
        Index("position_unhashed", "location_id", sqlite_where=text("value_hash IS NULL")),
        Index("position_below_zero", "location_id", sqlite_where=text("quantity < 0")),
        Index("position_counted", "counted_at", sqlite_where=text("counted_at IS NOT NULL")),
        {"sqlite_with_rowid": False},
    )

    location_id: int = Field(primary_key=True)
    item_id: int = Field(primary_key=True)
    state: str
    quantity: int | None = None
    committed: int | None = None
    price: str | None = None
    currency: str | None = None
    cost: str | None = None
    counted_at: datetime | None = Field(default=None, sa_type=Moment)
    reason: str = ""
    since: datetime = Field(sa_type=Moment)
    born_at: datetime = Field(sa_type=Moment)
    missing_since: datetime | None = Field(default=None, sa_type=Moment)
    missing_step: int = 0
    value_hash: int | None = None
    snapshot_id: int
    line: int


class RejectRow(SQLModel, table=True):
    """One of the first thousand rows the current snapshot of a source could not use."""

    __tablename__ = "reject"

    id: int | None = Field(default=None, primary_key=True)
    source_id: int = Field(foreign_key="source.id", index=True)
    at: str
    sku: str | None = None
    location: str | None = None
    reason: str


class AcceptanceRow(SQLModel, table=True):
    """Refused content a person let in; `used_at` says when it was taken, once."""

    __tablename__ = "acceptance"

    id: int | None = Field(default=None, primary_key=True)
    source_id: int = Field(foreign_key="source.id", index=True)
    fingerprint: str
    reason: str
    given_at: datetime = Field(sa_type=Moment)
    used_at: datetime | None = Field(default=None, sa_type=Moment)


class MovementRow(SQLModel, table=True):
    """One fact that changed in one run; its time is that of the run's snapshot of the source."""

    __tablename__ = "movement"
    __table_args__ = ({"sqlite_with_rowid": False},)

    item_id: int = Field(primary_key=True)
    location_id: int = Field(primary_key=True)
    run_id: int = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    line: int | None = None
    before: str | None = None
    after: str | None = None


class SourceStateRow(SQLModel, table=True):
    """Where a source stands now; the watermark belongs to `scope`, what the last readings asked for.

    `form` is how their rows were read (columns, number marks): hashes of another form mean nothing.
    `written_since` is set while the source is written back, `confirmations` counts what it confirmed.
    """

    __tablename__ = "source_state"

    source_id: int = Field(primary_key=True, foreign_key="source.id")
    snapshot_id: int | None = Field(default=None, foreign_key="snapshot.id")
    fingerprint: str | None = None
    as_of: datetime | None = Field(default=None, sa_type=Moment)
    read_at: datetime | None = Field(default=None, sa_type=Moment)
    rows: int = 0
    rejected: int = 0
    origin: str = ""
    trouble: str = ""
    trouble_state: str = ""
    trouble_since: datetime | None = Field(default=None, sa_type=Moment)
    refused_fingerprint: str | None = None
    freshness_step: str | None = None
    full_at: datetime | None = Field(default=None, sa_type=Moment)
    watermark: datetime | None = Field(default=None, sa_type=Moment)
    scope: str | None = None
    form: str | None = None
    written_since: datetime | None = Field(default=None, sa_type=Moment)
    confirmations: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
