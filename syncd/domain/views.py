"""What the looking commands show: explanations, status, listings and histories as plain values."""

from dataclasses import dataclass
from datetime import datetime

from syncd.domain.identity import ChannelName, ListingRef, Place, Sku, SourceName
from syncd.domain.report import Attention


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One fact of an explanation: what, its value, and where it comes from (`syncd.yaml:31`)."""

    label: str
    value: str
    origin: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Facts that belong together, in the order of the computation."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingExplanation:
    """Why one listing shows what it shows: every step from readings to the last push."""

    channel: ChannelName
    seller_sku: str
    ref: ListingRef
    title: str
    offer: int | None
    published: int | None
    observed: int | None
    conclusion: str
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """All that decides one SKU, at one moment."""

    sku: Sku
    at: datetime
    sources: Section
    listings: tuple[ListingExplanation, ...]
    conclusion: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStatus:
    """One source on the status page."""

    name: SourceName
    state: str
    as_of: datetime | None
    read_at: datetime | None
    rows: int
    rejected: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EscrowStatus:
    """What a channel owns: units not sold yet, of how many listings.

    `coming` units were asked of sources and not answered yet; `counted` listings stand at 0 until all their
    orders are known.
    """

    listings: int
    owned: int
    coming: int
    counted: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelStatus:
    """One channel on the status page."""

    name: ChannelName
    state: str
    mode: str
    listings: int
    dirty: int
    held: int
    parked: int
    scanned_at: datetime | None
    orders_complete_until: datetime | None
    confirmed_at: datetime | None
    writer_pid: int | None
    message: str
    escrow: EscrowStatus | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AtRisk:
    """Units of open orders that a source still sells, because they are not booked there for sure.

    `since` is when the oldest of these orders was made, `states` how their bookings stand.
    """

    sku: Sku
    place: Place
    units: int
    orders: int
    since: datetime
    states: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingRow:
    """One booking as `syncd bookings` lists it; `since` is when it was stored or first tried."""

    key: str
    effect: str
    delta: int
    sku: Sku
    place: Place
    channel: ChannelName
    order_id: str
    state: str
    since: datetime
    due_at: datetime | None
    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingsView:
    """Bookings that are not done, those that wait for a person first."""

    at: datetime
    rows: tuple[BookingRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusView:
    """Where everything stands, what needs attention first."""

    at: datetime
    ledger: str
    last_run: str | None
    last_run_at: datetime | None
    last_run_status: str | None
    needs_attention: tuple[Attention, ...]
    sources: tuple[SourceStatus, ...]
    channels: tuple[ChannelStatus, ...]
    at_risk: tuple[AtRisk, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingRow:
    """One listing, or one SKU without a listing, on the listings page."""

    channel: ChannelName
    kind: str
    sku: Sku | None
    seller_sku: str
    product_id: str
    listing_id: str
    status: str
    observed: int | None
    published: int | None
    price: str
    since: datetime | None
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NearMiss:
    """A seller SKU that almost equals one of ours, and the alias line that would bind them."""

    channel: ChannelName
    seller_sku: str
    sku: Sku
    difference: str
    alias: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingsView:
    """What is mapped, unmapped both ways, parked, and what looks like a misspelling."""

    rows: tuple[ListingRow, ...]
    near_misses: tuple[NearMiss, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRow:
    """One thing that happened to a SKU: a movement, an order line or a push."""

    at: datetime
    kind: str
    where: str
    before: str
    after: str
    detail: str
    run: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryView:
    """What happened to a SKU, newest first, and its positions at a past moment when one was asked for."""

    sku: Sku
    rows: tuple[HistoryRow, ...]
    at: datetime | None
    positions: tuple[Line, ...]
