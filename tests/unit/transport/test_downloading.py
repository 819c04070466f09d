"""The name is looked up once, the connection goes to that address, and TLS is about the name."""

import datetime as dt
import io
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from connectors.transport.downloading import Downloader
from connectors.transport.transfer import Validators, Wanted
from connectors.transport.web_address import WebAddress
from syncd.domain.errors import SourceUnavailable
from tests.fakes.clock import FakeClock
from tests.fakes.web_files import WebFiles, redirect, serving
from tests.unit.tiktok_client.stub import closed_port

NAME = "files.example.com"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for one name, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    begun = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begun)
        .not_valid_after(begun + dt.timedelta(days=36_500))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def web(certificate: Path) -> Iterator[WebFiles]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with serving(FakeClock(), context) as files:
        files.put(b"sku,qty\nA,1\n")
        yield files


@pytest.fixture
def lookups(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A name server that turns round after the first answer: loopback once, then an address nobody has."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def answer(host: str, port: int, *rest: int, **hints: int) -> list[tuple[object, ...]]:
        if host[:1].isdigit():
            return list(real(host, port, *rest, **hints))
        asked.append(host)
        return [(0, 0, 0, "", ("127.0.0.1" if len(asked) == 1 else "192.0.2.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return asked


def fetched(web: WebFiles, host: str, trusted: Path | None) -> bytes:
    tls = None if trusted is None else ssl.create_default_context(cafile=str(trusted))
    url = f"{web.url.replace('127.0.0.1', host)}/stock.csv"
    wanted = Wanted(address=WebAddress.parsed(url), allow_private=True, silence=5)
    into = io.BytesIO()
    Downloader(FakeClock(), tls).download(wanted, into, Validators())
    return into.getvalue()


def test_the_name_is_looked_up_once_and_proved_by_its_certificate(
    web: WebFiles, certificate: Path, lookups: list[str]
) -> None:
    assert web.content == fetched(web, NAME, certificate)
    assert [NAME] == lookups
    assert f"{NAME}:{web.url.rpartition(':')[2]}" == web.seen[0].headers["host"]


@pytest.mark.parametrize("host", ["evil.example.com", "127.0.0.1"])
def test_a_certificate_of_another_name_is_refused(
    web: WebFiles, certificate: Path, lookups: list[str], host: str
) -> None:
    with pytest.raises(SourceUnavailable, match="CERTIFICATE_VERIFY_FAILED"):
        fetched(web, host, certificate)
    assert [] == web.seen
    assert len(lookups) <= 1


def test_a_certificate_that_nobody_vouches_for_is_refused(
    web: WebFiles, lookups: list[str]
) -> None:
    with pytest.raises(SourceUnavailable, match="CERTIFICATE_VERIFY_FAILED"):
        fetched(web, NAME, None)
    assert ([NAME], []) == (lookups, web.seen)


def test_no_redirect_leads_out_of_tls(web: WebFiles, certificate: Path, lookups: list[str]) -> None:
    web.then = [redirect(f"http://127.0.0.1:{closed_port()}/stock.csv")]
    with pytest.raises(SourceUnavailable, match="from https to http"):
        fetched(web, NAME, certificate)
    assert 1 == len(lookups)


def test_the_next_address_of_a_name_is_tried_when_one_does_not_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = socket.getaddrinfo

    def answer(host: str, port: int, *rest: int, **hints: int) -> list[tuple[object, ...]]:
        if host[:1].isdigit():
            return list(real(host, port, *rest, **hints))
        return [(0, 0, 0, "", (text, port)) for text in ("127.0.0.2", "127.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    with serving(FakeClock()) as web:
        web.put(b"x")
        assert b"x" == fetched(web, "two.example.com", None)
