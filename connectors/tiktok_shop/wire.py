"""Knows the shape of TikTok Shop's answers, of which only what syncd uses is kept; no buyer data.

Lenient exactly where the fact sheet is: ids may come as numbers, `data` and lists may be missing or
null. A quantity that is missing stays None, and so does the list of a search, because absence is never zero.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Self, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StrictStr,
    ValidationError,
    model_validator,
)

Item = TypeVar("Item")
Data = TypeVar("Data", bound="WireModel")


class UnusableAnswer(Exception):  # noqa: N818 - reads as a state
    """The bytes are not what the endpoint answers; the message quotes no value of them."""


def _id_text(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value


def _none_is_empty_list(value: object) -> object:
    return () if value is None else value


def _none_is_empty_text(value: object) -> object:
    return "" if value is None else value


Id = Annotated[StrictStr, BeforeValidator(_id_text), Field(min_length=1)]
Text = Annotated[StrictStr, BeforeValidator(_none_is_empty_text)]
IdOrNothing = Annotated[Text, BeforeValidator(_id_text)]
Items = Annotated[tuple[Item, ...], BeforeValidator(_none_is_empty_list)]
Units = Annotated[StrictInt, Field(ge=0, le=10**9)]
"""A count of things; no shop has more, and what has more digits fits no ledger."""
Moment = Annotated[StrictInt, Field(ge=0, le=10**13)]
"""Unix seconds, or milliseconds as far as the year 2286."""
Seconds = Moment | None
Code = Annotated[StrictInt, Field(ge=-(10**12), le=10**12)]
"""What the shop calls a success or a refusal."""
_MILLISECONDS_FROM = 10**11


def moment_of(seconds: int) -> datetime:
    """Unix seconds; a value in milliseconds is recognised by its size (fact sheet, Unsure 13)."""
    if seconds > _MILLISECONDS_FROM:
        seconds //= 1000
    return datetime.fromtimestamp(seconds, UTC)


class WireModel(BaseModel):
    """Part of an answer; unknown fields are dropped, so that buyer data never enters."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Head(WireModel):
    """What every answer has beside its data."""

    code: Code
    message: Text = ""
    request_id: IdOrNothing = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer taken apart, its data not yet read."""

    head: Head
    data: dict[str, Any]

    @classmethod
    def read(cls, body: bytes) -> Self:
        """Take an answer apart; UnusableAnswer for HTML, other JSON, or a missing code."""
        try:
            document = json.loads(body)
            head = Head.model_validate(document)
        except (ValueError, RecursionError):
            raise UnusableAnswer("the answer is no TikTok Shop envelope") from None
        data = document.get("data")
        return cls(head=head, data=data if isinstance(data, dict) else {})

    def read_data(self, model: type[Data]) -> Data:
        """The data as `model`; UnusableAnswer naming the fields that do not fit."""
        try:
            return model.model_validate(self.data)
        except ValidationError as error:
            places = sorted(
                {".".join(str(step) for step in one["loc"]) + f" ({one['type']})"
                 for one in error.errors(include_url=False, include_context=False, include_input=False)}
            )  # fmt: skip
            raise UnusableAnswer(f"unexpected fields: {', '.join(places[:5])}") from None


class TokenData(WireModel):
    """Answer of token get and refresh. The two times are absolute unix seconds despite their names."""

    access_token: StrictStr = Field(min_length=1, repr=False)
    access_token_expire_in: Moment
    refresh_token: StrictStr = Field(min_length=1, repr=False)
    refresh_token_expire_in: Moment
    open_id: IdOrNothing = ""
    seller_name: Text = ""
    seller_base_region: Text = ""
    granted_scopes: Items[StrictStr] = ()


class Shop(WireModel):
    """A shop the authorization covers."""

    id: Id
    cipher: StrictStr = Field(min_length=1, repr=False)
    code: IdOrNothing = ""
    name: Text = ""
    region: Text = ""
    seller_type: Text = ""


class ShopsData(WireModel):
    """Answer of authorized shops."""

    shops: Items[Shop] = ()


class Nothing(WireModel):
    """Answer of a call that only succeeds or is refused."""


class Webhook(WireModel):
    """A topic the shop sends, and where to."""

    event_type: Text = ""
    address: Text = ""


class WebhooksData(WireModel):
    """Answer of the list of webhooks."""

    webhooks: Items[Webhook] = ()


class Warehouse(WireModel):
    """A warehouse; only those of type SALES_WAREHOUSE hold stock, and a return one may come first."""

    id: Id
    name: Text = ""
    type: Text = ""
    sub_type: Text = ""
    effect_status: Text = ""
    is_default: StrictBool | None = None


class WarehousesData(WireModel):
    """Answer of the warehouse list."""

    warehouses: Items[Warehouse] = ()


class Price(WireModel):
    """A price as it is read: decimal text in major units. Reading has no `amount`, writing has."""

    currency: Text = ""
    tax_exclusive_price: StrictStr | None = None
    sale_price: StrictStr | None = None


class SkuInventory(WireModel):
    """Available units of a SKU in one warehouse."""

    warehouse_id: IdOrNothing = ""
    quantity: Units | None = None


class SkuStatus(WireModel):
    """Whether a SKU is on sale and who took it off."""

    status: Text = ""
    deactivation_source: Text = ""


class GlobalPolicy(WireModel):
    """Whether the SKU's stock is SHARED with a source shop or EXCLUSIVE."""

    inventory_type: Text = ""


class ProductSku(WireModel):
    """One SKU of a product."""

    id: Id
    seller_sku: Text = ""
    price: Price | None = None
    inventory: Items[SkuInventory] = ()
    status_info: SkuStatus | None = None
    global_listing_policy: GlobalPolicy | None = None


class Audit(WireModel):
    """State of the platform's review."""

    status: Text = ""


class Product(WireModel):
    """A product as search and detail answer it."""

    id: Id
    title: Text = ""
    status: Text = ""
    audit: Audit | None = None
    create_time: Seconds = None
    update_time: Seconds = None
    skus: Items[ProductSku] = ()
    product_types: Items[StrictStr] = ()


class ProductsData(WireModel):
    """One page of a product search."""

    rows: tuple[Product, ...] | None = Field(default=None, alias="products")
    next_page_token: Text = ""
    total_count: Units | None = None


class WarehouseInventory(WireModel):
    """Available and committed units of a SKU in one warehouse."""

    warehouse_id: Id
    available_quantity: Units | None = None
    committed_quantity: Units | None = None


class Reserved(WireModel):
    """Units of available stock that the shop, a campaign or a creator holds."""

    quantity: Units | None = None


class Distribution(WireModel):
    """How available stock is reserved."""

    in_shop_inventory: Reserved | None = None
    campaign_inventory: Items[Reserved] = ()
    creator_inventory: Items[Reserved] = ()

    def locked(self) -> int:
        """Units campaigns and creators hold; an offer may not fall below."""
        held = (*self.campaign_inventory, *self.creator_inventory)
        return sum(one.quantity or 0 for one in held)


class InventorySku(WireModel):
    """The stock of one SKU."""

    id: Id
    seller_sku: Text = ""
    total_available_quantity: Units | None = None
    total_committed_quantity: Units | None = None
    warehouse_inventory: Items[WarehouseInventory] = ()
    total_available_inventory_distribution: Distribution | None = None


class ProductInventory(WireModel):
    """The stock of one product."""

    product_id: Id
    skus: Items[InventorySku] = ()


class InventoryData(WireModel):
    """Answer of the inventory search; it has no pages."""

    inventory: Items[ProductInventory] = ()


class ExtraError(WireModel):
    """The cause inside a failed entry."""

    code: Code
    message: Text = ""
    warehouse_id: IdOrNothing = ""


class EntryDetail(WireModel):
    """Which item failed, and why."""

    sku_id: IdOrNothing = ""
    product_id: IdOrNothing = ""
    extra_errors: Items[ExtraError] = ()


def _none_is_no_detail(value: object) -> object:
    return {} if value is None else value


class EntryError(WireModel):
    """One refused item of a call that as a whole answered code 0."""

    code: Code
    message: Text = ""
    detail: Annotated[EntryDetail, BeforeValidator(_none_is_no_detail)] = EntryDetail()


class WriteData(WireModel):
    """Answer of a write; success of an item means code 0 and no entry here for it."""

    errors: Items[EntryError] = ()


class CombinedSku(WireModel):
    """A part of a virtual bundle."""

    product_id: IdOrNothing = ""
    sku_id: IdOrNothing = ""
    seller_sku: Text = ""
    sku_count: Annotated[Units, Field(ge=1)]


class LineItem(WireModel):
    """One ordered unit: there is no quantity field, a row is one unit."""

    id: Id
    product_id: Id
    sku_id: Id
    seller_sku: Text = ""
    display_status: Text = ""
    package_id: IdOrNothing = ""
    package_status: Text = ""
    currency: Text = ""
    sale_price: StrictStr | None = None
    original_price: StrictStr | None = None
    rts_time: Seconds = None
    combined_listing_skus: Items[CombinedSku] = ()


class Order(WireModel):
    """An order without its buyer.

    `cancel_reason` is kept only where the seller cancelled (out of stock sets the stock to zero, fact
    sheet 3.4): what a buyer wrote is none of our business.
    """

    id: Id
    status: Text = ""
    create_time: Moment
    update_time: Moment
    paid_time: Seconds = None
    cancel_time: Seconds = None
    rts_time: Seconds = None
    collection_time: Seconds = None
    delivery_time: Seconds = None
    is_on_hold_order: StrictBool | None = None
    warehouse_id: IdOrNothing = ""
    fulfillment_type: Text = ""
    cancellation_initiator: Text = ""
    cancel_reason: Text = ""
    line_items: Items[LineItem] = ()

    @model_validator(mode="before")
    @classmethod
    def _forget_the_buyers_reason(cls, value: object) -> object:
        if isinstance(value, dict) and value.get("cancellation_initiator") != "SELLER":
            return {name: field for name, field in value.items() if name != "cancel_reason"}
        return value


class OrdersData(WireModel):
    """One page of an order search."""

    rows: tuple[Order, ...] | None = Field(default=None, alias="orders")
    next_page_token: Text = ""
    total_count: Units | None = None
