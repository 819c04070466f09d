"""The YAML keys of `kind: csv_file`."""

from datetime import timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field

from connectors.tabular.form import RowForm, SkuRule
from syncd.domain.stock import Basis, Duplicates
from syncd.ports.options import Header, OptionsPart, Span, Truth, Zone

_DELIMITERS = {",": ",", ";": ";", "tab": "\t", "\t": "\t", "\\t": "\t", "|": "|"}
_LONGEST_PAD = 64


def _delimiter(value: object) -> object:
    if not isinstance(value, str) or value not in _DELIMITERS:
        raise ValueError(f"{value!r} is not one of , ; tab |")
    return _DELIMITERS[value]


def _encoding(value: object) -> object:
    try:
        "".encode(str(value))
    except LookupError:
        raise ValueError(f"{value!r} is no known text encoding") from None
    return value


class Columns(OptionsPart):
    """Which header stands for what; usual names are recognised without this."""

    sku: Header | None = Field(default=None, description="Header of the SKU")
    location: Header | None = Field(default=None, description="Header of the location")
    quantity: Header | None = Field(default=None, description="Header of the quantity")
    committed: Header | None = Field(default=None, description="Header of units sold, not shipped")
    price: Header | None = Field(default=None, description="Header of the price")
    currency: Header | None = Field(default=None, description="Header of the price's currency")
    cost: Header | None = Field(default=None, description="Header of the unit cost")
    counted_at: Header | None = Field(default=None, description="Header of the time of the count")


class SkuForm(OptionsPart):
    """How SKUs are brought into form; nothing is changed unless it is asked for here."""

    trim: Truth = Field(default=False, description="Take spaces around the SKU away")
    upper: Truth = Field(default=False, description="Write the SKU in upper case")
    pad: Annotated[int, Field(ge=0, le=_LONGEST_PAD)] = Field(
        default=0, description="Fill a SKU of digits up with zeros to this length"
    )


class AsOf(OptionsPart):
    """A file name that tells when the export was made."""

    name: Annotated[str, Field(min_length=1)] = Field(
        description="Name with strptime marks, like stock-%Y%m%d-%H%M.csv"
    )
    timezone: Zone = Field(default=ZoneInfo("UTC"), description="Time zone of that name")


class CsvFileOptions(OptionsPart):
    """How a stock file is found and read."""

    path: Annotated[str, Field(min_length=1)] = Field(
        description="The file, or a pattern like stock-*.csv: the newest match is read"
    )
    columns: Columns = Field(default=Columns(), description="Which header stands for what")
    delimiter: Annotated[str | None, BeforeValidator(_delimiter, json_schema_input_type=str)] = (
        Field(default=None, description="What separates fields: , ; tab or | (default: detected)")
    )
    encoding: Annotated[str | None, BeforeValidator(_encoding, json_schema_input_type=str)] = Field(
        default=None, description="Text encoding (default: BOM, else UTF-8, else cp1252)"
    )
    decimal: Literal[".", ","] = Field(default=".", description="Decimal mark of numbers")
    thousands: Literal[".", ",", " ", "'"] | None = Field(
        default=None, description="Mark between thousands, where the file writes one"
    )
    format: Literal["shopify_products", "shopify_inventory"] | None = Field(
        default=None, description="One of Shopify's own exports, read as it is"
    )
    duplicates: Duplicates = Field(
        default=Duplicates.ERROR,
        description="Several rows of one SKU at one location: error, sum or min",
    )
    fractions: Literal["reject", "down"] = Field(
        default="reject", description="What 12.5 units means: reject the row, or round down"
    )
    sku: SkuForm = Field(default=SkuForm(), description="How SKUs are brought into form")
    settle: Span = Field(
        default=timedelta(seconds=2), description="How long a file must have been left alone"
    )
    export_takes: Span = Field(
        default=timedelta(minutes=10),
        description="How long making the export takes: it speaks up to its time stamp minus this",
    )
    clock_tolerance: Span = Field(
        default=timedelta(minutes=2), description="How far the exporting clock may be off"
    )
    as_of: AsOf | None = Field(default=None, description="When the file name tells its time")
    trailing_newline: Literal["required", "optional"] = Field(
        default="required",
        description="Whether the last line must end with a line break; a cut file does not",
    )
    counted_at_timezone: Zone | None = Field(
        default=None, description="Time zone of counting times that give none"
    )
    basis: Annotated[Basis | None, Field(description="Given by the source's own key")] = None
    committed: Literal["none"] | None = Field(
        default=None, description="Given by the source's own key"
    )

    def form(self) -> RowForm:
        """What the texts of a row mean."""
        return RowForm(
            sku=SkuRule(trim=self.sku.trim, upper=self.sku.upper, pad=self.sku.pad),
            decimal=self.decimal,
            thousands=self.thousands,
            fractions=self.fractions,
            counts_committed=self.committed != "none",
            untracked=self.format is not None,
            zone=self.counted_at_timezone,
        )
