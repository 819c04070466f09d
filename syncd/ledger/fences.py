"""Who may still write for a channel: the fencing number is compared in the writing transaction itself."""

from syncd.domain.errors import LeaseLost
from syncd.domain.identity import ChannelName
from syncd.ledger.connection import Connection
from syncd.ledger.names import known_channel


def require_fence(connection: Connection, channel: ChannelName, fence: int) -> None:
    """LeaseLost when the channel's fencing number is not the current one."""
    current = connection.exec_driver_sql(
        "SELECT fence FROM lease WHERE channel_id = ? AND released_at IS NULL",
        (known_channel(connection, channel),),
    ).scalar()
    if current != fence:
        raise LeaseLost(f"channel {channel} was taken over by another process; nothing was sent")
