"""Webhook subscriptions and their deliveries: signed as Shopify signs, sent to loopback addresses only."""

import base64
import hashlib
import hmac
import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from threading import Condition, Thread
from time import monotonic
from urllib.parse import urlsplit

from connectors.shopify.sandbox.behaviour import Behaviour
from connectors.shopify.sandbox.calls import API_VERSION
from connectors.shopify.sandbox.faults import WEBHOOK, Faults
from connectors.shopify.sandbox.state import Identity, gid, stamp
from connectors.transport.simulation.journal import Journal

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
MOST_FAILURES = 8
"""Failed deliveries in a row after which Shopify drops a subscription (fact sheet 3)."""
PATIENCE = 5.0


@dataclass(slots=True, kw_only=True, eq=False)
class Subscription:
    """Who wants to hear of a topic."""

    number: int
    topic: str
    uri: str
    created_at: int
    include: list[str] = field(default_factory=list)
    filter: str | None = None
    failures: int = 0

    def described(self) -> dict[str, object]:
        """As the API shows it."""
        return {
            "id": gid("WebhookSubscription", self.number),
            "topic": topic_name(self.topic),
            "uri": self.uri,
            "format": "JSON",
            "filter": self.filter,
            "includeFields": self.include,
            "createdAt": stamp(self.created_at),
        }


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Delivery:
    """One delivery that is due at a moment of the machine's clock."""

    due: float
    number: int
    uri: str = field(compare=False)
    body: bytes = field(compare=False)
    headers: Mapping[str, str] = field(compare=False)
    subscription: Subscription = field(compare=False)
    tries: int = field(default=0, compare=False)


def topic_name(topic: str) -> str:
    """`products/update` as GraphQL writes it."""
    return topic.replace("/", "_").upper()


class Subscriptions:
    """Keeps the subscriptions and delivers in a thread of its own, started by the first delivery."""

    def __init__(
        self, identity: Identity, behaviour: Behaviour, faults: Faults, journal: Journal
    ) -> None:
        self._identity = identity
        self._behaviour = behaviour
        self._faults = faults
        self._journal = journal
        self._known: dict[int, Subscription] = {}
        self._queue: list[Delivery] = []
        self._numbers = count(1)
        self._wake = Condition()
        self._thread: Thread | None = None
        self._closed = False

    def all(self) -> list[object]:
        """Every subscription as the API shows it."""
        return [each.described() for each in self._known.values()]

    def create(self, topic: str, wanted: Mapping[str, object], now: float) -> dict[str, object]:
        """Answer `webhookSubscriptionCreate`; `topic` is that of GraphQL."""
        uri = str(wanted.get("uri") or wanted.get("callbackUrl") or "")
        problem = _problem(uri)
        spelt = _spelt(topic)
        if any(each.topic == spelt and each.uri == uri for each in self._known.values()):
            problem = "Address for this topic has already been taken"
        if problem:
            error = {"field": ["webhookSubscription", "uri"], "message": problem}
            return {"webhookSubscription": None, "userErrors": [error]}
        fields = wanted.get("includeFields")
        made = Subscription(
            number=next(self._numbers),
            topic=spelt,
            uri=uri,
            created_at=int(now),
            include=[str(each) for each in fields] if isinstance(fields, list) else [],
        )
        self._known[made.number] = made
        return {"webhookSubscription": made.described(), "userErrors": []}

    def delete(self, number: int) -> dict[str, object]:
        """Answer `webhookSubscriptionDelete`."""
        if self._known.pop(number, None) is None:
            error = {"field": ["id"], "message": "Webhook subscription does not exist"}
            return {"deletedWebhookSubscriptionId": None, "userErrors": [error]}
        return {
            "deletedWebhookSubscriptionId": gid("WebhookSubscription", number),
            "userErrors": [],
        }

    def announce(self, topic: str, payload: Mapping[str, object], at: float) -> None:
        """Send an event to whoever subscribed to the topic; the last one is that the app is gone."""
        event = f"event-{next(self._numbers)}"
        for subscription in list(self._known.values()):
            if subscription.topic == topic:
                self._dispatch(subscription, payload, event, at)
        if topic == "app/uninstalled":
            self._known.clear()

    def close(self) -> None:
        """Deliver nothing more."""
        with self._wake:
            self._closed = True
            self._wake.notify_all()
        if self._thread is not None:
            self._thread.join(2 * PATIENCE)

    def _dispatch(
        self, subscription: Subscription, payload: Mapping[str, object], event: str, at: float
    ) -> None:
        fault = self._faults.pick(WEBHOOK, subscription.topic)
        kind = fault.kind if fault else ""
        number = next(self._numbers)
        chosen = subscription.include
        sent = {key: value for key, value in payload.items() if not chosen or key in chosen}
        body = json.dumps(sent, separators=(",", ":")).encode()
        wait = fault.seconds if fault else 0.0
        delivery = Delivery(
            due=monotonic() + wait,
            number=number,
            uri=subscription.uri,
            body=body,
            headers=self._headers(subscription.topic, event, f"webhook-{number}", at, body),
            subscription=subscription,
        )
        self._journal.add("webhook", at, topic=subscription.topic, uri=subscription.uri,
                          event=event, fault=kind or None)  # fmt: skip
        if kind != "webhook_lost":
            self._enqueue(delivery)
        if kind == "webhook_duplicate":
            self._enqueue(delivery)

    def _headers(
        self, topic: str, event: str, webhook: str, at: float, body: bytes
    ) -> Mapping[str, str]:
        secret = self._identity.client_secret.encode()
        digest = hmac.new(secret, body, hashlib.sha256).digest()
        return {
            "Content-Type": "application/json",
            "X-Shopify-Hmac-Sha256": base64.b64encode(digest).decode(),
            "X-Shopify-Topic": topic,
            "X-Shopify-Shop-Domain": self._identity.domain,
            "X-Shopify-API-Version": API_VERSION,
            "X-Shopify-Webhook-Id": webhook,
            "X-Shopify-Event-Id": event,
            "X-Shopify-Triggered-At": stamp(at),
        }

    def _enqueue(self, delivery: Delivery) -> None:
        with self._wake:
            if self._closed:
                return
            heappush(self._queue, delivery)
            if self._thread is None:
                self._thread = Thread(target=self._work, daemon=True, name="webhooks")
                self._thread.start()
            self._wake.notify_all()

    def _work(self) -> None:
        while (delivery := self._next()) is not None:
            self._deliver(delivery)

    def _next(self) -> Delivery | None:
        """The next delivery once it is due; None at the end."""
        with self._wake:
            while not self._closed:
                wait = self._queue[0].due - monotonic() if self._queue else None
                if wait is not None and wait <= 0:
                    return heappop(self._queue)
                self._wake.wait(wait)
        return None

    def _deliver(self, delivery: Delivery) -> None:
        status = post(delivery.uri, delivery.headers, delivery.body)
        subscription = delivery.subscription
        if status is not None and 200 <= status < 300:  # noqa: PLR2004 - any 2xx is success
            subscription.failures = 0
            return
        subscription.failures += 1
        if subscription.failures >= MOST_FAILURES:
            self._known.pop(subscription.number, None)
            return
        tries = delivery.tries + 1
        if tries < self._behaviour.webhook_tries:
            wait = self._behaviour.webhook_wait * 2**delivery.tries
            self._enqueue(
                Delivery(
                    due=monotonic() + wait, number=delivery.number, uri=delivery.uri,
                    body=delivery.body, headers=delivery.headers, subscription=subscription,
                    tries=tries,
                )
            )  # fmt: skip


def post(uri: str, headers: Mapping[str, str], body: bytes) -> int | None:
    """Send to a loopback address; the status, or None when nobody answered or the address is another."""
    parts = urlsplit(uri)
    if parts.hostname not in LOOPBACK or parts.scheme != "http":
        return None
    connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=PATIENCE)
    try:
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", target or "/", body, dict(headers))
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def _problem(uri: str) -> str:
    """Why an address is refused; plain HTTP is let through on loopback only."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return "Address is invalid"
    if parts.scheme == "https" and parts.hostname:
        return ""
    if parts.scheme == "http" and parts.hostname in LOOPBACK:
        return ""
    return (
        "Address protocol http:// is not supported"
        if parts.scheme == "http"
        else "Address is invalid"
    )


def _spelt(topic: str) -> str:
    """A topic of GraphQL as headers write it: the last word is what happened."""
    for known in KNOWN_TOPICS:
        if topic_name(known) == topic:
            return known
    head, _, tail = topic.lower().rpartition("_")
    return f"{head}/{tail}"


KNOWN_TOPICS = (
    "inventory_levels/update",
    "inventory_items/update",
    "products/update",
    "products/delete",
    "locations/update",
    "app/uninstalled",
    "bulk_operations/finish",
)
