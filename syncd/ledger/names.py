"""How names become integer ids: sources, locations, channels, runs and SKUs, made on first use."""

# ruff: noqa: S608 - statements are put together from constants and question marks only

from collections.abc import Iterable, Sequence

from syncd.domain.errors import LedgerUnusable
from syncd.domain.identity import ChannelName, RunId, SourceName
from syncd.ledger.connection import Connection
from syncd.ledger.database import chunks, marks

ID_OF_CHANNEL = "(SELECT id FROM channel WHERE name = ?)"
"""The channel's id within a statement that only reads: a cycle asks some thirty times."""
ID_OF_NAMED_CHANNEL = "(SELECT id FROM channel WHERE name = :channel)"


def source_id(connection: Connection, source: SourceName) -> int:
    """The source's id, made when it is new."""
    connection.exec_driver_sql("INSERT OR IGNORE INTO source (name) VALUES (?)", (source,))
    return _one(connection, "SELECT id FROM source WHERE name = ?", source)


def known_source(connection: Connection, source: SourceName) -> int | None:
    """The source's id, if it was ever seen."""
    found = connection.exec_driver_sql("SELECT id FROM source WHERE name = ?", (source,)).scalar()
    return None if found is None else int(found)


def channel_id(connection: Connection, channel: ChannelName) -> int:
    """The channel's id, made when it is new."""
    found = known_channel(connection, channel)
    if found is not None:
        return found
    connection.exec_driver_sql(
        "INSERT OR IGNORE INTO channel (name, mark) VALUES (?, 0)", (channel,)
    )
    return _one(connection, "SELECT id FROM channel WHERE name = ?", channel)


def known_channel(connection: Connection, channel: ChannelName) -> int | None:
    """The channel's id, if it was ever seen."""
    found = connection.exec_driver_sql("SELECT id FROM channel WHERE name = ?", (channel,)).scalar()
    return None if found is None else int(found)


def run_id(connection: Connection, run: RunId) -> int:
    """The run's number."""
    return _one(connection, "SELECT id FROM run WHERE key = ?", run)


def name_items(connection: Connection, skus: Iterable[str]) -> None:
    """Give every SKU an id that has none."""
    for part in chunks(skus, 5000):
        connection.exec_driver_sql(
            "INSERT OR IGNORE INTO item (sku) VALUES (?)", [(sku,) for sku in part]
        )


def item_ids(connection: Connection, skus: Sequence[str]) -> dict[str, int]:
    """Ids of these SKUs, as far as they are known; at most a chunk of them."""
    rows = connection.exec_driver_sql(
        f"SELECT sku, id FROM item WHERE sku IN ({marks(skus)})", tuple(skus)
    )
    return {row.sku: row.id for row in rows}


def _one(connection: Connection, statement: str, name: str) -> int:
    found = connection.exec_driver_sql(statement, (name,)).scalar()
    if found is None:
        raise LedgerUnusable(f"the ledger does not know {name!r}; was its file replaced meanwhile?")
    return int(found)
