"""Knows how TikTok Shop's webhooks are signed and worded, and reads from them where to look (fact sheet 6).

A delivery whose signature is good but whose shape is new is a hint to look at everything: refusing it
would lose what it meant to say, and the sender gives up after four tries.
"""

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from threading import Lock

from pydantic import Field, SecretStr, ValidationError

from connectors.tiktok_shop.signing import is_genuine
from connectors.tiktok_shop.wire import IdOrNothing, Items, Text, WireModel
from syncd.domain.drifting import Mover
from syncd.domain.errors import DeliveryRefused
from syncd.domain.identity import ChannelName
from syncd.ports.deliveries import About, Delivery, Hint, Moved

MOVERS: Mapping[str, Mover] = {
    "api_sync": Mover.APP,
    "manual_adjustment": Mover.PERSON,
    "system_auto_replenish": Mover.PLATFORM,
}
"""Whose word a trigger source is where it set the stock; an app may be this one. The others are orders' and
campaigns', which set nothing."""
LONGEST_ID = 64
MOST_UNITS = 1_000_000_000
LATEST = 253_000_000_000
MILLISECONDS_FROM = 100_000_000_000
"""A larger time stamp is in milliseconds (Unsure 13 says both are seen)."""
SUBSCRIBED = (
    "ORDER_STATUS_CHANGE",
    "CANCELLATION_STATUS_CHANGE",
    "PACKAGE_UPDATE",
    "PRODUCT_STATUS_CHANGE",
    "PRODUCT_INFORMATION_CHANGE",
    "PRODUCT_CREATION",
    "SELLER_DEAUTHORIZATION",
    "UPCOMING_AUTHORIZATION_EXPIRATION",
)
"""Topics of the subscription call that tell where to look; the inventory ones are set in Partner Center."""

_log = logging.getLogger(__name__)


class _Package(WireModel):
    order_id_list: Items[IdOrNothing] = ()


class _SkuStatus(WireModel):
    sku_id: IdOrNothing = ""


class _Change(WireModel):
    trigger_source: Text = ""
    occurred_at: Text = ""


class _Snapshot(WireModel):
    total_available_quantity: int | None = None


class _Data(WireModel):
    """What any of the topics may say of where to look."""

    order_id: IdOrNothing = ""
    order_status: Text = ""
    update_time: int | None = None
    package_list: Items[_Package] = ()
    product_id: IdOrNothing = ""
    sku_id: IdOrNothing = ""
    skus: Items[_SkuStatus] = ()
    event_id: IdOrNothing = ""
    occurred_at: Text = ""
    quantity_snapshot_after_change: _Snapshot | None = None
    change_detail: Items[_Change] = Field(default=())


_Reader = Callable[[_Data], tuple[Hint, ...]]


def _orders(data: _Data) -> tuple[Hint, ...]:
    ids = [data.order_id, *(each for row in data.package_list for each in row.order_id_list)]
    named = [each for each in dict.fromkeys(map(_reference, ids)) if each]
    return tuple(Hint(about=About.ORDER, reference=each) for each in named or [""])


def _product(data: _Data) -> tuple[Hint, ...]:
    return (Hint(about=About.PRODUCT, reference=_reference(data.product_id)),)


def _skus(data: _Data) -> tuple[Hint, ...]:
    named = [each for each in dict.fromkeys(_reference(row.sku_id) for row in data.skus) if each]
    return tuple(Hint(about=About.LISTING, reference=each) for each in named or [""])


def _stock(data: _Data) -> tuple[Hint, ...]:
    """One hint for each cause; an app's write of a SKU that is not named is nothing to look at.

    The number after several causes tells none of them.
    """
    reference, product = _reference(data.sku_id), _reference(data.product_id)
    times = {_word(row.trigger_source): row.occurred_at for row in data.change_detail}
    units = _units(data.quantity_snapshot_after_change) if len(times) == 1 else None
    hints = [
        Hint(
            about=About.STOCK, reference=reference, cause=cause,
            moved=Moved(product=product, mover=MOVERS[cause], units=units,
                        at=_iso_moment(at or data.occurred_at))
            if cause in MOVERS and reference and product else None,
        )
        for cause, at in times.items()
    ]  # fmt: skip
    named = [hint for hint in hints if hint.moved is not None or hint.cause not in _NOBODY_ELSE]
    return tuple(named) if times else (Hint(about=About.STOCK, reference=reference),)


_NOBODY_ELSE = frozenset({"api_sync"})
"""Told of no SKU, it is taken for one of our own many writes."""


def _authorization(_data: _Data) -> tuple[Hint, ...]:
    return (Hint(about=About.AUTHORIZATION),)


def _nothing(_data: _Data) -> tuple[Hint, ...]:
    return ()


EVERYTHING = (Hint(about=About.ORDER), Hint(about=About.LISTING))

_TOPICS: Mapping[int, tuple[str, _Reader]] = {
    1: ("ORDER_STATUS_CHANGE", _orders),
    2: ("REVERSE_STATUS_UPDATE", _orders),
    3: ("RECIPIENT_ADDRESS_UPDATE", _nothing),
    4: ("PACKAGE_UPDATE", _orders),
    5: ("PRODUCT_STATUS_CHANGE", _product),
    6: ("SELLER_DEAUTHORIZATION", _authorization),
    7: ("UPCOMING_AUTHORIZATION_EXPIRATION", _authorization),
    11: ("CANCELLATION_STATUS_CHANGE", _orders),
    12: ("RETURN_STATUS_CHANGE", _orders),
    13: ("NEW_CONVERSATION", _nothing),
    14: ("NEW_MESSAGE", _nothing),
    15: ("PRODUCT_INFORMATION_CHANGE", _product),
    16: ("PRODUCT_CREATION", _product),
    18: ("PRODUCT_CATEGORY_CHANGE", _nothing),
    27: ("INVENTORY_STATUS_CHANGE", _stock),
    33: ("NEW_MESSAGE_LISTENER", _nothing),
    36: ("INVOICE_STATUS_CHANGE", _nothing),
    37: ("PRODUCT_AUDIT_STATUS_CHANGE", _product),
    50: ("SKU_STATUS_CHANGE", _skus),
    68: ("INVENTORY_CHANGED", _stock),
    71: ("INVENTORY_CHANGED_BY_SHOP", _stock),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookReader:
    """Verifies and reads the deliveries of one app to one channel. Threads may share it."""

    channel: ChannelName
    app_key: str
    secret: SecretStr
    _wondered: set[str] = field(default_factory=set)
    _lock: Lock = field(default_factory=Lock)

    def read(self, headers: Mapping[str, str], body: bytes) -> Delivery:
        """The delivery. Raises DeliveryRefused before anything of the body is parsed, or for no JSON object."""
        secret = self.secret.get_secret_value()
        if not is_genuine(self.app_key, secret, body, headers.get("authorization")):
            raise DeliveryRefused(f"{self.channel}: the signature does not fit the body")
        envelope = self._envelope(body)
        topic, data, hints = self._content(envelope)
        return Delivery(
            topic=topic,
            notification=_word(str(envelope.get("tts_notification_id", "")))
            or sha256(body).hexdigest(),
            event=_event(topic, data),
            sent_at=_moment(envelope.get("timestamp")),
            hints=hints,
        )

    def _envelope(self, body: bytes) -> Mapping[str, object]:
        try:
            envelope = json.loads(body)
        except (ValueError, RecursionError):
            envelope = None
        if not isinstance(envelope, dict):
            raise DeliveryRefused(f"{self.channel}: the body is no JSON object")
        return envelope

    def _content(self, envelope: Mapping[str, object]) -> tuple[str, _Data, tuple[Hint, ...]]:
        number = envelope.get("type")
        known = _TOPICS.get(number) if type(number) is int else None
        try:
            data = _Data.model_validate(envelope.get("data") or {})
        except ValidationError:
            data, known = _Data(), None
        if known is None:
            topic = f"type {number}"[:LONGEST_ID] if type(number) is int else "no type"
            self._wonder(topic)
            return topic, data, EVERYTHING
        name, reader = known
        return name, data, reader(data)

    def _wonder(self, topic: str) -> None:
        """Say once that a topic is not known or looks new."""
        with self._lock:
            first = topic not in self._wondered and len(self._wondered) < LONGEST_ID
            self._wondered.add(topic)
        if first:
            _log.warning(
                "%s: a webhook of %s has a form that is not known: it makes syncd look at everything",
                self.channel, topic, extra={"channel": self.channel, "action": "webhook_unknown"},
            )  # fmt: skip


def _event(topic: str, data: _Data) -> str:
    """The same for every telling of one event, where the data says which one it is."""
    if data.event_id:
        return _word(data.event_id)
    if topic == "ORDER_STATUS_CHANGE" and data.order_id and data.update_time is not None:
        return _word(f"{data.order_id}:{data.order_status}:{data.update_time}")
    return ""


def _word(text: str) -> str:
    """The text if it is short and plain, so that it may be stored and logged; else nothing."""
    plain = text.isascii() and text.isprintable() and len(text) <= LONGEST_ID
    return text if plain else ""


def _reference(text: str) -> str:
    """An id of TikTok Shop is made of digits; anything else names nothing."""
    return text if text.isascii() and text.isdecimal() and len(text) <= LONGEST_ID else ""


def _units(snapshot: _Snapshot | None) -> int | None:
    found = None if snapshot is None else snapshot.total_available_quantity
    return found if found is not None and 0 <= found <= MOST_UNITS else None


def _iso_moment(text: str) -> datetime | None:
    """A time as ISO 8601, in UTC where it names no zone; None for anything else."""
    try:
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _moment(value: object) -> datetime | None:
    if type(value) is not int or not 0 < value < LATEST * 1000:
        return None
    seconds = value / 1000 if value >= MILLISECONDS_FROM else value
    return datetime.fromtimestamp(seconds, UTC) if seconds < LATEST else None
