"""Knows how TikTok Shop signs calls and webhooks (fact sheet, sections 2 and 6); pure functions of bytes."""

import hashlib
import hmac
from collections.abc import Mapping

UNSIGNED = frozenset({"sign", "access_token"})


def sign(
    secret: str,
    path: str,
    query: Mapping[str, str],
    body: bytes = b"",
    content_type: str = "application/json",
) -> str:
    """The `sign` parameter of a call: lower-case hex.

    `path` begins with `/` and has no query; `query` values are decoded, lists comma-joined; `body` is
    exactly what is sent, because whitespace counts. Multipart bodies are not signed.
    """
    named = "".join(name + query[name] for name in sorted(query) if name not in UNSIGNED)
    signed_body = b"" if content_type.lower().startswith("multipart/form-data") else body
    key = secret.encode()
    text = key + (path + named).encode() + signed_body + key
    return hmac.new(key, text, hashlib.sha256).hexdigest()


def webhook_signature(app_key: str, secret: str, body: bytes) -> str:
    """What the `Authorization` header of a delivery must be: lower-case hex over the raw body."""
    return hmac.new(secret.encode(), app_key.encode() + body, hashlib.sha256).hexdigest()


def is_genuine(app_key: str, secret: str, body: bytes, authorization: str | None) -> bool:
    """Whether a delivery carries the right signature; compared in constant time, never raises.

    Compared as bytes, because `compare_digest` raises on text that is not ASCII.
    """
    given = (authorization or "").encode("utf-8", "replace")
    return hmac.compare_digest(webhook_signature(app_key, secret, body).encode(), given)
