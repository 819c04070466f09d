"""An SSH server on loopback that serves one folder by SFTP and remembers what it was told."""

import io
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import paramiko
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

Meddling = Callable[[Path], None]


@dataclass
class SftpFiles:
    """A folder, its users, and what happens while a file is read."""

    folder: Path
    key: paramiko.PKey
    passwords: dict[str, str] = field(default_factory=dict)
    keys: dict[str, paramiko.PKey] = field(default_factory=dict)
    logins: list[str] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)
    while_reading: list[Meddling] = field(default_factory=list)
    lies: dict[str, paramiko.SFTPAttributes | int] = field(default_factory=dict)
    """What is said of a path in place of the truth."""
    port: int = 0
    offers_sftp: bool = True

    @property
    def line(self) -> str:
        """The host key as ssh-keyscan shows it."""
        return f"{self.key.get_name()} {self.key.get_base64()}"

    def put(self, name: str, content: str, seconds: float) -> None:
        path = self.folder / name
        path.write_text(content)
        os.utime(path, (seconds, seconds))


def pem(key: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey, passphrase: str = "") -> str:
    lock = (
        serialization.BestAvailableEncryption(passphrase.encode())
        if passphrase
        else serialization.NoEncryption()
    )
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, lock
    ).decode()


def key_of(text: str, kind: type[paramiko.PKey] = paramiko.Ed25519Key) -> paramiko.PKey:
    return kind.from_private_key(io.StringIO(text))


@contextmanager
def serving(folder: Path, key: paramiko.PKey) -> Iterator[SftpFiles]:
    files = SftpFiles(folder, key)
    listener = socket.create_server(("127.0.0.1", 0))
    files.port = listener.getsockname()[1]
    open_lines: list[paramiko.Transport] = []

    def accept() -> None:
        while True:
            try:
                line, _ = listener.accept()
            except OSError:
                return
            transport = paramiko.Transport(line)
            open_lines.append(transport)
            transport.add_server_key(files.key)
            if files.offers_sftp:
                transport.set_subsystem_handler("sftp", paramiko.SFTPServer, _Folder, files)
            try:
                transport.start_server(server=_Door(files))
            except (paramiko.SSHException, EOFError, OSError):
                transport.close()

    thread = threading.Thread(target=accept)
    thread.start()
    try:
        yield files
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
        for transport in open_lines:
            transport.close()
            transport.join()


class _Door(paramiko.ServerInterface):
    def __init__(self, files: SftpFiles) -> None:
        self._files = files

    def get_allowed_auths(self, username: str) -> str:
        del username
        return "password,publickey"

    def check_auth_password(self, username: str, password: str) -> int:
        self._files.logins.append(f"{username}:{password}")
        return self._judged(self._files.passwords.get(username) == password)

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        self._files.logins.append(f"{username}:{key.get_name()}")
        return self._judged(self._files.keys.get(username) == key)

    def check_channel_request(self, kind: str, chanid: int) -> int:
        del kind, chanid
        return int(paramiko.common.OPEN_SUCCEEDED)

    @staticmethod
    def _judged(welcome: object) -> int:
        return int(paramiko.common.AUTH_SUCCESSFUL if welcome else paramiko.common.AUTH_FAILED)


class _Folder(paramiko.SFTPServerInterface):
    def __init__(self, server: _Door, files: SftpFiles) -> None:
        super().__init__(server)
        self._files = files

    def _path(self, path: str) -> Path:
        return self._files.folder / path.lstrip("/")

    def stat(self, path: str) -> paramiko.SFTPAttributes | int:
        return self._files.lies.get(path) or self._attributes(self._path(path))

    lstat = stat

    def list_folder(self, path: str) -> list[paramiko.SFTPAttributes] | int:
        try:
            entries = sorted(self._path(path).iterdir())
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)
        found = []
        for entry in entries:
            told = self._attributes(entry)
            if isinstance(told, paramiko.SFTPAttributes):
                told.filename = entry.name
                found.append(told)
        return found

    def open(
        self, path: str, flags: int, attr: paramiko.SFTPAttributes
    ) -> paramiko.SFTPHandle | int:
        del flags, attr
        self._files.opened.append(path)
        try:
            file = self._path(path).open("rb")
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)
        return _Handle(self._files, self._path(path), file)

    @staticmethod
    def _attributes(path: Path) -> paramiko.SFTPAttributes | int:
        try:
            return paramiko.SFTPAttributes.from_stat(path.stat())
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)


class _Handle(paramiko.SFTPHandle):
    def __init__(self, files: SftpFiles, path: Path, file: object) -> None:
        super().__init__()
        self._files = files
        self._path = path
        self.readfile = file

    def stat(self) -> paramiko.SFTPAttributes:
        return paramiko.SFTPAttributes.from_stat(self._path.stat())

    def read(self, offset: int, length: int) -> bytes | int:
        if self._files.while_reading:
            self._files.while_reading.pop(0)(self._path)
        return super().read(offset, length)
