"""Which addresses a download may reach: two hundred ways to write an inner one, none of which gets through."""

import socket
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest

from connectors.transport.addresses import Reach, addresses_of, reach
from connectors.transport.web_address import BadAddress, WebAddress
from syncd.domain.errors import SourceError, SourceUnauthorized, SourceUnavailable

NOWHERE = str(IPv4Address(0))
INNER_V4 = (
    NOWHERE, "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200",
    "100.127.255.255", "127.0.0.1", "127.255.255.254", "168.63.129.16", "169.254.0.1",
    "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.8", "192.0.0.192",
    "192.0.2.1", "192.88.99.1", "192.168.0.1", "192.168.255.255", "198.18.0.1", "198.19.255.255",
    "198.51.100.7", "203.0.113.7", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
)  # fmt: skip
INNER_V6 = (
    "::", "::1", "::2", "::7f00:1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::808:808",
    "64:ff9b:1::1", "100::1", "2001::1", "2001:0:7f00:1::", "2001:10::1", "2001:20::1",
    "2001:db8::1", "2002:7f00:1::", "2002:a00:1::1", "2002:c0a8:101::", "3fff::1", "3fff:fff::1",
    "4000::1", "5f00::1", "fc00::1", "fd00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1",
)  # fmt: skip
PUBLIC = (
    "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0",
    "126.255.255.255", "128.0.0.0", "169.253.255.255", "169.255.0.0", "172.15.255.255",
    "172.32.0.0", "192.0.1.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0",
    "223.255.255.255", "2001:200::1", "2001:4860:4860::8888", "2003::1", "2606:4700::1111",
    "2a00:1450::1",
)  # fmt: skip


def spellings(text: str) -> Iterator[str]:
    """The ways in which the system's look-up lets one address be written."""
    a, b, c, d = (int(part) for part in text.split("."))
    number = int(IPv4Address(text))
    yield text
    yield str(number)
    yield hex(number)
    yield f"0{number:o}"
    yield f"{a}.{(b << 16) + (c << 8) + d}"
    yield f"{a:#x}.{b:#x}.{c:#x}.{d:#x}"
    yield f"0{a:o}.0{b:o}.0{c:o}.0{d:o}"
    yield f"{a}.{b}.{(c << 8) + d}"


FORMS = [
    *(form for text in INNER_V4 for form in spellings(text)),
    *(f"[::ffff:{text}]" for text in INNER_V4),
    *(f"[{text}]" for text in INNER_V6),
    "１２７.０.０.１", "127。0。0。1", "[fe80::1%25lo]", "[::ffff:8.8.8.8]",
]  # fmt: skip

LookUp = Callable[..., list[tuple[object, ...]]]


@pytest.fixture(autouse=True)
def no_name_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Written addresses are looked up as ever; no name leaves this machine."""
    real = socket.getaddrinfo

    def numeric(host: str, port: int, **hints: int) -> list[tuple[object, ...]]:
        return list(real(host, port, flags=socket.AI_NUMERICHOST, **hints))

    monkeypatch.setattr(socket, "getaddrinfo", numeric)


def answering(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """A name server that answers every name so; the names it was asked."""
    asked = []

    def answer(host: str, port: int, **_: int) -> list[tuple[object, ...]]:
        asked.append(host)
        return [(0, 0, 0, "", (text, port)) for text in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return asked


def looked_up(url: str) -> tuple[str, ...]:
    address = WebAddress.parsed(url)
    return addresses_of(address.host, address.port, allow_private=False)


@pytest.mark.parametrize("form", FORMS)
def test_no_way_of_writing_leads_inside(form: str) -> None:
    with pytest.raises((SourceError, BadAddress)):
        looked_up(f"https://{form}/stock.csv")


@pytest.mark.parametrize("text", [*INNER_V4, *INNER_V6])
def test_a_name_that_leads_inside_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, "8.8.8.8", text)

    with pytest.raises(SourceUnauthorized, match=r"files\.example\.com leads to"):
        addresses_of("files.example.com", 443, allow_private=False)


def test_there_are_two_hundred_forms() -> None:
    assert len(set(FORMS)) >= 200


@pytest.mark.parametrize("text", PUBLIC)
def test_public_addresses_are_public(text: str) -> None:
    assert Reach.PUBLIC is reach(ip_address(text))


@pytest.mark.parametrize("text", ["127.0.0.1", "10.1.2.3", "::1", "fd12::1", "100.64.0.1"])
def test_private_addresses_are_reached_where_that_is_allowed(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, text)

    assert (text,) == addresses_of("nas.lan", 80, allow_private=True)


@pytest.mark.parametrize(
    "text",
    [NOWHERE, "169.254.169.254", "168.63.129.16", "224.0.0.1", "::", "fe80::1", "fd00:ec2::254",
     "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"],
)  # fmt: skip
def test_metadata_and_translations_are_never_reached(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, text)

    with pytest.raises(SourceUnauthorized, match="never read from"):
        addresses_of("files.example.com", 80, allow_private=True)


def test_a_name_without_an_address_is_unavailable() -> None:
    for host in ("nowhere.invalid", "a" * 70 + ".example", ""):
        with pytest.raises(SourceUnavailable, match="no address"):
            addresses_of(host, 80, allow_private=True)


def test_every_address_is_named_once_in_its_order(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, "8.8.8.8", "2a00::1", "8.8.8.8")

    assert ("8.8.8.8", "2a00::1") == addresses_of("x", 80, allow_private=False)


def test_what_is_not_public_by_the_registries_is_nowhere_public() -> None:
    for text in INNER_V6:
        assert Reach.PUBLIC is not reach(IPv6Address(text))
