"""What operators said (parks, pauses), who may write, and whether the file is sound."""

# ruff: noqa: S608 - statements are put together from constants and question marks only

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from syncd.domain.identity import ChannelName, ListingId, ListingRef, ProductId, Sku
from syncd.domain.listing import SetAside
from syncd.domain.promotion import PriceLock
from syncd.ledger.base import StorePart
from syncd.ledger.columns import micros, micros_or_none, moment, moment_or_none
from syncd.ledger.connection import Connection, Row
from syncd.ledger.database import chunks
from syncd.ledger.dirty import mark_skus
from syncd.ledger.leases import held_lease, writing_process
from syncd.ledger.names import ID_OF_CHANNEL, channel_id, name_items
from syncd.ports.ledger import Lease
from syncd.ports.records import Park, Pause

_LOCK = (
    "INSERT OR REPLACE INTO park (message, since, until, kind, channel_id, sku, product_id, "
    "listing_id, field, code) SELECT ?, ?, ?, 'promotion', g.channel_id, i.sku, g.product_id, "
    "g.listing_id, 'price', '' FROM listing g JOIN item i ON i.id = g.item_id "
    "WHERE g.product_id = ? AND g.channel_id = ? AND g.status <> 'gone'"
)
_ANY_DUE = f"SELECT 1 FROM park WHERE channel_id = {ID_OF_CHANNEL} AND until <= ? LIMIT 1"
_LOCKED = "SELECT sku, listing_id FROM park WHERE channel_id = ? AND kind = 'promotion'"


class OperatorStore(StorePart):
    """Parks, pauses and leases."""

    def park(self, park: Park) -> None:
        """Set a listing aside; replaces an earlier park of the same listing and field."""
        with self._database.write() as connection:
            ref = park.ref
            connection.exec_driver_sql(
                "INSERT OR REPLACE INTO park (channel_id, sku, product_id, listing_id, field, code, "
                "message, since, until, kind) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    channel_id(connection, park.channel),
                    park.sku,
                    "" if ref is None else ref.product_id,
                    "" if ref is None else ref.listing_id,
                    park.field or "",
                    park.code,
                    park.message,
                    micros(park.since),
                    micros_or_none(park.until),
                    park.kind.value,
                ),
            )

    def unpark(self, channel: ChannelName, sku: Sku) -> int:
        """Take every park of a SKU back and mark it dirty; answers how many there were."""
        with self._database.write() as connection:
            number = channel_id(connection, channel)
            count = connection.exec_driver_sql(
                "DELETE FROM park WHERE channel_id = ? AND sku = ?", (number, sku)
            ).rowcount
            if count:
                _mark(connection, number, [sku])
        return count

    def parks(self, channel: ChannelName, now: datetime) -> Sequence[Park]:
        """Parks in force."""
        with self._database.read() as connection:
            rows = connection.exec_driver_sql(
                f"SELECT * FROM park WHERE channel_id = {ID_OF_CHANNEL} AND since <= ? "
                "AND (until IS NULL OR until > ?) ORDER BY sku, product_id, listing_id, field",
                (channel, micros(now), micros(now)),
            )
            return tuple(_park(channel, row) for row in rows)

    def record_price_locks(self, channel: ChannelName, locks: Sequence[PriceLock]) -> None:
        """All promotions there are; those that are no longer among them are taken back."""
        rows = [
            (lock.reason, micros(lock.begins), micros(lock.ends), lock.product) for lock in locks
        ]
        with self._database.write() as connection:
            number = channel_id(connection, channel)
            before = connection.exec_driver_sql(_LOCKED, (number,)).all()
            connection.exec_driver_sql(
                "DELETE FROM park WHERE channel_id = ? AND kind = 'promotion'", (number,)
            )
            for part in chunks(rows):
                connection.exec_driver_sql(_LOCK, [(*row, number) for row in part])
            locked = set(connection.exec_driver_sql(_LOCKED, (number,)).all())
            released = dict.fromkeys(row.sku for row in before if row not in locked)
            if released:
                _mark(connection, number, list(released))

    def release_due_parks(self, channel: ChannelName, now: datetime) -> int:
        """Drop parks whose time is over and mark their SKUs dirty."""
        with self._database.read() as connection:
            if connection.exec_driver_sql(_ANY_DUE, (channel, micros(now))).first() is None:
                return 0  # a cycle that releases nothing writes nothing
        with self._database.write() as connection:
            number = channel_id(connection, channel)
            rows = connection.exec_driver_sql(
                "DELETE FROM park WHERE channel_id = ? AND until <= ? RETURNING sku",
                (number, micros(now)),
            )
            skus = list(rows.scalars())
            if skus:
                _mark(connection, number, skus)
        return len(skus)

    def pause(self, channel: ChannelName, reason: str) -> None:
        """Stop writing to a channel; pausing again keeps the time it began."""
        with self._database.write() as connection:
            connection.exec_driver_sql(
                "INSERT INTO pause (channel_id, reason, since) VALUES (?, ?, ?) "
                "ON CONFLICT (channel_id) DO UPDATE SET reason = excluded.reason",
                (channel_id(connection, channel), reason, micros(self._clock.now())),
            )

    def resume(self, channel: ChannelName) -> bool:
        """Go on; answers whether it was paused."""
        with self._database.write() as connection:
            gone = connection.exec_driver_sql(
                "DELETE FROM pause WHERE channel_id = ?", (channel_id(connection, channel),)
            )
            return gone.rowcount == 1

    def paused(self, channel: ChannelName) -> Pause | None:
        """Whether and why the channel is paused."""
        with self._database.read() as connection:
            row = connection.exec_driver_sql(
                f"SELECT reason, since FROM pause WHERE channel_id = {ID_OF_CHANNEL}",
                (channel,),
            ).first()
        if row is None:
            return None
        return Pause(channel=channel, reason=row.reason, since=moment(row.since))

    def lease(self, channel: ChannelName) -> AbstractContextManager[Lease]:
        """Become the channel's only writer; LeaseHeld naming the other process otherwise."""
        return held_lease(self._database, self._clock, channel)

    def writer(self, channel: ChannelName) -> int | None:
        """The pid of the process that holds the channel's lease now, if any does."""
        return writing_process(self._database, channel)

    def integrity_problem(self) -> str | None:
        """A quick check of the database; None when it is sound."""
        damage = self._database.damage("quick_check")
        return None if damage is None else str(damage)


def _mark(connection: Connection, channel: int, skus: Sequence[str]) -> None:
    name_items(connection, skus)
    mark_skus(connection, channel, skus)


def _park(channel: ChannelName, row: Row) -> Park:
    named = bool(row.product_id or row.listing_id)
    ref = ListingRef(ProductId(row.product_id), ListingId(row.listing_id)) if named else None
    return Park(
        channel=channel,
        sku=Sku(row.sku),
        ref=ref,
        field=row.field or None,
        code=row.code,
        message=row.message,
        since=moment(row.since),
        until=moment_or_none(row.until),
        kind=SetAside(row.kind),
    )
