"""The hand on the simulated shop: buyers, humans, faults, knobs, and a look at it; never shows a token."""

from collections.abc import Callable

from connectors.tiktok_shop.sandbox import control_edits as edits
from connectors.tiktok_shop.sandbox.calls import World
from connectors.tiktok_shop.sandbox.faults import KINDS, Fault, Faults, fault_of_json
from connectors.tiktok_shop.sandbox.ordering import Conflict
from connectors.tiktok_shop.sandbox.rivals import Rivals
from connectors.tiktok_shop.sandbox.state import Order, Product
from connectors.tiktok_shop.sandbox.stats import Stats
from connectors.tiktok_shop.sandbox.webhooks import Crier
from connectors.transport.simulation.control import (
    NOT_FOUND,
    Act,
    Answer,
    ControlFrame,
    Stage,
    done,
)

CONFLICT = 409


class Control(ControlFrame[Fault]):
    """What a TikTok Shop can be told."""

    def __init__(
        self, world: World, faults: Faults, stats: Stats, reset: Callable[[], None], crier: Crier,
        rivals: Rivals,
    ) -> None:  # fmt: skip
        stage = Stage(
            lock=world.shop.lock, knobs=world.behaviour, script=faults, fault=fault_of_json,
            kinds=KINDS, journal=world.journal, reset=reset,
        )  # fmt: skip
        super().__init__(stage, _acts(world, stats, crier, rivals))

    def answer(self, method: str, path: str, query: str, body: bytes) -> Answer:
        """Answer one control request; `path` is what follows `/control`."""
        try:
            return super().answer(method, path, query, body)
        except Conflict as conflict:
            return CONFLICT, {"error": str(conflict)}
        except KeyError as missing:
            return NOT_FOUND, {"error": f"the shop has no {missing.args[0]}"}


def _acts(world: World, stats: Stats, crier: Crier, rivals: Rivals) -> dict[str, Act]:
    return {
        "GET state": lambda _: state_of(world),
        "GET stats": lambda _: stats.as_dict(),
        "POST orders": lambda asked: edits.place_order(world, asked.body),
        "POST orders/{id}/status": lambda asked: edits.move_order(
            world, asked.named[0], asked.body
        ),
        "POST orders/{id}/lines/{id}/status": lambda asked: edits.move_order_line(
            world, asked.named[0], asked.named[1], asked.body
        ),
        "POST products/{id}": lambda asked: edits.edit_product(world, asked.named[0], asked.body),
        "POST stock": lambda asked: edits.edit_stock(world, asked.body),
        "GET rivals": lambda _: rivals.as_dict(),
        "POST rivals": lambda asked: rivals.add(asked.body),
        "DELETE rivals": lambda _: rivals.clear(),
        "POST price": lambda asked: edits.edit_price(world, asked.body),
        "POST auth_code": lambda _: {"auth_code": world.grants.issue_code()},
        "POST tokens/expire": lambda _: done(world.grants.expire),
        "POST deauthorize": lambda _: done(lambda: _deauthorize(world, crier)),
        "POST redirect": lambda asked: edits.set_redirect(world, asked.body),
        "GET webhooks": lambda _: world.post.as_dict(),
        "POST webhooks": lambda asked: edits.set_webhook(world, asked.body),
        "POST webhooks/flush": lambda _: done(lambda: world.post.flush(world.clock.raw())),
    }


def _deauthorize(world: World, crier: Crier) -> None:
    world.grants.revoke()
    crier.deauthorized()


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
                "status": order.status_of(line),
                "oversold": line.units - line.taken,
            }
            for line in order.lines
        ],
    }
