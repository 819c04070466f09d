"""What the ledger tells of sales: order lines, what readings lost, and how long news of them took."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from syncd.domain.delay import Passage
from syncd.domain.identity import ChannelName, ListingRef, Sku
from syncd.domain.orders import OrderLine
from syncd.domain.selling import StockMove


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """What an adaptive safety stock withholds of a listing, and until when; None: its rule has none now."""

    ref: ListingRef
    units: int | None
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sold:
    """Units of a SKU that one channel's orders took, in listing units.

    `dropped` are those of lines that were cancelled before their goods left, after a source could contain
    them: they were taken off it, be it in doubt, and a reading came before they were given back; or nobody
    takes off anything, and they were ready to be imported. Lines that the channel ships itself do not count.
    """

    channel: ChannelName
    sku: Sku
    units: int
    dropped: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderAges:
    """How old orders were when they were ready to be imported, left, and were written back."""

    entered: Sequence[timedelta]
    left: Sequence[timedelta]
    written: Sequence[timedelta]


class SellingLedger(Protocol):
    """How fast things sell, and what is withheld for it."""

    def lines_since(
        self, moment: datetime, skus: Collection[Sku] | None = None
    ) -> Sequence[OrderLine]:
        """Lines of all channels that were created or left since then, of at most some hundred `skus` only.

        Left out are lines that the channel ships itself. A line that is bound to no SKU is one of all.
        """
        ...

    def sold(self, skus: Iterable[Sku], since: datetime) -> Sequence[Sold]:
        """What orders created since then took of these SKUs, as they are sold."""
        ...

    def stock_moves(
        self, skus: Iterable[Sku], since: datetime
    ) -> Mapping[Sku, Sequence[StockMove]]:
        """What readings since then changed in quantities of these SKUs, oldest first.

        A first reading changes nothing. SKUs without any are absent.
        """
        ...

    def passages(self, channel: ChannelName, since: datetime, limit: int) -> Sequence[Passage]:
        """How news travelled to the quantities of a channel that were read back since then, newest first.

        At most `limit` changes are looked at, of which some came from both a source and an order.
        """
        ...

    def order_ages(self, since: datetime, limit: int) -> OrderAges:
        """The same of the latest orders of all channels since then."""
        ...

    def heard_since(self, receiver: str, moment: datetime) -> bool:
        """Whether a webhook came to a source or channel since then."""
        ...

    def first_run_at(self) -> datetime | None:
        """When the oldest run began that is remembered."""
        ...

    def remember_withheld(self, channel: ChannelName, rows: Sequence[Withheld]) -> None:
        """What is withheld of listings in their published state."""
        ...

    def next_withheld_at(self, channel: ChannelName) -> datetime | None:
        """When less has to be withheld of a listing next; None when of none."""
        ...

    def mark_withheld_due(self, channel: ChannelName, now: datetime) -> int:
        """Mark SKUs dirty of which less has to be withheld by now; answers how many listings these are."""
        ...
