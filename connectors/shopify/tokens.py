"""Knows how an access token is got: given once for ever, or granted for a day to an app of the shop's own.

ShopifyAPI cannot ask for the latter (fact sheet 1.7). A granted token lives in memory only: another one costs
one request.
"""

from datetime import datetime, timedelta
from threading import Lock
from typing import Protocol
from urllib.parse import urlencode

from pydantic import BaseModel, Field, SecretStr, ValidationError

from connectors.shopify.options import ShopifyOptions
from connectors.transport.http_transport import (
    HttpReply,
    HttpRequest,
    HttpTransport,
    TransportError,
)
from syncd.domain.errors import SourceUnauthorized, SourceUnavailable
from syncd.ports.clock import Clock

PATH = "/admin/oauth/access_token"
USED_UP = 0.9
"""The share of its life after which a token is renewed, because a reading takes time."""
_OUTAGE = 500


class TokenKeeper(Protocol):
    """Where the access token comes from; it outlives the connections of one reading."""

    def token(self, transport: HttpTransport) -> SecretStr:
        """A usable token; SourceUnauthorized or SourceUnavailable when there is none."""
        ...

    def another(self, refused: SecretStr, transport: HttpTransport) -> SecretStr:
        """A token other than `refused`, which Shopify called invalid; errors as above."""
        ...


class PermanentToken:
    """The token of a custom app."""

    def __init__(self, token: SecretStr) -> None:
        self._token = token

    def token(self, transport: HttpTransport) -> SecretStr:
        """The token."""
        del transport
        return self._token

    def another(self, refused: SecretStr, transport: HttpTransport) -> SecretStr:
        """There is no other: SourceUnauthorized."""
        del refused, transport
        raise SourceUnauthorized(
            "Shopify does not accept the token (401): it was revoked, or the app is not installed in this "
            "shop; install the app and store its token under the credential that `token` names"
        )


class Grant(BaseModel):
    """What the token endpoint answers."""

    access_token: SecretStr = Field(min_length=1)
    expires_in: int = Field(gt=0)


class Denial(BaseModel):
    """Why it grants nothing."""

    error: str = Field(max_length=100)


class GrantedToken:
    """The token of an app of the Dev Dashboard, by its client credentials; threads may share it."""

    def __init__(
        self, *, address: str, client_id: str, client_secret: SecretStr, clock: Clock
    ) -> None:
        self._url = address + PATH
        self._client_id = client_id
        self._client_secret = client_secret
        self._clock = clock
        self._lock = Lock()
        self._kept: tuple[SecretStr, datetime] | None = None

    def token(self, transport: HttpTransport) -> SecretStr:
        """The token in use, renewed ahead of its end."""
        with self._lock:
            if self._kept is not None and self._clock.now() < self._kept[1]:
                return self._kept[0]
            return self._granted(transport)

    def another(self, refused: SecretStr, transport: HttpTransport) -> SecretStr:
        """A new token, unless another thread has already got one."""
        with self._lock:
            if self._kept is not None and self._kept[0] != refused:
                return self._kept[0]
            return self._granted(transport)

    def _granted(self, transport: HttpTransport) -> SecretStr:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._client_id,
            "client_secret": self._client_secret.get_secret_value(),
        }
        headers = {
            "content-type": "application/x-www-form-urlencoded",
            "accept": "application/json",
        }
        body = urlencode(form).encode()
        request = HttpRequest(method="POST", url=self._url, headers=headers, body=body)
        asked = self._clock.now()
        try:
            reply = transport.send(request)
        except TransportError as error:
            raise SourceUnavailable(f"no token from Shopify: {error}") from None
        grant = _grant(reply)
        self._kept = (grant.access_token, asked + timedelta(seconds=USED_UP * grant.expires_in))
        return grant.access_token


def keeper_of(
    options: ShopifyOptions, token: SecretStr | None, client_secret: SecretStr | None, clock: Clock
) -> TokenKeeper:
    """The keeper that the options ask for; they name exactly one kind of token."""
    if token is not None:
        return PermanentToken(token)
    if options.client_id is None or client_secret is None:
        raise TypeError("the options model lets no shop through without a token")
    return GrantedToken(
        address=options.address,
        client_id=options.client_id,
        client_secret=client_secret,
        clock=clock,
    )


def _grant(reply: HttpReply) -> Grant:
    """The grant; no error quotes what was sent or what came."""
    if reply.status == 429 or reply.status >= _OUTAGE:  # noqa: PLR2004 - HTTP
        raise SourceUnavailable(f"no token from Shopify: it answers {reply.status}")
    if reply.status == 200:  # noqa: PLR2004 - HTTP
        try:
            return Grant.model_validate_json(reply.body)
        except ValidationError:
            raise SourceUnavailable("no token from Shopify: its answer holds none") from None
    raise SourceUnauthorized(_denied(reply))


def _denied(reply: HttpReply) -> str:
    try:
        code = Denial.model_validate_json(reply.body).error
    except ValidationError:
        code = ""
    words = code if code.isascii() and code.replace("_", "").isalnum() else f"{reply.status}"
    if words == "shop_not_permitted":
        return (
            "Shopify grants the app no token for this shop (shop_not_permitted): client credentials work only "
            "for an app of the organisation that owns the shop; else give a `token`"
        )
    return (
        f"Shopify grants the app no token ({words}); check client_id, the credential that client_secret names, "
        "and that the app is installed in this shop"
    )
