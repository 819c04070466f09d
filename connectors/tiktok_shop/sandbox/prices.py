"""The price call of the simulated API: all or nothing, never in a promotion, amounts as the market wants."""

import re
from collections.abc import Mapping
from decimal import Decimal

from connectors.tiktok_shop.sandbox.calls import Call, World
from connectors.tiktok_shop.sandbox.products import product_named
from connectors.tiktok_shop.sandbox.promotions import is_locked
from connectors.tiktok_shop.sandbox.replies import Refused, invalid
from connectors.tiktok_shop.sandbox.state import Product, Sku, SkuState

STATUS_FORBIDS = 12019113
PROMOTION = 12052038
SKU_TWICE = 12052553
SKU_FOREIGN = 12052557
CURRENCY_FOREIGN = 12052084
PRICE_FORMAT = 12052012
PRICE_INVALID = 12052073
PRICE_OUTSIDE = 12052570
PRICE_MISSING = 12052571
WHOLE_CURRENCIES = frozenset({"JPY", "IDR", "VND"})
LIMITS = {
    "USD": ("0.01", "7600"),
    "GBP": ("0.01", "5600"),
    "EUR": ("0.01", "6300"),
    "IDR": ("100", "100000000"),
    "THB": ("0.01", "260000"),
    "MYR": ("0.01", "320000"),
    "VND": ("1", "180000000"),
    "PHP": ("0.01", "400000"),
    "SGD": ("0.01", "10000"),
    "MXN": ("0.1", "50000"),
    "BRL": ("0.05", "10000"),
}
PLAIN = re.compile(r"[0-9]{1,12}(\.[0-9]{1,2})?")
WHOLE = re.compile(r"[0-9]{1,12}")

Data = dict[str, object]


def update(world: World, call: Call) -> Data:
    """Answer `POST /product/202309/products/{id}/prices/update`."""
    product = product_named(world, call.ids["product_id"])
    if product.status != "ACTIVATE":
        raise Refused(STATUS_FORBIDS, f"The product status {product.status} does not allow this")
    rows = call.objects("skus")
    if is_locked(world, product):
        raise Refused(PROMOTION, "The product is in an ongoing promotion, its price is locked")
    wanted: dict[str, str] = {}
    for row in rows:
        sku_id = row.get("id")
        if not isinstance(sku_id, str) or not sku_id:
            raise invalid("Invalid parameter: skus.id is required")
        if sku_id in wanted:
            raise Refused(SKU_TWICE, "Duplicate SKU ids in the request")
        wanted[sku_id] = _price(world, row)
    return _apply_all(world, call, product, wanted)


def check_amount(amount: object, currency: str) -> str:
    """The amount if the platform would take it in this currency."""
    if not isinstance(amount, str):
        raise Refused(PRICE_FORMAT, "The price format is invalid: a string is needed")
    pattern = WHOLE if currency in WHOLE_CURRENCIES else PLAIN
    if pattern.fullmatch(amount) is None or Decimal(amount) <= 0:
        raise Refused(PRICE_INVALID, f"The price {amount[:20]!r} is invalid in {currency}")
    least, most = LIMITS.get(currency, ("0.01", "999999999"))
    if not Decimal(least) <= Decimal(amount) <= Decimal(most):
        raise Refused(PRICE_OUTSIDE, f"The price must be between {least} and {most} {currency}")
    return amount


def _price(world: World, row: Mapping[str, object]) -> str:
    price = row.get("price")
    if not isinstance(price, dict):
        raise Refused(PRICE_MISSING, "The price is missing")
    currency = world.shop.identity.currency
    if price.get("currency") != currency:
        raise Refused(CURRENCY_FOREIGN, f"The currency must be {currency}")
    amount = price.get("sale_price") or price.get("amount")
    if amount is None:
        raise Refused(PRICE_MISSING, "The price is missing")
    return check_amount(amount, currency)


def _apply_all(world: World, call: Call, product: Product, wanted: Mapping[str, str]) -> Data:
    skus: list[Sku] = []
    for sku_id in wanted:
        sku = world.shop.skus.get(sku_id)
        if sku is None or sku.product_id != product.id:
            raise Refused(SKU_FOREIGN, "The SKU does not belong to the product")
        skus.append(sku)
    errors: list[Data] = []
    for sku in skus:
        if call.sabotage is not None and call.sabotage.hits(sku.id):
            detail: Data = {"sku_id": sku.id}
            code, message = call.sabotage.code, call.sabotage.message
            errors.append({"code": code, "message": message, "detail": detail})
        else:
            _apply(world, call, sku, wanted[sku.id])
    product.update_time = int(world.now())
    return {"errors": errors} if errors else {}


def _apply(world: World, call: Call, sku: Sku, amount: str) -> None:
    before = sku.state.live
    world.change(sku, SkuState(amount, before.stock))
    call.applied.append(
        {
            "sku_id": sku.id,
            "seller_sku": sku.seller_sku,
            "price": amount,
            "before": before.price,
        }
    )
