"""Knows paramiko: how a session is opened to a server whose key is known, and how its files are read."""

import io
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import paramiko
from pydantic import SecretStr

from connectors.csv_file.host_keys import HostKey, fingerprint_of
from connectors.csv_file.reaching import SftpAddress
from connectors.csv_file.session import Entry, Files, Login
from syncd.domain.errors import SourceUnauthorized, SourceUnavailable
from syncd.ports.clock import Clock

PATIENCE = 10
"""A whole transfer may take so many times as long as the server may be silent."""
PIECE = 256 * 1024
_AT_ONCE = 64
"""Requests under way, each for 32 KiB: enough for 20 MB/s at 100 ms."""
_KEYS: tuple[type[paramiko.PKey], ...] = (
    paramiko.Ed25519Key,
    paramiko.ECDSAKey,
    paramiko.RSAKey,
)


class Session:
    """The files of one connection."""

    def __init__(self, client: paramiko.SFTPClient, clock: Clock, until: float) -> None:
        self._client = client
        self._clock = clock
        self._until = until

    def stat(self, path: str) -> Entry:
        """One file; OSError when there is none."""
        return self._client.stat(path)

    def entries(self, folder: str) -> Iterator[Entry]:
        """The files of a folder."""
        yield from self._client.listdir_iter(folder)

    def copy(self, path: str, into: IO[bytes], size: int) -> int:
        """Write the file's bytes, at most `size`; how many there were."""
        copied = 0
        with self._client.open(path, "rb") as file:
            file.prefetch(size, max_concurrent_requests=_AT_ONCE)
            while copied < size and (piece := file.read(min(PIECE, size - copied))):
                into.write(piece)
                copied += len(piece)
                if self._clock.monotonic() > self._until:
                    raise SourceUnavailable(f"{path} took too long; see `timeout`")
        return copied


@contextmanager
def connected(address: SftpAddress, login: Login, silence: float, clock: Clock) -> Iterator[Files]:
    """A session; SourceUnauthorized for another host key or a refused credential.

    `silence` is how many seconds the server may say nothing.
    """
    # What paramiko logs of a failed connection is said by our own errors, in one line.
    logging.getLogger("paramiko").setLevel(logging.CRITICAL)
    with _worded(address):
        line = socket.create_connection((address.host, address.port), timeout=silence)
        transport = paramiko.Transport(line)
        try:
            _shake_hands(transport, address, login.host_key, silence)
            _log_in(transport, address, login)
            channel = transport.open_session()
            channel.settimeout(silence)
            channel.invoke_subsystem("sftp")
            yield Session(
                paramiko.SFTPClient(channel), clock, clock.monotonic() + PATIENCE * silence
            )
        finally:
            transport.close()


def _shake_hands(
    transport: paramiko.Transport, address: SftpAddress, wanted: HostKey, silence: float
) -> None:
    """Agree on keys; nothing secret was said when the server turns out to be another."""
    transport.banner_timeout = transport.auth_timeout = transport.handshake_timeout = silence
    if wanted.algorithms:
        transport.get_security_options().key_types = wanted.algorithms
    try:
        transport.start_client(timeout=silence)
    except paramiko.ssh_exception.IncompatiblePeer as error:
        kind = wanted.kind or "any"
        text = f"{address.host} and we have nothing in common (host key {kind}): {error}"
        raise SourceUnauthorized(text) from None
    shown = transport.get_remote_server_key()
    if not wanted.is_of(shown.asbytes()):
        raise SourceUnauthorized(
            f"{address.host} shows another host key than `host_key`: {shown.get_name()} "
            f"{fingerprint_of(shown.asbytes())}; no credential was sent"
        )


def _log_in(transport: paramiko.Transport, address: SftpAddress, login: Login) -> None:
    try:
        if login.private_key is not None:
            key = private_key(login.private_key, login.passphrase)
            transport.auth_publickey(address.user, key)
        elif login.password is not None:
            secret = login.password.get_secret_value()
            transport.auth_password(address.user, secret, fallback=False)
    except paramiko.AuthenticationException:
        text = f"{address.host} does not let {address.user} in; see `auth`"
        raise SourceUnauthorized(text) from None


def private_key(secret: SecretStr, passphrase: SecretStr | None) -> paramiko.PKey:
    """The key a credential holds; SourceUnauthorized when it holds none that can be used."""
    opening = None if passphrase is None else passphrase.get_secret_value()
    for kind in _KEYS:
        try:
            return kind.from_private_key(io.StringIO(secret.get_secret_value() + "\n"), opening)
        except paramiko.PasswordRequiredException:
            raise SourceUnauthorized("the private key needs a `passphrase`") from None
        except (paramiko.SSHException, ValueError, IndexError, UnicodeError, TypeError):
            continue
    raise SourceUnauthorized(
        "the credential `private_key` holds no Ed25519, ECDSA or RSA key in OpenSSH or PEM form, "
        "or its passphrase is another"
    )


@contextmanager
def _worded(address: SftpAddress) -> Iterator[None]:
    """What goes wrong with a connection, in one sentence without its credentials."""
    try:
        yield
    except paramiko.SSHException as error:
        raise SourceUnavailable(f"{address.shown}: {error}; it is read next time") from None
    except (OSError, EOFError) as error:
        text = getattr(error, "strerror", None) or str(error) or "the connection ended"
        raise SourceUnavailable(f"{address.shown}: {text}; it is read next time") from None
