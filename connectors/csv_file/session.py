"""What is asked of a session with an SSH server, whatever library speaks to it, and how it is entered."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Protocol

from pydantic import SecretStr

from connectors.csv_file.host_keys import HostKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """The key the server must show, and the password or private key it is shown then."""

    host_key: HostKey
    password: SecretStr | None
    private_key: SecretStr | None
    passphrase: SecretStr | None


class Entry(Protocol):
    """What a server says of one file, each part of which it may leave out."""

    filename: str
    st_mode: int | None
    st_size: int | None
    st_mtime: int | None


class Files(Protocol):
    """What of an SFTP session is used."""

    def stat(self, path: str) -> Entry:
        """One file; OSError when there is none."""
        ...

    def entries(self, folder: str) -> Iterator[Entry]:
        """The files of a folder; OSError when there is none."""
        ...

    def copy(self, path: str, into: IO[bytes], size: int) -> int:
        """Write so many bytes of a file, or as many as there are; how many there were."""
        ...
