"""The simulated platform's webhooks: subscribed over the API, sent over HTTP, badly when told to."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Condition, Thread

import pytest

from connectors.tiktok_shop.channel import TikTokShopChannel
from connectors.tiktok_shop.errors import ApiRefused
from syncd.domain.drifting import Mover
from syncd.ports.deliveries import About, Delivery, Subscription
from tests.fakes.tiktok import Control, connected

ORDERS = "ORDER_STATUS_CHANGE"
STOCK = "INVENTORY_CHANGED_BY_SHOP"
SEED: dict[str, object] = {
    "products": [
        {"title": "a", "skus": [{"seller_sku": "A", "stock": {"7068517275539719942": 500}}]}
    ],
    "orders": [],
}


@dataclass
class Mailbox:
    """Receives webhooks; refuses the first so many."""

    url: str = ""
    refuse: int = 0
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    changed: Condition = field(default_factory=Condition)

    def wait(self, count: int) -> list[tuple[dict[str, str], bytes]]:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.got) >= count, 10), self.got
            return list(self.got)


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    box = Mailbox()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with box.changed:
                box.got.append(({k.lower(): v for k, v in self.headers.items()}, body))
                status = 500 if len(box.got) <= box.refuse else 200
                box.changed.notify_all()
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    box.url = f"http://127.0.0.1:{server.server_address[1]}/webhooks/tiktok/shop"
    try:
        yield box
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Scene:
    channel: TikTokShopChannel
    control: Control
    box: Mailbox

    def deliveries(self, count: int) -> list[Delivery]:
        return [self.channel.parse_delivery(*each) for each in self.box.wait(count)]

    def buy(self, count: int = 1) -> list[str]:
        made = [
            self.control.post("orders", seller_sku="A", units=1, status="AWAITING_SHIPMENT")
            for _ in range(count)
        ]
        return [str(each["order_id"]) for each in made]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with mailbox() as box, connected(tmp_path, SEED) as (channel, control):
        yield Scene(channel, control, box)


def test_a_subscription_is_listed_until_it_is_taken_back(scene: Scene) -> None:
    channel, address = scene.channel, scene.box.url
    channel.subscribe(ORDERS, address)
    assert [Subscription(topic=ORDERS, address=address)] == list(channel.subscriptions())
    channel.unsubscribe(ORDERS, "http://127.0.0.1:9/another")
    assert 1 == len(channel.subscriptions())
    channel.unsubscribe(ORDERS, address)
    assert [] == list(channel.subscriptions())


@pytest.mark.parametrize(
    ("topic", "address"),
    [(ORDERS, "https://example.com/x"), (ORDERS, "http://127.0.0.1/" + "x" * 255), ("X", "y")],
)
def test_what_the_platform_would_refuse_is_refused(scene: Scene, topic: str, address: str) -> None:
    with pytest.raises(ApiRefused):
        scene.channel.subscribe(topic, address)


def test_an_order_is_told_with_a_good_signature(scene: Scene) -> None:
    scene.channel.subscribe(ORDERS, scene.box.url)
    (order,) = scene.buy()
    (found,) = scene.deliveries(1)

    assert (ORDERS, [(About.ORDER, order)]) == (
        found.topic,
        [(hint.about, hint.reference) for hint in found.hints],
    )


def test_stock_tells_who_moved_it(scene: Scene) -> None:
    scene.control.post("webhooks", topic=STOCK, address=scene.box.url)
    scene.control.post("stock", seller_sku="A", available=7)
    scene.buy()
    causes = [hint.cause for found in scene.deliveries(2) for hint in found.hints]

    assert ["manual_adjustment", "order_created"] == causes


def test_the_same_is_told_of_the_seller_as_of_the_shop(scene: Scene) -> None:
    for topic in (STOCK, "INVENTORY_CHANGED"):
        scene.control.post("webhooks", topic=topic, address=scene.box.url)
    scene.control.post("stock", seller_sku="A", available=7, by="system_auto_replenish")
    first, second = scene.deliveries(2)
    bodies = [json.loads(body) for _, body in scene.box.got]

    assert {"INVENTORY_CHANGED", STOCK} == {first.topic, second.topic}
    assert first.event == second.event
    assert first.hints == second.hints
    assert [{"seller_id"}, {"shop_id"}] == [
        {"seller_id", "shop_id"} & body.keys() for body in bodies
    ]
    (hint,) = first.hints
    assert hint.moved is not None
    assert (Mover.PLATFORM, 7) == (hint.moved.mover, hint.moved.units)


def test_another_app_writes_on_its_schedule_until_it_is_told_to_stop(scene: Scene) -> None:
    scene.control.post("webhooks", topic=STOCK, address=scene.box.url)
    made = scene.control.post("rivals", seller_sku="A", available=9, every=0.05)
    scene.control.post("stock", seller_sku="A", available=7)
    told = scene.deliveries(3)
    scene.control.delete("rivals")
    scene.control.post("stock", seller_sku="A", available=6)

    assert [{"seller_sku": "A", "available": 9, "every": 0.05, "by": "api_sync"}] == made["rivals"]
    assert ["api_sync", "manual_adjustment", "api_sync"] == [
        hint.cause for found in told for hint in found.hints
    ]
    assert {"rivals": []} == scene.control.get("rivals")
    assert [6] == list(scene.control.available("A").values())


def test_a_seller_who_leaves_is_told(scene: Scene) -> None:
    scene.channel.subscribe("SELLER_DEAUTHORIZATION", scene.box.url)
    scene.control.post("deauthorize")
    (found,) = scene.deliveries(1)

    assert [About.AUTHORIZATION] == [hint.about for hint in found.hints]


def test_webhooks_come_twice_late_lost_and_shuffled_on_demand(scene: Scene) -> None:
    scene.channel.subscribe(ORDERS, scene.box.url)
    scene.control.post(
        "settings", webhook_copies=1, webhook_lose=4, webhook_shuffle=6, webhook_delay=3600
    )
    placed = scene.buy(8)
    assert [] == scene.box.got
    scene.control.post("webhooks/flush")
    orders = [found.hints[0].reference for found in scene.deliveries(12)]

    kept = [order for number, order in enumerate(placed, 1) if number % 4]
    assert sorted(kept * 2) == sorted(orders)
    assert orders != [order for order in kept for _ in range(2)]
    counted = scene.control.get("webhooks")
    assert (8, 2) == (counted["written"], counted["lost"])


def test_a_refused_webhook_is_sent_again_as_it_was(scene: Scene) -> None:
    scene.box.refuse = 2
    scene.channel.subscribe(ORDERS, scene.box.url)
    scene.control.post("settings", webhook_retry=0.01)
    scene.buy()
    bodies = {body for _, body in scene.box.wait(3)}

    assert 1 == len(bodies)
    assert 1 == json.loads(bodies.pop())["type"]
