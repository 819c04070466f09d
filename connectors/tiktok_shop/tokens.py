"""Knows how TikTok Shop's tokens are got, kept and renewed; the app secret is in both URLs (fact sheet 1.2)."""

import json
import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock

from pydantic import SecretStr

from connectors.tiktok_shop.calls import LONGEST_MESSAGE, App
from connectors.tiktok_shop.codes import CONNECT, ErrorClass, classify
from connectors.tiktok_shop.errors import ApiUnauthorized, ApiUnavailable
from connectors.tiktok_shop.wire import Answer, TokenData, UnusableAnswer
from connectors.transport.http_transport import HttpRequest, Transport, TransportError
from syncd.domain.identity import ChannelName
from syncd.ports.clock import Clock
from syncd.ports.tokens import TokenStore

FIRST_MOMENT = 1_000_000_000
"""A smaller expiry cannot be a unix time of our days; it is taken for a duration in seconds."""
EARLY_RETRY = timedelta(minutes=15)
"""After a refresh ahead of time failed, the still valid token is used so long before the next try."""
LEEWAY = timedelta(minutes=1)
"""A token this close to its end counts as expired: a call takes time."""
BEFORE_SECOND_TRY = 1.0
FORMAT = "grant.1"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenGrant:
    """What a seller granted: both tokens with their ends as aware UTC, and to whom they belong."""

    access_token: SecretStr
    refresh_token: SecretStr
    issued_at: datetime
    access_expires_at: datetime
    refresh_expires_at: datetime
    open_id: str = ""
    seller_name: str = ""
    region: str = ""
    granted_scopes: tuple[str, ...] = ()

    def expired(self, now: datetime) -> bool:
        """Whether the access token can no longer be used."""
        return now >= self.access_expires_at - LEEWAY

    def due(self, now: datetime) -> bool:
        """Whether half of the access token's life is over."""
        return now >= self.issued_at + (self.access_expires_at - self.issued_at) / 2

    def to_bytes(self) -> bytes:
        """The grant in clear as JSON; whoever stores it encrypts it."""
        fields = {
            "access_token": self.access_token.get_secret_value(),
            "refresh_token": self.refresh_token.get_secret_value(),
            "issued_at": int(self.issued_at.timestamp()),
            "access_expires_at": int(self.access_expires_at.timestamp()),
            "refresh_expires_at": int(self.refresh_expires_at.timestamp()),
            "open_id": self.open_id,
            "seller_name": self.seller_name,
            "region": self.region,
            "granted_scopes": list(self.granted_scopes),
        }
        return json.dumps({FORMAT: fields}).encode()

    @classmethod
    def from_bytes(cls, blob: bytes) -> "TokenGrant":
        """Read what `to_bytes` wrote; ValueError, which quotes nothing of it, for anything else."""
        try:
            document = json.loads(blob)[FORMAT]
            return cls(
                access_token=SecretStr(document["access_token"]),
                refresh_token=SecretStr(document["refresh_token"]),
                issued_at=_moment(document["issued_at"]),
                access_expires_at=_moment(document["access_expires_at"]),
                refresh_expires_at=_moment(document["refresh_expires_at"]),
                open_id=document["open_id"],
                seller_name=document["seller_name"],
                region=document["region"],
                granted_scopes=tuple(document["granted_scopes"]),
            )
        except (ValueError, KeyError, TypeError, OverflowError):
            raise ValueError("the stored authorization cannot be read") from None


class TokenIssuer:
    """The two unsigned calls to the authorization host. No error text contains a URL or a token."""

    def __init__(self, *, auth_url: str, app: App, transport: Transport, clock: Clock) -> None:
        self._auth_url = auth_url.rstrip("/")
        self._app = app
        self._transport = transport
        self._clock = clock

    def exchange(self, auth_code: SecretStr) -> TokenGrant:
        """Turn an authorization code (single use, 30 minutes) into tokens; never repeated.

        Raises ApiUnauthorized for a wrong code, ApiUnavailable when no usable answer came.
        """
        code = auth_code.get_secret_value()
        return self._ask("get", {"auth_code": code, "grant_type": "authorized_code"})

    def refresh(self, refresh_token: SecretStr) -> TokenGrant:
        """New tokens for a refresh token; the refresh token changes too.

        Raises ApiUnauthorized when the seller must authorize again, ApiUnavailable when no usable
        answer came: it may have taken effect then.
        """
        token = refresh_token.get_secret_value()
        return self._ask("refresh", {"refresh_token": token, "grant_type": "refresh_token"})

    def _ask(self, what: str, query: dict[str, str]) -> TokenGrant:
        secret = self._app.secret.get_secret_value()
        request = HttpRequest(
            method="GET",
            url=f"{self._auth_url}/api/v2/token/{what}",
            query={"app_key": self._app.key, "app_secret": secret, **query},
        )
        try:
            reply = self._transport.send(request)
            answer = Answer.read(reply.body)
        except (TransportError, UnusableAnswer) as error:
            raise ApiUnavailable(f"token {what}: {error}") from None
        head = answer.head
        entry = classify(head.code, reply.status, head.message)
        if entry.kind is not ErrorClass.OK:
            hidden = _without(head.message, (secret, *query.values()))
            text = f"token {what}: {head.code} {entry.meaning}: {hidden}; {entry.action}"
            raise (ApiUnavailable if entry.kind in _PASSING else ApiUnauthorized)(text)
        try:
            return _grant(answer.read_data(TokenData), self._clock.now())
        except UnusableAnswer as error:
            raise ApiUnavailable(f"token {what}: {error}") from None


class Keeper:
    """Keeps one channel's tokens fresh, across threads and processes: a TokenKeeper."""

    def __init__(
        self, channel: ChannelName, store: TokenStore, issuer: TokenIssuer, clock: Clock
    ) -> None:
        self._channel = channel
        self._store = store
        self._issuer = issuer
        self._clock = clock
        self._lock = Lock()
        self._grant: TokenGrant | None = None
        self._not_before: datetime | None = None

    def connect(self, auth_code: SecretStr) -> TokenGrant:
        """Exchange an authorization code and keep the tokens; errors as TokenIssuer.exchange."""
        with self._lock, self._store.lock(self._channel):
            return self._keep(self._issuer.exchange(auth_code))

    def grant(self) -> TokenGrant:
        """What is kept, expired or not; ApiUnauthorized if the channel was never connected."""
        with self._lock:
            return self._grant or self._stored()

    def access_token(self) -> str:
        """A usable access token, renewed from half of its life on.

        Raises ApiUnauthorized when an operator must connect the channel, ApiUnavailable when the
        token has expired and cannot be renewed now.
        """
        with self._lock:
            now = self._clock.now()
            grant = self._grant = self._grant or self._stored()
            if grant.expired(now):
                return _secret(self._renewed(grant))
            if grant.due(now) and (self._not_before is None or now >= self._not_before):
                grant = self._renewed_early(grant, now)
            return _secret(grant)

    def refresh_after_expiry(self, used: str) -> str:
        """Another token than `used`, which the shop refused as expired; errors as access_token."""
        with self._lock:
            grant = self._grant = self._grant or self._stored()
            return _secret(grant if _secret(grant) != used else self._renewed(grant))

    def reconnected(self, used: str) -> bool:
        """Whether a person connected the channel anew since `used` was taken; the new token counts then."""
        with self._lock:
            try:
                stored = self._stored()
            except ApiUnauthorized:
                return False
            self._grant = stored
            return _secret(stored) != used

    def _renewed_early(self, grant: TokenGrant, now: datetime) -> TokenGrant:
        try:
            return self._renewed(grant)
        except (ApiUnauthorized, ApiUnavailable) as error:
            _log.warning(
                "%s: the access token could not be renewed ahead of time: %s", self._channel, error,
                extra={"action": "token_not_renewed", "channel": self._channel},
            )  # fmt: skip
            self._not_before = now + EARLY_RETRY
            return grant

    def _renewed(self, known: TokenGrant) -> TokenGrant:
        with self._store.lock(self._channel):
            stored = self._stored()
            if _secret(stored) != _secret(known) and not stored.expired(self._clock.now()):
                self._grant = stored  # another process was faster
                return stored
            return self._keep(self._refreshed(stored.refresh_token))

    def _refreshed(self, refresh_token: SecretStr) -> TokenGrant:
        """One refresh; after a lost answer one more and no loop, as the first may have rotated it."""
        try:
            try:
                return self._issuer.refresh(refresh_token)
            except ApiUnavailable:
                self._clock.sleep(BEFORE_SECOND_TRY)
                return self._issuer.refresh(refresh_token)
        except ApiUnauthorized as error:
            raise ApiUnauthorized(self._naming_the_command(str(error))) from None

    def _naming_the_command(self, text: str) -> str:
        """The text with the command for this channel, once."""
        command = f"run `syncd connect {self._channel}`"
        return text.replace(CONNECT, command) if CONNECT in text else f"{text}; {command}"

    def _keep(self, grant: TokenGrant) -> TokenGrant:
        """Store before use: a crash after the first use must not lose the new refresh token."""
        self._store.save(self._channel, grant.to_bytes())
        self._grant = grant
        self._not_before = None
        return grant

    def _stored(self) -> TokenGrant:
        blob = self._store.load(self._channel)
        if blob is None:
            raise ApiUnauthorized(f"not connected yet: run `syncd connect {self._channel}`")
        try:
            return TokenGrant.from_bytes(blob)
        except ValueError as error:
            raise ApiUnauthorized(f"{error}: run `syncd connect {self._channel}`") from None


_PASSING = frozenset({ErrorClass.THROTTLED, ErrorClass.RETRY, ErrorClass.BUDGET_SPENT})


def _grant(data: TokenData, now: datetime) -> TokenGrant:
    return TokenGrant(
        access_token=SecretStr(data.access_token),
        refresh_token=SecretStr(data.refresh_token),
        issued_at=now,
        access_expires_at=expiry(data.access_token_expire_in, now),
        refresh_expires_at=expiry(data.refresh_token_expire_in, now),
        open_id=data.open_id,
        seller_name=data.seller_name,
        region=data.seller_base_region,
        granted_scopes=data.granted_scopes,
    )


def expiry(value: int, now: datetime) -> datetime:
    """The moment an `…_expire_in` names: unix seconds despite the name, small values a duration."""
    if value < FIRST_MOMENT:
        return now + timedelta(seconds=max(0, value))
    return _moment(min(value, 253_000_000_000))


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _secret(grant: TokenGrant) -> str:
    return grant.access_token.get_secret_value()


def _without(message: str, secrets: tuple[str, ...]) -> str:
    for secret in secrets:
        if secret:
            message = message.replace(secret, "[secret]")
    return message[:LONGEST_MESSAGE]
