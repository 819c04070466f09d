"""Orders of channels: each line once, with the earliest time it was seen at each step."""

# ruff: noqa: S608 - statements are put together from constants and question marks only

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from syncd.domain.deducting import Step
from syncd.domain.identity import ChannelName, Sku, SourceName
from syncd.domain.orders import OrderLine, OrderState
from syncd.ledger.base import StorePart
from syncd.ledger.columns import micros, micros_or_none, moment, moment_or_none
from syncd.ledger.connection import Connection, Row
from syncd.ledger.database import chunks
from syncd.ledger.dirty import mark_skus
from syncd.ledger.names import channel_id
from syncd.ledger.order_rows import IN_PLAY, LINES_LAST, SELECT, line_of, select_by_keys
from syncd.ledger.own_lines import claim, follow
from syncd.ports.records import OrderCursor

_EARLIEST = "{0} = COALESCE(MIN({0}, excluded.{0}), {0}, excluded.{0})"
_STEPS = ("entered_at", "packed_at", "left_at")
_LATEST = ("product_id", "listing_id", "seller_sku", "units", "state", "warehouse_id",
           "platform_fulfilled", "out_of_stock", "sku")  # fmt: skip
_UPSERT = (
    "INSERT INTO order_line (channel_id, order_id, line_id, product_id, listing_id, seller_sku, units, "
    "state, created_at, updated_at, entered_at, packed_at, left_at, warehouse_id, platform_fulfilled, "
    "out_of_stock, sku) VALUES (:channel, :order, :line, :product, :listing, :seller_sku, :units, :state, "
    ":created, :updated, :entered, :packed, :left, :warehouse, :fulfilled, :exhausted, :sku) "
    "ON CONFLICT (channel_id, order_id, line_id) DO UPDATE SET "
    + ", ".join(
        f"{name} = CASE WHEN excluded.updated_at >= updated_at THEN "
        + (
            f"COALESCE(excluded.{name}, {name})"
            if name in {"sku", "warehouse_id"}
            else f"excluded.{name}"
        )
        + f" ELSE {name} END"
        for name in _LATEST
    )
    + ", "
    + ", ".join(_EARLIEST.format(name) for name in _STEPS)
    + ", updated_at = MAX(updated_at, excluded.updated_at)"
)
_SAME = (
    "SELECT 1 FROM order_line WHERE channel_id = :channel AND order_id = :order AND line_id = :line "
    "AND product_id = :product AND listing_id = :listing AND seller_sku = :seller_sku "
    "AND units = :units AND state = :state AND created_at = :created AND updated_at = :updated "
    "AND entered_at IS :entered AND packed_at IS :packed AND left_at IS :left "
    "AND warehouse_id IS :warehouse AND platform_fulfilled = :fulfilled "
    "AND out_of_stock = :exhausted AND sku IS :sku"
)
"""Most lines that a poll brings are known word for word, because polls overlap."""
_OF_SKU = select_by_keys(
    "SELECT o.channel_id, o.order_id, o.line_id FROM item i CROSS JOIN listing g ON g.item_id = i.id "
    "CROSS JOIN order_line o INDEXED BY order_line_of_listing ON o.channel_id = g.channel_id "
    "AND o.product_id = g.product_id AND o.listing_id = g.listing_id WHERE i.sku = :sku "
    "UNION SELECT channel_id, order_id, line_id FROM order_line INDEXED BY order_line_of_sku "
    "WHERE sku = :sku"
)
_SOLD_OUT_AT = "MAX(COALESCE(o.sold_out_at, o.updated_at))"
_SOLD_OUT = (
    "FROM channel c CROSS JOIN order_line o INDEXED BY order_line_out_of_stock "
    "ON o.channel_id = c.id "
    "LEFT JOIN listing g ON g.channel_id = o.channel_id AND g.product_id = o.product_id "
    "AND g.listing_id = o.listing_id LEFT JOIN item i ON i.id = g.item_id "
    "WHERE c.name = ? AND o.out_of_stock AND o.restocked IS NULL"
)
_ADVANCE = "{0} = COALESCE(MAX({0}, excluded.{0}), {0}, excluded.{0})"


class OrderStore(StorePart):
    """Order lines and how far the feed was read."""

    def order_cursor(self, channel: ChannelName) -> OrderCursor:
        """How far the feed was read; both None before the first complete poll."""
        with self._database.read() as connection:
            row = connection.exec_driver_sql(
                "SELECT o.* FROM order_cursor o JOIN channel c ON c.id = o.channel_id WHERE c.name = ?",
                (channel,),
            ).first()
        if row is None:
            return OrderCursor(cursor=None, complete_until=None)
        return OrderCursor(
            cursor=moment_or_none(row.cursor), complete_until=moment_or_none(row.complete_until)
        )

    def record_orders(
        self, channel: ChannelName, lines: Iterable[OrderLine]
    ) -> Sequence[OrderLine]:
        """Upsert lines, keeping the earliest step times; answers the lines that are new or moved.

        A line whose update is older than the stored one only contributes its step times. One that was
        forgotten (retention) stays so: it has left or was cancelled long ago, and all of it is done.
        """
        moved: dict[tuple[str, str], OrderLine] = {}
        with self._database.write() as connection:
            number, now = channel_id(connection, channel), micros(self._clock.now())
            for part in chunks(lines):
                for line in part:
                    if _is_forgotten(connection, number, line, self._clock.now()):
                        continue
                    after = _upsert(connection, number, line)
                    if after is not None:
                        follow(connection, number, after, now)
                        moved[line.order_id, line.line_id] = after
        return tuple(moved.values())

    def complete_orders(
        self, channel: ChannelName, cursor: datetime | None, until: datetime
    ) -> None:
        """A poll came to its end; both only ever advance."""
        with self._database.write() as connection:
            connection.exec_driver_sql(
                "INSERT INTO order_cursor (channel_id, cursor, complete_until) VALUES (?, ?, ?) "
                "ON CONFLICT (channel_id) DO UPDATE SET "
                f"{_ADVANCE.format('cursor')}, {_ADVANCE.format('complete_until')}",
                (channel_id(connection, channel), micros_or_none(cursor), micros(until)),
            )

    def oldest_count(self, source: SourceName, gone_before: datetime | None) -> datetime | None:
        """The oldest `counted_at` of a source's rows, without those that vanished by `gone_before`."""
        with self._database.read() as connection:
            return moment_or_none(
                connection.exec_driver_sql(
                    "SELECT p.counted_at FROM position p INDEXED BY position_counted "
                    "CROSS JOIN location l ON l.id = p.location_id JOIN source s ON s.id = l.source_id "
                    "WHERE p.counted_at IS NOT NULL AND s.name = :source AND "
                    "(p.missing_since IS NULL OR :gone IS NULL OR p.missing_since > :gone) "
                    "ORDER BY p.counted_at LIMIT 1",
                    {"source": source, "gone": micros_or_none(gone_before)},
                ).scalar()
            )

    def lines_in_play(self, horizon: datetime) -> Sequence[OrderLine]:
        """Lines of all channels that may have to be subtracted.

        Left out are lines that the channel ships itself, lines cancelled before leaving, lines known to
        have left before the horizon, and those whose every booking is contained in a reading.
        """
        with self._database.read() as connection:
            rows = connection.exec_driver_sql(IN_PLAY, {"horizon": micros(horizon)})
            return tuple(line_of(row) for row in rows)

    def sold_out(self, channel: ChannelName) -> Mapping[Sku, datetime]:
        """SKUs of which the seller cancelled an order for want of stock, and when last.

        Without those of which a person said since that there are units.
        """
        with self._database.read() as connection:
            rows = connection.exec_driver_sql(
                f"SELECT COALESCE(i.sku, o.sku) AS bound, {_SOLD_OUT_AT} AS at {_SOLD_OUT} GROUP BY 1",
                (channel,),
            )
            return {Sku(row.bound): moment(row.at) for row in rows if row.bound is not None}

    def restock(self, channel: ChannelName, sku: Sku, reason: str) -> bool:
        """A person says that there are units; answers whether it was sold out, and marks it dirty then."""
        with self._database.write() as connection:
            lines = connection.exec_driver_sql(
                "SELECT o.channel_id, o.order_id, o.line_id "
                f"{_SOLD_OUT} AND COALESCE(i.sku, o.sku) = ?",
                (channel, sku),
            ).all()
            for line in lines:
                connection.exec_driver_sql(
                    "UPDATE order_line SET restocked = ? "
                    "WHERE channel_id = ? AND order_id = ? AND line_id = ?",
                    (reason, *line),
                )
            if lines:
                mark_skus(connection, lines[0].channel_id, [sku])
        return bool(lines)

    def order_lines(self, sku: Sku, limit: int) -> Sequence[OrderLine]:
        """The latest lines of listings bound to a SKU."""
        with self._database.read() as connection:
            rows = connection.exec_driver_sql(
                _OF_SKU + "WHERE i.sku = :sku OR (i.sku IS NULL AND o.sku = :sku) "
                "ORDER BY o.created_at DESC, o.order_id, o.line_id LIMIT :limit",
                {"sku": sku, "limit": limit},
            )
            return tuple(line_of(row) for row in rows)


def _is_forgotten(connection: Connection, channel: int, line: OrderLine, now: datetime) -> bool:
    """Whether it is over and older than what is remembered, and not known."""
    if line.left_at is None and line.state is not OrderState.CANCELLED:
        return False
    if line.created_at >= now - LINES_LAST:
        return False
    limit = connection.exec_driver_sql("SELECT history_from FROM ledger_state").scalar()
    older = limit is not None and micros(line.created_at) < int(limit)
    return older and _stored(connection, channel, line) is None


def _upsert(connection: Connection, channel: int, line: OrderLine) -> OrderLine | None:
    """The line as it is stored now, when that says something else than before."""
    told_now = {**_parameters(line), "channel": channel}
    if connection.exec_driver_sql(_SAME, told_now).first() is not None:
        return None
    before = _stored(connection, channel, line)
    connection.exec_driver_sql(_UPSERT, told_now)
    if before is None:
        claim(connection, channel, line)
    after = _stored(connection, channel, line)
    if before is None or after is None:
        return None if after is None else line_of(after)
    told = [name for name in (*_LATEST, *_STEPS) if name != "sku"]
    if all(getattr(before, name) == getattr(after, name) for name in told):
        return None
    connection.exec_driver_sql(
        "UPDATE order_line SET booking_step = MAX(booking_step, ?) "
        "WHERE channel_id = ? AND order_id = ? AND line_id = ?",
        (int(Step.MOVED), channel, line.order_id, line.line_id),
    )
    return line_of(after)


def _stored(connection: Connection, channel: int, line: OrderLine) -> Row | None:
    return connection.exec_driver_sql(
        SELECT + "WHERE o.channel_id = ? AND o.order_id = ? AND o.line_id = ?",
        (channel, line.order_id, line.line_id),
    ).first()


def _parameters(line: OrderLine) -> dict[str, object]:
    return {
        "order": line.order_id,
        "line": line.line_id,
        "product": line.ref.product_id,
        "listing": line.ref.listing_id,
        "seller_sku": line.seller_sku,
        "units": line.units,
        "state": line.state.value,
        "created": micros(line.created_at),
        "updated": micros(line.updated_at),
        "entered": micros_or_none(line.entered_at),
        "packed": micros_or_none(line.packed_at),
        "left": micros_or_none(line.left_at),
        "warehouse": line.warehouse_id,
        "fulfilled": line.platform_fulfilled,
        "exhausted": line.out_of_stock,
        "sku": line.sku,
    }
