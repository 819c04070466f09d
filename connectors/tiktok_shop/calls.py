"""Knows what one call to TikTok Shop takes: token, shop cipher, signature, the shop's clock, repetition."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from pydantic import SecretStr

from connectors.tiktok_shop.codes import Entry, ErrorClass, classify
from connectors.tiktok_shop.errors import ApiRefused, ApiUnauthorized, ApiUnavailable, ApiUnknown
from connectors.tiktok_shop.signing import sign
from connectors.tiktok_shop.wire import Answer, Data, UnusableAnswer
from connectors.transport.http_transport import HttpReply, HttpRequest, NoAnswer, NotSent
from connectors.transport.pacing import Lane, Stopped
from connectors.transport.retrying import (
    READS,
    WRITES,
    Judgement,
    PacedCaller,
    RetryPolicy,
    Traffic,
)
from syncd.ports.clock import Clock

CONTENT_TYPE = "application/json"
"""Required on every call, GET too (official specification)."""
LONGEST_MESSAGE = 300


class TokenKeeper(Protocol):
    """Where the access token comes from."""

    def access_token(self) -> str:
        """The present access token; ApiUnauthorized or ApiUnavailable when there is none."""
        ...

    def refresh_after_expiry(self, used: str) -> str:
        """A token other than `used`, which the shop called expired; errors as above."""
        ...

    def reconnected(self, used: str) -> bool:
        """Whether there is a newer grant than the one `used` belongs to, perhaps with other scopes."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """The app as Partner Center shows it."""

    key: str
    secret: SecretStr


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A method and path, whether it wants the shop cipher (else it refuses it), and how to repeat it."""

    method: str
    path: str
    shop_cipher: bool
    policy: RetryPolicy


def reading(method: str, path: str, *, shop_cipher: bool = True) -> Endpoint:
    """An endpoint that changes nothing and may be repeated whatever happened."""
    return Endpoint(method=method, path=path, shop_cipher=shop_cipher, policy=READS)


def writing(method: str, path: str) -> Endpoint:
    """An endpoint with an effect: after a lost answer nobody knows whether it happened."""
    return Endpoint(method=method, path=path, shop_cipher=True, policy=WRITES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of an endpoint: values for the path, decoded query values, the body's bytes."""

    endpoint: Endpoint
    values: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    cipher: SecretStr | None = None
    lane: Lane = Lane.NORMAL

    def path(self) -> str:
        """The path to sign and to send; ValueError if an id is not made of digits."""
        odd = [value for value in self.values.values() if not (value.isascii() and value.isdigit())]
        if odd:
            raise ValueError(f"{odd[0]!r} is no TikTok Shop id")
        return self.endpoint.path.format(**self.values)


class ServerClock:
    """The shop's time, learned from the `Date` header of its answers."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._observed: timedelta | None = None
        self._applied = timedelta(0)

    def observe(self, reply: HttpReply) -> None:
        """Note how far this machine's clock is off."""
        moment = reply.server_time()
        if moment is not None:
            self._observed = moment - self._clock.now()

    def now(self) -> datetime:
        """The shop's time, aware, in UTC, exact to a second; ours before the first answer."""
        return self._clock.now() + (self._observed or timedelta(0))

    def offset(self) -> timedelta | None:
        """The shop's time less ours; None before the first answer."""
        return self._observed

    def timestamp(self) -> int:
        """Unix seconds to sign with: our own clock's, until the shop once refused them."""
        return int((self._clock.now() + self._applied).timestamp())

    def adopt(self) -> bool:
        """Sign with the shop's time from now on; False when it never said what time it is."""
        if self._observed is None:
            return False
        self._applied = self._observed
        return True


class SignedCalls:
    """Sends calls of one app; threads may share it."""

    def __init__(
        self, *, api_url: str, app: App, tokens: TokenKeeper, caller: PacedCaller, clock: Clock
    ) -> None:
        self._api_url = api_url.rstrip("/")
        self.app = app
        self.tokens = tokens
        self._caller = caller
        self.server_clock = ServerClock(clock)

    def send(self, call: Call, model: type[Data]) -> Data:
        """The answer's data.

        Raises ApiRefused (understood and refused), ApiUnavailable (no effect, try later),
        ApiUnauthorized (an operator must act), and for writes ApiUnknown (perhaps done).
        """
        attempt = _Attempts(self, call, self._api_url)
        try:
            self._caller.call(attempt.build, attempt.judge, call.endpoint.policy, call.lane)
        except Stopped:
            raise ApiUnavailable("told to stop, or stood still, before the call was sent") from None
        except NotSent as error:
            raise ApiUnavailable(str(error)) from error
        except NoAnswer as error:
            raise _without_answer(call, str(error)) from error
        return attempt.result(model)

    def traffic(self) -> Traffic:
        """Requests sent, throttled and retried so far."""
        return self._caller.traffic()


def _without_answer(call: Call, why: str) -> ApiUnavailable | ApiUnknown:
    return ApiUnknown(why) if call.endpoint.policy is WRITES else ApiUnavailable(why)


class _Attempts:
    """The attempts of one call: each is signed anew, a token and a clock are mended once each."""

    def __init__(self, calls: SignedCalls, call: Call, api_url: str) -> None:
        self._calls = calls
        self._call = call
        self._path = call.path()
        self._url = api_url + self._path
        self._token = ""
        self._mended: set[ErrorClass] = set()
        self._answer: Answer | None = None
        self._entry: Entry = classify(None, 0)

    def build(self) -> HttpRequest:
        """The request with the present token and time."""
        self._token = self._calls.tokens.access_token()
        app, call = self._calls.app, self._call
        query = {
            **call.query,
            "app_key": app.key,
            "timestamp": str(self._calls.server_clock.timestamp()),
        }
        if call.endpoint.shop_cipher and call.cipher is not None:
            query["shop_cipher"] = call.cipher.get_secret_value()
        secret = app.secret.get_secret_value()
        query["sign"] = sign(secret, self._path, query, call.body, CONTENT_TYPE)
        headers = {"content-type": CONTENT_TYPE, "x-tts-access-token": self._token}
        return HttpRequest(
            method=call.endpoint.method,
            url=self._url,
            query=query,
            headers=headers,
            body=call.body,
        )

    def judge(self, reply: HttpReply) -> Judgement:
        """What to do about a reply; refreshes the token or takes the shop's time where that helps."""
        self._calls.server_clock.observe(reply)
        try:
            self._answer = Answer.read(reply.body)
            head = self._answer.head
            self._entry = classify(head.code, reply.status, head.message)
        except UnusableAnswer:
            self._answer = None
            self._entry = classify(None, reply.status)
        if self._entry.kind is ErrorClass.THROTTLED:
            return Judgement.THROTTLED
        if self._entry.kind is ErrorClass.RETRY:
            return Judgement.TRANSIENT
        return Judgement.AMENDED if self._mend(self._entry.kind) else Judgement.DONE

    def result(self, model: type[Data]) -> Data:
        """The data of the last answer, or the error it amounts to."""
        kind = self._entry.kind
        if kind is ErrorClass.OK and self._answer is not None:
            try:
                return self._answer.read_data(model)
            except UnusableAnswer as error:
                raise _without_answer(self._call, f"{self._path}: {error}") from None
        if kind is ErrorClass.RETRY:
            raise _without_answer(self._call, self._explained())
        if kind in {ErrorClass.THROTTLED, ErrorClass.BUDGET_SPENT, ErrorClass.CLOCK}:
            raise ApiUnavailable(self._explained())
        if kind in {ErrorClass.REFRESH_TOKEN, ErrorClass.UNAUTHORIZED, ErrorClass.SHOP_INACTIVE}:
            raise ApiUnauthorized(self._explained())
        request_id = "" if self._answer is None else self._answer.head.request_id
        raise ApiRefused(self._entry.code, self._message(), self._entry, request_id)

    def _mend(self, kind: ErrorClass) -> bool:
        if kind in self._mended:
            return False
        self._mended.add(kind)
        if kind is ErrorClass.REFRESH_TOKEN:
            self._calls.tokens.refresh_after_expiry(self._token)
            return True
        if kind is ErrorClass.UNAUTHORIZED:
            return self._calls.tokens.reconnected(self._token)
        return kind is ErrorClass.CLOCK and self._calls.server_clock.adopt()

    def _explained(self) -> str:
        parts = (f"{self._path}: {self._entry.meaning}", self._message(), self._entry.action)
        return "; ".join(part for part in parts if part)

    def _message(self) -> str:
        """The shop's words without our secrets, should it have repeated them."""
        message = "" if self._answer is None else self._answer.head.message
        for secret in (self._token, self._calls.app.secret.get_secret_value()):
            if secret:
                message = message.replace(secret, "[secret]")
        return message[:LONGEST_MESSAGE]
