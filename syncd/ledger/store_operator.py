"""What operators said (parks, pauses), who may write, and whether the file is sound."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from sqlalchemy import Connection
from sqlmodel import Session, col, select

from syncd.domain.errors import LedgerUnusable
from syncd.domain.identity import ChannelName, ListingId, ListingRef, ProductId, Sku
from syncd.ledger.base import StorePart
from syncd.ledger.columns import micros
from syncd.ledger.dirty import mark_skus
from syncd.ledger.leases import held_lease, writing_process
from syncd.ledger.names import channel_id, name_items
from syncd.ledger.tables import ChannelRow, ParkRow, PauseRow
from syncd.ports.ledger import Lease
from syncd.ports.records import Park, Pause


class OperatorStore(StorePart):
    """Parks, pauses and leases."""

    def park(self, park: Park) -> None:
        """Set a listing aside; replaces an earlier park of the same listing and field."""
        with self._database.write_session() as session:
            ref = park.ref
            row = ParkRow(
                channel_id=channel_id(session.connection(), park.channel),
                sku=park.sku,
                product_id="" if ref is None else ref.product_id,
                listing_id="" if ref is None else ref.listing_id,
                field=park.field or "",
                code=park.code,
                message=park.message,
                since=park.since,
                until=park.until,
            )
            session.merge(row)

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
        with self._database.read_session() as session:
            query = (
                select(ParkRow)
                .join(ChannelRow)
                .where(ChannelRow.name == channel)
                .order_by(ParkRow.sku, ParkRow.product_id, ParkRow.listing_id, ParkRow.field)
            )
            return tuple(
                _park(channel, row)
                for row in session.exec(query)
                if row.until is None or row.until > now
            )

    def release_due_parks(self, channel: ChannelName, now: datetime) -> int:
        """Drop parks whose time is over and mark their SKUs dirty."""
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
        with self._database.write_session() as session:
            number = channel_id(session.connection(), channel)
            row = session.get(PauseRow, number)
            if row is None:
                session.add(PauseRow(channel_id=number, reason=reason, since=self._clock.now()))
            else:
                row.reason = reason

    def resume(self, channel: ChannelName) -> bool:
        """Go on; answers whether it was paused."""
        with self._database.write_session() as session:
            row = session.get(PauseRow, channel_id(session.connection(), channel))
            if row is not None:
                session.delete(row)
            return row is not None

    def paused(self, channel: ChannelName) -> Pause | None:
        """Whether and why the channel is paused."""
        with self._database.read_session() as session:
            row = _pause_of(session, channel)
            return (
                None if row is None else Pause(channel=channel, reason=row.reason, since=row.since)
            )

    def lease(self, channel: ChannelName) -> AbstractContextManager[Lease]:
        """Become the channel's only writer; LeaseHeld naming the other process otherwise."""
        return held_lease(self._database, self._clock, channel)

    def writer(self, channel: ChannelName) -> int | None:
        """The pid of the process that holds the channel's lease now, if any does."""
        return writing_process(self._database, channel)

    def integrity_problem(self) -> str | None:
        """A quick check of the database; None when it is sound."""
        try:
            with self._database.read() as connection:
                answers = connection.exec_driver_sql("PRAGMA quick_check(1)").scalars().all()
        except LedgerUnusable as error:
            return str(error)
        if answers == ["ok"]:
            return None
        return (
            f"the ledger {self._database.path} is damaged ({answers[0]}): restore the newest backup "
            "beside it, or move the file away and run again, which reads everything anew"
        )


def _pause_of(session: Session, channel: ChannelName) -> PauseRow | None:
    query = select(PauseRow).join(ChannelRow).where(col(ChannelRow.name) == channel)
    return session.exec(query).first()


def _mark(connection: Connection, channel: int, skus: Sequence[str]) -> None:
    name_items(connection, skus)
    mark_skus(connection, channel, skus)


def _park(channel: ChannelName, row: ParkRow) -> Park:
    named = bool(row.product_id or row.listing_id)
    ref = ListingRef(ProductId(row.product_id), ListingId(row.listing_id)) if named else None
    return Park(
        channel=channel,
        sku=Sku(row.sku),
        ref=ref,
        field=row.field or None,
        code=row.code,
        message=row.message,
        since=row.since,
        until=row.until,
    )
