"""How SKUs are marked to be planned again: each mark bears the channel's next number."""

# ruff: noqa: S608 - statements are put together from constants and question marks only

from collections.abc import Iterable

from syncd.ledger.connection import Connection
from syncd.ledger.database import chunks, marks


def next_mark(connection: Connection, channel: int) -> int:
    """A number above every mark the channel ever gave."""
    connection.exec_driver_sql("UPDATE channel SET mark = mark + 1 WHERE id = ?", (channel,))
    found = connection.exec_driver_sql("SELECT mark FROM channel WHERE id = ?", (channel,)).scalar()
    return int(found or 0)


def mark_selected(
    connection: Connection, channel: int, query: str, parameters: dict[str, object]
) -> None:
    """Mark the items a query names in its only column."""
    mark = next_mark(connection, channel)
    connection.exec_driver_sql(
        "INSERT INTO dirty (channel_id, item_id, mark) "
        f"SELECT :channel, item_id, :mark FROM ({query}) WHERE item_id IS NOT NULL "
        "ON CONFLICT (channel_id, item_id) DO UPDATE SET mark = excluded.mark",
        {**parameters, "channel": channel, "mark": mark},
    )


def mark_everywhere(connection: Connection, query: str, parameters: dict[str, object]) -> None:
    """Mark the items a query names for every channel."""
    for channel in connection.exec_driver_sql("SELECT id FROM channel ORDER BY id").scalars().all():
        mark_selected(connection, int(channel), query, parameters)


def mark_skus(connection: Connection, channel: int, skus: Iterable[str]) -> int:
    """Mark these SKUs, as far as the ledger knows them; the number of the marks."""
    mark = next_mark(connection, channel)
    for part in chunks(skus):
        connection.exec_driver_sql(
            "INSERT INTO dirty (channel_id, item_id, mark) "
            f"SELECT ?, id, ? FROM item WHERE sku IN ({marks(part)}) "
            "ON CONFLICT (channel_id, item_id) DO UPDATE SET mark = excluded.mark",
            (channel, mark, *part),
        )
    return mark
