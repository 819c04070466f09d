"""Knows every error code of the fact sheet, section 5: what it means, its class, and what happens then."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class ErrorClass(StrEnum):
    """What an error asks for. The first group concerns the call, the second the item written."""

    OK = "ok"
    THROTTLED = "throttled"
    RETRY = "retry"
    REFRESH_TOKEN = "refresh_token"  # noqa: S105 - no secret
    CLOCK = "clock"
    UNAUTHORIZED = "unauthorized"
    SHOP_INACTIVE = "shop_inactive"
    BUDGET_SPENT = "budget_spent"
    BUG = "bug"
    SEARCH_CAP = "search_cap"

    OPERATOR = "operator"
    CONTAINER = "container"
    MAPPING = "mapping"
    WAREHOUSES = "warehouses"
    QUANTITY_REFUSED = "quantity_refused"
    PRICE_LOCKED = "price_locked"
    STOCK_LOCKED = "stock_locked"
    NOT_EDITABLE = "not_editable"
    STATUS_FORBIDS = "status_forbids"
    PERMANENT = "permanent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One code: its meaning, its class, and what happens or what the operator does."""

    code: int
    meaning: str
    kind: ErrorClass
    action: str


CONNECT = "run `syncd connect` for this channel"
"""What helps where nobody here knows the channel's name."""
_RETRIED = "tried again by itself"
_BUG = "a defect of syncd: please report it with the request id"
_MAPPING = "the listing is looked up again; check the product in Seller Center if it stays"
_SPLIT = "the parts are judged one by one"
_REREAD = "the SKU's warehouses are read again and the write repeated once"
_ASSIGN = "assign the SKU a sales warehouse in Seller Center"
_SKIP = "skipped: the shop does not let anyone set this stock"
_PRICE_END = "held until the promotion ends, then tried again"
_FIX_PRICE = "parked: correct the price rules or the source's price"

_GROUPS: tuple[tuple[ErrorClass, str, Mapping[int, str]], ...] = (
    (ErrorClass.OK, "", {0: "ok"}),
    (
        ErrorClass.THROTTLED,
        "sent again more slowly",
        {36009002: "too many requests"},
    ),
    (
        ErrorClass.RETRY,
        _RETRIED,
        {
            36009003: "internal error of the platform",
            36009007: "the gateway timed out",
            10002014: "temporary error of the platform",
            10002015: "temporary error of the platform",
            10006402: "temporary error of the platform",
            10037002: "temporary error of the order service",
            10037003: "temporary error of the order service",
            10037004: "temporary error of the order service",
            12001000: "temporary error of the product service",
            12052881: "temporary error of the product service",
            33001002: "temporary error of the platform",
        },
    ),
    (
        ErrorClass.REFRESH_TOKEN,
        "the token is refreshed and the call repeated once",
        {105002: "the access token has expired"},
    ),
    (
        ErrorClass.UNAUTHORIZED,
        f"{CONNECT}; a new scope needs the seller's consent again",
        {
            105005: "the authorization lacks a scope",
            101000: "token, user type and shop do not match",
            36004004: "the authorization code is wrong, used or older than 30 minutes",
            36004005: "the refresh token is unknown",
        },
    ),
    (
        ErrorClass.UNAUTHORIZED,
        "check app_key and app_secret of the channel",
        {106001: "the signature is wrong"},
    ),
    (
        ErrorClass.UNAUTHORIZED,
        "add this machine's address to the app's allow-list in Partner Center",
        {36009033: "this IP address is not on the app's allow-list"},
    ),
    (
        ErrorClass.UNAUTHORIZED,
        "check in Partner Center what the app may do for this shop",
        {
            12019114: "no permission for this shop's products",
            12019112: "the seller id is not accepted",
        },
    ),
    (
        ErrorClass.SHOP_INACTIVE,
        "the channel stops until the shop is active again",
        {
            36009043: "the shop is inactive",
            36009044: "the seller is inactive",
            12052700: "the seller is inactive",
        },
    ),
    (
        ErrorClass.BUDGET_SPENT,
        "the channel waits for the next hour",
        {36009037: "the hourly budget of a test shop is spent"},
    ),
    (
        ErrorClass.BUDGET_SPENT,
        "the channel waits; the shop's daily cap must renew",
        {
            12052093: "the shop's cap of listings is reached",
            12052109: "the merchant's cap of requests is reached",
        },
    ),
    (
        ErrorClass.BUG,
        _BUG,
        {
            36009009: "unknown path",
            36009010: "wrong HTTP verb",
            36009014: "unknown version",
            36009021: "the file is too large",
            36009022: "the content type is not accepted",
            36009023: "the file type is not accepted",
            106013: "shop_cipher is missing",
            12019015: "too many SKUs in an inventory search",
            12019120: "too many products in an inventory search",
            12052516: "inventory details are incomplete",
            12052910: "the parameters are wrong",
        },
    ),
    (
        ErrorClass.PERMANENT,
        "parked with the shop's message",
        {
            36009004: "a parameter is missing or invalid",
            98001004: "a parameter is invalid",
            11050001: "a parameter is invalid",
        },
    ),
    (ErrorClass.CONTAINER, _SPLIT, {12052990: "check failed, see the parts"}),
    (
        ErrorClass.MAPPING,
        _MAPPING,
        {
            12019008: "the product id is invalid",
            12019150: "the product does not exist",
            12052032: "the product does not exist",
            12052260: "the product id is invalid",
            12052034: "the product belongs to another shop",
            12052048: "the product belongs to another shop",
            12052036: "the SKU id is missing",
            12052557: "the SKU is not in the product",
            12052553: "the SKU appears twice",
            21008111: "the order is not one of this seller",
        },
    ),
    (
        ErrorClass.OPERATOR,
        _ASSIGN,
        {
            12019022: "the SKU has no warehouse",
            12052096: "the seller has no valid warehouse",
            12052115: "the SKU has no valid warehouse",
        },
    ),
    (
        ErrorClass.OPERATOR,
        "ask TikTok Shop for multi-warehouse permission",
        {12052094: "the shop may not use several warehouses"},
    ),
    (
        ErrorClass.OPERATOR,
        "correct `warehouses` of the channel or enable the warehouse in Seller Center",
        {
            12052530: "the warehouse is not one of this shop",
            12052531: "the warehouse is disabled",
            12052532: "the warehouse is no sales warehouse",
        },
    ),
    (
        ErrorClass.QUANTITY_REFUSED,
        "parked, or for a quantity of 0 what `zero:` says",
        {
            12019024: "the quantity is invalid",
            12052055: "the quantity is outside the shop's limits",
        },
    ),
    (
        ErrorClass.WAREHOUSES,
        _REREAD,
        {
            12019028: "not all warehouses of the SKU were given",
            12052037: "the warehouse cannot be updated",
            12052097: "the warehouse does not exist for this SKU",
            12052533: "warehouses of a SKU cannot be added or removed here",
            12052555: "a warehouse appears twice",
        },
    ),
    (
        ErrorClass.NOT_EDITABLE,
        _SKIP,
        {
            12052144: "the warehouse is run by the platform (FBT)",
            12052708: "the stock of a combo follows its parts",
            12052850: "the stock of a bundle follows its parts",
            12052861: "the price of a bundle is capped by its parts",
            12052503: "shared stock must be the same everywhere",
            12052921: "the product shares its stock with the source shop: write there",
            12052141: "the product is edited through its global product",
            12052382: "the product is managed by Tokopedia (Dilayani)",
            12052377: "the product is managed by Tokopedia (Dilayani)",
        },
    ),
    (
        ErrorClass.STOCK_LOCKED,
        "held until the promotion ends; the shop reserves these units",
        {12052393: "a promotion forbids lowering the stock"},
    ),
    (
        ErrorClass.PRICE_LOCKED,
        _PRICE_END,
        {
            12019045: "the price is locked by a promotion",
            12052038: "the price is locked by a promotion",
        },
    ),
    (
        ErrorClass.STATUS_FORBIDS,
        "held until the product's status changes",
        {
            12019113: "the product's status forbids it",
            12052901: "the product's status forbids it",
            12052332: "locked during platform integration; only stock and price may change",
        },
    ),
    (
        ErrorClass.PERMANENT,
        _FIX_PRICE,
        {
            12052012: "the price has a wrong format",
            12052073: "the price is invalid",
            12052570: "the price is over the limit",
            12052571: "the price is missing",
            12052084: "the currency is not the region's",
            12052092: "the sale price is invalid",
            12052424: "the sale price is invalid",
            12052572: "the sale price is missing",
            12052375: "the list price is refused",
            12052376: "the list price is refused",
            12052383: "the list price is refused",
        },
    ),
    (
        ErrorClass.SEARCH_CAP,
        "the search is cut into slices of time",
        {12052180: "a search has more than 10,000 results"},
    ),
)

CODES: Mapping[int, Entry] = MappingProxyType(
    {
        code: Entry(code=code, meaning=meaning, kind=kind, action=action)
        for kind, action, codes in _GROUPS
        for code, meaning in codes.items()
    }
)

MANY_MEANINGS = 36009004
"""The gateway's code for any bad parameter; only its message tells which."""
_BY_MESSAGE: tuple[tuple[str, ErrorClass, str, str], ...] = (
    (
        "timestamp",
        ErrorClass.CLOCK,
        "this machine's clock is off",
        "signed again once with the shop's time; set up NTP",
    ),
    (
        "shop_cipher is not required",
        ErrorClass.BUG,
        "shop_cipher is not wanted here",
        _BUG,
    ),
    (
        "app_key",
        ErrorClass.UNAUTHORIZED,
        "the app key is not accepted",
        "check app_key of the channel",
    ),
    (
        "access-token",
        ErrorClass.UNAUTHORIZED,
        "the token header is not accepted",
        CONNECT,
    ),
    (
        "access_token",
        ErrorClass.UNAUTHORIZED,
        "the token header is not accepted",
        CONNECT,
    ),
    (
        "quantity",
        ErrorClass.QUANTITY_REFUSED,
        "the quantity is not accepted",
        "parked, or for a quantity of 0 what `zero:` says",
    ),
)

_SUCCESS_BELOW = 400
_THROTTLED_STATUS = 429
_SERVER_ERRORS_FROM = 500


def classify(code: int | None, http_status: int, message: str = "") -> Entry:
    """What an answer means: by its code first, then by its HTTP status.

    The HTTP status of one code is not stable (105002 comes with 200 and 401; throttling with 429 and
    200). `code` None is an answer that is no TikTok Shop envelope, whatever its status. Never raises.
    """
    if code == MANY_MEANINGS:
        return _by_message(message)
    if code is not None and code in CODES and not (code == 0 and http_status >= _SUCCESS_BELOW):
        return CODES[code]
    shown = code or 0
    if http_status == _THROTTLED_STATUS:
        return Entry(
            code=shown,
            meaning="too many requests",
            kind=ErrorClass.THROTTLED,
            action="sent again more slowly",
        )
    if code is None or http_status >= _SERVER_ERRORS_FROM:
        return Entry(
            code=shown,
            meaning=f"no usable answer (HTTP {http_status})",
            kind=ErrorClass.RETRY,
            action=_RETRIED,
        )
    return Entry(
        code=shown,
        meaning=f"an error syncd does not know (HTTP {http_status})",
        kind=ErrorClass.PERMANENT,
        action="parked with the shop's message",
    )


def _by_message(message: str) -> Entry:
    lowered = message.lower()
    for needle, kind, meaning, action in _BY_MESSAGE:
        if needle in lowered:
            return Entry(code=MANY_MEANINGS, meaning=meaning, kind=kind, action=action)
    return CODES[MANY_MEANINGS]
