"""The YAML keys of `kind: shopify`."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator

from syncd.domain.orders import OrdersMode
from syncd.domain.stock import Basis
from syncd.ports.credentials import Secret
from syncd.ports.options import OptionsPart, Span

DOMAIN = ".myshopify.com"
_MOST_LOCATIONS = 250

Url = Annotated[str, Field(pattern=r"^https?://[^\s/?#@]+(:[0-9]+)?$")]
Status = Literal["active", "draft", "archived", "unlisted"]


class MarketPrice(OptionsPart):
    """The price that customers of one country see."""

    market: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] = Field(
        description="The country's ISO code, as in {market: DE}"
    )


def _form(value: object) -> str:
    """Which form of `price` was written, so that only its own mistakes are told."""
    return "country" if isinstance(value, dict | MarketPrice) else "word"


def _some(statuses: tuple[Status, ...]) -> tuple[Status, ...]:
    if not statuses:
        raise ValueError("this is empty")
    return statuses


Price = Annotated[
    Annotated[Literal["price", "compare_at"], Tag("word")] | Annotated[MarketPrice, Tag("country")],
    Discriminator(_form),
]


class ShopifyOptions(OptionsPart):
    """How a Shopify shop is reached, and what its records mean."""

    shop: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*(\.myshopify\.com)?$")] = Field(
        description="The shop's name at Shopify: acme, or acme.myshopify.com"
    )
    token: Secret | None = Field(
        default=None, description="Permanent token of a custom app: {credential: NAME}"
    )
    client_id: Annotated[str | None, Field(min_length=1)] = Field(
        default=None, description="Client id of an app of the Dev Dashboard, with client_secret"
    )
    client_secret: Secret | None = Field(
        default=None, description="That app's client secret: {credential: NAME}"
    )
    webhook_secret: Secret | None = Field(
        default=None, description="Signs webhooks (default: client_secret): {credential: NAME}"
    )
    url: Url | None = Field(
        default=None, description="Address instead of https://SHOP.myshopify.com (a sandbox, tests)"
    )
    locations: Annotated[
        tuple[Annotated[str, Field(min_length=1)], ...], Field(max_length=_MOST_LOCATIONS)
    ] = Field(
        default=(),
        description="Names or ids of the locations to read (default: all active ones of the shop's own)",
    )
    statuses: Annotated[tuple[Status, ...], AfterValidator(_some)] = Field(
        default=("active", "unlisted"),
        description="Products that count: active, unlisted, draft, archived",
    )
    continue_selling: Literal["as_is", "untracked"] = Field(
        default="as_is",
        description="Variants that sell on when out of stock: their real number, or as not tracked",
    )
    price: Price = Field(
        default="price",
        description="price | compare_at (where there is one) | {market: DE}",
    )
    bulk_from: Annotated[int, Field(ge=0)] = Field(
        default=1000, description="From so many variants on, everything is read by a bulk operation"
    )
    overlap: Span = Field(
        default=timedelta(minutes=5),
        description="How far a reading of changes reaches back, because Shopify's search lags behind",
    )
    clock_tolerance: Span = Field(
        default=timedelta(minutes=2), description="How far a reading's time may be off"
    )
    basis: Annotated[Basis | None, Field(description="Given by the source's own key")] = None
    committed: Literal["none"] | None = Field(
        default=None, description="Given by the source's own key"
    )
    stock: Literal["none"] | None = Field(default=None, description="Given by the source's own key")
    orders: str | None = Field(default=None, description="Given by the source's own key")

    @model_validator(mode="after")
    def _one_kind_of_token(self) -> "ShopifyOptions":
        granted = self.client_id is not None or self.client_secret is not None
        if (self.token is not None) == granted:
            raise ValueError("give either token, or client_id and client_secret")
        if granted and (self.client_id is None or self.client_secret is None):
            raise ValueError("client_id and client_secret belong together")
        return self

    @property
    def writes_back(self) -> bool:
        """Whether orders are booked into this shop by syncd."""
        return self.orders == OrdersMode.WRITE_BACK

    @property
    def handle(self) -> str:
        """The shop's name without its domain."""
        return self.shop.removesuffix(DOMAIN)

    @property
    def domain(self) -> str:
        """The shop's name with its domain, as webhooks give it."""
        return self.handle + DOMAIN

    @property
    def address(self) -> str:
        """Where the shop answers."""
        return self.url or f"https://{self.domain}"

    @property
    def country(self) -> str | None:
        """Whose price is asked for; None for the shop's own."""
        return self.price.market if isinstance(self.price, MarketPrice) else None
