"""What a reply of Shopify amounts to: data, a reason to wait or to ask again, or an error with what helps.

GraphQL errors come with status 200, a throttled request too (fact sheet 2.3); data beside errors is no data.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from connectors.transport.http_transport import HttpReply
from connectors.transport.retrying import Failure
from syncd.domain.errors import (
    SourceError,
    SourceInvalid,
    SourceUnauthorized,
    SourceUnavailable,
)

LONGEST = 300
"""Characters of Shopify's own words that are repeated."""
VERSION_HEADER = "x-shopify-api-version"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel)


class ThrottleStatus(_Part):
    """How full the bucket of points is, and how many points come back in a second."""

    maximum_available: float
    currently_available: float
    restore_rate: float


class Cost(_Part):
    """What a request was estimated at, and what it took in points: None if it was refused."""

    requested_query_cost: float
    actual_query_cost: float | None = None
    throttle_status: ThrottleStatus


class Misread(_Part):
    """A part of a search that was not understood and therefore left out."""

    field: str = ""
    message: str = ""


class Search(_Part):
    """How one search was read."""

    query: str = ""
    warnings: tuple[Misread, ...] = ()


class Extensions(_Part):
    """What is told beside the data."""

    cost: Cost | None = None
    search: tuple[Search, ...] = ()


class ErrorExtensions(_Part):
    """The code of an error; MAX_COST_EXCEEDED also gives cost and maxCost."""

    code: str = ""
    cost: float | None = None
    max_cost: float | None = None


class GraphQLError(_Part):
    """One error."""

    message: str = ""
    extensions: ErrorExtensions = ErrorExtensions()


class Envelope(_Part):
    """An answer before its data is believed. `errors` is a sentence where the request came nowhere."""

    data: Mapping[str, object] | None = None
    errors: tuple[GraphQLError, ...] | str = ()
    extensions: Extensions = Extensions()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """Data without any error or warning."""

    data: Mapping[str, object]
    cost: Cost | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttled:
    """Too many points at once. `cost` says how long to wait; None for HTTP 429, which names seconds."""

    cost: Cost | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TooDear:
    """The request alone would cost more than any may: ask for smaller pages."""

    cost: float
    most: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Passing:
    """A failure that a second try may not meet, and whether the request may have had an effect."""

    reason: str
    failure: Failure = Failure.TRANSIENT


@dataclass(frozen=True, slots=True)
class NoToken:
    """The token is not valid, or no longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """No repetition helps. `acted`: the request was carried out all the same, or a part of it."""

    error: SourceError
    acted: bool = False


Verdict = Answered | Throttled | TooDear | Passing | NoToken | Refused

_STATUSES: Mapping[int, tuple[type[SourceError], str]] = MappingProxyType(
    {
        402: (
            SourceUnauthorized,
            (
                "Shopify has frozen the shop because it is not paid for (402); settle the bill in the Shopify "
                "admin, then it is read again"
            ),
        ),
        403: (
            SourceUnauthorized,
            (
                "Shopify forbids the request (403): the app may lack a permission or be blocked; check its "
                "scopes in the Dev Dashboard and install it again"
            ),
        ),
        404: (
            SourceUnauthorized,
            "Shopify knows no such shop at this address (404); check `shop` (and `url`, if it is set)",
        ),
        423: (
            SourceUnauthorized,
            (
                "Shopify has locked the shop (423), usually because it is inactive or was called too often; "
                "its owner must ask Shopify's support to unlock it"
            ),
        ),
        430: (
            SourceUnavailable,
            (
                "Shopify refuses the request as a risk (430); it is tried again next time. If that persists, "
                "this machine's address is blocked: ask Shopify's support"
            ),
        ),
    }
)
_CODES: Mapping[str, type[SourceError]] = MappingProxyType(
    {"ACCESS_DENIED": SourceUnauthorized, "SHOP_INACTIVE": SourceUnauthorized}
)
_HELP: Mapping[str, str] = MappingProxyType(
    {
        "ACCESS_DENIED": "grant the app the scopes that `syncd doctor` names, then install it again",
        "SHOP_INACTIVE": "the shop is closed or was never opened; its owner must act in Shopify",
    }
)
_OUTAGE = 500
_MOVED = range(300, 400)


def judge(reply: HttpReply, version: str) -> Verdict:
    """What a reply amounts to; `version` is the API version that was asked for."""
    if reply.status != 200:  # noqa: PLR2004 - HTTP
        return _of_status(reply.status)
    served = reply.headers.get(VERSION_HEADER, version)
    if served != version:
        return Refused(error=not_served(version, served), acted=True)
    try:
        return _judged(Envelope.model_validate_json(reply.body))
    except ValidationError:
        return Passing(reason="the answer is no answer of Shopify's API")


def _of_status(status: int) -> Verdict:
    if status == 401:  # noqa: PLR2004 - HTTP
        return NoToken()
    if status == 429:  # noqa: PLR2004 - HTTP
        return Throttled(cost=None)
    if status >= _OUTAGE:
        return Passing(reason=f"Shopify answers {status}")
    if status in _MOVED:
        return Refused(error=_moved(status))
    kind, text = _STATUSES.get(status, (SourceUnavailable, f"Shopify answers {status}"))
    return Refused(error=kind(text))


def not_served(version: str, served: str) -> SourceInvalid:
    """Shopify silently answers by another version when the wanted one is gone (fact sheet 1.5)."""
    return SourceInvalid(
        f"Shopify no longer serves API version {version} but answers by {served[:20]!a}; nothing read so "
        "is believed: install a newer syncd"
    )


def _moved(status: int) -> SourceUnauthorized:
    """A redirect is not followed: the token would go where it points."""
    return SourceUnauthorized(
        f"Shopify points to another address ({status}); was the shop renamed? Set `shop` to its present "
        "myshopify.com name"
    )


def _judged(envelope: Envelope) -> Verdict:
    if isinstance(envelope.errors, str):
        return Refused(error=SourceUnavailable(f"Shopify refuses: {_shown(envelope.errors)}"))
    if envelope.errors:
        return _failed(envelope, envelope.errors)
    misread = [
        (search, found) for search in envelope.extensions.search for found in search.warnings
    ]
    if misread:
        search, found = misread[0]
        asked = f"the search {_shown(search.query)}" if search.query else "a search"
        text = f"Shopify misread {asked}: {_shown(found.message)} (field {_shown(found.field)})"
        return Refused(error=SourceInvalid(f"{text}; nothing found so is believed"))
    if envelope.data is None:
        return Passing(reason="the answer holds neither data nor errors")
    return Answered(data=envelope.data, cost=envelope.extensions.cost)


def _failed(envelope: Envelope, errors: tuple[GraphQLError, ...]) -> Verdict:
    codes = {error.extensions.code: error for error in errors}
    if "THROTTLED" in codes:
        return Throttled(cost=envelope.extensions.cost)
    dear = codes.get("MAX_COST_EXCEEDED")
    if dear is not None:
        cost, most = dear.extensions.cost, dear.extensions.max_cost
        return TooDear(cost=cost or 2.0, most=most or 1.0)
    for code, kind in _CODES.items():
        if code in codes:
            said = _shown(codes[code].message).rstrip(".")
            text = f"Shopify answers {code}: {said}; {_HELP[code]}"
            return Refused(error=kind(text), acted=_holds_something(envelope.data))
    first = errors[0]
    named = first.extensions.code or "an error"
    text = f"Shopify answers {named}: {_shown(first.message)}"
    if named == "INTERNAL_SERVER_ERROR" or envelope.data is not None:
        return Passing(reason=text)
    return Refused(
        error=SourceInvalid(f"{text}; this request is a fault of syncd, please report it")
    )


def _holds_something(data: Mapping[str, object] | None) -> bool:
    """Whether a root field was answered beside the errors, so that only a part was refused."""
    return data is not None and any(value is not None for value in data.values())


def _shown(text: str) -> str:
    """Foreign words on one line, cut."""
    return " ".join(text.split())[:LONGEST]
