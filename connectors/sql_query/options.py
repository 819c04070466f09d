"""The YAML keys of `kind: sql_query`."""

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, model_validator

from connectors.sql_query.booking import EXAMPLE, read_booking
from connectors.sql_query.lexis import Lexis
from connectors.sql_query.statement import WrongStatement, check_anywhere, read_statement
from connectors.tabular.form import RowForm
from connectors.tabular.options import SkuForm
from syncd.domain.orders import OrdersMode
from syncd.domain.stock import Basis
from syncd.ports.credentials import Secret
from syncd.ports.options import OptionsPart, Span, Zone

_LONGEST_QUERY = 100_000
_SHORTEST = timedelta(seconds=1)
_LONGEST = timedelta(days=1)
WRITE_BACK = f'{{url: {{credential: NAME}}, statement: "{EXAMPLE}"}}'
"""An example of that key."""


def _statement(read: Callable[[str, Lexis], object]) -> AfterValidator:
    """What some database reads so; the exact check follows when the database is known."""

    def check(value: str) -> str:
        try:
            check_anywhere(value, read)
        except WrongStatement as reason:
            raise ValueError(str(reason)) from None
        return value

    return AfterValidator(check)


def _timeout(value: timedelta) -> timedelta:
    if not _SHORTEST <= value <= _LONGEST:
        raise ValueError("this is outside 1s to 1d")
    return value


class WriteBackOptions(OptionsPart):
    """How order lines are booked in the database."""

    url: Secret = Field(
        description="{credential: NAME} of the same database's address for a user who may book"
    )
    statement: Annotated[
        str, Field(min_length=1, max_length=_LONGEST_QUERY), _statement(read_booking)
    ] = Field(
        description="INSERT INTO … (…) VALUES (:key, …); UPDATE … with :sku, :delta, :location, "
        ":reference: run in one transaction for each order line, `syncd doctor` prints the table of keys"
    )


class SqlQueryOptions(OptionsPart):
    """Which database is read, and by which SELECT."""

    url: Secret = Field(
        description="{credential: NAME} of the address: postgresql://USER:PASSWORD@HOST/DATABASE, "
        "mysql://…, mariadb://…, sqlite:////FILE or mssql://…"
    )
    query: Annotated[
        str, Field(min_length=1, max_length=_LONGEST_QUERY), _statement(read_statement)
    ] = Field(
        description="One SELECT whose columns are named sku, location, quantity, committed, price, "
        "currency, cost, counted_at, updated_at; :since in it makes readings of changes possible"
    )
    timeout: Annotated[Span, AfterValidator(_timeout)] = Field(
        default=timedelta(seconds=60),
        description="Longest time the query may take, read to its end",
    )
    overlap: Span = Field(
        default=timedelta(minutes=5),
        description="How far a reading of changes reaches back: longer than any transaction that "
        "writes updated_at",
    )
    clock_tolerance: Span = Field(
        default=timedelta(minutes=2), description="How far the database's clock may be off"
    )
    timezone: Zone | None = Field(
        default=None, description="Time zone of counted_at and updated_at that give none"
    )
    fractions: Literal["reject", "down"] = Field(
        default="reject", description="What 12.5 units means: reject the row, or round down"
    )
    sku: SkuForm = Field(default=SkuForm(), description="How SKUs are brought into form")
    write_back: WriteBackOptions | None = Field(
        default=None, description="For orders: write_back: how order lines are taken off this stock"
    )
    basis: Annotated[Basis | None, Field(description="Given by the source's own key")] = None
    committed: Literal["none"] | None = Field(
        default=None, description="Given by the source's own key"
    )
    orders: str | None = Field(default=None, description="Given by the source's own key")

    @model_validator(mode="after")
    def _written_as_said(self) -> "SqlQueryOptions":
        wanted = self.orders in {None, OrdersMode.WRITE_BACK}
        if self.write_back is not None and not wanted:
            raise ValueError("write_back goes with orders: write_back only")
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which the query is asked: that of naive times, else UTC."""
        return self.timezone or ZoneInfo("UTC")

    def form(self) -> RowForm:
        """What the texts of a row mean."""
        return RowForm(
            sku=self.sku.rule(),
            fractions=self.fractions,
            counts_committed=self.committed != "none",
            zone=self.timezone,
            zone_key="timezone",
        )
