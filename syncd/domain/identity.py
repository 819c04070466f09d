"""How things are named: every identifier is text, so `00123` never becomes 83."""

from dataclasses import dataclass
from typing import NewType

Sku = NewType("Sku", str)
SourceName = NewType("SourceName", str)
ChannelName = NewType("ChannelName", str)
LocationName = NewType("LocationName", str)
ProductId = NewType("ProductId", str)
ListingId = NewType("ListingId", str)
WarehouseId = NewType("WarehouseId", str)
RunId = NewType("RunId", str)
Digest = NewType("Digest", str)

DEFAULT_LOCATION = LocationName("default")
"""The location of a source that names none."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where units are: one location of one source."""

    source: SourceName
    location: LocationName

    def __str__(self) -> str:
        return f"{self.source}/{self.location}"


@dataclass(frozen=True, slots=True, order=True)
class ListingRef:
    """One SKU as one channel shows it: the channel's product id and SKU id."""

    product_id: ProductId
    listing_id: ListingId
