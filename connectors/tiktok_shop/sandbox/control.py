"""The hand on the simulated shop: buyers, humans, faults, knobs, and a look at it; never shows a token."""

import json
from collections.abc import Callable
from urllib.parse import parse_qs

from connectors.tiktok_shop.sandbox.calls import World
from connectors.tiktok_shop.sandbox.control_edits import (
    edit_price,
    edit_product,
    edit_stock,
    move_order,
    place_order,
    set_redirect,
    set_webhook,
)
from connectors.tiktok_shop.sandbox.faults import KEYS, Fault, Faults, fault_of_json
from connectors.tiktok_shop.sandbox.ordering import Conflict
from connectors.tiktok_shop.sandbox.rivals import Rivals
from connectors.tiktok_shop.sandbox.state import Order, Product
from connectors.tiktok_shop.sandbox.stats import Stats
from connectors.tiktok_shop.sandbox.webhooks import Crier
from connectors.transport.simulation.fields import FieldError, Fields

Answer = tuple[int, object]
BAD_REQUEST, NOT_FOUND, WRONG_METHOD, CONFLICT = 400, 404, 405, 409
ORDER_STATUS_PARTS = 3
NAMED_PARTS = 2


class Control:
    """Answers everything under `/control`; JSON in, JSON out, no signature."""

    def __init__(
        self, world: World, faults: Faults, stats: Stats, reset: Callable[[], None], crier: Crier,
        rivals: Rivals,
    ) -> None:  # fmt: skip
        self._world = world
        self._faults = faults
        self._stats = stats
        self._reset = reset
        self._plain: dict[tuple[str, str], Callable[[object], object]] = {
            ("GET", ""): lambda _body: self._help(),
            ("GET", "state"): lambda _body: state_of(world),
            ("GET", "stats"): lambda _body: stats.as_dict(),
            ("GET", "settings"): lambda _body: world.behaviour.as_dict(),
            ("POST", "settings"): self._settings,
            ("GET", "faults"): lambda _body: {"faults": faults.as_list()},
            ("POST", "faults"): self._add_faults,
            ("DELETE", "faults"): lambda _body: self._clear_faults(),
            ("POST", "orders"): lambda body: place_order(world, body),
            ("POST", "stock"): lambda body: edit_stock(world, body),
            ("GET", "rivals"): lambda _body: rivals.as_dict(),
            ("POST", "rivals"): rivals.add,
            ("DELETE", "rivals"): lambda _body: rivals.clear(),
            ("POST", "price"): lambda body: edit_price(world, body),
            ("POST", "auth_code"): lambda _body: {"auth_code": world.grants.issue_code()},
            ("POST", "tokens/expire"): lambda _body: self._done(world.grants.expire),
            ("POST", "deauthorize"): lambda _body: self._deauthorize(crier),
            ("POST", "redirect"): lambda body: set_redirect(world, body),
            ("GET", "webhooks"): lambda _body: world.post.as_dict(),
            ("POST", "webhooks"): lambda body: set_webhook(world, body),
            ("POST", "webhooks/flush"): lambda _body: self._done(
                lambda: world.post.flush(world.clock.raw())
            ),
            ("POST", "reset"): lambda _body: self._done(self._reset),
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
        except Conflict as conflict:
            return CONFLICT, {"error": str(conflict)}
        except KeyError as missing:
            return NOT_FOUND, {"error": f"the shop has no {missing.args[0]}"}

    def _dispatch(self, method: str, name: str, query: str, body: object) -> Answer:
        if (method, name) in self._plain:
            return 200, self._plain[method, name](body)
        parts = name.split("/")
        if (method, name) == ("GET", "journal"):
            return 200, {"entries": self._world.journal.since(_since(query))}
        if method == "POST" and parts[0] == "products" and len(parts) == NAMED_PARTS:
            return 200, edit_product(self._world, parts[1], body)
        ordered = parts[0] == "orders" and len(parts) == ORDER_STATUS_PARTS
        if method == "POST" and ordered and parts[2] == "status":
            return 200, move_order(self._world, parts[1], body)
        known = [verb for verb, path in self._plain if path == name]
        if known:
            return WRONG_METHOD, {"error": f"use {' or '.join(known)} for /control/{name}"}
        return NOT_FOUND, {"error": f"no /control/{name}", **self._help()}

    def _help(self) -> dict[str, object]:
        known = [f"{method} /control/{name}" for method, name in self._plain if name]
        known += [
            "GET /control/journal?since=N",
            "POST /control/orders/{id}/status",
            "POST /control/products/{id}",
        ]
        return {"known": known}

    def _settings(self, body: object) -> object:
        self._world.behaviour.update(body)
        return self._world.behaviour.as_dict()

    def _add_faults(self, body: object) -> object:
        if isinstance(body, dict) and "faults" in body:
            rows = Fields(body, "request", ("faults",)).rows("faults")
        else:
            rows = body if isinstance(body, list) else [body]
        known: list[Fault] = [fault_of_json(row, f"faults[{n}]") for n, row in enumerate(rows)]
        self._faults.add(known)
        return {"faults": self._faults.as_list(), "keys": list(KEYS)}

    def _clear_faults(self) -> object:
        self._faults.clear()
        return {"faults": []}

    def _deauthorize(self, crier: Crier) -> object:
        self._world.grants.revoke()
        crier.deauthorized()
        return {"done": True}

    def _done(self, act: Callable[[], None]) -> object:
        act()
        return {"done": True}


def state_of(world: World) -> dict[str, object]:
    """All that the shop holds, as it is (not as a lagging index shows it)."""
    shop = world.shop
    return {
        "now": world.now(),
        "shop": {
            "id": shop.identity.shop_id,
            "name": shop.identity.name,
            "region": shop.identity.region,
            "currency": shop.identity.currency,
        },
        "warehouses": [
            {"id": each.id, "name": each.name, "type": each.type}
            for each in shop.warehouses.values()
        ],
        "products": [_product_state(world, each) for each in shop.products.values()],
        "orders": [_order_state(world, holder.live) for holder in shop.orders.values()],
        "settings": world.behaviour.as_dict(),
    }


def _product_state(world: World, product: Product) -> dict[str, object]:
    return {
        "id": product.id,
        "title": product.title,
        "status": product.settle(world.now()),
        "price_locked": product.price_locked,
        "fbt": product.fbt,
        "combo": product.combo,
        "skus": [
            {
                "id": sku.id,
                "seller_sku": sku.seller_sku,
                "price": sku.state.live.price,
                "available": sku.state.live.available,
                "committed": sku.state.live.committed,
                "locked": sku.locked,
                "warehouses": {
                    warehouse_id: {"available": level.available, "committed": level.committed}
                    for warehouse_id, level in sku.state.live.stock.items()
                },
            }
            for sku in product.skus
        ],
    }


def _order_state(world: World, order: Order) -> dict[str, object]:
    return {
        "id": order.id,
        "status": order.status,
        "warehouse_id": order.warehouse_id,
        "create_time": order.create_time,
        "update_time": order.update_time,
        "lines": [
            {
                "sku_id": line.sku_id,
                "seller_sku": world.shop.skus[line.sku_id].seller_sku,
                "units": line.units,
                "oversold": line.units - line.taken,
            }
            for line in order.lines
        ],
    }


def _since(query: str) -> int:
    values = parse_qs(query)
    text = values.get("since", ["0"])[-1]
    unknown = set(values) - {"since"}
    if unknown:
        raise FieldError(f"unknown parameter {min(unknown)!r} (known: since)")
    if not text.isdecimal():
        raise FieldError(f"since: {text!r} is no number of an entry")
    return int(text)
