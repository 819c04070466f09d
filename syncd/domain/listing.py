"""What a channel shows: listings with their stock per warehouse, price, and what forbids a write."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from syncd.domain.identity import ListingRef, Sku, WarehouseId
from syncd.domain.money import Money


class ListingStatus(StrEnum):
    """Whether the channel sells the listing and accepts writes to it."""

    LIVE = "live"
    DEACTIVATED = "deactivated"
    NOT_WRITABLE = "not_writable"
    GONE = "gone"


class SetAside(StrEnum):
    """Why a listing, or one field of it, is left alone for a while."""

    PARKED = "parked"
    """The shop refused it, or an operator said so: somebody should look."""
    SKIPPED = "skipped"
    """Not ours to write: run by the platform, follows its parts, shared with another shop."""
    PROMOTION = "promotion"
    """A promotion locks the price; it goes out by itself afterwards."""
    CONTESTED = "contested"
    """Somebody else keeps writing it: we stopped until an operator has settled who does."""


FOR_A_PERSON = frozenset({SetAside.PARKED, SetAside.CONTESTED})
"""What stays aside until somebody looks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WarehouseStock:
    """Stock of one listing in one warehouse, in listing units. `committed` is a cross-check only."""

    warehouse_id: WarehouseId
    available: int
    committed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One SKU as the channel shows it at `observed_at`.

    `locked_units` are reserved by campaigns and creators inside available: an offer may not fall below.
    `refusal` says in words why it takes no writes (platform-fulfilled, combo, frozen); empty if it does.
    """

    ref: ListingRef
    seller_sku: str
    status: ListingStatus
    stock: tuple[WarehouseStock, ...]
    price: Money | None
    observed_at: datetime
    title: str = ""
    locked_units: int = 0
    refusal: str = ""

    @property
    def available(self) -> int:
        """Units the channel offers over all its warehouses."""
        return sum(stock.available for stock in self.stock)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedStock:
    """What the ledger remembers of a listing's last acknowledged writes.

    `unseen` is the number of listing units subtracted for orders when `quantities` were published and
    `source_offer` what the sources alone would have offered: together they tell a change caused by
    orders from one caused by a source. `safety` is what an adaptive rule withheld then, None where the
    rule was not adaptive.
    """

    quantities: tuple[tuple[WarehouseId, int], ...] = ()
    price: Money | None = None
    published_at: datetime | None = None
    confirmed_at: datetime | None = None
    source_offer: int | None = None
    unseen: int = 0
    safety: int | None = None
    safety_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundListing:
    """A listing, the SKU it is bound to (none: unmapped), and the memory of what was published."""

    listing: Listing
    sku: Sku | None
    published: PublishedStock
    adopted_at: datetime | None = None
