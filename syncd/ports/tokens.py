"""Where tokens rest: encrypted in the ledger, one refresher at a time."""

from contextlib import AbstractContextManager
from typing import Protocol

from syncd.domain.identity import ChannelName


class TokenStore(Protocol):
    """Keeps one opaque blob per channel, encrypted at rest."""

    def load(self, channel: ChannelName) -> bytes | None:
        """The stored blob, decrypted; None when the channel was never connected."""
        ...

    def save(self, channel: ChannelName, blob: bytes) -> None:
        """Replace the blob durably in one transaction."""
        ...

    def lock(self, channel: ChannelName) -> AbstractContextManager[None]:
        """Hold the right to refresh this channel's token, across threads and processes."""
        ...
