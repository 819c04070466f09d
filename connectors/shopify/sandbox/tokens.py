"""The tokens of the simulated platform: a permanent one, and those of the client-credentials grant."""

import json
from collections.abc import Callable, Mapping
from hashlib import sha256
from hmac import compare_digest
from itertools import count
from threading import Lock
from urllib.parse import parse_qsl

from connectors.shopify.sandbox.behaviour import Behaviour
from connectors.shopify.sandbox.state import Shop
from connectors.transport.simulation.replies import Reply, encode

GRANT = "client_credentials"
BAD_REQUEST, UNAUTHORIZED = 400, 401


class Tokens:
    """Who may call the API now."""

    def __init__(self, shop: Shop, behaviour: Behaviour, now: Callable[[], float]) -> None:
        self._shop = shop
        self._behaviour = behaviour
        self._now = now
        self._issued: dict[str, float] = {}
        self._numbers = count(1)
        self._lock = Lock()

    def valid(self, token: str) -> bool:
        """Whether a call with that token is let in."""
        if not self._shop.installed:
            return False
        if compare_digest(token.encode(), self._shop.identity.token.encode()):
            return True
        with self._lock:
            return self._issued.get(token, 0.0) > self._now()

    def expire(self) -> None:
        """End the life of all tokens that expire; the permanent one stays."""
        with self._lock:
            self._issued.clear()

    def grant(self, headers: Mapping[str, str], body: bytes) -> Reply:
        """Answer `POST /admin/oauth/access_token`; JSON and form bodies are taken."""
        form = _form(headers, body)
        if form.get("grant_type") != GRANT:
            return _refuse(BAD_REQUEST, "unsupported_grant_type", "The grant type is not supported")
        identity = self._shop.identity
        known = compare_digest(form.get("client_id", "").encode(), identity.client_id.encode())
        secret = form.get("client_secret", "").encode()
        if not (known and compare_digest(secret, identity.client_secret.encode())):
            text = "Client authentication failed: client id or secret is wrong"
            return _refuse(UNAUTHORIZED, "invalid_client", text)
        if not (self._behaviour.own_shop and self._shop.installed):
            text = "The client credentials grant is not permitted on this shop"
            return _refuse(BAD_REQUEST, "shop_not_permitted", text)
        with self._lock:
            number = next(self._numbers)
            token = "shpat_" + sha256(f"{number}{identity.client_secret}".encode()).hexdigest()[:32]
            self._issued[token] = self._now() + self._behaviour.token_life
        answer = {
            "access_token": token,
            "scope": self._behaviour.scopes,
            "expires_in": int(self._behaviour.token_life),
        }
        return Reply(200, encode(answer))


def _form(headers: Mapping[str, str], body: bytes) -> Mapping[str, str]:
    text = body.decode("utf-8", "replace")
    if "json" not in headers.get("content-type", ""):
        return dict(parse_qsl(text))
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    if not isinstance(value, dict):
        return {}
    return {key: each for key, each in value.items() if isinstance(each, str)}


def _refuse(status: int, error: str, text: str) -> Reply:
    return Reply(status, encode({"error": error, "error_description": text}))
