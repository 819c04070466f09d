"""The YAML keys of `kind: tiktok_shop`."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from syncd.ports.credentials import Secret

API_URL = "https://open-api.tiktokglobalshop.com"
AUTH_URL = "https://auth.tiktok-shops.com"
_AUTHORIZE = {
    "us": "https://services.us.tiktokshop.com/open/authorize",
    "row": "https://services.tiktokshop.com/open/authorize",
}
FASTEST = 1000.0
SLOWEST = 0.01
"""A request in 100 seconds; slower than that nothing is ever read back in time."""
SHOWN = 40


def _rate(value: object) -> object:
    """`auto`, or requests per second as a number."""
    if value == "auto":
        return None
    try:
        rate = float(str(value))
    except ValueError:
        text = f"{value!r:.{SHOWN}} is neither auto nor a number of requests per second"
        raise ValueError(text) from None
    if not SLOWEST <= rate <= FASTEST:
        raise ValueError(
            f"{value!r:.{SHOWN}} is no rate from {SLOWEST:g} up to {FASTEST:.0f} requests per second"
        )
    return rate


Rate = Annotated[float | None, BeforeValidator(_rate)]
Url = Annotated[str, Field(pattern=r"^https?://[^\s/?#]+(:[0-9]+)?(/[^\s?#]*)?$")]


class TikTokShopOptions(BaseModel):
    """How a TikTok Shop is reached."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    app_key: str = Field(min_length=1, description="The app's key as Partner Center shows it.")
    app_secret: Secret = Field(description="The app's secret: {credential: NAME}.")
    service_id: str | None = Field(
        default=None, description="Number of the app's service, needed for the authorize link."
    )
    market: Literal["us", "row"] = Field(
        default="row", description="Where the seller authorizes: us, or row (rest of the world)."
    )
    shop: str | None = Field(
        default=None, description="Shop id or code; needed when the authorization covers several."
    )
    api_url: Url = Field(default=API_URL, description="Address of the API (a sandbox, in tests).")
    auth_url: Url = Field(default=AUTH_URL, description="Address of the token endpoints.")
    authorize_url: Url | None = Field(
        default=None, description="Address of the authorize page, when not the market's own."
    )
    rate: Rate = Field(
        default=None,
        description="Requests per second: auto learns the shop's limit, a number is a known one.",
    )

    def authorize_link(self, state: str) -> str | None:
        """Where the seller grants access; None without a service_id."""
        if self.service_id is None:
            return None
        base = self.authorize_url or _AUTHORIZE[self.market]
        return f"{base}?service_id={self.service_id}&state={state}"
