"""What the platform's gateway demands of every call: app key, clock, signature, cipher; no business rule."""

import hmac
from collections.abc import Mapping
from hashlib import sha256
from urllib.parse import parse_qsl

from connectors.tiktok_shop.sandbox.replies import Refused, invalid
from connectors.tiktok_shop.sandbox.state import Identity

BAD_SIGNATURE = 106001
CIPHER_MISSING = 106013
CIPHER_FOREIGN = 101000
OLDEST = 300
NEWEST = 30
UNSIGNED = frozenset({"sign", "access_token"})


def read_query(text: str) -> dict[str, str]:
    """The percent-decoded parameters; one given several times is joined by commas."""
    query: dict[str, str] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        query[name] = f"{query[name]},{value}" if name in query else value
    return query


def signature(
    secret: str, path: str, query: Mapping[str, str], body: bytes, content_type: str
) -> str:
    """The signature the platform computes from what came over the wire."""
    digest = hmac.new(secret.encode(), digestmod=sha256)
    digest.update(secret.encode())
    digest.update(path.encode())
    for name in sorted(query):
        if name not in UNSIGNED:
            digest.update(name.encode())
            digest.update(query[name].encode())
    if not content_type.strip().lower().startswith("multipart/form-data"):
        digest.update(body)
    digest.update(secret.encode())
    return digest.hexdigest()


def check_app(identity: Identity, query: Mapping[str, str], now: float) -> None:
    """Refuse a foreign app key and a time stamp outside the window."""
    if query.get("app_key") != identity.app_key:
        raise invalid("Invalid parameter: app_key is invalid")
    stamp = query.get("timestamp", "")
    if not stamp.isascii() or not stamp.isdecimal():
        raise invalid("Invalid parameter: timestamp is missing or invalid")
    age = int(now) - int(stamp)
    if age > OLDEST:
        raise invalid("Invalid timestamp: the timestamp is expired, more than 5 minutes old")
    if age < -NEWEST:
        raise invalid("Invalid timestamp: the timestamp is more than 30 seconds ahead")


def check_signature(
    identity: Identity, path: str, query: Mapping[str, str], body: bytes, content_type: str
) -> None:
    """Refuse a request whose signature does not fit the bytes that came."""
    right = signature(identity.app_secret, path, query, body, content_type)
    if not hmac.compare_digest(query.get("sign", "").encode(), right.encode()):
        raise Refused(BAD_SIGNATURE, "Invalid signature: sign does not match", 401)


def check_cipher(identity: Identity, query: Mapping[str, str], *, needed: bool) -> None:
    """Refuse a missing, superfluous or foreign shop cipher."""
    cipher = query.get("shop_cipher")
    if not needed:
        if cipher is not None:
            raise invalid("Invalid parameter: shop_cipher is not required")
    elif not cipher:
        raise Refused(CIPHER_MISSING, "shop_cipher is required", 400)
    elif cipher != identity.cipher:
        raise Refused(CIPHER_FOREIGN, "shop_cipher does not match the access token", 401)
