"""Stand-ins for the connectors' options, so that these tests need no connector."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from syncd.domain.stock import Basis, Duplicates
from syncd.ports.credentials import Secret
from syncd.settings.kinds import Kinds


class _Options(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Columns(_Options):
    sku: str | None = None
    quantity: str | None = None
    committed: str | None = None
    location: str | None = None
    price: str | None = None


class CsvFileOptions(_Options):
    path: str = Field(min_length=1, description="File or pattern")
    columns: Columns = Columns()
    delimiter: str | None = Field(default=None, min_length=1, max_length=1)
    duplicates: Duplicates = Duplicates.ERROR
    skip_rows: int = Field(default=0, ge=0, le=100)
    header: bool = True
    basis: Basis | None = None
    committed: Literal["none"] | None = None


class TikTokShopOptions(_Options):
    app_key: str = Field(min_length=1)
    app_secret: Secret
    service_id: str | None = None
    market: Literal["us", "row"] = "row"
    shop: str | None = None
    api_url: str = Field(default="https://api.example.com", pattern="^https?://")
    auth_url: str = Field(default="https://auth.example.com", pattern="^https?://")
    authorize_url: str | None = None
    rate: Literal["auto"] | float = "auto"


WRITTEN = "written.csv"
"""The one file of these tests that can be written back."""


def _unwritable(options: BaseModel) -> str | None:
    is_written = isinstance(options, CsvFileOptions) and options.path == WRITTEN
    return None if is_written else "a file cannot be written back"


STANDINS = Kinds(
    sources={"csv_file": CsvFileOptions},
    channels={"tiktok_shop": TikTokShopOptions},
    writing={"csv_file": _unwritable},
)
