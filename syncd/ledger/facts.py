"""Dated facts that connectors learned about their shops by trying."""

from syncd.domain.identity import ChannelName
from syncd.ledger.base import StorePart
from syncd.ledger.columns import moment
from syncd.ledger.names import channel_id
from syncd.ledger.sessions import connection_of, write_session
from syncd.ledger.tables import FactRow
from syncd.ports.channel import Fact


class SqlFactStore(StorePart):
    """Facts by channel and name."""

    def fact(self, channel: ChannelName, name: str) -> Fact | None:
        """The fact, if it was learned."""
        with (
            self._database.read() as connection
        ):  # asked at every write: a session costs more than it
            row = connection.exec_driver_sql(
                "SELECT f.name, f.value, f.learned_at FROM fact f JOIN channel c ON c.id = f.channel_id "
                "WHERE c.name = ? AND f.name = ?",
                (channel, name),
            ).first()
        if row is None:
            return None
        return Fact(name=row.name, value=row.value, learned_at=moment(row.learned_at))

    def learn(self, channel: ChannelName, name: str, value: str) -> None:
        """Remember the fact with the present date."""
        with write_session(self._database) as session:
            number = channel_id(connection_of(session), channel)
            now = self._clock.now()
            session.merge(FactRow(channel_id=number, name=name, value=value, learned_at=now))
