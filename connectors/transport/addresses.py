"""Knows which addresses a download may reach: a name is looked up once, and every answer to it is judged."""

import socket
from enum import StrEnum
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
)

from syncd.domain.errors import SourceUnauthorized, SourceUnavailable

# `ipaddress.is_global` of Python 3.11 takes 64:ff9b::7f00:1, 2002:7f00:1:: and 192.0.0.8 for public and calls
# 100.64.0.1 neither private nor public, so the registries of IANA are written out here.
_V4_NEVER = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",  # this host
            "100.100.100.200/32",  # cloud metadata, as are the next three
            "168.63.129.16/32",
            "169.254.0.0/16",
            "192.0.0.192/32",
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, and broadcast
        ),
    )
)
_V4_PRIVATE = tuple(
    map(
        IPv4Network,
        (
            "10.0.0.0/8",
            "100.64.0.0/10",  # behind a carrier's NAT
            "127.0.0.0/8",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",  # documentation, as are 198.51.100.0/24 and 203.0.113.0/24
            "192.31.196.0/24",
            "192.52.193.0/24",
            "192.88.99.0/24",  # relays to 6to4
            "192.168.0.0/16",
            "192.175.48.0/24",
            "198.18.0.0/15",  # benchmarks
            "198.51.100.0/24",
            "203.0.113.0/24",
        ),
    )
)
_V6_PUBLIC = IPv6Network("2000::/3")
_V6_NOT_PUBLIC = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # protocols, Teredo among them, which contains an IPv4 address
            "2001:db8::/32",  # documentation, as is 3fff::/20
            "2002::/16",  # 6to4: contains an IPv4 address
            "3fff::/20",
        ),
    )
)
_V6_PRIVATE = (IPv6Network("::1/128"), IPv6Network("fc00::/7"))
_V6_METADATA = IPv6Address("fd00:ec2::254")


class Reach(StrEnum):
    """Whose network an address is in."""

    PUBLIC = "public"
    PRIVATE = "private"
    NEVER = "reserved"


def reach(address: IPv4Address | IPv6Address) -> Reach:
    """Where an address leads; addresses of translation and of cloud metadata are never a file server."""
    if isinstance(address, IPv4Address):
        if any(address in network for network in _V4_NEVER):
            return Reach.NEVER
        private = any(address in network for network in _V4_PRIVATE)
        return Reach.PRIVATE if private else Reach.PUBLIC
    if address in _V6_PUBLIC and not any(address in network for network in _V6_NOT_PUBLIC):
        return Reach.PUBLIC
    if address == _V6_METADATA or not any(address in network for network in _V6_PRIVATE):
        return Reach.NEVER
    return Reach.PRIVATE


def addresses_of(host: str, port: int, *, allow_private: bool) -> tuple[str, ...]:
    """The addresses of a host, each of which may be reached; the name must not be looked up again.

    The system's own look-up also reads 127.1, 2130706433 and 0x7f.1, which is why its answers are judged
    and not the text. Raises SourceUnavailable when there is none, SourceUnauthorized when one is forbidden.
    """
    try:
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise SourceUnavailable(f"{host}: there is no address of this name") from None
    found = tuple(dict.fromkeys(str(answer[4][0]) for answer in answers))
    for text in found:
        where = reach(ip_address(text))
        if where is Reach.NEVER:
            raise SourceUnauthorized(
                f"{host} leads to the {where} address {text}, which is never read from"
            )
        if where is Reach.PRIVATE and not allow_private:
            raise SourceUnauthorized(
                f"{host} leads to the {where} address {text}; "
                "set `allow_private: true` if the file is meant to come from there"
            )
    return found
