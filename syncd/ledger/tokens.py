"""Tokens at rest: encrypted with a key the ledger never sees, replaced durably, refreshed by one at a time."""

import base64
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlmodel import select

from syncd.domain.errors import ChannelUnauthorized, LedgerUnusable
from syncd.domain.identity import ChannelName
from syncd.ledger.database import Database
from syncd.ledger.locks import FileLock, lock_path
from syncd.ledger.names import channel_id
from syncd.ledger.sessions import connection_of, read_session, write_session
from syncd.ledger.tables import ChannelRow, TokenRow
from syncd.ports.clock import Clock

KEY_BYTES = 32

Keys = Callable[[], Sequence[bytes]]
"""The keys of the moment, the one that encrypts first; asked anew each time, because keys rotate."""


class SqlTokenStore:
    """One encrypted blob per channel."""

    def __init__(self, database: Database, clock: Clock, keys: Keys) -> None:
        self._database = database
        self._clock = clock
        self._keys = keys

    def load(self, channel: ChannelName) -> bytes | None:
        """The stored blob, decrypted; None when the channel was never connected.

        Raises ChannelUnauthorized when no key opens it: the other channels go on.
        """
        try:
            return self._loaded(channel)
        except (LedgerUnusable, ChannelUnauthorized):
            return self._loaded(channel)  # the key may have changed between the two looks

    def _loaded(self, channel: ChannelName) -> bytes | None:
        with read_session(self._database) as session:
            query = select(TokenRow).join(ChannelRow).where(ChannelRow.name == channel)
            row = session.exec(query).first()
            sealed = None if row is None else row.blob
        return None if sealed is None else _opened(_cipher(self._keys()), sealed, channel)

    def save(self, channel: ChannelName, blob: bytes) -> None:
        """Replace the blob durably in one transaction."""
        with write_session(self._database) as session:
            # inside the transaction, so that a rotation comes wholly before or wholly after
            sealed = _cipher(self._keys()).encrypt(blob)
            number = channel_id(connection_of(session), channel)
            session.merge(TokenRow(channel_id=number, blob=sealed, saved_at=self._clock.now()))

    def lock(self, channel: ChannelName) -> AbstractContextManager[None]:
        """Hold the right to refresh this channel's token, across threads and processes."""
        return FileLock(lock_path(self._database.path, "token", channel)).waited()

    def reseal(self, keys: Sequence[bytes]) -> int:
        """Encrypt every blob anew with the first of these keys, in one transaction; how many there are.

        Raises LedgerUnusable, and changes nothing, when one of them opens with none of the keys.
        """
        cipher = _cipher(keys)
        with write_session(self._database) as session:
            rows = session.exec(select(TokenRow, ChannelRow.name).join(ChannelRow)).all()
            for row, name in rows:
                try:
                    row.blob = cipher.encrypt(_opened(cipher, row.blob, ChannelName(name)))
                except ChannelUnauthorized as closed:
                    raise LedgerUnusable(str(closed)) from None
                session.add(row)
            return len(rows)


def _cipher(keys: Sequence[bytes]) -> MultiFernet:
    for key in keys:
        if len(key) != KEY_BYTES:
            raise LedgerUnusable(
                f"the token key has {len(key)} bytes instead of {KEY_BYTES}; check syncd_token_key"
            )
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in keys])


def _opened(cipher: MultiFernet, sealed: bytes, channel: ChannelName) -> bytes:
    try:
        return cipher.decrypt(sealed)
    except InvalidToken:
        raise ChannelUnauthorized(
            f"the stored tokens of {channel} cannot be decrypted: neither the credential syncd_token_key nor "
            f"the file <ledger>.key is the key they were stored with; restore it, put it into the credential "
            f"syncd_token_key_old, or run `syncd connect {channel}`"
        ) from None
