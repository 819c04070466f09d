"""Dated facts that connectors learned about their shops by trying."""

from sqlmodel import select

from syncd.domain.identity import ChannelName
from syncd.ledger.base import StorePart
from syncd.ledger.names import channel_id
from syncd.ledger.sessions import read_session, write_session
from syncd.ledger.tables import ChannelRow, FactRow
from syncd.ports.channel import Fact


class SqlFactStore(StorePart):
    """Facts by channel and name."""

    def fact(self, channel: ChannelName, name: str) -> Fact | None:
        """The fact, if it was learned."""
        with read_session(self._database) as session:
            query = (
                select(FactRow)
                .join(ChannelRow)
                .where(ChannelRow.name == channel, FactRow.name == name)
            )
            row = session.exec(query).first()
            if row is None:
                return None
            return Fact(name=row.name, value=row.value, learned_at=row.learned_at)

    def learn(self, channel: ChannelName, name: str, value: str) -> None:
        """Remember the fact with the present date."""
        with write_session(self._database) as session:
            number = channel_id(session.connection(), channel)
            now = self._clock.now()
            session.merge(FactRow(channel_id=number, name=name, value=value, learned_at=now))
