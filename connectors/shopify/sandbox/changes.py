"""Every change of a simulated shop: which time stamps it moves, and who is told of it (fact sheet 2.4).

A level moves its own stamp and the product's, never the item's or the location's; a price list moves none.
"""

from collections.abc import Mapping

from connectors.shopify.sandbox.calls import World
from connectors.shopify.sandbox.state import (
    CountryPrice,
    Level,
    Location,
    Product,
    Variant,
    gid,
    stamp,
)


def set_units(world: World, level: Level, units: Mapping[str, int]) -> None:
    """Set states of a level; `on_hand` moves what is available."""
    now = world.second()
    for state, number in units.items():
        level.put(state, number, now)
    _level_moved(world, level)


def activate(world: World, level: Level, *, active: bool) -> None:
    """Stock or unstock an item at a location; the quantities stay (2026-04 and later)."""
    level.active = active
    level.updated_at = world.second()
    _level_moved(world, level)


def switch_location(world: World, location: Location, *, active: bool) -> None:
    """Open or close a location; its levels stay as they are."""
    location.active = active
    location.updated_at = world.second()
    payload = {"id": location.number, "name": location.name, "active": active}
    world.announce("locations/update", payload, world.now())


def set_price(world: World, variant: Variant, price: str, compare_at: str | None) -> None:
    """Set the price in the shop's currency."""
    variant.price, variant.compare_at = price, compare_at
    _variant_moved(world, variant)


def set_country_price(world: World, variant: Variant, country: str, price: CountryPrice) -> None:
    """Set the price of one country's list: no stamp moves, nobody is told."""
    variant.country_prices = {**variant.country_prices, country: price}
    world.shop.countries[country] = price.currency


def set_record(world: World, variant: Variant, record: Mapping[str, object]) -> None:
    """Set sku, barcode, policy (of the variant), tracked and cost (of its item)."""
    now = world.second()
    if "sku" in record:
        sku = record["sku"]
        world.shop.name_variant(variant, sku if isinstance(sku, str) else None)
    for name in ("barcode", "policy"):
        if name in record:
            setattr(variant, name, record[name])
    for name in ("tracked", "cost"):
        if name in record:
            setattr(variant.item, name, record[name])
    if record.keys() & {"sku", "tracked", "cost"}:
        variant.item.updated_at = now
        world.announce("inventory_items/update", item_payload(variant), world.now())
    if record.keys() & {"sku", "barcode", "policy"}:
        variant.updated_at = now
    _product_moved(world, variant.product)


def set_product(world: World, product: Product, status: str, title: str) -> None:
    """Set status and title; the variants' stamps stay."""
    product.status, product.title = status, title
    _product_moved(world, product)


def remove_variant(world: World, variant: Variant) -> None:
    """Delete a variant: nothing but its absence tells."""
    world.shop.remove_variant(variant)
    if variant.product.variants:
        _product_moved(world, variant.product)
    else:
        world.announce("products/delete", {"id": variant.product.number}, world.now())


def uninstall(world: World) -> None:
    """The merchant removes the app: tokens are dead from now on."""
    world.shop.installed = False
    identity = world.shop.identity
    payload = {
        "id": identity.number,
        "name": identity.name,
        "domain": identity.domain,
        "myshopify_domain": identity.domain,
    }
    world.announce("app/uninstalled", payload, world.now())


def item_payload(variant: Variant) -> dict[str, object]:
    """The payload of `inventory_items/update`."""
    item = variant.item
    return {
        "id": item.number,
        "sku": variant.sku,
        "cost": item.cost,
        "tracked": item.tracked,
        "updated_at": stamp(item.updated_at),
        "admin_graphql_api_id": item.gid,
    }


def level_payload(level: Level) -> dict[str, object]:
    """The payload of `inventory_levels/update`: no SKU, no cause, null for what is not tracked."""
    return {
        "inventory_item_id": level.item.number,
        "location_id": level.location.number,
        "available": level.units("available") if level.item.tracked else None,
        "updated_at": stamp(level.updated_at),
        "admin_graphql_api_id": level.gid,
    }


def product_payload(product: Product) -> dict[str, object]:
    """The payload of `products/update`: all variants, with the sum of their stock."""
    return {
        "id": product.number,
        "title": product.title,
        "status": product.status.lower(),
        "updated_at": stamp(product.updated_at),
        "admin_graphql_api_id": product.gid,
        "variants": [
            {
                "id": variant.number,
                "sku": variant.sku,
                "price": variant.price,
                "compare_at_price": variant.compare_at,
                "barcode": variant.barcode,
                "inventory_policy": variant.policy.lower(),
                "inventory_item_id": variant.item.number,
                "inventory_quantity": sum(
                    level.units("available") for level in variant.item.levels if level.active
                ),
                "updated_at": stamp(variant.updated_at),
                "admin_graphql_api_id": gid("ProductVariant", variant.number),
            }
            for variant in product.variants
        ],
    }


def _level_moved(world: World, level: Level) -> None:
    world.announce("inventory_levels/update", level_payload(level), world.now())
    _product_moved(world, level.item.variant.product)


def _variant_moved(world: World, variant: Variant) -> None:
    variant.updated_at = world.second()
    _product_moved(world, variant.product)


def _product_moved(world: World, product: Product) -> None:
    product.updated_at = world.second()
    world.announce("products/update", product_payload(product), world.now())
