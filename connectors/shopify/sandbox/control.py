"""The hand on the simulated shop: buyers, humans, faults, knobs, and a look at it; never shows a token."""

import json
from collections.abc import Callable
from urllib.parse import parse_qs

from connectors.shopify.sandbox import control_edits as edits
from connectors.shopify.sandbox.calls import World
from connectors.shopify.sandbox.faults import KINDS, fault_of_json
from connectors.shopify.sandbox.state import PARTS, Location, Product, Variant, stamp
from connectors.shopify.sandbox.tokens import Tokens
from connectors.transport.simulation.fields import FieldError, Fields

Answer = tuple[int, object]
OK, BAD_REQUEST, NOT_FOUND, WRONG_METHOD = 200, 400, 404, 405


class Control:
    """Answers everything under `/control`; JSON in, JSON out, no token."""

    def __init__(self, world: World, tokens: Tokens, reset: Callable[[], None]) -> None:
        self._world = world
        self._plain: dict[tuple[str, str], Callable[[object], object]] = {
            ("GET", ""): lambda _body: self._help(),
            ("GET", "state"): lambda _body: state_of(world),
            ("GET", "settings"): lambda _body: world.behaviour.as_dict(),
            ("POST", "settings"): self._settings,
            ("GET", "faults"): lambda _body: {"faults": world.faults.as_list()},
            ("POST", "faults"): self._add_faults,
            ("DELETE", "faults"): lambda _body: self._clear_faults(),
            ("POST", "stock"): lambda body: edits.edit_stock(world, body),
            ("POST", "sell"): lambda body: edits.sell(world, body),
            ("POST", "fulfil"): lambda body: edits.fulfil(world, body),
            ("POST", "price"): lambda body: edits.edit_price(world, body),
            ("POST", "variant"): lambda body: edits.edit_variant(world, body),
            ("POST", "variant/add"): lambda body: edits.add_one(world, body),
            ("POST", "variant/remove"): lambda body: edits.remove_one(world, body),
            ("POST", "product"): lambda body: edits.edit_product(world, body),
            ("POST", "level"): lambda body: edits.edit_level(world, body),
            ("POST", "location"): lambda body: edits.edit_location(world, body),
            ("POST", "orders"): lambda body: edits.place_order(world, body),
            ("POST", "uninstall"): lambda _body: edits.remove_app(world),
            ("POST", "tokens/expire"): lambda _body: _done(tokens.expire),
            ("POST", "reset"): lambda _body: _done(reset),
        }

    def answer(self, method: str, path: str, query: str, body: bytes) -> Answer:
        """Answer one control request; `path` is what follows `/control`."""
        try:
            value = json.loads(body) if body.strip() else {}
        except ValueError as error:
            return BAD_REQUEST, {"error": f"the body is no JSON: {error}"}
        try:
            with self._world.shop.lock:
                return self._dispatch(method, path.strip("/"), query, value)
        except FieldError as error:
            return BAD_REQUEST, {"error": str(error)}

    def _dispatch(self, method: str, name: str, query: str, body: object) -> Answer:
        if (method, name) in self._plain:
            return OK, self._plain[method, name](body)
        if (method, name) == ("GET", "journal"):
            return OK, {"entries": self._world.journal.since(_since(query))}
        known = [verb for verb, path in self._plain if path == name]
        if known:
            return WRONG_METHOD, {"error": f"use {' or '.join(known)} for /control/{name}"}
        return NOT_FOUND, {"error": f"no /control/{name}", **self._help()}

    def _help(self) -> dict[str, object]:
        known = [f"{method} /control/{name}" for method, name in self._plain if name]
        return {"known": [*known, "GET /control/journal?since=N"], "faults": list(KINDS)}

    def _settings(self, body: object) -> object:
        self._world.behaviour.update(body)
        return self._world.behaviour.as_dict()

    def _add_faults(self, body: object) -> object:
        if isinstance(body, dict) and "faults" in body:
            rows = Fields(body, "request", ("faults",)).rows("faults")
        else:
            rows = body if isinstance(body, list) else [body]
        self._world.faults.add([fault_of_json(row, f"faults[{n}]") for n, row in enumerate(rows)])
        return {"faults": self._world.faults.as_list()}

    def _clear_faults(self) -> object:
        self._world.faults.clear()
        return {"faults": []}


def _done(act: Callable[[], None]) -> object:
    act()
    return {"done": True}


def _since(query: str) -> int:
    values = parse_qs(query)
    text = values.get("since", ["0"])[-1]
    unknown = set(values) - {"since"}
    if unknown:
        raise FieldError(f"unknown parameter {min(unknown)!r} (known: since)")
    if not text.isdecimal():
        raise FieldError(f"since: {text!r} is no number of an entry")
    return int(text)


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
