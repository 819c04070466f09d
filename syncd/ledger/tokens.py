"""Tokens at rest: encrypted with a key the ledger never sees, replaced durably, refreshed by one at a time."""

import base64
from contextlib import AbstractContextManager

from cryptography.fernet import Fernet, InvalidToken
from sqlmodel import select

from syncd.domain.errors import LedgerUnusable
from syncd.domain.identity import ChannelName
from syncd.ledger.database import Database
from syncd.ledger.locks import FileLock, lock_path
from syncd.ledger.names import channel_id
from syncd.ledger.sessions import read_session, write_session
from syncd.ledger.tables import ChannelRow, TokenRow
from syncd.ports.clock import Clock

KEY_BYTES = 32


class SqlTokenStore:
    """One encrypted blob per channel."""

    def __init__(self, database: Database, clock: Clock, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise LedgerUnusable(
                f"the token key has {len(key)} bytes instead of {KEY_BYTES}; check syncd_token_key"
            )
        self._database = database
        self._clock = clock
        self._cipher = Fernet(base64.urlsafe_b64encode(key))

    def load(self, channel: ChannelName) -> bytes | None:
        """The stored blob, decrypted; None when the channel was never connected."""
        with read_session(self._database) as session:
            query = select(TokenRow).join(ChannelRow).where(ChannelRow.name == channel)
            row = session.exec(query).first()
            sealed = None if row is None else row.blob
        if sealed is None:
            return None
        try:
            return self._cipher.decrypt(sealed)
        except InvalidToken:
            raise LedgerUnusable(
                f"the stored tokens of {channel} cannot be decrypted with this syncd_token_key; "
                f"restore the key they were stored with, or run `syncd connect {channel}`"
            ) from None

    def save(self, channel: ChannelName, blob: bytes) -> None:
        """Replace the blob durably in one transaction."""
        sealed = self._cipher.encrypt(blob)
        with write_session(self._database) as session:
            number = channel_id(session.connection(), channel)
            session.merge(TokenRow(channel_id=number, blob=sealed, saved_at=self._clock.now()))

    def lock(self, channel: ChannelName) -> AbstractContextManager[None]:
        """Hold the right to refresh this channel's token, across threads and processes."""
        return FileLock(lock_path(self._database.path, "token", channel)).waited()
