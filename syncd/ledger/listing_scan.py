"""How a complete read of a channel's listings is recorded: staged while it streams, merged at its end."""

# ruff: noqa: S608 - statements are put together from constants and question marks only

from collections.abc import Callable, Iterable, Iterator, Sequence

from syncd.domain.identity import ListingId, ListingRef, ProductId, Sku
from syncd.domain.listing import Listing
from syncd.ledger.columns import micros
from syncd.ledger.connection import Connection
from syncd.ledger.dirty import mark_selected
from syncd.ports.records import ListingScan

_TEMPORARY = (
    (
        "CREATE TEMP TABLE IF NOT EXISTS seen (product_id TEXT, listing_id TEXT, seller_sku TEXT, sku TEXT, "
        "status TEXT, title TEXT, refusal TEXT, locked_units INTEGER, price INTEGER, currency TEXT, "
        "observed_at INTEGER, PRIMARY KEY (product_id, listing_id)) WITHOUT ROWID"
    ),
    (
        "CREATE TEMP TABLE IF NOT EXISTS seen_stock (product_id TEXT, listing_id TEXT, warehouse_id TEXT, "
        "available INTEGER, committed INTEGER, "
        "PRIMARY KEY (product_id, listing_id, warehouse_id)) WITHOUT ROWID"
    ),
    # the listings whose observation is news: a scan may be slower than a write made meanwhile
    "CREATE TEMP TABLE IF NOT EXISTS fresh (id INTEGER PRIMARY KEY, product_id TEXT, listing_id TEXT)",
    "CREATE TEMP TABLE IF NOT EXISTS touched (item_id INTEGER PRIMARY KEY)",
    "CREATE TEMP TABLE IF NOT EXISTS before (id INTEGER PRIMARY KEY, item_id INTEGER)",
)
_SEE = "INSERT OR REPLACE INTO temp.seen VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_SEE_STOCK = "INSERT OR REPLACE INTO temp.seen_stock VALUES (?, ?, ?, ?, ?)"

_SAME_LISTING = (
    "g.channel_id = :channel AND g.product_id = s.product_id AND g.listing_id = s.listing_id"
)
_NEW = f"NOT EXISTS (SELECT 1 FROM listing g WHERE {_SAME_LISTING})"
_GONE = (
    "g.channel_id = :channel AND g.status <> 'gone' AND NOT EXISTS (SELECT 1 FROM temp.seen s "
    "WHERE s.product_id = g.product_id AND s.listing_id = g.listing_id)"
)
MOST_DOUBTED = 20
# in an order that is no order of the shop's and yet the same each time: a page that was cut is one stretch
_VANISHED = (
    f"SELECT g.product_id, g.listing_id FROM listing g WHERE {_GONE} "
    f"ORDER BY g.id * 2654435761 % 4294967296 LIMIT {MOST_DOUBTED}"
)
_TOUCH = "INSERT OR IGNORE INTO temp.touched SELECT g.item_id FROM"

_BIND = "INSERT OR IGNORE INTO item (sku) SELECT sku FROM temp.seen WHERE sku <> ''"
# before the update: what a listing was bound to and what it looked like
_TOUCH_OLD = (
    (
        f"{_TOUCH} temp.seen s CROSS JOIN listing g ON {_SAME_LISTING} "
        "LEFT JOIN item i ON i.id = g.item_id WHERE g.item_id IS NOT NULL AND "
        "(g.status <> s.status OR g.refusal <> s.refusal OR i.sku <> s.sku)"
    ),
    f"{_TOUCH} listing g WHERE g.item_id IS NOT NULL AND {_GONE}",
)
_FRESH = (
    "INSERT INTO temp.fresh SELECT g.id, g.product_id, g.listing_id FROM temp.seen s "
    f"CROSS JOIN listing g ON {_SAME_LISTING} WHERE s.observed_at >= g.observed_at "
    "AND s.observed_at >= COALESCE(g.published_at, 0)"
)
# before the stock is taken over: back to what we last wrote, but not what it showed since; the shop lowers it
# with each sale, so that whoever sets it back raises sold units
_TOUCH_SET_BACK = (
    f"{_TOUCH} temp.fresh f CROSS JOIN listing g ON g.id = f.id CROSS JOIN listing_stock t "
    "ON t.listing_id = g.id CROSS JOIN temp.seen_stock k ON k.product_id = g.product_id "
    "AND k.listing_id = g.listing_id AND k.warehouse_id = t.warehouse_id "
    "WHERE g.item_id IS NOT NULL AND k.available = t.published AND k.available <> t.available"
)
_UPSERT = (
    "INSERT INTO listing (channel_id, product_id, listing_id, seller_sku, item_id, status, title, "
    "refusal, locked_units, price, currency, observed_at, adopted_at, published_price, "
    "published_currency, unseen) SELECT :channel, s.product_id, s.listing_id, s.seller_sku, i.id, "
    "s.status, s.title, s.refusal, s.locked_units, s.price, s.currency, s.observed_at, :now, s.price, "
    "s.currency, 0 FROM temp.seen s LEFT JOIN item i ON i.sku = s.sku WHERE true "
    "ON CONFLICT (channel_id, product_id, listing_id) DO UPDATE SET seller_sku = excluded.seller_sku, "
    "item_id = excluded.item_id, status = excluded.status, title = excluded.title, "
    "refusal = excluded.refusal, locked_units = excluded.locked_units, "
    "currency = CASE WHEN excluded.price IS NULL OR id NOT IN (SELECT id FROM temp.fresh) "
    "THEN currency ELSE excluded.currency END, "
    "price = CASE WHEN excluded.price IS NULL OR id NOT IN (SELECT id FROM temp.fresh) "
    "THEN price ELSE excluded.price END, "
    "observed_at = MAX(observed_at, excluded.observed_at)"
)
_NEW_FRESH = (
    "INSERT OR IGNORE INTO temp.fresh SELECT g.id, g.product_id, g.listing_id FROM temp.seen s "
    f"CROSS JOIN listing g ON {_SAME_LISTING} WHERE g.id NOT IN (SELECT id FROM temp.before)"
)
# a warehouse seen for the first time is adopted, as a listing is
_STOCK = (
    (
        "DELETE FROM listing_stock WHERE listing_id IN (SELECT id FROM temp.fresh) AND NOT EXISTS "
        "(SELECT 1 FROM temp.fresh f JOIN temp.seen_stock k ON k.product_id = f.product_id "
        "AND k.listing_id = f.listing_id WHERE f.id = listing_stock.listing_id "
        "AND k.warehouse_id = listing_stock.warehouse_id)"
    ),
    (
        "INSERT INTO listing_stock (listing_id, warehouse_id, available, committed, published) "
        "SELECT f.id, k.warehouse_id, k.available, k.committed, k.available FROM temp.fresh f "
        "CROSS JOIN temp.seen_stock k ON k.product_id = f.product_id AND k.listing_id = f.listing_id "
        "WHERE true ON CONFLICT (listing_id, warehouse_id) DO UPDATE SET "
        "available = excluded.available, committed = excluded.committed"
    ),
)
_RETIRE = f"UPDATE listing AS g SET status = 'gone' WHERE {_GONE}"
_STOCK_DIFFERS = (
    "EXISTS (SELECT 1 FROM listing_stock t WHERE t.listing_id = g.id "
    "AND t.published IS NOT NULL AND t.published <> t.available)"
)
_PRICE_DIFFERS = (
    "(g.published_price IS NOT NULL AND g.price IS NOT NULL AND "
    "(g.published_price <> g.price OR g.published_currency <> g.currency))"
)
_DIFFERING = (
    "SELECT COUNT(*) FROM temp.fresh f CROSS JOIN listing g ON g.id = f.id "
    f"WHERE g.status <> 'gone' AND {_STOCK_DIFFERS}"
)
_TOUCH_NEW = (
    (
        f"{_TOUCH} temp.fresh f CROSS JOIN listing g ON g.id = f.id WHERE g.item_id IS NOT NULL AND "
        f"({_STOCK_DIFFERS} OR {_PRICE_DIFFERS})"
    ),
    (
        f"{_TOUCH} temp.seen s CROSS JOIN listing g ON {_SAME_LISTING} "
        "WHERE g.item_id IS NOT NULL AND g.id NOT IN (SELECT id FROM temp.before)"
    ),
    # bound anew: the SKU it is bound to now was not there before
    (
        f"{_TOUCH} temp.before b CROSS JOIN listing g ON g.id = b.id "
        "WHERE g.item_id IS NOT NULL AND g.item_id IS NOT b.item_id"
    ),
)
# nothing to plan and nothing that differs: the listing was found as it should be
_CONFIRM = (
    "UPDATE listing AS g SET confirmed_at = g.observed_at WHERE g.id IN (SELECT id FROM temp.fresh) "
    "AND g.status <> 'gone' AND g.item_id IS NOT NULL "
    f"AND NOT {_STOCK_DIFFERS} AND NOT {_PRICE_DIFFERS} AND NOT EXISTS "
    "(SELECT 1 FROM dirty d WHERE d.channel_id = g.channel_id AND d.item_id = g.item_id)"
)
_BEFORE = "INSERT INTO temp.before SELECT id, item_id FROM listing WHERE channel_id = :channel"


def stage(
    connection: Connection,
    batches: Iterable[Sequence[Listing]],
    bind: Callable[[str], Sku],
) -> None:
    """Take every batch into temporary tables; whatever the iterator raises passes through."""
    for statement in _TEMPORARY:
        connection.exec_driver_sql(statement)
    for batch in batches:
        rows = [_seen(listing, bind(listing.seller_sku)) for listing in batch]
        stocks = [
            (*_key(listing), stock.warehouse_id, stock.available, stock.committed)
            for listing in batch
            for stock in listing.stock
        ]
        if rows:
            connection.exec_driver_sql(_SEE, rows)
        if stocks:
            connection.exec_driver_sql(_SEE_STOCK, stocks)


def vanished(connection: Connection, channel: int | None) -> Sequence[ListingRef]:
    """Up to MOST_DOUBTED of the listings that were alive and are not staged, from all over the shop."""
    rows = connection.exec_driver_sql(_VANISHED, {"channel": channel}).all()
    return [ListingRef(ProductId(product), ListingId(listing)) for product, listing in rows]


def merge(connection: Connection, channel: int, now: int) -> ListingScan:
    """Bring the staged listings in; the caller commits."""
    parameters: dict[str, object] = {"channel": channel, "now": now}

    def count(query: str) -> int:
        return int(connection.exec_driver_sql(query, parameters).scalar() or 0)

    total = count("SELECT COUNT(*) FROM temp.seen")
    new = count(f"SELECT COUNT(*) FROM temp.seen s WHERE {_NEW}")
    gone = count(f"SELECT COUNT(*) FROM listing g WHERE {_GONE}")
    before = (_BEFORE, _BIND, *_TOUCH_OLD, _FRESH, _TOUCH_SET_BACK)
    for statement in (*before, _UPSERT, _NEW_FRESH, *_STOCK, _RETIRE):
        connection.exec_driver_sql(statement, parameters)
    differing = count(_DIFFERING)
    for statement in _TOUCH_NEW:
        connection.exec_driver_sql(statement, parameters)
    mark_selected(connection, channel, "SELECT item_id FROM temp.touched", {})
    connection.exec_driver_sql(_CONFIRM, parameters)
    return ListingScan(total=total, new=new, gone=gone, differing=differing)


def observed(listing: Listing) -> dict[str, object]:
    """The parameters of one live observation."""
    return {
        "product": listing.ref.product_id,
        "listing": listing.ref.listing_id,
        "at": micros(listing.observed_at),
        "locked": listing.locked_units,
        "price": None if listing.price is None else listing.price.minor,
        "currency": None if listing.price is None else listing.price.currency,
    }


def stocks(listing: Listing) -> Iterator[dict[str, object]]:
    """The parameters of its live units, one set per warehouse."""
    for stock in listing.stock:
        yield {
            "product": listing.ref.product_id,
            "listing": listing.ref.listing_id,
            "at": micros(listing.observed_at),
            "warehouse": stock.warehouse_id,
            "available": stock.available,
            "committed": stock.committed,
        }


def _key(listing: Listing) -> tuple[str, str]:
    return (listing.ref.product_id, listing.ref.listing_id)


def _seen(listing: Listing, sku: Sku) -> tuple[object, ...]:
    price = listing.price
    return (
        *_key(listing),
        listing.seller_sku,
        sku,
        listing.status.value,
        listing.title,
        listing.refusal,
        listing.locked_units,
        None if price is None else price.minor,
        None if price is None else price.currency,
        micros(listing.observed_at),
    )
