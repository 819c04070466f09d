"""Knows how a file is fetched over HTTP: judged addresses, few redirects, a credential for one host."""

import ssl
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cached_property
from typing import IO

import httpx
from pydantic import SecretStr

from connectors.transport.addresses import addresses_of
from connectors.transport.http_transport import NoAnswer, http_date, keep_addresses_out_of_logs
from connectors.transport.transfer import OK, Answer, Transfer, Validators, Wanted, refused
from connectors.transport.web_address import BadAddress, WebAddress
from syncd.domain.errors import SourceUnavailable
from syncd.ports.clock import Clock

REDIRECTS = 5
RESUMPTIONS = 4
WAIT_TO_RESUME = 1.0
CONNECT = 10.0
_MOVED = frozenset({301, 302, 303, 307, 308})


class Downloader:
    """Fetches files. Nothing is taken from the environment but the system's own certificates."""

    def __init__(self, clock: Clock, tls: ssl.SSLContext | None = None) -> None:
        keep_addresses_out_of_logs()
        self._clock = clock
        self._given = tls

    def download(self, wanted: Wanted, into: IO[bytes], known: Validators) -> Answer | None:
        """Write the file's bytes into an empty file; None when it still is the one `known` tells.

        Raises SourceUnavailable (try next time), SourceUnauthorized, SourceInvalid (too large, a web page).
        """
        transfer = Transfer(wanted, into, known, self._clock)
        for attempt in range(1 + RESUMPTIONS):
            if attempt:
                self._clock.sleep(WAIT_TO_RESUME)
            with self._answered(wanted, transfer.headers()) as answer:
                if transfer.take(answer):
                    return None if transfer.unchanged else transfer.begun
        raise transfer.cut()

    def look(self, wanted: Wanted) -> Answer:
        """The head of the answer only; the body is left on the way."""
        with self._answered(wanted, {}) as answer:
            if answer.status != OK:
                raise refused(answer)
            return answer

    @contextmanager
    def _answered(self, wanted: Wanted, headers: Mapping[str, str]) -> Iterator[Answer]:
        """Follow redirects; once another host was asked, the credential is not sent any more."""
        address, trusted = wanted.address, True
        for _ in range(1 + REDIRECTS):
            trusted = trusted and address.belongs_to(wanted.address)
            secret = wanted.authorization if trusted else None
            with self._got(wanted, address, headers, secret) as response:
                if response.status_code not in _MOVED:
                    yield _answer(address, response)
                    return
                location = response.headers.get("location", "")
            try:
                address = address.moved(location)
            except BadAddress as reason:
                raise SourceUnavailable(f"{address.shown}: redirect refused: {reason}") from None
        raise SourceUnavailable(f"{wanted.address.shown}: more than {REDIRECTS} redirects")

    @contextmanager
    def _got(
        self, wanted: Wanted, address: WebAddress, headers: Mapping[str, str],
        secret: SecretStr | None,
    ) -> Iterator[httpx.Response]:  # fmt: skip
        """One answer from one of the host's own addresses; the name is not looked up again."""
        sent = {"host": address.authority, "accept": "*/*", "accept-encoding": "identity",
                "user-agent": "syncd", "connection": "close", **headers}  # fmt: skip
        if secret is not None:
            sent["authorization"] = secret.get_secret_value()
        found = addresses_of(address.host, address.port, allow_private=wanted.allow_private)
        with ExitStack() as stack:
            client = stack.enter_context(self._client(wanted, address))
            for number, one in enumerate(found, 1):
                with _worded(address):
                    request = client.build_request(
                        "GET",
                        address.at(one),
                        headers=sent,
                        extensions={"sni_hostname": address.host},
                    )
                    try:
                        response = client.send(request, stream=True)
                    except (httpx.ConnectError, httpx.ConnectTimeout):
                        if number == len(found):
                            raise
                        continue
                stack.callback(response.close)
                yield response
                return

    def _client(self, wanted: Wanted, address: WebAddress) -> httpx.Client:
        # Without TLS no certificates are needed, and loading them takes longer than a small download.
        return httpx.Client(
            timeout=httpx.Timeout(wanted.silence, connect=min(CONNECT, wanted.silence)),
            trust_env=False,
            follow_redirects=False,
            verify=self._tls if address.scheme == "https" else False,
        )

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        if self._given is not None:
            return self._given
        context = httpx.create_ssl_context(trust_env=False)
        context.load_default_certs()  # a company's own servers
        return context


def _answer(address: WebAddress, response: httpx.Response) -> Answer:
    # What is sent back later must be ASCII; no honest validator is anything else.
    headers = {name.lower(): value for name, value in response.headers.items() if value.isascii()}
    length = headers.get("content-length", "")
    modified = headers.get("last-modified", "")
    return Answer(
        address=address,
        status=response.status_code,
        length=int(length) if length.isdigit() else None,
        validators=Validators(etag=headers.get("etag", ""), modified=modified),
        modified=http_date(modified),
        date=http_date(headers.get("date", "")),
        headers=headers,
        body=_body(address, response),
    )


def _body(address: WebAddress, response: httpx.Response) -> Iterator[bytes]:
    try:
        yield from response.iter_raw()
    except httpx.TransportError as error:
        raise NoAnswer(f"{address.host}: {type(error).__name__}") from None


@contextmanager
def _worded(address: WebAddress) -> Iterator[None]:
    """The errors of httpx as ours; none of their texts may quote a header or a query."""
    try:
        yield
    except httpx.LocalProtocolError:
        raise SourceUnavailable(f"{address.shown}: the request is no valid HTTP") from None
    except httpx.RemoteProtocolError:
        # Its text may quote where a redirect leads, which may be a secret.
        text = f"{address.shown}: the answer is no valid HTTP; it is read next time"
        raise SourceUnavailable(text) from None
    except (httpx.InvalidURL, UnicodeError):
        raise SourceUnavailable(f"{address.shown}: the address or a header is no HTTP") from None
    except httpx.HTTPError as error:
        text = f"{type(error).__name__}: {error}"
        raise SourceUnavailable(f"{address.shown}: {text}; it is read next time") from None
