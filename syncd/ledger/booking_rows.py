"""How a booking lies in its table: what is selected of it, what is stored, and its value."""

# ruff: noqa: S608 - statements are put together from constants and question marks only

from syncd.domain.identity import ChannelName, LocationName, Place, Sku, SourceName
from syncd.domain.write_back import Booking, BookingId, BookingState, Effect
from syncd.ledger.columns import micros, micros_or_none, moment, moment_or_none
from syncd.ledger.connection import Connection, Row
from syncd.ledger.dirty import mark_everywhere
from syncd.ledger.names import name_items

_COLUMNS = "SELECT b.*, c.name AS channel, i.sku AS sku, s.name AS source, l.name AS location FROM "
_BESIDE = (
    "JOIN channel c ON c.id = b.channel_id JOIN item i ON i.id = b.item_id "
    "JOIN location l ON l.id = b.location_id JOIN source s ON s.id = l.source_id "
)
SELECT = f"{_COLUMNS}booking b {_BESIDE}"
SELECT_WAITING = f"{_COLUMNS}booking b INDEXED BY booking_waiting {_BESIDE}"


def select_by_values(keys: str) -> str:
    """The bookings of order lines given as rows of channel, order and line, each looked up.

    As `order_rows.select_by_keys`: of a longer list behind `IN` SQLite reads all bookings there are.
    """
    return (
        f"{_COLUMNS}(VALUES {keys}) k CROSS JOIN booking b ON b.channel_id = k.column1 "
        f"AND b.order_id = k.column2 AND b.line_id = k.column3 {_BESIDE}"
    )


_IDENTITY = (
    "channel_id = (SELECT id FROM channel WHERE name = :channel) AND order_id = :order "
    "AND line_id = :line AND item_id = (SELECT id FROM item WHERE sku = :sku) "
    "AND location_id = (SELECT l.id FROM location l JOIN source s ON s.id = l.source_id "
    "WHERE s.name = :source AND l.name = :location) AND effect = :effect"
)
_STORE = (
    "INSERT INTO booking (channel_id, order_id, line_id, item_id, location_id, effect, delta, state, "
    "attempt, key, stored_at, tries, due_at, contained, code, message) "
    "SELECT c.id, :order, :line, i.id, l.id, :effect, :delta, :state, :attempt, :key, :stored_at, 0, "
    ":due_at, 0, '', '' FROM channel c, item i, location l JOIN source s ON s.id = l.source_id "
    "WHERE c.name = :channel AND i.sku = :sku AND s.name = :source AND l.name = :location "
    "ON CONFLICT (channel_id, order_id, line_id, item_id, location_id, effect) DO NOTHING"
)
_CHANGE = (
    "UPDATE booking SET state = :state, attempt = :attempt, key = :key, tried_at = :tried_at, "
    "tries = :tries, due_at = :due_at, confirmed_at = :confirmed_at, code = :code, message = :message, "
    "quantity_after = :quantity_after, "
    f"mark = COALESCE(:mark, mark) WHERE {_IDENTITY} AND state = :was AND attempt = :attempt_was"
)
_CONFIRM = (
    "UPDATE source_state SET confirmations = confirmations + 1 "
    "WHERE source_id = (SELECT id FROM source WHERE name = ?) RETURNING confirmations"
)

_CONTAINED = (
    "SELECT b.id, b.item_id FROM booking b INDEXED BY booking_to_contain "
    "JOIN position p ON p.location_id = b.location_id AND p.item_id = b.item_id "
    "WHERE b.state = 'done' AND NOT b.contained AND b.mark <= :confirmations "
    "AND b.location_id IN (SELECT id FROM location WHERE source_id = :source) "
    "AND p.state <> 'unknown' AND p.missing_since IS NULL"
)
_NAMED = (
    " AND EXISTS (SELECT 1 FROM temp.keyed k WHERE k.location_id = b.location_id "
    "AND k.item_id = b.item_id)"
)


def store(connection: Connection, booking: Booking) -> None:
    """Keep a new booking; one of the same identity stays as it is."""
    name_items(connection, [booking.id.sku])
    connection.exec_driver_sql(_STORE, _parameters(booking))


def change(connection: Connection, before: Booking, after: Booking) -> bool:
    """Replace what is known of a booking, unless that is no longer what it was; whether it was done.

    One that becomes done gets its number among the confirmations of its source.
    """
    done = after.state is BookingState.DONE and before.state is not BookingState.DONE
    mark = None
    if done:
        mark = connection.exec_driver_sql(_CONFIRM, (before.id.place.source,)).scalar()
    changed = connection.exec_driver_sql(
        _CHANGE,
        {
            **_parameters(after),
            "mark": mark,
            "was": before.state.value,
            "attempt_was": before.attempt,
        },
    )
    return changed.rowcount == 1


def contain(connection: Connection, source: int, confirmations: int, *, named_only: bool) -> None:
    """A reading was recorded that was begun after so many confirmations: it contains their bookings.

    A reading of changes (`named_only`) contains those whose row it names: what a source writes at our
    request may reach its own list of changes late, or never. A row that could not be believed contains
    nothing. The SKUs are marked dirty, because what is subtracted of them is less now.
    """
    query = _CONTAINED + (_NAMED if named_only else "")
    parameters: dict[str, object] = {"source": source, "confirmations": confirmations}
    if connection.exec_driver_sql(f"SELECT EXISTS ({query})", parameters).scalar():
        mark_everywhere(connection, f"SELECT DISTINCT item_id FROM ({query})", parameters)
        connection.exec_driver_sql(
            f"UPDATE booking SET contained = 1 WHERE id IN (SELECT id FROM ({query}))", parameters
        )


def booking_of(row: Row) -> Booking:
    """A selected row as the domain's value."""
    return Booking(
        id=BookingId(
            channel=ChannelName(row.channel),
            order_id=row.order_id,
            line_id=row.line_id,
            sku=Sku(row.sku),
            place=Place(SourceName(row.source), LocationName(row.location)),
            effect=Effect(row.effect),
        ),
        delta=row.delta,
        state=BookingState(row.state),
        stored_at=moment(row.stored_at),
        attempt=row.attempt,
        tried_at=moment_or_none(row.tried_at),
        confirmed_at=moment_or_none(row.confirmed_at),
        code=row.code,
        message=row.message,
        tries=row.tries,
        due_at=moment_or_none(row.due_at),
        contained=bool(row.contained),
        quantity_after=row.quantity_after,
    )


def _parameters(booking: Booking) -> dict[str, object]:
    name = booking.id
    return {
        "channel": name.channel,
        "order": name.order_id,
        "line": name.line_id,
        "sku": name.sku,
        "source": name.place.source,
        "location": name.place.location,
        "effect": name.effect.value,
        "delta": booking.delta,
        "state": booking.state.value,
        "attempt": booking.attempt,
        "key": booking.key,
        "stored_at": micros(booking.stored_at),
        "tried_at": micros_or_none(booking.tried_at),
        "tries": booking.tries,
        "due_at": micros_or_none(booking.due_at),
        "confirmed_at": micros_or_none(booking.confirmed_at),
        "code": booking.code,
        "message": booking.message,
        "quantity_after": booking.quantity_after,
    }
