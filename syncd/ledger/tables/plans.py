"""Tables of plans, approvals and push attempts; the columns of a change are the same everywhere."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from syncd.ledger.columns import Moment


class ChangeColumns(SQLModel):
    """A `Change` as columns; `warehouse_id` is empty where the change has none."""

    sku: str
    seller_sku: str
    product_id: str
    listing_id: str
    warehouse_id: str = ""
    field: str
    before: int | None = None
    after: int
    currency: str | None = None
    cause: str
    reason: str


class PlanRow(SQLModel, table=True):
    """A plan by its digest; planning the same again moves run and time."""

    __tablename__ = "plan"
    __table_args__ = (UniqueConstraint("channel_id", "digest"),)

    id: int | None = Field(default=None, primary_key=True)
    channel_id: int = Field(foreign_key="channel.id")
    digest: str
    run_id: int = Field(foreign_key="run.id")
    saved_at: datetime = Field(sa_type=Moment)


class PlanLineRow(ChangeColumns, table=True):
    """One row of a plan, in send order; `held_by` names the hazard that holds it."""

    __tablename__ = "plan_row"

    plan_id: int = Field(primary_key=True, foreign_key="plan.id")
    place: int = Field(primary_key=True)
    held_by: str | None = None


class ApprovalRow(SQLModel, table=True):
    """A plan that a person released."""

    __tablename__ = "approval"

    id: int | None = Field(default=None, primary_key=True)
    plan_id: int = Field(foreign_key="plan.id", index=True)
    reason: str
    given_at: datetime = Field(sa_type=Moment)
    until: datetime = Field(sa_type=Moment)


class ChangeRow(ChangeColumns, table=True):
    """An intent and what became of it; only the columns from `verdict` on are ever updated."""

    __tablename__ = "change"
    __table_args__ = (
        Index("change_by_key", "channel_id", "product_id", "listing_id", "warehouse_id", "field"),
        Index("change_by_time", "channel_id", "intent_at"),
        Index("change_by_sku", "channel_id", "sku"),
        Index("change_by_verdict", "channel_id", "verdict"),
    )

    id: int | None = Field(default=None, primary_key=True)
    channel_id: int = Field(foreign_key="channel.id")
    run_id: int = Field(foreign_key="run.id")
    fence: int
    sent: int
    released: bool = False
    intent_at: datetime = Field(sa_type=Moment)
    verdict: str
    outcome_at: datetime | None = Field(default=None, sa_type=Moment)
    verified_at: datetime | None = Field(default=None, sa_type=Moment)
    code: str | None = None
    message: str | None = None
    acknowledged: bool = Field(default=False, sa_column_kwargs={"server_default": text("0")})
