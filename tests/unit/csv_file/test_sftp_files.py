"""A file on an SSH server: the host key comes before the password, and a moving file is left alone."""

import logging
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import paramiko
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from connectors.csv_file.host_keys import HostKey, fingerprint_of
from connectors.csv_file.options import CsvFileOptions
from connectors.csv_file.reaching import sftp_address
from connectors.csv_file.session import Login
from connectors.csv_file.sftp import sftp_place
from connectors.csv_file.source import FACTORY
from connectors.csv_file.ssh import connected
from syncd.domain.errors import SourceError, SourceInvalid, SourceUnauthorized, SourceUnavailable
from syncd.domain.identity import SourceName
from syncd.ports.probe import Verdict
from syncd.ports.source import Source
from tests.fakes.clock import START, FakeClock
from tests.fakes.credentials import Named
from tests.fakes.csv_files import read_all
from tests.fakes.sftp_files import SftpFiles, key_of, pem, serving
from tests.unit.tiktok_client.stub import closed_port

GOOD = "sku,qty\nA,1\nB,2\n"
EXPECTED = {"A": 1, "B": 2}
WRITTEN = START.timestamp() - 3600
PASSWORD = {"password": {"credential": "password"}}


HOST = key_of(pem(ed25519.Ed25519PrivateKey.generate()))
OTHER_HOST = key_of(pem(ed25519.Ed25519PrivateKey.generate()))
MINE = ed25519.Ed25519PrivateKey.generate()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def ssh(tmp_path: Path) -> Iterator[SftpFiles]:
    logging.getLogger("paramiko").setLevel(logging.CRITICAL)
    with serving(tmp_path, HOST) as files:
        files.passwords["acme"] = "geheim"
        files.put("stock.csv", GOOD, WRITTEN)
        yield files


def source_at(
    ssh: SftpFiles, clock: FakeClock, path: str = "/stock.csv", **options: object
) -> Source:
    given = {
        "path": f"sftp://acme@127.0.0.1:{ssh.port}{path}",
        "host_key": ssh.line,
        "auth": PASSWORD,
        "timeout": "5s",
        **options,
    }
    return FACTORY.open(
        SourceName("stock"),
        CsvFileOptions.model_validate(given),
        folder=Path(),
        credentials=Named(password="geheim", wrong="falsch", key=pem(MINE), none="x"),
        clock=clock,
    )


def quantities(source: Source) -> dict[str, int | None]:
    return read_all(source).quantities


def test_a_file_is_read_by_sftp(ssh: SftpFiles, clock: FakeClock) -> None:
    source = source_at(ssh, clock)

    assert EXPECTED == quantities(source)
    with source.snapshot(None) as reader:
        assert "stock.csv" == reader.origin
        assert START - timedelta(minutes=70) == reader.as_of


def test_a_large_file_comes_whole(ssh: SftpFiles, clock: FakeClock) -> None:
    rows = 100_000
    ssh.put("stock.csv", "sku,qty\n" + "".join(f"S{n},{n}\n" for n in range(rows)), WRITTEN)

    assert {f"S{n}": n for n in range(rows)} == quantities(source_at(ssh, clock))


def test_the_newest_match_is_read(ssh: SftpFiles, clock: FakeClock) -> None:
    ssh.put("stock-1.csv", "sku,qty\nOLD,1\n", WRITTEN - 60)
    ssh.put("stock-2.csv", "sku,qty\nNEW,1\n", WRITTEN)
    ssh.put("other.csv", "sku,qty\nOTHER,1\n", WRITTEN + 60)
    (ssh.folder / "stock-3.csv").mkdir()

    for path in ("/stock-*.csv", "/~/stock-?.csv"):
        assert {"NEW": 1} == quantities(source_at(ssh, clock, path))


def test_an_unchanged_file_is_not_fetched_again(ssh: SftpFiles, clock: FakeClock) -> None:
    source = source_at(ssh, clock)
    known = set()
    for _ in range(3):
        with source.snapshot(None) as reader:
            known.add(reader.fingerprint)
    assert (1, 1) == (len(known), len(ssh.opened))

    ssh.put("stock.csv", "sku,qty\nA,7\n", WRITTEN + 5)
    with source.snapshot(None) as reader:
        assert reader.fingerprint not in known
    assert {"A": 7} == quantities(source)


def test_a_file_that_need_not_rest_is_fetched_each_time(ssh: SftpFiles, clock: FakeClock) -> None:
    source = source_at(ssh, clock, settle="0s")
    for _ in range(2):
        with source.snapshot(None):
            pass
    assert 2 == len(ssh.opened)


# Whom we talk to.


def test_another_host_key_is_refused_before_anything_secret_is_said(
    ssh: SftpFiles, clock: FakeClock
) -> None:
    other = f"{OTHER_HOST.get_name()} {OTHER_HOST.get_base64()}"
    for wanted in (other, fingerprint_of(OTHER_HOST.asbytes())):
        with pytest.raises(SourceUnauthorized, match="shows another host key") as refused:
            quantities(source_at(ssh, clock, host_key=wanted))
        assert fingerprint_of(HOST.asbytes()) in str(refused.value)
    assert [] == ssh.logins


@pytest.mark.parametrize("form", ["line", "known_hosts", "comment", "fingerprint"])
def test_a_host_key_is_written_as_tools_show_it(
    ssh: SftpFiles, clock: FakeClock, form: str
) -> None:
    written = {
        "line": ssh.line,
        "known_hosts": f"[127.0.0.1]:{ssh.port} {ssh.line}",
        "comment": f"{ssh.line} root@files",
        "fingerprint": fingerprint_of(HOST.asbytes()),
    }
    assert EXPECTED == quantities(source_at(ssh, clock, host_key=written[form]))


def test_a_server_without_a_key_of_that_type_is_refused(ssh: SftpFiles, clock: FakeClock) -> None:
    key = key_of(pem(ec.generate_private_key(ec.SECP256R1())), paramiko.ECDSAKey)
    wanted = f"{key.get_name()} {key.get_base64()}"

    with pytest.raises(SourceUnauthorized, match="ecdsa-sha2-nistp256"):
        quantities(source_at(ssh, clock, host_key=wanted))
    assert [] == ssh.logins


def test_a_refused_password_needs_an_operator(
    ssh: SftpFiles, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = {"password": {"credential": "wrong"}}
    with pytest.raises(SourceUnauthorized, match="does not let acme in; see `auth`") as refused:
        quantities(source_at(ssh, clock, auth=wrong))
    assert ["acme:falsch"] == ssh.logins
    assert "falsch" not in caplog.text + repr(refused.value)


@pytest.mark.parametrize("passphrase", ["", "open sesame"])
def test_a_private_key_opens_the_door(ssh: SftpFiles, clock: FakeClock, passphrase: str) -> None:
    ssh.keys["acme"] = key_of(pem(MINE))
    auth = {"private_key": {"credential": "key"}}
    if passphrase:
        auth["passphrase"] = {"credential": "opening"}
    options = CsvFileOptions.model_validate({
        "path": f"sftp://acme@127.0.0.1:{ssh.port}/stock.csv", "host_key": ssh.line, "auth": auth,
    })  # fmt: skip
    source = FACTORY.open(
        SourceName("stock"),
        options,
        folder=Path(),
        credentials=Named(key=pem(MINE, passphrase).strip(), opening=passphrase),
        clock=clock,
    )
    assert EXPECTED == quantities(source)
    assert {"acme:ssh-ed25519"} == set(ssh.logins)


@pytest.mark.parametrize(
    ("auth", "words"),
    [
        ({"private_key": {"credential": "none"}}, "holds no Ed25519, ECDSA or RSA key"),
        ({"private_key": {"credential": "key"}}, "does not let acme in"),
    ],
)
def test_a_private_key_that_opens_nothing_needs_an_operator(
    ssh: SftpFiles, clock: FakeClock, auth: object, words: str
) -> None:
    with pytest.raises(SourceUnauthorized, match=words):
        quantities(source_at(ssh, clock, auth=auth))


def test_a_locked_private_key_asks_for_its_passphrase(ssh: SftpFiles, clock: FakeClock) -> None:
    model = CsvFileOptions.model_validate({
        "path": f"sftp://acme@127.0.0.1:{ssh.port}/stock.csv", "host_key": ssh.line,
        "auth": {"private_key": {"credential": "key"}},
    })  # fmt: skip
    source = FACTORY.open(
        SourceName("stock"),
        model,
        folder=Path(),
        credentials=Named(key=pem(MINE, "locked")),
        clock=clock,
    )
    with pytest.raises(SourceUnauthorized, match="needs a `passphrase`"):
        quantities(source)


# What is there.


def grow(path: Path) -> None:
    stamp = path.stat().st_mtime
    with path.open("a") as file:
        file.write("C,3\n")
    os.utime(path, (stamp, stamp))


def shrink(path: Path) -> None:
    stamp = path.stat().st_mtime
    os.truncate(path, 12)
    os.utime(path, (stamp, stamp))


def touch(path: Path) -> None:
    os.utime(path, (WRITTEN + 5, WRITTEN + 5))


@pytest.mark.parametrize(
    ("meddling", "words"),
    [(grow, "changed while"), (shrink, "cut after|it is read next time"), (touch, "changed while")],
)
def test_a_file_that_changes_under_way_is_left_for_next_time(
    ssh: SftpFiles, clock: FakeClock, meddling: object, words: str
) -> None:
    assert callable(meddling)
    ssh.while_reading = [meddling]
    with pytest.raises(SourceUnavailable, match=words):
        quantities(source_at(ssh, clock))


def test_a_fresh_file_is_waited_for(ssh: SftpFiles, clock: FakeClock) -> None:
    ssh.put("stock.csv", GOOD, clock.now().timestamp())

    assert EXPECTED == quantities(source_at(ssh, clock))
    assert clock.monotonic() > 1.9


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/none.csv", "/none.csv does not exist"),
        ("/none/stock-*.csv", "the folder does not exist"),
        ("/none-*.csv", "no file matches sftp://127.0.0.1"),
        ("/folder", "is no regular file"),
    ],
)
def test_what_is_not_there_is_unavailable(
    ssh: SftpFiles, clock: FakeClock, path: str, words: str
) -> None:
    (ssh.folder / "folder").mkdir()
    with pytest.raises(SourceUnavailable, match=words):
        quantities(source_at(ssh, clock, path))


@pytest.mark.parametrize(
    ("lie", "words"),
    [
        (paramiko.sftp.SFTP_PERMISSION_DENIED, "may not be read by this user of the server"),
        (paramiko.sftp.SFTP_FAILURE, "cannot be looked at; it is read next time"),
        (paramiko.SFTPAttributes(), "tells neither its size nor its time"),
    ],
)
def test_what_the_server_does_not_tell_is_unavailable(
    ssh: SftpFiles, clock: FakeClock, lie: paramiko.SFTPAttributes | int, words: str
) -> None:
    ssh.lies["/stock.csv"] = lie

    with pytest.raises(SourceUnavailable, match=words):
        quantities(source_at(ssh, clock))


def test_a_copy_that_never_ends_is_given_up(ssh: SftpFiles, clock: FakeClock) -> None:
    ssh.while_reading = [lambda _: clock.advance(3_600)]

    with pytest.raises(SourceUnavailable, match="took too long; see `timeout`"):
        quantities(source_at(ssh, clock))


def test_an_empty_file_and_one_past_the_limit_are_refused(ssh: SftpFiles, clock: FakeClock) -> None:
    with pytest.raises(SourceInvalid, match="larger than 10 bytes; see `max_size`"):
        quantities(source_at(ssh, clock, max_size="10"))
    assert [] == ssh.opened
    ssh.put("stock.csv", "", WRITTEN)
    with pytest.raises(SourceInvalid, match="is empty"):
        quantities(source_at(ssh, clock))


def test_a_login_without_a_credential_opens_nothing(ssh: SftpFiles, clock: FakeClock) -> None:
    nothing = Login(host_key=HostKey.parsed(ssh.line), password=None, private_key=None,
                    passphrase=None)  # fmt: skip
    address = sftp_address(f"sftp://acme@127.0.0.1:{ssh.port}/stock.csv")

    with pytest.raises(SourceUnavailable), connected(address, nothing, 1, clock):
        pass
    assert [] == ssh.logins


def test_options_that_nobody_validated_are_a_fault_of_the_program(clock: FakeClock) -> None:
    bare = CsvFileOptions.model_construct(path="sftp://acme@127.0.0.1/stock.csv")

    with pytest.raises(TypeError, match="without host_key and auth were not validated"):
        sftp_place(bare, Named(), clock)


def test_nobody_there_and_a_server_without_sftp_are_unavailable(
    ssh: SftpFiles, clock: FakeClock
) -> None:
    ssh.offers_sftp = False
    with pytest.raises(SourceUnavailable):
        quantities(source_at(ssh, clock))
    nobody = SftpFiles(ssh.folder, HOST, port=closed_port())
    with pytest.raises(SourceUnavailable, match="refused"):
        quantities(source_at(nobody, clock))


def test_a_server_that_speaks_no_ssh_is_unavailable(clock: FakeClock, tmp_path: Path) -> None:
    from tests.fakes.web_files import serving as web_serving

    with web_serving(clock) as web:
        port = web.url.rpartition(":")[2]
        files = SftpFiles(tmp_path, HOST, port=int(port))
        with pytest.raises(SourceError):
            quantities(source_at(files, clock, timeout="1s"))


def test_the_doctor_says_who_was_reached_and_how_old_the_file_is(
    ssh: SftpFiles, clock: FakeClock
) -> None:
    (check,) = source_at(ssh, clock).probe(timedelta(minutes=15))

    assert Verdict.OK is check.verdict
    assert "127.0.0.1 showed the configured host key; /stock.csv, 16 bytes," in check.text
    assert "was written 1h ago" in check.text
    assert [] == ssh.opened
