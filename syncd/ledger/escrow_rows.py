"""How accounts and moves of escrow lie in their tables, with what the order lines of an account add up to."""

# ruff: noqa: S608 - statements are put together from constants and question marks only

from syncd.domain.escrow import BACK_WITHIN, Account
from syncd.domain.identity import (
    ChannelName,
    ListingId,
    ListingRef,
    LocationName,
    Place,
    ProductId,
    Sku,
    SourceName,
)
from syncd.domain.write_back import Effect
from syncd.ledger.columns import moment, moment_or_none
from syncd.ledger.connection import Row
from syncd.ledger.order_rows import TAKES_UNITS
from syncd.ports.escrow import Held, Move

_BACK = BACK_WITHIN.total_seconds() * 1_000_000
OF_LISTING = "channel_id = :channel AND product_id = :product AND listing_id = :listing"
SOLD = (
    "COALESCE((SELECT SUM(o.units) FROM order_line o WHERE o.own AND o.channel_id = a.channel_id "
    f"AND o.product_id = a.product_id AND o.listing_id = a.listing_id AND {TAKES_UNITS}), 0)"
)
_CLAIMED = (
    "COALESCE((SELECT SUM(o.units) FROM order_line o WHERE o.own AND o.channel_id = a.channel_id "
    "AND o.product_id = a.product_id AND o.listing_id = a.listing_id AND NOT platform_fulfilled "
    "AND (NOT (state = 'CANCELLED' AND left_at IS NULL) OR a.zero_at IS NULL "
    f"OR given_up_at IS NULL OR given_up_at > a.zero_at - {_BACK:.0f})), 0)"
)
_COMING = (
    "COALESCE((SELECT SUM(m.units) FROM escrow_move m WHERE m.ended_at IS NULL "
    "AND m.channel_id = a.channel_id AND m.product_id = a.product_id "
    "AND m.listing_id = a.listing_id AND m.effect = 'allot'), 0)"
)
SELECT = (
    f"SELECT a.*, c.name AS channel, i.sku AS sku, {SOLD} AS sold, {_CLAIMED} AS claimed, "
    f"{_COMING} AS coming FROM escrow_account a JOIN channel c ON c.id = a.channel_id "
    "JOIN item i ON i.id = a.item_id "
)
SELECT_MOVES = (
    "SELECT m.*, c.name AS channel, i.sku AS sku, s.name AS source, l.name AS location "
    "FROM escrow_move m JOIN channel c ON c.id = m.channel_id JOIN item i ON i.id = m.item_id "
    "LEFT JOIN location l ON l.id = m.location_id LEFT JOIN source s ON s.id = l.source_id "
)


def held_of(row: Row) -> Held:
    """A selected account as the domain's value."""
    account = Account(
        sku=Sku(row.sku),
        need=row.need,
        lands_until=moment(row.lands_until),
        granted=row.granted,
        exposed=row.exposed,
        sold=row.sold,
        claimed=row.claimed,
        coming=row.coming,
        opened_at=moment_or_none(row.opened_at),
        zero_at=moment_or_none(row.zero_at),
        lowered_from=row.lowered_from,
    )
    return Held(
        channel=ChannelName(row.channel), ref=ref_of(row), account=account, booked=bool(row.booked)
    )


def move_of(row: Row) -> Move:
    """A selected move as a value."""
    place = None
    if row.location is not None:
        place = Place(SourceName(row.source), LocationName(row.location))
    return Move(
        channel=ChannelName(row.channel), ref=ref_of(row), sku=Sku(row.sku),
        effect=Effect(row.effect), units=row.units, base=row.base, place=place,
        granted=row.granted, reason=row.reason, stored_at=moment(row.stored_at),
        ended_at=moment_or_none(row.ended_at),
    )  # fmt: skip


def ref_of(row: Row) -> ListingRef:
    """The listing of a row."""
    return ListingRef(ProductId(row.product_id), ListingId(row.listing_id))
