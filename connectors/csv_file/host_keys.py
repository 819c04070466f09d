"""Knows how an SSH server's public key is written, and compares keys without telling by its time how alike."""

import base64
import binascii
import hashlib
import hmac
import re
from itertools import pairwise

from syncd.ports.options import OptionsPart

_FINGERPRINT = re.compile(r"SHA256:([A-Za-z0-9+/]{43})=?", re.ASCII)
_TYPES = {
    "ssh-ed25519": ("ssh-ed25519",),
    "ecdsa-sha2-nistp256": ("ecdsa-sha2-nistp256",),
    "ecdsa-sha2-nistp384": ("ecdsa-sha2-nistp384",),
    "ecdsa-sha2-nistp521": ("ecdsa-sha2-nistp521",),
    "ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256"),
}
_HELP = "write `ssh-ed25519 AAAA…` (a line of `ssh-keyscan HOST`) or `SHA256:…`"


class HostKey(OptionsPart):
    """The key a server must show: by its SHA-256, and by its type where that is known."""

    digest: bytes
    kind: str = ""

    @classmethod
    def parsed(cls, text: str) -> "HostKey":
        """A public key line, a line of known_hosts, or a fingerprint; ValueError for anything else."""
        words = text.split()
        found = _FINGERPRINT.fullmatch(words[0]) if len(words) == 1 else None
        if found is not None:
            return cls(digest=base64.b64decode(found[1] + "="))
        for kind, blob in pairwise(words):
            if kind in _TYPES:
                return cls(digest=hashlib.sha256(_blob(kind, blob)).digest(), kind=kind)
        raise ValueError(f"this is no host key; {_HELP}")

    @property
    def algorithms(self) -> tuple[str, ...]:
        """The signatures to ask the server for, so that it shows this key of all it has; none for any."""
        return _TYPES.get(self.kind, ())

    def is_of(self, blob: bytes) -> bool:
        """Whether the server showed this key."""
        return hmac.compare_digest(self.digest, hashlib.sha256(blob).digest())


def fingerprint_of(blob: bytes) -> str:
    """`SHA256:…` as OpenSSH shows it."""
    digest = base64.b64encode(hashlib.sha256(blob).digest()).decode("ascii")
    return f"SHA256:{digest.rstrip('=')}"


def _blob(kind: str, text: str) -> bytes:
    """The key itself, which begins with its own type."""
    try:
        blob = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"this host key is damaged; {_HELP}") from None
    if not blob.startswith(len(kind).to_bytes(4, "big") + kind.encode("ascii")):
        raise ValueError(f"this host key is damaged; {_HELP}")
    return blob
