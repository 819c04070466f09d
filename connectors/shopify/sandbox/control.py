"""The hand on the simulated shop: buyers, humans, faults, knobs, and a look at it; never shows a token."""

from collections.abc import Callable

from connectors.shopify.sandbox import control_edits as edits
from connectors.shopify.sandbox.calls import World
from connectors.shopify.sandbox.faults import KINDS, Fault, fault_of_json
from connectors.shopify.sandbox.state import PARTS, Location, Product, Variant, stamp
from connectors.shopify.sandbox.tokens import Tokens
from connectors.transport.simulation.control import Act, ControlFrame, Stage, done


class Control(ControlFrame[Fault]):
    """What a Shopify shop can be told."""

    def __init__(self, world: World, tokens: Tokens, reset: Callable[[], None]) -> None:
        stage = Stage(
            lock=world.shop.lock, knobs=world.behaviour, script=world.faults, fault=fault_of_json,
            kinds=KINDS, journal=world.journal, reset=reset,
        )  # fmt: skip
        super().__init__(stage, _acts(world, tokens))


def _acts(world: World, tokens: Tokens) -> dict[str, Act]:
    return {
        "GET state": lambda _: state_of(world),
        "POST stock": lambda asked: edits.edit_stock(world, asked.body),
        "POST sell": lambda asked: edits.sell(world, asked.body),
        "POST fulfil": lambda asked: edits.fulfil(world, asked.body),
        "POST price": lambda asked: edits.edit_price(world, asked.body),
        "POST variant": lambda asked: edits.edit_variant(world, asked.body),
        "POST variant/add": lambda asked: edits.add_one(world, asked.body),
        "POST variant/remove": lambda asked: edits.remove_one(world, asked.body),
        "POST product": lambda asked: edits.edit_product(world, asked.body),
        "POST level": lambda asked: edits.edit_level(world, asked.body),
        "POST location": lambda asked: edits.edit_location(world, asked.body),
        "POST orders": lambda asked: edits.place_order(world, asked.body),
        "POST uninstall": lambda _: edits.remove_app(world),
        "POST tokens/expire": lambda _: done(tokens.expire),
    }


def state_of(world: World) -> dict[str, object]:
    """All that the shop holds."""
    shop = world.shop
    return {
        "now": world.now(),
        "shop": {
            "domain": shop.identity.domain,
            "currency": shop.identity.currency,
            "installed": shop.installed,
        },
        "locations": [_location_state(each) for each in shop.locations],
        "products": [_product_state(each) for each in shop.products],
        "orders": [
            {"id": each.gid, "name": each.name, "source_name": each.source_name, "app": each.app}
            for each in shop.orders
        ],
        "settings": world.behaviour.as_dict(),
    }


def _location_state(location: Location) -> dict[str, object]:
    return {
        "id": location.gid,
        "name": location.name,
        "active": location.active,
        "fulfillment_service": location.service,
        "fulfills_online": location.fulfils_online,
        "updated_at": stamp(location.updated_at),
    }


def _product_state(product: Product) -> dict[str, object]:
    return {
        "id": product.gid,
        "title": product.title,
        "status": product.status,
        "gift_card": product.gift_card,
        "updated_at": stamp(product.updated_at),
        "variants": [variant_state(variant) for variant in product.variants],
    }


def variant_state(variant: Variant) -> dict[str, object]:
    """A variant with its item and levels."""
    return {
        "id": variant.gid,
        "item_id": variant.item.gid,
        "sku": variant.sku,
        "price": variant.price,
        "compare_at_price": variant.compare_at,
        "policy": variant.policy,
        "tracked": variant.item.tracked,
        "bundle": bool(variant.components),
        "updated_at": stamp(variant.updated_at),
        "item_updated_at": stamp(variant.item.updated_at),
        "levels": {
            level.location.name: {
                **{state: level.units(state) for state in (*PARTS, "on_hand")},
                "active": level.active,
                "updated_at": stamp(level.updated_at),
            }
            for level in variant.item.levels
        },
    }
