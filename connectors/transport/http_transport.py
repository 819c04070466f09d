"""Knows httpx, so that nobody else has to: one exchange over HTTP, and whether it can have had an effect."""

import logging
import re
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache, lru_cache
from threading import BoundedSemaphore
from types import TracebackType
from typing import IO, Protocol, Self
from urllib.parse import quote, urlencode, urlsplit

import httpx

from syncd.ports.clock import Clock

_OK = 200
_SECONDS = re.compile(r"[0-9]+(\.[0-9]+)?", re.ASCII)


class TransportError(Exception):
    """No usable reply. The message names the host, never the query, the headers or the body."""


class NotSent(TransportError):  # noqa: N818 - reads as a state
    """The request surely had no effect: no connection came about."""


class NoAnswer(TransportError):  # noqa: N818 - reads as a state
    """The request was sent, or may have been, and no complete reply came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """One request. `url` has no query; `query` values are decoded and secret, as are headers and body."""

    method: str
    url: str
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpReply:
    """A complete reply; header names are in lower case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    def server_time(self) -> datetime | None:
        """The `Date` header, aware, in UTC, exact to a second; None if absent or unreadable."""
        return http_date(self.headers.get("date", ""))

    def retry_after(self, now: datetime) -> float | None:
        """Seconds the server asks to wait, given as seconds or as a date (RFC 9110, 10.2.3).

        Shopify writes the seconds with decimals (`2.0`), which the RFC does not know.
        """
        text = self.headers.get("retry-after", "").strip()
        if _SECONDS.fullmatch(text):
            return float(text[:9])
        moment = http_date(text)
        return None if moment is None else max(0.0, (moment - now).total_seconds())


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportLimits:
    """Seconds to connect, between two reads, and for a whole reply; bytes of a reply; connections."""

    connect: float = 5.0
    read: float = 20.0
    whole: float = 60.0
    body: int = 32 * 1024 * 1024
    connections: int = 16


DEFAULT_LIMITS = TransportLimits()
USUAL_HEADERS = {"accept": "*/*", "accept-encoding": "identity", "user-agent": "syncd"}
"""Of every request."""


class Transport(Protocol):
    """Whoever carries a request to its host and the reply back."""

    def send(self, request: HttpRequest) -> HttpReply:
        """One exchange, without retries; a reply of any status is a reply.

        Raises NotSent when the request surely had no effect, NoAnswer when it may have had one.
        """
        ...


class HttpTransport:
    """Sends requests over one pool of connections; threads may share it. Close it when done.

    Neither proxies nor certificates are taken from the environment and redirects are not followed,
    because a signed request with a token must reach the configured host or nobody.
    """

    def __init__(
        self,
        clock: Clock,
        limits: TransportLimits = DEFAULT_LIMITS,
    ) -> None:
        keep_addresses_out_of_logs()
        self._clock = clock
        self._limits = limits
        # We count connections, because a full httpcore pool (1.0.9) makes room by closing a connection that
        # looks idle, although another thread was given it and is just about to use it.
        self._free = BoundedSemaphore(limits.connections)
        self._client = httpx.Client(
            timeout=httpx.Timeout(limits.read, connect=limits.connect),
            limits=httpx.Limits(max_connections=None, keepalive_expiry=4.0),
            trust_env=False,
            follow_redirects=False,
            verify=_usual_certificates(),
        )

    def send(self, request: HttpRequest) -> HttpReply:
        """One exchange, without retries; a reply of any status is a reply.

        Raises NotSent when the request surely had no effect, NoAnswer when it may have had one.
        """
        with self._talking(request.url):
            return self._exchange(request, self._read)

    def save(self, request: HttpRequest, into: IO[bytes], most: int) -> HttpReply:
        """One exchange whose body, if the status is 200, goes into a file: of up to `most` bytes.

        The reply then has no body; it is written as it comes, so the file is good only if nothing is raised.
        How long it may take depends on nothing but the pauses in between. Raises as `send`.
        """

        def read(response: httpx.Response) -> bytes:
            return (
                self._read(response) if response.status_code != _OK else _copy(response, into, most)
            )

        with self._talking(request.url):
            return self._exchange(request, read)

    @contextmanager
    def _talking(self, url: str) -> Iterator[None]:
        """One of the connections, and its errors in our words."""
        host = urlsplit(url).hostname or "?"
        try:
            with self._free:
                yield
        except (
            httpx.ConnectError,
            httpx.ConnectTimeout,
            httpx.UnsupportedProtocol,
        ) as error:
            raise NotSent(f"{host}: {type(error).__name__}: {error}") from None
        except httpx.LocalProtocolError:
            # Its text quotes the offending header, which may be the token.
            raise NotSent(f"{host}: the request is no valid HTTP") from None
        except (httpx.InvalidURL, UnicodeError):
            raise NotSent(f"{host}: the address or a header is no valid HTTP") from None
        except (httpx.HTTPError, httpx.StreamError) as error:
            raise NoAnswer(f"{host}: {type(error).__name__}: {error}") from None

    def close(self) -> None:
        """Close every connection."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _exchange(self, request: HttpRequest, read: Callable[[httpx.Response], bytes]) -> HttpReply:
        with self._client.stream(
            request.method,
            full_url(request),
            headers=USUAL_HEADERS | dict(request.headers),
            content=request.body or None,
        ) as response:
            body = read(response)
            received = {name.lower(): value for name, value in response.headers.items()}
            return HttpReply(status=response.status_code, headers=received, body=body)

    def _read(self, response: httpx.Response) -> bytes:
        host = response.url.host
        until = self._clock.monotonic() + self._limits.whole
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > self._limits.body:
                raise NoAnswer(f"{host}: the reply is larger than {self._limits.body} bytes")
            if self._clock.monotonic() > until:
                raise NoAnswer(f"{host}: the reply took longer than {self._limits.whole:g} s")
        return bytes(body)


def full_url(request: HttpRequest) -> str:
    """The address with the query, as it is asked for."""
    query = query_text(request)
    return f"{request.url}?{query}" if query else request.url


def query_text(request: HttpRequest) -> str:
    """The query as it is written in an address."""
    return urlencode(request.query, quote_via=quote, safe="")


@cache
def _usual_certificates() -> ssl.SSLContext:
    """What a transport trusts by itself; one for all of a process: each costs 50 ms and memory that stays."""
    return httpx.create_ssl_context(trust_env=False)


def keep_addresses_out_of_logs() -> None:
    """At INFO httpx logs whole URLs, and TikTok Shop's token URLs contain the app secret."""
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _copy(response: httpx.Response, into: IO[bytes], most: int) -> bytes:
    size = 0
    for chunk in response.iter_bytes():
        size += len(chunk)
        if size > most:
            raise NoAnswer(f"{response.url.host}: the reply is larger than {most} bytes")
        into.write(chunk)
    return b""


@lru_cache(64)
def http_date(text: str) -> datetime | None:
    """A date of a header, aware, in UTC; None for what is none.

    Replies of the same second bear the same date, and nearly all the same retry-after: none.
    """
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
