"""Sees every secret on its way to a connector, and keeps it out of the log from then on."""

import json
from contextlib import AbstractContextManager

from pydantic import SecretStr

from syncd.domain.identity import ChannelName
from syncd.ports.credentials import Credentials, Secret
from syncd.ports.tokens import TokenStore
from syncd.service.logs import keep_out

_SECRET_WORDS = ("token", "secret", "key", "password")


class WatchedCredentials:
    """Credentials whose secrets the log knows to hide."""

    def __init__(self, inner: Credentials) -> None:
        self._inner = inner

    def secret(self, reference: Secret) -> SecretStr:
        """The secret; ConfigError when there is none."""
        found = self._inner.secret(reference)
        keep_out(found.get_secret_value())
        return found


class WatchedTokens:
    """A token store whose tokens the log knows to hide, decrypted as they are here."""

    def __init__(self, inner: TokenStore) -> None:
        self._inner = inner

    def load(self, channel: ChannelName) -> bytes | None:
        """The stored blob, decrypted; None when the channel was never connected."""
        blob = self._inner.load(channel)
        if blob is not None:
            _keep_out(blob)
        return blob

    def save(self, channel: ChannelName, blob: bytes) -> None:
        """Replace the blob durably in one transaction."""
        _keep_out(blob)
        self._inner.save(channel, blob)

    def lock(self, channel: ChannelName) -> AbstractContextManager[None]:
        """Hold the right to refresh this channel's token, across threads and processes."""
        return self._inner.lock(channel)


def _keep_out(blob: bytes) -> None:
    """The tokens in a blob; each connector keeps them under names of its own."""
    text = blob.decode("utf-8", errors="replace")
    try:
        found = tuple(_secrets(json.loads(text)))
    except (ValueError, RecursionError):
        found = (text,)
    for secret in found:
        keep_out(secret)


def _secrets(value: object, name: str = "") -> list[str]:
    if isinstance(value, dict):
        return [one for key, part in value.items() for one in _secrets(part, str(key))]
    if isinstance(value, list):
        return [one for part in value for one in _secrets(part, name)]
    wanted = isinstance(value, str) and any(word in name.lower() for word in _SECRET_WORDS)
    return [str(value)] if wanted else []
