"""What a webhook delivery tells: where to look, and never a number to believe."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

from syncd.domain.drifting import Mover


class About(StrEnum):
    """What a hint points at."""

    STOCK = "stock"
    PRODUCT = "product"
    ORDER = "order"
    LISTING = "listing"
    AUTHORIZATION = "authorization"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """Who set the stock of a listing of this product, when, and to how many units over all warehouses.

    The number only tells our own write from another's; what a listing shows is read, never believed.
    """

    product: str
    mover: Mover
    at: datetime | None = None
    units: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """Look here again. `reference` is the sender's own id of the thing, empty when it names none.

    `cause` is the sender's word for what moved it (`manual_adjustment`), where it tells; `moved` is set
    where somebody set it to a number, an order aside.
    """

    about: About
    reference: str = ""
    cause: str = ""
    moved: Moved | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One delivery with a good signature. `notification` and `event` are the sender's ids for deduplication.

    A repeated `event` under another `notification` tells nothing new; an empty one is never compared.
    """

    topic: str
    notification: str
    event: str
    sent_at: datetime | None
    hints: tuple[Hint, ...]


@runtime_checkable
class Deliveries(Protocol):
    """Who can receive webhooks."""

    def parse_delivery(self, headers: Mapping[str, str], body: bytes) -> Delivery:
        """Verify and read one delivery; header names in lower case.

        Called from several threads, and never asks the network. Raises DeliveryRefused for a wrong
        signature or a body that is none of the sender's.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One topic that a shop sends, and where to."""

    topic: str
    address: str


@runtime_checkable
class WebhookSubscriptions(Protocol):
    """Who can be asked to send webhooks.

    Every method but `wanted_topics` raises what the connection raises: ChannelError or SourceError.
    """

    def wanted_topics(self) -> Sequence[str]:
        """The topics that tell where to look, in the sender's words."""
        ...

    def subscriptions(self) -> Sequence[Subscription]:
        """What the shop sends now, whoever asked for it."""
        ...

    def subscribe(self, topic: str, address: str) -> None:
        """Have a topic sent to this address, instead of another one if there was one."""
        ...

    def unsubscribe(self, topic: str, address: str) -> None:
        """Have a topic no longer sent to this address; nothing happens if it is not."""
        ...


class Receipt(StrEnum):
    """What storing a delivery found: news, or something that was told before."""

    STORED = "stored"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A delivery on its way into the inbox of one receiver (a channel or a source by its name)."""

    receiver: str
    delivery: Delivery
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingDelivery:
    """A delivery in the inbox that nobody acted upon yet. Numbers grow in the order of arrival."""

    number: int
    topic: str
    received_at: datetime
    hints: tuple[Hint, ...]


class InboxLedger(Protocol):
    """Deliveries that were answered with 200: none of them is ever lost."""

    def record_deliveries(self, arrivals: Sequence[Arrival]) -> Sequence[Receipt]:
        """Store all of them durably in one transaction; one receipt each, in order.

        A notification that is there already changes nothing. A known event under a new notification is
        stored as settled. Raises LedgerError, soon also when somebody else writes for long.
        """
        ...

    def spool_deliveries(self, arrivals: Sequence[Arrival]) -> None:
        """Keep them durably beside the ledger while it cannot be written. Raises LedgerError."""
        ...

    def unspool_deliveries(self) -> Sequence[str]:
        """Take in what was kept beside the ledger; the receivers that have news. Raises LedgerError."""
        ...

    def waiting_deliveries(
        self, receiver: str, limit: int, after: int = 0
    ) -> Sequence[WaitingDelivery]:
        """The oldest deliveries of a receiver that are not settled, with a number above `after`."""
        ...

    def settle_deliveries(self, receiver: str, until: int) -> int:
        """What was hinted at up to this number has been looked at; answers how many that were."""
        ...

    def settle_each(self, receiver: str, numbers: Sequence[int]) -> None:
        """These deliveries ask for no look, and those before them may still."""
        ...

    def waiting_counts(self) -> Mapping[str, int]:
        """How many deliveries wait, by receiver; receivers without any are absent."""
        ...

    def forget_deliveries(self, before: datetime) -> int:
        """Drop what was received before then; answers how much that was."""
        ...
