"""Knows what a Shopify webhook proves and tells: a signature over raw bytes, and where to look again.

ShopifyAPI's own check is for OAuth addresses and fits no webhook (fact sheet 3). Payloads are never believed.
"""

import hmac
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256

from pydantic import BaseModel, SecretStr, ValidationError

from syncd.domain.errors import DeliveryRefused
from syncd.ports.deliveries import About, Delivery, Hint

SIGNATURE = "x-shopify-hmac-sha256"
DOMAIN = "x-shopify-shop-domain"
TOPIC = "x-shopify-topic"
LEVEL_TOPICS = frozenset(
    {"inventory_levels/update", "inventory_levels/connect", "inventory_levels/disconnect"}
)
PRODUCT_TOPICS = frozenset({"products/create", "products/update", "products/delete"})
UNINSTALLED = "app/uninstalled"


class LevelPayload(BaseModel):
    """A change of stock, as far as it says where to look."""

    inventory_item_id: int


class RecordPayload(BaseModel):
    """A change of a product, as far as it says where to look."""

    id: int


def read_delivery(
    headers: Mapping[str, str], body: bytes, secret: SecretStr, domain: str
) -> Delivery:
    """Verify and read one delivery to the shop of that domain; header names in lower case.

    Raises DeliveryRefused for a wrong signature, another shop, or a body that is none of Shopify's.
    """
    if not _is_signed(headers.get(SIGNATURE, ""), body, secret):
        raise DeliveryRefused("the delivery is not signed with this app's secret")
    if headers.get(DOMAIN, "").strip().lower() != domain:
        raise DeliveryRefused(f"the delivery is for another shop than {domain}")
    topic = headers.get(TOPIC, "").strip().lower()
    try:
        hints = _hints(topic, body)
    except ValidationError:
        raise DeliveryRefused("the body is none that Shopify sends for this topic") from None
    return Delivery(
        topic=topic,
        notification=headers.get("x-shopify-webhook-id", ""),
        event=headers.get("x-shopify-event-id", ""),
        sent_at=_moment(headers.get("x-shopify-triggered-at", "")),
        hints=hints,
    )


def _is_signed(given: str, body: bytes, secret: SecretStr) -> bool:
    """Compared as bytes in constant time; a header may hold any character."""
    key = secret.get_secret_value().encode("utf-8", "surrogatepass")
    expected = b64encode(hmac.digest(key, body, sha256))
    return hmac.compare_digest(expected, given.strip().encode("utf-8", "surrogatepass"))


def _hints(topic: str, body: bytes) -> tuple[Hint, ...]:
    if topic in LEVEL_TOPICS:
        item = LevelPayload.model_validate_json(body).inventory_item_id
        return (Hint(about=About.STOCK, reference=str(item)),)
    if topic in PRODUCT_TOPICS:
        product = RecordPayload.model_validate_json(body).id
        return (Hint(about=About.PRODUCT, reference=str(product)),)
    return (Hint(about=About.AUTHORIZATION),) if topic == UNINSTALLED else ()


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment).astimezone(UTC)
