"""The YAML keys of `kind: csv_file`."""

from datetime import timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from connectors.csv_file.opening import LARGEST_FILE
from connectors.csv_file.reaching import (
    SFTP,
    WEB,
    Auth,
    PinnedKey,
    Silence,
    Size,
    scheme_of,
    sftp_address,
)
from connectors.csv_file.unpacking import PACKED
from connectors.tabular.form import RowForm
from connectors.tabular.options import SkuForm
from connectors.transport.web_address import WebAddress
from syncd.domain.stock import Basis, Duplicates
from syncd.ports.options import Header, OptionsPart, Span, Truth, Zone

_DELIMITERS = {",": ",", ";": ";", "tab": "\t", "\t": "\t", "\\t": "\t", "|": "|"}
_ENDINGS = {
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}
_LINES = frozenset({"csv", "jsonl"})


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


class AsOf(OptionsPart):
    """A file name that tells when the export was made."""

    name: Annotated[str, Field(min_length=1)] = Field(
        description="Name with strptime marks, like stock-%Y%m%d-%H%M.csv"
    )
    timezone: Zone = Field(default=ZoneInfo("UTC"), description="Time zone of that name")


class CsvFileOptions(OptionsPart):
    """How a stock file is found and read."""

    path: Annotated[str, Field(min_length=1)] = Field(
        description="The file, or a pattern like stock-*.csv: the newest match is read; or an address: "
        "https://host/stock.csv, sftp://user@host/folder/stock-*.csv"
    )
    format: (
        Literal["csv", "xlsx", "jsonl", "parquet", "shopify_products", "shopify_inventory"] | None
    ) = Field(
        default=None,
        description="What the file is, when its ending does not tell (default: CSV), or one of "
        "Shopify's own exports, read as it is",
    )
    sheet: Annotated[str, Field(min_length=1, max_length=31)] | None = Field(
        default=None, description="Sheet of an .xlsx workbook (default: the only one)"
    )
    allow_private: Truth = Field(
        default=False,
        description="Whether a web address may lead into a private network (an sftp server may: "
        "its host key names it)",
    )
    auth: Auth | None = Field(
        default=None,
        validate_default=True,
        description="What the server is told: {user, password} or {bearer} for the web, {password} or "
        "{private_key, passphrase} for sftp",
    )
    host_key: PinnedKey | None = Field(
        default=None,
        validate_default=True,
        description="Public key of the sftp server: ssh-ed25519 AAAA…, or SHA256:…; required for sftp",
    )
    timeout: Silence = Field(
        default=timedelta(seconds=60),
        description="How long a server may be silent; a whole transfer may take ten times as long",
    )
    max_size: Size = Field(
        default=LARGEST_FILE,
        description="Largest file that is read, also when unpacked: 500 MB, 2 GiB",
    )
    columns: Columns = Field(default=Columns(), description="Which header stands for what")
    delimiter: Annotated[str | None, BeforeValidator(_delimiter, json_schema_input_type=str)] = (
        Field(default=None, description="What separates fields: , ; tab or | (default: detected)")
    )
    encoding: Annotated[str | None, BeforeValidator(_encoding, json_schema_input_type=str)] = Field(
        default=None, description="Text encoding (default: BOM, else UTF-8, else cp1252)"
    )
    decimal: Literal[".", ","] | None = Field(
        default=None,
        description="Decimal mark of numbers (default: a point). A quantity written 1.000 or 1,000 is "
        "rejected until this or `thousands` says what it is",
    )
    thousands: Literal[".", ",", " ", "'"] | None = Field(
        default=None, description="Mark between thousands, where the file writes one"
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

    @property
    def scheme(self) -> str:
        """`http`, `https` or `sftp`; nothing for a file on this machine."""
        return scheme_of(self.path)

    @property
    def decimal_mark(self) -> str:
        """The declared one, else a point, unless that stands between thousands."""
        return self.decimal or ("," if self.thousands == "." else ".")

    @property
    def export(self) -> str | None:
        """The export of Shopify that this is, if it is one."""
        return self.format if self.format and self.format.startswith("shopify_") else None

    @property
    def table_format(self) -> str:
        """csv, xlsx, jsonl or parquet: as written, else by the path's ending."""
        return _format(self.path, self.format)

    @field_validator("path")
    @classmethod
    def _path(cls, path: str) -> str:
        scheme = scheme_of(path)
        if scheme in WEB:
            WebAddress.parsed(path)
        elif scheme == SFTP:
            sftp_address(path)
        elif scheme:
            raise ValueError(f"{scheme}:// is not supported; files come by https, http or sftp")
        return path

    @field_validator("sheet", "delimiter", "encoding", "trailing_newline")
    @classmethod
    def _of_its_format(cls, value: str | None, info: ValidationInfo) -> str | None:
        """A key that only another format knows would be ignored silently."""
        if value is None or not {"path", "format"} <= info.data.keys():
            return value
        form = _format(info.data["path"], info.data["format"])
        fits = {"sheet": form == "xlsx", "trailing_newline": form in _LINES}
        if not fits.get(str(info.field_name), form == "csv"):
            raise ValueError(f"{info.field_name} means nothing for a file read as {form}")
        return value

    @field_validator("thousands")
    @classmethod
    def _of_two_marks(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and value == info.data.get("decimal"):
            raise ValueError(f"{value} cannot be the decimal mark and stand between thousands")
        return value

    @field_validator("allow_private")
    @classmethod
    def _of_the_web(cls, value: bool, info: ValidationInfo) -> bool:  # noqa: FBT001 - a validator
        if value and "path" in info.data and not scheme_of(info.data["path"]):
            raise ValueError("allow_private goes with a web address only")
        return value

    @field_validator("auth")
    @classmethod
    def _of_its_scheme(cls, auth: Auth | None, info: ValidationInfo) -> Auth | None:
        scheme = scheme_of(info.data.get("path", ""))
        if auth is None:
            if scheme == SFTP:
                raise ValueError("auth is required for sftp: {password} or {private_key}")
            return None
        if "path" not in info.data:
            return auth
        if not scheme:
            raise ValueError("auth goes with a web or sftp address only")
        reason = auth.misfit(scheme)
        if scheme == "http" and not info.data.get("allow_private"):
            reason = "http:// would send the credential readable by anyone; write https://"
        if reason:
            raise ValueError(reason)
        return auth

    @field_validator("host_key")
    @classmethod
    def _of_a_server(cls, key: PinnedKey | None, info: ValidationInfo) -> PinnedKey | None:
        sftp = scheme_of(info.data.get("path", "")) == SFTP
        if sftp and key is None:
            raise ValueError("host_key is required for sftp: a line of `ssh-keyscan HOST`")
        if key is not None and "path" in info.data and not sftp:
            raise ValueError("host_key goes with sftp:// only")
        return key

    def form(self) -> RowForm:
        """What the texts of a row mean."""
        return RowForm(
            sku=self.sku.rule(),
            decimal=self.decimal_mark,
            thousands=self.thousands,
            marks_declared=self.decimal is not None or self.thousands is not None,
            fractions=self.fractions,
            counts_committed=self.committed != "none",
            untracked=self.export is not None,
            zone=self.counted_at_timezone,
        )


def _format(path: str, written: str | None) -> str:
    if written is not None:
        return "csv" if written.startswith("shopify_") else written
    name = path.lower()
    if scheme_of(path) in WEB:
        name = WebAddress.parsed(path).path.lower()
    for packed in PACKED:
        name = name.removesuffix(packed)
    found = [form for ending, form in _ENDINGS.items() if name.endswith(ending)]
    return found[0] if found else "csv"
