"""The page tokens of the simulated API: opaque, with `+`, `/` and `=` inside, so careless encoding shows."""

from base64 import b64decode, b64encode
from binascii import Error

from connectors.tiktok_shop.sandbox.replies import invalid

MARK = bytes.fromhex("fbefbefffffe")[:6]
"""Encodes to `++++///+`."""


def token_of(last: str) -> str:
    """The token of the page after the row named `last`."""
    payload = last.encode()
    padding = b" " * (1 if len(payload) % 3 != 1 else 3)
    token = b64encode(MARK + payload + padding).decode()
    return token if token.endswith("=") else b64encode(MARK + payload + padding + b" ").decode()


def last_of(token: str) -> str | None:
    """What a token says was the last row; None for the first page."""
    if not token:
        return None
    try:
        raw = b64decode(token.encode(), validate=True)
        if raw.startswith(MARK):
            return raw.removeprefix(MARK).decode().rstrip(" ")
    except (Error, UnicodeError):
        pass
    raise invalid("Invalid parameter: page_token is invalid")
