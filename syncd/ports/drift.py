"""What the ledger remembers of listings that show other numbers than we sent: who moved them, and how often."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from syncd.domain.drifting import Drift, Move, OwnWrite
from syncd.domain.identity import ChannelName, ListingRef, Sku
from syncd.domain.orders import OrderLine


class DriftLedger(Protocol):
    """Drift and what it is judged by."""

    def record_moves(self, channel: ChannelName, moves: Iterable[Move]) -> None:
        """Remember who moved the stock of listings, the newest per listing, and mark their SKUs dirty.

        Listings that the ledger does not know are left out.
        """
        ...

    def moves(self, channel: ChannelName, refs: Iterable[ListingRef]) -> Mapping[ListingRef, Move]:
        """The newest move of each listing that the shop told of."""
        ...

    def own_writes(
        self, channel: ChannelName, refs: Iterable[ListingRef], limit: int
    ) -> Mapping[ListingRef, Sequence[OwnWrite]]:
        """The latest quantities sent to each listing and not refused, newest first."""
        ...

    def listing_lines(
        self, channel: ChannelName, ref: ListingRef, since: datetime
    ) -> Sequence[OrderLine]:
        """Order lines of a listing that were updated since then."""
        ...

    def record_drift(self, channel: ChannelName, drifts: Iterable[Drift]) -> None:
        """Keep these; the same value after the same write again only moves `last_seen` and adds who did it."""
        ...

    def undecided_drift(self, channel: ChannelName) -> Sequence[Drift]:
        """Drift that orders may still explain."""
        ...

    def decide_drift(
        self, channel: ChannelName, theirs: Iterable[int], explained: Iterable[int]
    ) -> None:
        """By their numbers: those that no order explains, and those that are none and are forgotten."""
        ...

    def drift(
        self, channel: ChannelName, since: datetime, sku: Sku | None = None
    ) -> Sequence[Drift]:
        """Decided drift last seen since then, of one SKU or all, newest first."""
        ...

    def count_drift(self, channel: ChannelName, ref: ListingRef) -> None:
        """All drift of a listing led to a stop and counts no more."""
        ...
