"""Who may see more than whether syncd works: whoever bears the token of `web.token`."""

import hmac
from hashlib import sha256

from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response


class Access:
    """Compares bearer tokens; without a configured one nobody is let in, loopback or not.

    A reverse proxy makes every peer look local, so being local proves nothing.
    """

    def __init__(self, token: SecretStr | None) -> None:
        # compared as digests, which have one length and are bytes: neither tells anything by its time
        self._digest = None if token is None else _digest(token.get_secret_value())

    def granted(self, request: Request) -> bool:
        """Whether the request bears the token."""
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if self._digest is None or scheme.lower() != "bearer":
            return False
        return hmac.compare_digest(self._digest, _digest(given.strip()))

    def refusal(self, request: Request) -> Response | None:
        """The answer to a request without the token; None when it has it."""
        if self.granted(request):
            return None
        if self._digest is None:
            text = (
                "set web.token in the configuration to a credential, and send it as Bearer token\n"
            )
            return PlainTextResponse(text, 403)
        text = "the token of web.token is needed\n"
        return PlainTextResponse(text, 401, headers={"www-authenticate": "Bearer"})


def _digest(token: str) -> bytes:
    return sha256(token.encode("utf-8", "surrogateescape")).digest()
