"""Authorize links that were given out: each state is good once and known by its digest only."""

from datetime import datetime

from syncd.domain.identity import ChannelName
from syncd.ledger.base import StorePart
from syncd.ledger.columns import micros
from syncd.ledger.names import channel_id
from syncd.ports.authorization import ConnectOutcome


class AuthorizationStore(StorePart):
    """States of authorize links."""

    def begin_authorization(self, channel: ChannelName, digest: str) -> None:
        """A link with this state was given out."""
        with self._database.write() as connection:
            number = channel_id(connection, channel)
            connection.exec_driver_sql(
                "INSERT INTO oauth_state (digest, channel_id, created_at, message) VALUES (?, ?, ?, '')",
                (digest, number, micros(self._clock.now())),
            )

    def use_authorization(self, digest: str, not_before: datetime) -> ChannelName | None:
        """Take a state for good; None when it is unknown, was taken before, or is older than that."""
        with self._database.write() as connection:
            number = connection.exec_driver_sql(
                "UPDATE oauth_state SET used_at = ? "
                "WHERE digest = ? AND used_at IS NULL AND created_at >= ? RETURNING channel_id",
                (micros(self._clock.now()), digest, micros(not_before)),
            ).scalar()
            if number is None:
                return None
            name = connection.exec_driver_sql(
                "SELECT name FROM channel WHERE id = ?", (number,)
            ).scalar()
            return None if name is None else ChannelName(name)

    def settle_authorization(self, digest: str, *, connected: bool, message: str) -> None:
        """What came of a state that was taken."""
        with self._database.write() as connection:
            connection.exec_driver_sql(
                "UPDATE oauth_state SET connected = ?, message = ? WHERE digest = ?",
                (connected, message, digest),
            )

    def authorization_outcome(self, digest: str) -> ConnectOutcome | None:
        """What came of a state; None when it is unknown."""
        with self._database.read() as connection:
            row = connection.exec_driver_sql(
                "SELECT c.name, o.connected, o.message FROM oauth_state o "
                "JOIN channel c ON c.id = o.channel_id WHERE o.digest = ?",
                (digest,),
            ).first()
        if row is None:
            return None
        connected = None if row.connected is None else bool(row.connected)
        return ConnectOutcome(
            channel=ChannelName(row.name), connected=connected, message=row.message
        )
