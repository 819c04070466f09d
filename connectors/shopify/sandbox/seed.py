"""How a shop is described in a file: the key `shopify` of a JSON seed in, a filled shop out."""

import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import cast

from connectors.shopify.sandbox.state import (
    POLICIES,
    PRODUCT_STATUSES,
    STATES,
    CountryPrice,
    Identity,
    Level,
    Location,
    Order,
    Product,
    Shop,
    Variant,
)
from connectors.transport.simulation.fields import FieldError, Fields

KEY = "shopify"
TOP_KEYS = ("shop", "locations", "products", "orders", "generated")
SHOP_KEYS = (
    "domain", "name", "currency", "taxes_included", "timezone",
    "client_id", "client_secret", "token",
)  # fmt: skip
LOCATION_KEYS = ("name", "active", "fulfillment_service", "fulfills_online")
PRODUCT_KEYS = ("title", "status", "gift_card", "variants")
VARIANT_KEYS = (
    "sku", "title", "barcode", "price", "compare_at_price", "cost", "tracked", "policy",
    "levels", "components", "country_prices",
)  # fmt: skip
LEVEL_KEYS = (*(state for state in STATES if state != "on_hand"), "active")
COUNTRY_KEYS = ("price", "currency", "compare_at_price")
ORDER_KEYS = ("source_name", "app", "name", "age", "tags")
GENERATED_KEYS = ("variants", "per_product")
MOST_VARIANTS = 2048
USUAL_LOCATION = "Main"
DAY = 86_400
"""How long ago all that a seed describes was last changed, in seconds."""

Raw = Mapping[str, object]


class SeedError(ValueError):
    """A seed does not describe a shop; the message names the place."""


def read_seed(path: Path) -> Raw | None:
    """The description in a JSON file; None when the file describes other shops only."""
    if path.suffix.lower() == ".csv":
        return None
    try:
        raw = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeError) as error:
        raise SeedError(f"{path}: cannot be read: {error}") from None
    except json.JSONDecodeError as error:
        raise SeedError(f"{path}:{error.lineno}:{error.colno}: no JSON: {error.msg}") from None
    if not isinstance(raw, dict) or KEY not in raw:
        return None
    if not isinstance(raw[KEY], dict):
        raise SeedError(f"{path}: {KEY}: expected an object with locations and products")
    return cast("Raw", raw[KEY])


def build_shop(raw: Raw, where: str, now: int) -> Shop:
    """A shop as described, unchanged for a day; SeedError tells what is wrong and where."""
    try:
        return _build(Fields(raw, KEY, TOP_KEYS), now)
    except FieldError as error:
        raise SeedError(f"{where}: {error}") from None


def _build(given: Fields, now: int) -> Shop:
    born = now - DAY
    shop = Shop(_identity(Fields(given.raw("shop") or {}, f"{KEY}.shop", SHOP_KEYS)))
    rows = given.rows("locations") if "locations" in given else [{"name": USUAL_LOCATION}]
    for n, row in enumerate(rows):
        _location(shop, Fields(row, f"{KEY}.locations[{n}]", LOCATION_KEYS), born)
    for n, row in enumerate(given.rows("products")):
        add_product(shop, row, f"{KEY}.products[{n}]", born)
    if "generated" in given:
        _generate(shop, Fields(given.raw("generated"), f"{KEY}.generated", GENERATED_KEYS), born)
    for n, row in enumerate(given.rows("orders")):
        add_order(shop, row, f"{KEY}.orders[{n}]", now)
    return shop


def add_product(shop: Shop, value: object, where: str, now: int) -> Product:
    """Read a product with its variants and add it; FieldError, and nothing added, when it is wrong."""
    given = Fields(value, where, PRODUCT_KEYS)
    title = given.text("title", "Untitled")
    status = given.choice("status", PRODUCT_STATUSES, "ACTIVE")
    gift_card = given.flag("gift_card", default=False)
    rows = given.rows("variants")
    if not rows or len(rows) > MOST_VARIANTS:
        raise FieldError(f"{where}.variants: a product has 1 to {MOST_VARIANTS} variants")
    product = shop.add_product(title, now)
    product.status, product.gift_card = status, gift_card
    try:
        for n, row in enumerate(rows):
            add_variant(shop, product, row, f"{where}.variants[{n}]", now)
    except FieldError:
        for variant in list(product.variants):
            shop.remove_variant(variant)
        if product in shop.products:
            shop.products.remove(product)
        raise
    return product


def add_variant(shop: Shop, product: Product, value: object, where: str, now: int) -> Variant:
    """Read a variant and add it to its product; FieldError, and nothing added, when it is wrong."""
    given = Fields(value, where, VARIANT_KEYS)
    levels = _levels(shop, given)
    components = _components(shop, given)
    countries = _countries(given)
    texts = {name: _text_or_none(given, name) for name in ("sku", "barcode")}
    price, compare_at = money(given, "price", "0.00"), money_or_none(given, "compare_at_price")
    cost, policy = money_or_none(given, "cost"), given.choice("policy", POLICIES, "DENY")
    tracked = given.flag("tracked", default=True)
    title = given.text("title", "Default Title")
    variant = shop.add_variant(product, texts["sku"], now)
    variant.barcode, variant.title, variant.policy = texts["barcode"], title, policy
    variant.price, variant.compare_at = price, compare_at
    variant.components, variant.country_prices = components, countries
    variant.item.tracked, variant.item.cost = tracked, cost
    shop.countries |= {country: one.currency for country, one in countries.items()}
    for location, units, active in levels:
        _fill(shop.add_level(variant.item, location, 0, now), units, active=active)
    return variant


def add_order(shop: Shop, value: object, where: str, now: int) -> Order:
    """Read an order and add it; `age` is seconds before now."""
    given = Fields(value, where, ORDER_KEYS)
    number = shop.number()
    order = Order(
        number=number,
        name=given.text("name", f"#{number}"),
        source_name=given.text("source_name", "web"),
        app=given.text("app") if "app" in given else None,
        created_at=now - int(given.number("age", 0.0, least=0.0)),
        tags=tuple(map(str, given.rows("tags"))),
    )
    shop.orders.append(order)
    return order


def money(given: Fields, key: str, default: str | None = None) -> str:
    """A decimal amount, written as text, as Shopify writes it."""
    text = given.text(key, default)
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise FieldError(f"{given.where}.{key}: {text!r} is no amount like '12.50'") from None
    if not amount.is_finite() or amount < 0:
        raise FieldError(f"{given.where}.{key}: {text!r} is no amount like '12.50'")
    return text


def money_or_none(given: Fields, key: str) -> str | None:
    """The same; None when it is not given."""
    return money(given, key) if key in given else None


def _text_or_none(given: Fields, key: str) -> str | None:
    return given.text(key) if key in given else None


def _identity(given: Fields) -> Identity:
    usual = Identity()
    return Identity(
        domain=given.text("domain", usual.domain),
        name=given.text("name", usual.name),
        currency=given.text("currency", usual.currency),
        taxes_included=given.flag("taxes_included", default=False),
        timezone=given.text("timezone", usual.timezone),
        client_id=given.text("client_id", usual.client_id),
        client_secret=given.text("client_secret", usual.client_secret),
        token=given.text("token", usual.token),
    )


def _location(shop: Shop, given: Fields, now: int) -> None:
    name = given.text("name")
    if any(each.name == name for each in shop.locations):
        raise FieldError(f"{given.where}.name: there is a location {name!r} already")
    active = given.flag("active", default=True)
    service = given.flag("fulfillment_service", default=False)
    online = given.flag("fulfills_online", default=True)
    location = shop.add_location(name, now)
    location.active, location.service, location.fulfils_online = active, service, online


def find_location(shop: Shop, name: str, where: str) -> Location:
    """The location of that name, number or global id."""
    location = shop.location_named(name)
    if location is None:
        known = ", ".join(each.name for each in shop.locations)
        raise FieldError(f"{where}: there is no location {name!r} (there is {known})")
    return location


def _levels(shop: Shop, given: Fields) -> list[tuple[Location, Mapping[str, int], bool]]:
    """Levels by location; a bare number is what is available."""
    value = given.raw("levels") or {}
    if not isinstance(value, dict):
        raise FieldError(f"{given.where}.levels: expected an object of locations")
    found: list[tuple[Location, Mapping[str, int], bool]] = []
    for name, units in value.items():
        where = f"{given.where}.levels.{name}"
        row = Fields(units if isinstance(units, dict) else {"available": units}, where, LEVEL_KEYS)
        states = {
            state: row.whole(state, least=-(10**9)) for state in row.given() if state != "active"
        }
        found.append((find_location(shop, name, where), states, row.flag("active", default=True)))
    return found


def _fill(level: Level, units: Mapping[str, int], *, active: bool) -> None:
    for state, number in units.items():
        level.put(state, number, level.created_at)
    level.changed = None
    level.active = active


def _components(shop: Shop, given: Fields) -> tuple[tuple[Variant, int], ...]:
    """What a bundle consists of, by SKU of variants that come earlier."""
    value = given.raw("components") or {}
    if not isinstance(value, dict):
        raise FieldError(f"{given.where}.components: expected an object of SKUs")
    row = Fields(value, f"{given.where}.components", list(value))
    return tuple((_by_sku(shop, sku, row.where), row.whole(sku, least=1)) for sku in value)


def _by_sku(shop: Shop, sku: str, where: str) -> Variant:
    for variant in shop.variants:
        if variant.sku == sku:
            return variant
    raise FieldError(f"{where}: there is no variant {sku!r} before this one")


def _countries(given: Fields) -> Mapping[str, CountryPrice]:
    value = given.raw("country_prices") or {}
    if not isinstance(value, dict):
        raise FieldError(f"{given.where}.country_prices: expected an object of countries")
    return {
        country: country_price(Fields(row, f"{given.where}.country_prices.{country}", COUNTRY_KEYS))
        for country, row in value.items()
    }


def country_price(given: Fields) -> CountryPrice:
    """Read the price of one country's list."""
    compare_at = money_or_none(given, "compare_at_price")
    return CountryPrice(money(given, "price"), given.text("currency"), compare_at)


def _generate(shop: Shop, given: Fields, now: int) -> None:
    """A large catalogue for measurements: every variant stocked at the first location, numbers repeatable."""
    total, per_product = given.whole("variants", least=1), given.whole("per_product", 1, least=1)
    if not shop.locations:
        raise FieldError(f"{given.where}: needs a location to stock the variants at")
    location = shop.locations[0]
    for start in range(0, total, per_product):
        product = shop.add_product(f"Generated {start:07d}", now)
        for n in range(start, min(start + per_product, total)):
            variant = shop.add_variant(product, f"GEN-{n:07d}", now)
            variant.price = f"{5 + n % 90}.{n % 100:02d}"
            shop.add_level(variant.item, location, n % 97, now)
