"""How listing rows become domain values."""

# ruff: noqa: S608 - statements are put together from constants and question marks only

from collections.abc import Iterable, Mapping, Sequence

from syncd.domain.identity import ListingId, ListingRef, ProductId, Sku, WarehouseId
from syncd.domain.listing import (
    BoundListing,
    Listing,
    ListingStatus,
    PublishedStock,
    WarehouseStock,
)
from syncd.domain.money import Money
from syncd.ledger.columns import moment, moment_or_none
from syncd.ledger.connection import Connection, Row
from syncd.ledger.database import chunks, marks

SELECT = "SELECT g.*, i.sku FROM listing g LEFT JOIN item i ON i.id = g.item_id "
OF_ITEMS = "SELECT g.*, i.sku FROM item i CROSS JOIN listing g ON g.item_id = i.id "
"""CROSS: SQLite then begins with the items; by itself it may walk all listings of the channel instead."""
Stocks = Mapping[int, Sequence[Row]]


def bound_listings(connection: Connection, rows: Sequence[Row]) -> list[BoundListing]:
    """Rows of `SELECT` with their stock."""
    stocks = _stocks(connection, [row.id for row in rows])
    return [_bound(row, stocks.get(row.id, ())) for row in rows]


def _stocks(connection: Connection, ids: Iterable[int]) -> Stocks:
    found: dict[int, list[Row]] = {}
    for part in chunks(ids):
        rows = connection.exec_driver_sql(
            f"SELECT * FROM listing_stock WHERE listing_id IN ({marks(part)}) "
            "ORDER BY listing_id, warehouse_id",
            tuple(part),
        )
        for row in rows:
            found.setdefault(row.listing_id, []).append(row)
    return found


def _bound(row: Row, stocks: Sequence[Row]) -> BoundListing:
    listing = Listing(
        ref=ListingRef(ProductId(row.product_id), ListingId(row.listing_id)),
        seller_sku=row.seller_sku,
        status=ListingStatus(row.status),
        stock=tuple(
            WarehouseStock(
                warehouse_id=WarehouseId(stock.warehouse_id),
                available=stock.available,
                committed=stock.committed,
            )
            for stock in stocks
        ),
        price=_money(row.price, row.currency),
        observed_at=moment(row.observed_at),
        title=row.title,
        locked_units=row.locked_units,
        refusal=row.refusal,
    )
    published = PublishedStock(
        quantities=tuple(
            (WarehouseId(stock.warehouse_id), stock.published)
            for stock in stocks
            if stock.published is not None
        ),
        price=_money(row.published_price, row.published_currency),
        published_at=moment_or_none(row.published_at),
        confirmed_at=moment_or_none(row.confirmed_at),
        source_offer=row.source_offer,
        unseen=row.unseen,
        safety=row.safety,
        safety_until=moment_or_none(row.safety_until),
    )
    return BoundListing(
        listing=listing,
        sku=None if row.sku is None else Sku(row.sku),
        published=published,
        adopted_at=moment_or_none(row.adopted_at),
    )


def _money(minor: int | None, currency: str | None) -> Money | None:
    return None if minor is None or currency is None else Money(minor, currency)
