"""The YAML keys of `kind: sql_query`."""

from datetime import timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from connectors.sql_query.statement import NotOneSelect, check_anywhere
from connectors.tabular.form import RowForm
from connectors.tabular.options import SkuForm
from syncd.domain.stock import Basis
from syncd.ports.credentials import Secret
from syncd.ports.options import OptionsPart, Span, Zone

_LONGEST_QUERY = 100_000
_SHORTEST = timedelta(seconds=1)
_LONGEST = timedelta(days=1)


def _query(value: str) -> str:
    try:
        check_anywhere(value)
    except NotOneSelect as reason:
        raise ValueError(str(reason)) from None
    return value


def _timeout(value: timedelta) -> timedelta:
    if not _SHORTEST <= value <= _LONGEST:
        raise ValueError("this is outside 1s to 1d")
    return value


class SqlQueryOptions(OptionsPart):
    """Which database is read, and by which SELECT."""

    url: Secret = Field(
        description="{credential: NAME} of the address: postgresql://USER:PASSWORD@HOST/DATABASE, "
        "mysql://…, mariadb://…, sqlite:////FILE or mssql://…"
    )
    query: Annotated[
        str, Field(min_length=1, max_length=_LONGEST_QUERY), AfterValidator(_query)
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
    basis: Annotated[Basis | None, Field(description="Given by the source's own key")] = None
    committed: Literal["none"] | None = Field(
        default=None, description="Given by the source's own key"
    )

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
