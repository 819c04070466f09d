"""How units move between sources and listings: stored with their booking, credited once it is known."""

# ruff: noqa: S608 - statements are put together from constants and question marks only

from syncd.domain.escrow import granted_of
from syncd.domain.identity import ChannelName, ListingRef, LocationName, Place, Sku, SourceName
from syncd.domain.write_back import Booking, BookingId, BookingState, Effect
from syncd.ledger.booking_rows import store
from syncd.ledger.columns import moment
from syncd.ledger.connection import Connection, Row
from syncd.ledger.dirty import mark_everywhere
from syncd.ledger.escrow_rows import OF_LISTING, SOLD, ref_of
from syncd.ports.escrow import NewMove

_TAKE_BACK = (
    "UPDATE escrow_account AS a SET granted = granted - :units "
    f"WHERE {OF_LISTING} AND granted - MAX(exposed, {SOLD}) >= :units"
)
_GRANT = f"UPDATE escrow_account SET granted = granted + :units WHERE {OF_LISTING}"
_GRANTED = "SELECT COALESCE(SUM(granted * need), 0) FROM escrow_account WHERE item_id = :item"
_INSERT = (
    "INSERT INTO escrow_move (channel_id, product_id, listing_id, item_id, location_id, effect, "
    "units, base, granted, reason, stored_at, ended_at) SELECT :channel, :product, :listing, "
    "a.item_id, (SELECT l.id FROM location l JOIN source s ON s.id = l.source_id "
    "WHERE s.name = :source AND l.name = :location), :effect, :units, :base, :granted, :reason, "
    ":now, :ended FROM escrow_account a WHERE a.channel_id = :channel "
    "AND a.product_id = :product AND a.listing_id = :listing RETURNING id, item_id"
)
_OPEN = (
    "SELECT m.*, b.state AS booking_state, b.quantity_after, b.contained, p.quantity, a.need, "
    "i.sku, s.name AS source, l.name AS location FROM escrow_move m "
    "JOIN booking b ON b.channel_id = m.channel_id AND b.order_id = '' "
    "AND b.line_id = CAST(m.id AS TEXT) AND b.effect = m.effect "
    "JOIN item i ON i.id = m.item_id JOIN location l ON l.id = m.location_id "
    "JOIN source s ON s.id = l.source_id "
    "LEFT JOIN position p ON p.location_id = m.location_id AND p.item_id = m.item_id "
    "LEFT JOIN escrow_account a ON a.channel_id = m.channel_id AND a.product_id = m.product_id "
    "AND a.listing_id = m.listing_id "
    "WHERE m.channel_id = :channel AND m.ended_at IS NULL AND b.state IN ('done', 'dropped') "
    "ORDER BY m.id"
)
_END = "UPDATE escrow_move SET granted = :granted, ended_at = :now WHERE id = :id"
_ONE_ITEM = "SELECT :item AS item_id"


class Mover:
    """The moves of one channel in one transaction."""

    def __init__(self, connection: Connection, channel: ChannelName, number: int, now: int) -> None:
        self._connection = connection
        self._channel = channel
        self._number = number
        self._now = now

    def begin(self, move: NewMove) -> bool:
        """Store a move; False when the account does not allow it any more."""
        if move.effect is Effect.RETURN:
            if move.units and not self._run(_TAKE_BACK, move.ref, units=move.units):
                return False
        elif move.place is None and not self._is_free(move):
            return False
        row = self._insert(move)
        if row is None:
            return False
        if move.place is not None:
            self._book(row.id, row.item_id, move, move.place)
            return True
        if move.effect is Effect.ALLOT:
            self._run(_GRANT, move.ref, units=move.units)
        mark_everywhere(self._connection, _ONE_ITEM, {"item": row.item_id})
        return True

    def end(self) -> int:
        """Credit what became of bookings; answers how many moves are over."""
        rows = self._connection.exec_driver_sql(_OPEN, {"channel": self._number}).all()
        return sum(self._ended(row) for row in rows)

    def _ended(self, row: Row) -> bool:
        done = row.booking_state == BookingState.DONE
        if Effect(row.effect) is Effect.RETURN:
            return self._over(row, units=0 if done else row.units, granted=0)
        if not done:
            return self._over(row, units=0, granted=0)
        after = row.quantity_after
        if after is None and row.contained:
            after = row.quantity
        if after is None:
            return False
        units, back = granted_of(row.base, after, row.need or row.base)
        if back:
            place = Place(SourceName(row.source), LocationName(row.location))
            self.begin(
                NewMove(
                    ref=ref_of(row), effect=Effect.RETURN, units=0, base=back, place=place,
                    reason=f"the source had sold {back} of {row.base} itself",
                )
            )  # fmt: skip
        return self._over(row, units=units, granted=units)

    def _over(self, row: Row, *, units: int, granted: int) -> bool:
        self._connection.exec_driver_sql(_END, {"granted": granted, "now": self._now, "id": row.id})
        if units:
            self._run(_GRANT, ref_of(row), units=units)
        mark_everywhere(self._connection, _ONE_ITEM, {"item": row.item_id})
        return True

    def _is_free(self, move: NewMove) -> bool:
        """Whether nobody else was granted units of the SKU since the move was thought of."""
        item = self._connection.exec_driver_sql(
            f"SELECT item_id FROM escrow_account WHERE {OF_LISTING}", self._of(move.ref)
        ).scalar()
        granted = self._connection.exec_driver_sql(_GRANTED, {"item": item}).scalar()
        return bool(granted == move.granted_before)

    def _insert(self, move: NewMove) -> Row | None:
        counted = move.place is None
        return self._connection.exec_driver_sql(
            _INSERT,
            {
                **self._of(move.ref),
                "source": None if move.place is None else move.place.source,
                "location": None if move.place is None else move.place.location,
                "effect": move.effect.value,
                "units": move.units,
                "base": move.base,
                "granted": move.units if counted else None,
                "reason": move.reason,
                "now": self._now,
                "ended": self._now if counted else None,
            },
        ).first()

    def _book(self, number: int, item: int, move: NewMove, place: Place) -> None:
        sku = self._connection.exec_driver_sql(
            "SELECT sku FROM item WHERE id = ?", (item,)
        ).scalar_one()
        name = BookingId(
            channel=self._channel, order_id="", line_id=str(number), sku=Sku(sku), place=place,
            effect=move.effect,
        )  # fmt: skip
        delta = move.base if move.effect is Effect.RETURN else -move.base
        at = moment(self._now)
        booking = Booking(id=name, delta=delta, state=BookingState.NEW, stored_at=at, due_at=at)
        store(self._connection, booking)

    def _run(self, statement: str, ref: ListingRef, **values: int) -> bool:
        done = self._connection.exec_driver_sql(statement, {**self._of(ref), **values})
        return done.rowcount == 1

    def _of(self, ref: ListingRef) -> dict[str, object]:
        return {
            "channel": self._number,
            "product": ref.product_id,
            "listing": ref.listing_id,
        }
