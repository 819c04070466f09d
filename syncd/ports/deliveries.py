"""What a webhook delivery tells: where to look, and never a number to believe."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class About(StrEnum):
    """What a hint points at."""

    STOCK = "stock"
    PRODUCT = "product"
    ORDER = "order"
    LISTING = "listing"
    AUTHORIZATION = "authorization"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """Look here again. `reference` is the sender's own id of the thing, empty when it names none."""

    about: About
    reference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One delivery with a good signature. `notification` and `event` are the sender's ids for deduplication."""

    topic: str
    notification: str
    event: str
    sent_at: datetime | None
    hints: tuple[Hint, ...]


class Deliveries(Protocol):
    """Who can receive webhooks."""

    def parse_delivery(self, headers: Mapping[str, str], body: bytes) -> Delivery:
        """Verify and read one delivery; header names in lower case.

        Raises DeliveryRefused for a wrong signature or a body that is none of the sender's.
        """
        ...
