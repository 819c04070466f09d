"""What a ledger knows of a channel's listings: what they show, which SKU they are bound to, what locks them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from syncd.domain.identity import ChannelName, ListingRef, RunId, Sku, SourceName
from syncd.domain.listing import BoundListing, Listing
from syncd.ports.records import Dirty, ListingScan

Doubt = Callable[[Sequence[ListingRef]], None]
"""Looks again at listings that a complete read did not show; raises when it is not to be believed."""


class ListingLedger(Protocol):
    """What channels show, and what is dirty."""

    def record_listings(
        self,
        run: RunId,
        channel: ChannelName,
        batches: Iterable[Sequence[Listing]],
        bind: Callable[[str], Sku],
        doubt: Doubt | None = None,
    ) -> ListingScan:
        """A complete read: new listings are adopted (observed becomes published), vanished ones are GONE.

        Before anything changes `doubt` is shown some of those that vanished; what it raises passes through.

        Marks SKUs dirty whose listing is new, changed status, or differs from what was published.
        """
        ...

    def record_observed(self, channel: ChannelName, listings: Iterable[Listing]) -> None:
        """Live values just read; a price of None leaves the remembered one."""
        ...

    def rebind(self, channel: ChannelName, fingerprint: str, bind: Callable[[str], Sku]) -> bool:
        """When the rules' fingerprint is new: bind again, mark every bound SKU dirty, answer True."""
        ...

    def scanned_at(self, channel: ChannelName) -> datetime | None:
        """When all listings were last read to the end."""
        ...

    def bound(
        self, channel: ChannelName, skus: Iterable[Sku]
    ) -> Mapping[Sku, Sequence[BoundListing]]:
        """Listings bound to these SKUs that are not GONE."""
        ...

    def bound_skus(self, channel: ChannelName) -> Iterator[Sku]:
        """Every SKU a listing is bound to."""
        ...

    def lists_more_than(self, count: int, channel: ChannelName) -> bool:
        """Whether that are fewer than the bound listings that are not GONE; no more of them are counted."""
        ...

    def listing_count(self, channel: ChannelName) -> int:
        """Bound listings that are not GONE."""
        ...

    def listings(self, channel: ChannelName) -> Iterator[BoundListing]:
        """Every listing, GONE ones too, by seller SKU."""
        ...

    def unlisted_skus(
        self, channel: ChannelName, sources: Sequence[SourceName]
    ) -> Sequence[tuple[Sku, datetime]]:
        """SKUs these sources know that no listing is bound to, with when they were first seen."""
        ...

    def unsourced(self, channel: ChannelName) -> Sequence[BoundListing]:
        """Listings whose SKU no source ever named (kits and packs among them)."""
        ...

    def dirty(self, channel: ChannelName, limit: int, after: Sku | None = None) -> Dirty:
        """Up to so many dirty SKUs in the order of their text, beginning after one."""
        ...

    def dirty_count(self, channel: ChannelName) -> int:
        """How many SKUs are dirty."""
        ...

    def mark_dirty(self, channel: ChannelName, skus: Iterable[Sku]) -> int:
        """These must be planned again; the token that clears just these marks, 0 when there is no SKU."""
        ...

    def clear_dirty(self, channel: ChannelName, skus: Iterable[Sku], token: int) -> None:
        """These need nothing more, unless they were marked after the token."""
        ...
