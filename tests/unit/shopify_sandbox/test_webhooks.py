import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from queue import Empty, Queue
from threading import Thread
from typing import Any

import pytest

from connectors.shopify import queries
from tests.fakes.server import LoopbackServer
from tests.unit.shopify_sandbox.shop_client import ShopClient

PATIENCE = 5.0


@dataclass
class Ears:
    """Hears what is delivered; answers with the statuses it is told, then with 200."""

    url: str
    heard: Queue[tuple[dict[str, str], bytes]] = field(default_factory=Queue)
    statuses: list[int] = field(default_factory=list)

    def next(self) -> tuple[dict[str, str], Any]:
        headers, body = self.heard.get(timeout=PATIENCE)
        return headers, json.loads(body)


@pytest.fixture
def ears() -> Iterator[Ears]:
    listening = Ears("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            listening.heard.put(({k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(listening.statuses.pop(0) if listening.statuses else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = LoopbackServer(("127.0.0.1", 0), Handler)
    listening.url = f"http://127.0.0.1:{server.server_address[1]}/hooks"
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield listening
    server.shutdown()
    thread.join()
    server.server_close()


def subscribe(shop: ShopClient, uri: str, topic: str = "INVENTORY_LEVELS_UPDATE") -> Any:  # noqa: ANN401
    return shop.data(queries.WEBHOOK_CREATE, topic=topic, webhookSubscription={"uri": uri})[
        "webhookSubscriptionCreate"
    ]


def count(shop: ShopClient, available: int) -> None:
    shop.control("POST", "stock", {"sku": "MUG", "location": "Main", "available": available})


def test_a_delivery_is_signed_over_its_raw_body(shop: ShopClient, ears: Ears) -> None:
    subscribe(shop, ears.url)
    count(shop, 3)
    headers, body = ears.heard.get(timeout=PATIENCE)

    secret = shop.about["client_secret"].encode()
    digest = base64.b64encode(hmac.new(secret, body, hashlib.sha256).digest()).decode()
    assert digest == headers["x-shopify-hmac-sha256"]
    assert "inventory_levels/update" == headers["x-shopify-topic"]
    assert shop.about["shop"] == headers["x-shopify-shop-domain"]
    named = ("webhook-id", "event-id", "triggered-at", "api-version")
    assert all(headers[f"x-shopify-{name}"] for name in named)


def test_a_level_webhook_names_item_and_location_and_no_sku(shop: ShopClient, ears: Ears) -> None:
    subscribe(shop, ears.url)
    count(shop, 3)
    _, said = ears.next()

    variant = shop.variant("MUG")
    assert 3 == said["available"]
    assert variant["inventoryItem"]["id"].endswith(f"/{said['inventory_item_id']}")
    assert shop.locations()["Main"].endswith(f"/{said['location_id']}")
    assert "sku" not in said


def test_what_is_not_tracked_has_no_number(shop: ShopClient, ears: Ears) -> None:
    subscribe(shop, ears.url)
    shop.control("POST", "variant", {"sku": "MUG", "tracked": False})
    count(shop, 3)

    assert ears.next()[1]["available"] is None


def test_a_product_webhook_holds_all_variants(shop: ShopClient, ears: Ears) -> None:
    subscribe(shop, ears.url, "PRODUCTS_UPDATE")
    shop.control("POST", "price", {"sku": "TEE-S", "price": "11.00"})
    _, said = ears.next()

    assert {"TEE-S": "11.00", "TEE-M": "12.00"} == {
        each["sku"]: each["price"] for each in said["variants"]
    }


def test_a_write_through_the_api_is_announced_too(shop: ShopClient, ears: Ears) -> None:
    subscribe(shop, ears.url)
    shop.adjust("MUG", "Main", -1)

    assert 19 == ears.next()[1]["available"]


def test_uninstalling_is_the_last_thing_that_is_told(shop: ShopClient, ears: Ears) -> None:
    subscribe(shop, ears.url, "APP_UNINSTALLED")
    subscribe(shop, ears.url)
    shop.control("POST", "uninstall")
    count(shop, 3)

    headers, said = ears.next()
    assert "app/uninstalled" == headers["x-shopify-topic"]
    assert shop.about["shop"] == said["myshopify_domain"]
    with pytest.raises(Empty):
        ears.heard.get(timeout=0.2)


def test_a_duplicate_has_the_same_ids_and_a_lost_one_never_comes(
    shop: ShopClient, ears: Ears
) -> None:
    subscribe(shop, ears.url)
    shop.spoil("webhook_lost")
    shop.spoil("webhook_duplicate")
    count(shop, 1)
    count(shop, 2)
    first, second = ears.next(), ears.next()

    assert [2, 2] == [first[1]["available"], second[1]["available"]]
    assert first[0]["x-shopify-webhook-id"] == second[0]["x-shopify-webhook-id"]


@pytest.mark.parametrize("kind", ["webhook_late", "webhook_shuffled"])
def test_a_delivery_may_come_after_a_later_one(shop: ShopClient, ears: Ears, kind: str) -> None:
    subscribe(shop, ears.url)
    shop.spoil(kind, seconds=0.5)
    count(shop, 1)
    count(shop, 2)

    assert [2, 1] == [ears.next()[1]["available"] for _ in range(2)]


def test_a_delivery_that_is_refused_comes_again_unchanged(shop: ShopClient, ears: Ears) -> None:
    subscribe(shop, ears.url)
    shop.tweak(webhook_wait=0.01)
    ears.statuses = [500]
    count(shop, 1)

    assert ears.heard.get(timeout=PATIENCE) == ears.heard.get(timeout=PATIENCE)


def test_eight_failures_in_a_row_end_a_subscription(shop: ShopClient, ears: Ears) -> None:
    subscribe(shop, ears.url)
    shop.tweak(webhook_wait=0.01, webhook_tries=20)
    ears.statuses = [500] * 8
    count(shop, 1)
    for _ in range(8):
        ears.next()
    until_none_subscribes(shop)
    count(shop, 2)

    with pytest.raises(Empty):
        ears.heard.get(timeout=0.2)


def until_none_subscribes(shop: ShopClient) -> None:
    """The shop hears of the last refusal a moment after it was given."""
    end = time.monotonic() + 10
    while shop.data(queries.WEBHOOKS, first=5)["webhookSubscriptions"]["nodes"]:
        assert time.monotonic() < end, "the subscription never ended"
        time.sleep(0.02)


def test_subscriptions_are_listed_and_deleted(shop: ShopClient, ears: Ears) -> None:
    made = subscribe(shop, ears.url)["webhookSubscription"]
    listed = shop.data(queries.WEBHOOKS, first=5)["webhookSubscriptions"]["nodes"]
    gone = shop.data(queries.WEBHOOK_DELETE, id=made["id"])["webhookSubscriptionDelete"]
    again = shop.data(queries.WEBHOOK_DELETE, id=made["id"])["webhookSubscriptionDelete"]

    assert [(made["id"], "INVENTORY_LEVELS_UPDATE", ears.url)] == [
        (each["id"], each["topic"], each["uri"]) for each in listed
    ]
    assert made["id"] == gone["deletedWebhookSubscriptionId"]
    assert again["userErrors"]


@pytest.mark.parametrize("uri", ["http://example.com/x", "nonsense", "ftp://127.0.0.1/x"])
def test_an_address_that_is_not_safe_is_refused(shop: ShopClient, uri: str) -> None:
    assert subscribe(shop, uri)["userErrors"]


def test_an_address_is_taken_once_per_topic(shop: ShopClient, ears: Ears) -> None:
    assert [] == subscribe(shop, ears.url)["userErrors"]
    assert subscribe(shop, ears.url)["userErrors"]
    assert [] == subscribe(shop, ears.url, "PRODUCTS_UPDATE")["userErrors"]


def test_another_machine_may_subscribe_but_is_never_contacted(shop: ShopClient) -> None:
    from connectors.shopify.sandbox.subscriptions import post

    assert [] == subscribe(shop, "https://example.com/x")["userErrors"]
    assert post("http://192.0.2.1:9/x", {}, b"") is None
    assert post("https://127.0.0.1:9/x", {}, b"") is None
