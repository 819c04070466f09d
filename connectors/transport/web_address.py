"""Knows how a web address is taken apart, and what of it may be shown: never its query."""

import re
from dataclasses import dataclass
from typing import Self
from urllib.parse import quote, unquote, urljoin, urlsplit

PORTS = {"http": 80, "https": 443}
_ODD = re.compile(r"[\x00-\x20\x7f\\]")
_KEPT = "/%:@!$&'()*+,;=~-._?"
_LONGEST_SHOWN = 200


class BadAddress(ValueError):  # noqa: N818 - a reason
    """The text is no web address that can be used; the message does not repeat it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebAddress:
    """Where a file is to be had over HTTP. `host` is ASCII; the query may be a secret."""

    scheme: str
    host: str
    port: int
    path: str
    query: str = ""

    @classmethod
    def parsed(cls, text: str) -> Self:
        """The parts of an address; BadAddress for one that is none, or that holds a user or password."""
        if _ODD.search(text):
            raise BadAddress("a web address has no spaces, backslashes or control characters")
        try:
            parts = urlsplit(text)
            port, host = parts.port, parts.hostname
        except ValueError:
            raise BadAddress("this is no web address; write https://host/path") from None
        if parts.scheme not in PORTS or not host or port == 0:
            raise BadAddress("this is no web address; write https://host/path")
        if parts.username is not None or parts.password is not None:
            raise BadAddress("a user or password stands in the address; write `auth` instead")
        return cls(
            scheme=parts.scheme,
            host=_ascii(host),
            port=port or PORTS[parts.scheme],
            path=quote(parts.path or "/", safe=_KEPT),
            query=quote(parts.query, safe=_KEPT),
        )

    def moved(self, location: str) -> Self:
        """Where a redirect leads; BadAddress for what is none, and for a way from https to http."""
        target = self.parsed(urljoin(f"{self.origin}{self.path}", location))
        if self.scheme == "https" and target.scheme == "http":
            raise BadAddress("a redirect leads from https to http")
        return target

    @property
    def origin(self) -> str:
        """Scheme, host and port, the port only where it is not the usual one."""
        return f"{self.scheme}://{self.authority}"

    @property
    def authority(self) -> str:
        """Host and port as the Host header wants them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def shown(self) -> str:
        """The address for people and logs, without its query."""
        return f"{self.origin}{self.path}"[:_LONGEST_SHOWN]

    @property
    def name(self) -> str:
        """The file's name: the last part of the path, else the host."""
        last = unquote(self.path.rpartition("/")[2])
        return last if last and last.isprintable() else self.host

    def at(self, address: str) -> str:
        """The address to connect to, with the host given as one of its own addresses."""
        host = f"[{address}]" if ":" in address else address
        query = f"?{self.query}" if self.query else ""
        return f"{self.scheme}://{host}:{self.port}{self.path}{query}"

    def belongs_to(self, home: Self) -> bool:
        """Whether a credential meant for `home` may be sent here: to the same place, or to it over TLS."""
        if self.host != home.host:
            return False
        if (self.scheme, self.port) == (home.scheme, home.port):
            return True
        return (home.scheme, home.port, self.scheme, self.port) == ("http", 80, "https", 443)


def _ascii(host: str) -> str:
    try:
        return host if host.isascii() else host.encode("idna").decode("ascii")
    except UnicodeError:
        raise BadAddress("the host of this address is no name") from None
