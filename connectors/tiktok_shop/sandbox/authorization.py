"""The grants of the simulated platform: single-use codes, absolute expiries, refresh tokens that rotate."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from hmac import compare_digest
from itertools import count
from threading import Lock

from connectors.tiktok_shop.sandbox.behaviour import Behaviour
from connectors.tiktok_shop.sandbox.replies import Refused, invalid
from connectors.tiktok_shop.sandbox.state import Identity

BAD_AUTH_CODE = 36004004
BAD_REFRESH_TOKEN = 36004005
TOKEN_EXPIRED = 105002
UNAUTHORIZED = 401
CODE_LIFE = 1800.0
SCOPES = (
    "seller.authorization.info",
    "seller.product.basic",
    "seller.product.write",
    "seller.order.info",
    "seller.logistics",
    "seller.promotion",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _RefreshToken:
    expires_at: float
    taken_until: float = float("inf")


class Grants:
    """Who may call the API now; the first code lives until it is used."""

    def __init__(self, identity: Identity, behaviour: Behaviour, now: Callable[[], float]) -> None:
        self.redirect = ""
        self._identity = identity
        self._behaviour = behaviour
        self._now = now
        self._codes: dict[str, float] = {identity.auth_code: float("inf")}
        self._access: dict[str, float] = {}
        self._refresh: dict[str, _RefreshToken] = {}
        self._numbers = count(1)
        self._lock = Lock()

    def issue_code(self) -> str:
        """A fresh auth code, good once within half an hour."""
        with self._lock:
            code = self._secret("code")
            self._codes[code] = self._now() + CODE_LIFE
            return code

    def exchange(self, query: Mapping[str, str]) -> dict[str, object]:
        """Answer `GET /api/v2/token/get`."""
        self._check_app(query, "authorized_code")
        with self._lock:
            expiry = self._codes.pop(query.get("auth_code", ""), None)
            if expiry is None or expiry <= self._now():
                raise Refused(BAD_AUTH_CODE, "Authorization code is invalid, used or expired")
            return self._issue(self._now() + self._behaviour.refresh_life)

    def refresh(self, query: Mapping[str, str]) -> dict[str, object]:
        """Answer `GET /api/v2/token/refresh`; the refresh token given is used up, after a grace.

        Whether the real platform grants one is not documented (fact sheet 1.2): a knob decides.
        """
        self._check_app(query, "refresh_token")
        given = query.get("refresh_token", "")
        with self._lock:
            token, now = self._refresh.get(given), self._now()
            if token is None or min(token.expires_at, token.taken_until) <= now:
                raise Refused(BAD_REFRESH_TOKEN, "Refresh token is unknown or expired")
            until = min(token.taken_until, now + self._behaviour.refresh_grace)
            self._refresh[given] = replace(token, taken_until=until)
            return self._issue(token.expires_at)

    def check(self, token: str | None) -> None:
        """Refuse a call without a valid access token."""
        if not token:
            raise Refused(36009004, "Header x-tts-access-token is missing or invalid", UNAUTHORIZED)
        with self._lock:
            expiry = self._access.get(token)
        if expiry is None or expiry <= self._now():
            raise expired()

    def expire(self) -> None:
        """End the life of all access tokens; refresh tokens stay."""
        with self._lock:
            self._access.clear()

    def revoke(self) -> None:
        """The seller takes the authorization back: tokens, refresh tokens and codes are gone."""
        with self._lock:
            self._access.clear()
            self._refresh.clear()
            self._codes.clear()

    def _check_app(self, query: Mapping[str, str], grant_type: str) -> None:
        if query.get("app_key") != self._identity.app_key:
            raise invalid("Invalid parameter: app_key is invalid")
        secret = query.get("app_secret", "")
        if not compare_digest(secret.encode(), self._identity.app_secret.encode()):
            raise invalid("Invalid parameter: app_secret is invalid")
        if query.get("grant_type") != grant_type:
            raise invalid(f"Invalid parameter: grant_type must be {grant_type}")

    def _issue(self, refresh_expiry: float) -> dict[str, object]:
        access, refresh = self._secret("TTP_"), self._secret("TTPR_")
        self._access[access] = self._now() + self._behaviour.token_life
        self._refresh[refresh] = _RefreshToken(expires_at=refresh_expiry)
        return {
            "access_token": access,
            "access_token_expire_in": int(self._access[access]),
            "refresh_token": refresh,
            "refresh_token_expire_in": int(refresh_expiry),
            "open_id": "sandbox-open-id",
            "seller_name": self._identity.name,
            "seller_base_region": self._identity.region,
            "user_type": 0,
            "granted_scopes": list(SCOPES),
        }

    def _secret(self, prefix: str) -> str:
        text = f"{prefix}{next(self._numbers)}{self._identity.app_secret}{self._identity.cipher}"
        return prefix + sha256(text.encode()).hexdigest()


def expired() -> Refused:
    """The refusal of an access token past its life."""
    return Refused(TOKEN_EXPIRED, "Access token is expired or unknown", UNAUTHORIZED)
