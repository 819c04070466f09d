"""What channels show, what our SKUs are bound to, and which SKUs must be planned."""

# ruff: noqa: S608 - statements are put together from constants and question marks only

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from syncd.domain.identity import ChannelName, RunId, Sku, SourceName
from syncd.domain.listing import BoundListing, Listing
from syncd.ledger import listing_scan
from syncd.ledger.base import StorePart
from syncd.ledger.columns import micros, moment, moment_or_none
from syncd.ledger.connection import Connection
from syncd.ledger.database import chunks, marks
from syncd.ledger.dirty import mark_selected, mark_skus
from syncd.ledger.listing_rows import OF_ITEMS, SELECT, bound_listings
from syncd.ledger.names import ID_OF_CHANNEL, channel_id, item_ids, known_channel, name_items
from syncd.ports.listings import Doubt
from syncd.ports.records import Dirty, ListingScan

_PAGE = 1000
_UNSOURCED = (
    "SELECT g.*, i.sku FROM item i INDEXED BY item_unsourced "
    "CROSS JOIN listing g ON g.item_id = i.id AND g.channel_id = :channel "
    "WHERE NOT i.sourced AND g.status <> 'gone' "
    "UNION ALL SELECT g.*, NULL FROM listing g INDEXED BY listing_alive "
    "WHERE g.channel_id = :channel AND g.item_id IS NULL AND g.status <> 'gone' "
    "ORDER BY g.seller_sku, g.id"
)
_THIS = "channel_id = :channel AND product_id = :product AND listing_id = :listing"
_MANY_DIRTY = 50_000
# few: sort them; many: walk all SKUs in order, so that a page costs no sort
_DIRTY_SORTED = (
    "SELECT i.sku FROM dirty d CROSS JOIN item i ON i.id = d.item_id "
    "WHERE d.channel_id = ? AND i.sku > ? ORDER BY i.sku LIMIT ?"
)
_DIRTY_BY_SKU = (
    "SELECT i.sku FROM item i CROSS JOIN dirty d ON d.channel_id = ? AND d.item_id = i.id "
    "WHERE i.sku > ? ORDER BY i.sku LIMIT ?"
)
_STATE = (
    "INSERT INTO channel_state (channel_id, {column}) VALUES (?, ?) "
    "ON CONFLICT (channel_id) DO UPDATE SET {column} = excluded.{column}"
)


class ListingStore(StorePart):
    """Listings and dirty marks."""

    def record_listings(
        self,
        run: RunId,
        channel: ChannelName,
        batches: Iterable[Sequence[Listing]],
        bind: Callable[[str], Sku],
        doubt: Doubt | None = None,
    ) -> ListingScan:
        """A complete read: new listings are adopted, vanished ones are GONE, unless `doubt` raises.

        A listing is dirty when it is new, bound anew, changed in status or refusal, differs from
        what was published, or was set back to that. Observations older than the last write count for nothing.
        """
        del run
        with self._database.private() as connection:
            with connection.begin():
                listing_scan.stage(connection, batches, bind)
                vanished = listing_scan.vanished(connection, known_channel(connection, channel))
            if vanished and doubt is not None:
                doubt(vanished)
            now = micros(self._clock.now())
            with self._database.writing(connection) as marked:
                number = channel_id(marked, channel)
                scan = listing_scan.merge(marked, number, now)
                marked.exec_driver_sql(_STATE.format(column="scanned_at"), (number, now))
                return scan

    def record_observed(self, channel: ChannelName, listings: Iterable[Listing]) -> None:
        """Live values just read; a price of None leaves the remembered one, status stays as scanned."""
        with self._database.write() as connection:
            number = channel_id(connection, channel)
            for part in chunks(listings, _PAGE):
                _observe(connection, number, part)

    def rebind(self, channel: ChannelName, fingerprint: str, bind: Callable[[str], Sku]) -> bool:
        """When the rules' fingerprint is new: bind again, mark every bound SKU dirty, answer True."""
        with self._database.read() as connection:
            if _bound_by(connection, channel) == fingerprint:  # as in all cycles but the first
                return False
        with self._database.write() as connection:
            if _bound_by(connection, channel) == fingerprint:
                return False
            number = channel_id(connection, channel)
            bound = "SELECT item_id FROM listing WHERE channel_id = :channel"
            mark_selected(connection, number, bound, {})
            _bind_all(connection, number, bind)
            mark_selected(connection, number, bound, {})
            connection.exec_driver_sql(
                _STATE.format(column="rules_fingerprint"), (number, fingerprint)
            )
            return True

    def scanned_at(self, channel: ChannelName) -> datetime | None:
        """When all listings were last read to the end."""
        with self._database.read() as connection:
            return moment_or_none(
                connection.exec_driver_sql(
                    "SELECT s.scanned_at FROM channel_state s JOIN channel c ON c.id = s.channel_id "
                    "WHERE c.name = ?",
                    (channel,),
                ).scalar()
            )

    def bound(
        self, channel: ChannelName, skus: Iterable[Sku]
    ) -> Mapping[Sku, Sequence[BoundListing]]:
        """Listings bound to these SKUs that are not GONE."""
        found: dict[Sku, list[BoundListing]] = {}
        with self._database.read() as connection:
            for part in chunks(skus):
                rows = connection.exec_driver_sql(
                    OF_ITEMS + f"WHERE i.sku IN ({marks(part)}) AND g.channel_id = {ID_OF_CHANNEL} "
                    "AND g.status <> 'gone' ORDER BY i.sku, g.id",
                    (*part, channel),
                ).all()
                for bound in bound_listings(connection, rows):
                    if bound.sku is not None:
                        found.setdefault(bound.sku, []).append(bound)
        return found

    def bound_skus(self, channel: ChannelName) -> Iterator[Sku]:
        """Every SKU a listing is bound to, page by page."""
        last = ""
        while True:
            with self._database.read() as connection:
                page = connection.exec_driver_sql(
                    "SELECT i.sku FROM item i WHERE i.sku > ? AND EXISTS (SELECT 1 FROM listing g "
                    "WHERE g.item_id = i.id AND g.channel_id = ? AND g.status <> 'gone') "
                    "ORDER BY i.sku LIMIT ?",
                    (last, known_channel(connection, channel), _PAGE),
                )
                skus = page.scalars().all()
            yield from (Sku(sku) for sku in skus)
            if len(skus) < _PAGE:
                return
            last = skus[-1]

    def lists_more_than(self, count: int, channel: ChannelName) -> bool:
        """Whether that are fewer than the bound listings that are not GONE; no more of them are counted."""
        with self._database.read() as connection:
            found = connection.exec_driver_sql(
                "SELECT 1 FROM listing INDEXED BY listing_alive WHERE "
                f"channel_id = {ID_OF_CHANNEL} AND item_id IS NOT NULL AND status <> 'gone' "
                "LIMIT 1 OFFSET ?",
                (channel, count),
            )
            return found.first() is not None

    def listing_count(self, channel: ChannelName) -> int:
        """Bound listings that are not GONE."""
        with self._database.read() as connection:
            found = connection.exec_driver_sql(
                "SELECT COUNT(*) FROM listing INDEXED BY listing_alive "
                f"WHERE channel_id = {ID_OF_CHANNEL} AND item_id IS NOT NULL AND status <> 'gone'",
                (channel,),
            )
            return int(found.scalar() or 0)

    def listings(self, channel: ChannelName) -> Iterator[BoundListing]:
        """Every listing, GONE ones too, by seller SKU, page by page."""
        last: tuple[str, int] = ("", 0)
        while True:
            with self._database.read() as connection:
                rows = connection.exec_driver_sql(
                    SELECT + "WHERE g.channel_id = ? AND (g.seller_sku, g.id) > (?, ?) "
                    "ORDER BY g.seller_sku, g.id LIMIT ?",
                    (known_channel(connection, channel), *last, _PAGE),
                ).all()
                page = bound_listings(connection, rows)
            yield from page
            if len(rows) < _PAGE:
                return
            last = (rows[-1].seller_sku, rows[-1].id)

    def unlisted_skus(
        self, channel: ChannelName, sources: Sequence[SourceName]
    ) -> Sequence[tuple[Sku, datetime]]:
        """SKUs these sources know that no listing is bound to, with when they were first seen."""
        with self._database.read() as connection:
            rows = connection.exec_driver_sql(
                "SELECT i.sku, MIN(p.born_at) AS born FROM source s "
                "CROSS JOIN location l ON l.source_id = s.id "
                "CROSS JOIN position p ON p.location_id = l.id CROSS JOIN item i ON i.id = p.item_id "
                f"WHERE s.name IN ({marks(sources)}) AND NOT EXISTS (SELECT 1 FROM listing g "
                "WHERE g.item_id = p.item_id AND g.channel_id = ? AND g.status <> 'gone') "
                "GROUP BY i.sku ORDER BY i.sku",
                (*sources, known_channel(connection, channel)),
            )
            return tuple((Sku(row.sku), moment(row.born)) for row in rows)

    def unsourced(self, channel: ChannelName) -> Sequence[BoundListing]:
        """Listings whose SKU no source ever named (kits and packs among them)."""
        with self._database.read() as connection:
            rows = connection.exec_driver_sql(
                _UNSOURCED, {"channel": known_channel(connection, channel)}
            ).all()
            return tuple(bound_listings(connection, rows))

    def dirty(self, channel: ChannelName, limit: int, after: Sku | None = None) -> Dirty:
        """Up to so many dirty SKUs in the order of their text, beginning after one."""
        with self._database.read() as connection:
            number = known_channel(connection, channel)
            many = connection.exec_driver_sql(
                "SELECT COUNT(*) > ? FROM (SELECT 1 FROM dirty WHERE channel_id = ? LIMIT ?)",
                (_MANY_DIRTY, number, _MANY_DIRTY + 1),
            ).scalar()
            skus = connection.exec_driver_sql(
                _DIRTY_BY_SKU if many else _DIRTY_SORTED, (number, after or "", limit)
            ).scalars()
            found = tuple(Sku(sku) for sku in skus)
            token = connection.exec_driver_sql(
                "SELECT mark FROM channel WHERE id = ?", (number,)
            ).scalar()
        return Dirty(skus=found, token=int(token or 0))

    def dirty_count(self, channel: ChannelName) -> int:
        """How many SKUs are dirty."""
        with self._database.read() as connection:
            found = connection.exec_driver_sql(
                f"SELECT COUNT(*) FROM dirty WHERE channel_id = {ID_OF_CHANNEL}", (channel,)
            )
            return int(found.scalar() or 0)

    def mark_dirty(self, channel: ChannelName, skus: Iterable[Sku]) -> int:
        """These must be planned again; SKUs the ledger never met are remembered, too."""
        named = list(dict.fromkeys(skus))
        if (
            not named
        ):  # said for every channel at every cycle: a durable write each would be most of all
            return 0
        with self._database.write() as connection:
            number = channel_id(connection, channel)
            name_items(connection, named)
            return mark_skus(connection, number, named)

    def clear_dirty(self, channel: ChannelName, skus: Iterable[Sku], token: int) -> None:
        """These need nothing more, unless they were marked after the token."""
        with self._database.write() as connection:
            number = channel_id(connection, channel)
            for part in chunks(skus):
                connection.exec_driver_sql(
                    "DELETE FROM dirty WHERE channel_id = ? AND mark <= ? AND item_id IN "
                    f"(SELECT id FROM item WHERE sku IN ({marks(part)}))",
                    (number, token, *part),
                )


def _bound_by(connection: Connection, channel: ChannelName) -> str | None:
    """The fingerprint of the rules that a channel's listings were bound by last."""
    found = connection.exec_driver_sql(
        f"SELECT rules_fingerprint FROM channel_state WHERE channel_id = {ID_OF_CHANNEL}",
        (channel,),
    ).scalar()
    return None if found is None else str(found)


def _observe(connection: Connection, channel: int, listings: Sequence[Listing]) -> None:
    """Stock is taken where the listing's own row was: an older observation than the last says nothing."""
    connection.exec_driver_sql(
        "UPDATE listing SET observed_at = :at, locked_units = :locked, "
        "currency = CASE WHEN :price IS NULL THEN currency ELSE :currency END, "
        f"price = COALESCE(:price, price) WHERE {_THIS} AND observed_at <= :at",
        [{**listing_scan.observed(listing), "channel": channel} for listing in listings],
    )
    stocks = [
        {**row, "channel": channel} for listing in listings for row in listing_scan.stocks(listing)
    ]
    if stocks:
        connection.exec_driver_sql(
            "INSERT INTO listing_stock (listing_id, warehouse_id, available, committed, published) "
            f"SELECT id, :warehouse, :available, :committed, :available FROM listing WHERE {_THIS} "
            "AND observed_at = :at ON CONFLICT (listing_id, warehouse_id) DO UPDATE SET "
            "available = excluded.available, committed = excluded.committed",
            stocks,
        )


def _bind_all(connection: Connection, channel: int, bind: Callable[[str], Sku]) -> None:
    last = 0
    while True:
        rows = connection.exec_driver_sql(
            "SELECT id, seller_sku FROM listing WHERE channel_id = ? AND id > ? ORDER BY id LIMIT ?",
            (channel, last, _PAGE),
        ).all()
        if not rows:
            return
        named = [(row.id, bind(row.seller_sku)) for row in rows]
        skus = [sku for _, sku in named if sku]
        name_items(connection, skus)
        ids: dict[str, int] = {}
        for part in chunks(skus):
            ids |= item_ids(connection, part)
        connection.exec_driver_sql(
            "UPDATE listing SET item_id = ? WHERE id = ?",
            [(ids.get(sku), number) for number, sku in named],
        )
        last = rows[-1].id
