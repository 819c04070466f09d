"""How the records of a simulated shop answer to GraphQL: one function a field, by type."""

from collections.abc import Callable, Mapping
from zlib import crc32

from connectors.shopify.sandbox.calls import Call
from connectors.shopify.sandbox.paging import Place, Rows
from connectors.shopify.sandbox.refusals import bad_request
from connectors.shopify.sandbox.search import Searchable
from connectors.shopify.sandbox.state import (
    STATES,
    Item,
    Level,
    Location,
    Order,
    Product,
    Shop,
    Variant,
    gid,
    stamp,
)

Arguments = Mapping[str, object]
Resolver = Callable[..., object]
"""Called with the record, the arguments of the field, and the call."""


def _count(number: int) -> dict[str, object]:
    return {"count": number, "precision": "EXACT"}


def _money(amount: str | None, currency: str) -> dict[str, object] | None:
    return None if amount is None else {"amount": amount, "currencyCode": currency}


def _contextual(variant: Variant, arguments: Arguments, call: Call) -> dict[str, object]:
    """The price that a country sees: its price list's, else the shop's."""
    context = arguments["context"]
    country = str(context.get("country")) if isinstance(context, Mapping) else ""
    listed = variant.country_prices.get(country)
    if listed is not None:
        price, compare_at, currency = listed.price, listed.compare_at, listed.currency
    else:
        price, compare_at = variant.price, variant.compare_at
        currency = call.world.shop.identity.currency
    return {"price": _money(price, currency), "compareAtPrice": _money(compare_at, currency)}


def _quantities(level: Level, arguments: Arguments, _call: Call) -> list[dict[str, object]]:
    names = arguments["names"]
    wanted = [str(name) for name in names] if isinstance(names, list) else []
    unknown = [name for name in wanted if name not in STATES]
    if unknown:
        raise bad_request(f"The quantity name '{unknown[0]}' is not valid")
    return [
        {
            "id": f"gid://shopify/InventoryQuantity/{level.location.number}"
            f"?inventory_item_id={level.item.number}&name={name}",
            "name": name,
            "quantity": level.units(name),
            "updatedAt": stamp(level.changed_at(name)),
        }
        for name in wanted
    ]


def _level_at(item: Item, arguments: Arguments, call: Call) -> Level | None:
    found = call.world.shop.location_named(str(arguments["locationId"]))
    level = None if found is None else item.level_at(found)
    hidden = level is not None and not (level.active or arguments.get("includeInactive"))
    return None if hidden else level


def _shown(arguments: Arguments) -> Callable[[object], bool] | None:
    """Levels that were deactivated are shown on demand only."""
    if arguments.get("includeInactive"):
        return None
    return lambda level: isinstance(level, Level) and level.active


def by_number(record: Product | Variant | Item | Location | Order) -> Place:
    """The order of ids."""
    return (record.number,)


def components_of(variant: Variant) -> list[dict[str, object]]:
    """What a bundle consists of."""
    return [
        {
            "id": gid("ProductVariantComponent", variant.number * 100 + n),
            "quantity": need,
            "productVariant": part,
        }
        for n, (part, need) in enumerate(variant.components)
    ]


TIMES = {"updated_at": Searchable("time", lambda record: record.updated_at)}
PRODUCT_SEARCH = {
    **TIMES,
    "id": Searchable("number", lambda product: product.number),
    "status": Searchable("text", lambda product: product.status),
    "title": Searchable("text", lambda product: product.title),
    "gift_card": Searchable("text", lambda product: str(product.gift_card)),
}
VARIANT_SEARCH = {
    **TIMES,
    "id": Searchable("number", lambda variant: variant.number),
    "sku": Searchable("text", lambda variant: variant.sku),
    "barcode": Searchable("text", lambda variant: variant.barcode),
    "title": Searchable("text", lambda variant: variant.title),
    "product_id": Searchable("number", lambda variant: variant.product.number),
    "product_status": Searchable("text", lambda variant: variant.product.status),
}
ITEM_SEARCH = {
    **TIMES,
    "id": Searchable("number", lambda item: item.number),
    "sku": Searchable("text", lambda item: item.variant.sku),
}
LEVEL_SEARCH = {
    **TIMES,
    "created_at": Searchable("time", lambda level: level.created_at),
    "inventory_item_id": Searchable("number", lambda level: level.item.number),
}

FIELDS: Mapping[str, Mapping[str, Resolver]] = {
    "Product": {
        "id": lambda product, *_: product.gid,
        "title": lambda product, *_: product.title,
        "status": lambda product, *_: product.status,
        "isGiftCard": lambda product, *_: product.gift_card,
        "updatedAt": lambda product, *_: stamp(product.updated_at),
        "variantsCount": lambda product, *_: _count(len(product.variants)),
    },
    "ProductVariant": {
        "id": lambda variant, *_: variant.gid,
        "legacyResourceId": lambda variant, *_: str(variant.number),
        "sku": lambda variant, *_: variant.sku,
        "barcode": lambda variant, *_: variant.barcode,
        "title": lambda variant, *_: variant.title,
        "price": lambda variant, *_: variant.price,
        "compareAtPrice": lambda variant, *_: variant.compare_at,
        "inventoryPolicy": lambda variant, *_: variant.policy,
        "requiresComponents": lambda variant, *_: bool(variant.components),
        "updatedAt": lambda variant, *_: stamp(variant.updated_at),
        "contextualPricing": _contextual,
        "product": lambda variant, *_: variant.product,
        "inventoryItem": lambda variant, *_: variant.item,
        "inventoryQuantity": lambda variant, *_: sum(
            level.units("available") for level in variant.item.levels if level.active
        ),
    },
    "InventoryItem": {
        "id": lambda item, *_: item.gid,
        "sku": lambda item, *_: item.variant.sku,
        "tracked": lambda item, *_: item.tracked,
        "duplicateSkuCount": lambda item, _, call: call.world.shop.others_with(item.variant.sku),
        "updatedAt": lambda item, *_: stamp(item.updated_at),
        "unitCost": lambda item, _, call: _money(item.cost, call.world.shop.identity.currency),
        "locationsCount": lambda item, *_: _count(sum(level.active for level in item.levels)),
        "inventoryLevel": _level_at,
    },
    "InventoryLevel": {
        "id": lambda level, *_: level.gid,
        "isActive": lambda level, *_: level.active,
        "updatedAt": lambda level, *_: stamp(level.updated_at),
        "location": lambda level, *_: level.location,
        "item": lambda level, *_: level.item,
        "quantities": _quantities,
    },
    "Location": {
        "id": lambda location, *_: location.gid,
        "name": lambda location, *_: location.name,
        "isActive": lambda location, *_: location.active,
        "isFulfillmentService": lambda location, *_: location.service,
        "fulfillsOnlineOrders": lambda location, *_: location.fulfils_online,
        "updatedAt": lambda location, *_: stamp(location.updated_at),
    },
    "Order": {
        "id": lambda order, *_: order.gid,
        "name": lambda order, *_: order.name,
        "createdAt": lambda order, *_: stamp(order.created_at),
        "sourceName": lambda order, *_: order.source_name,
        "tags": lambda order, *_: list(order.tags),
        "app": lambda order, *_: (
            None
            if order.app is None
            else {"id": gid("App", crc32(order.app.encode())), "name": order.app}
        ),
    },
}

CONNECTIONS: Mapping[str, Mapping[str, Callable[..., Rows[object]]]] = {
    "Product": {"variants": lambda product, *_: Rows(product.variants, by_number, VARIANT_SEARCH)},
    "ProductVariant": {
        "productVariantComponents": lambda variant, *_: Rows(
            components_of(variant), lambda row: (str(row["id"]),), {}
        )
    },
    "InventoryItem": {
        "variants": lambda item, *_: Rows([item.variant], by_number, {}),
        "inventoryLevels": lambda item, arguments, _: Rows(
            item.levels,
            lambda level: (level.location.number,),
            LEVEL_SEARCH,
            _shown(arguments),
        ),
    },
    "Location": {
        "inventoryLevels": lambda location, arguments, _: Rows(
            location.levels,
            lambda level: (level.item.number,),
            LEVEL_SEARCH,
            _shown(arguments),
        )
    },
}


def shop_fields(shop: Shop) -> dict[str, object]:
    """The shop itself."""
    identity = shop.identity
    return {
        "id": gid("Shop", identity.number),
        "name": identity.name,
        "myshopifyDomain": identity.domain,
        "currencyCode": identity.currency,
        "taxesIncluded": identity.taxes_included,
        "ianaTimezone": identity.timezone,
        "plan": {
            "publicDisplayName": "Basic",
            "partnerDevelopment": False,
            "shopifyPlus": False,
        },
    }
