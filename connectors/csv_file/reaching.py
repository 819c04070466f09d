"""The YAML keys that say how a file on a server is reached, and what a path names."""

import re
from datetime import timedelta
from typing import Annotated
from urllib.parse import unquote

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from connectors.csv_file.host_keys import HostKey
from syncd.ports.credentials import Secret
from syncd.ports.options import OptionsPart, Span

WEB, SFTP = ("http", "https"), "sftp"
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_SFTP = re.compile(
    r"sftp://(?:(?P<user>[^@/:]*)(?P<password>:[^@/]*)?@)?"
    r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?(?P<path>/.*)",
    re.IGNORECASE | re.DOTALL,
)
_SIZE = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,3}))?\s*([kmg]i?b?|b|)", re.IGNORECASE | re.ASCII)
_UNITS = {"": 1, "k": 1000, "m": 1000**2, "g": 1000**3, "ki": 1024, "mi": 1024**2, "gi": 1024**3}
_LARGEST_SIZE = 1024**4
_LARGEST_PORT = 65_535
_LONGEST_SILENCE = timedelta(hours=1)


class SftpAddress(OptionsPart):
    """A file, or a pattern in the last part of a path, on an SSH server."""

    user: str
    host: str
    port: int = 22
    path: str

    @property
    def shown(self) -> str:
        """The address for people and logs."""
        return f"sftp://{self.host}:{self.port}{self.path}"


def scheme_of(path: str) -> str:
    """`https` of a web address; nothing for a path on this machine."""
    found = _SCHEME.match(path)
    return found[1].lower() if found else ""


def sftp_address(text: str) -> SftpAddress:
    """The parts of an sftp address; ValueError, which never repeats a password, for what is none.

    The rest is taken as it is, because ? and # are parts of patterns and names here; %20 is a space.
    """
    found = _SFTP.fullmatch(text)
    if found is None:
        raise ValueError("this is no sftp address; write sftp://user@host/path")
    if found["password"] is not None:
        raise ValueError("a password stands in the address; write `auth` instead")
    if not found["user"]:
        raise ValueError("the address names no user; write sftp://user@host/path")
    port = int(found["port"] or 22)
    path = unquote(found["path"])
    if not 0 < port <= _LARGEST_PORT:
        raise ValueError(f"{port} is no port")
    if "\0" in path or path.endswith("/"):
        raise ValueError("the address names no file")
    if any(mark in path.rpartition("/")[0] for mark in "*?["):
        raise ValueError("a pattern may stand in the last part of the path only")
    host = found["host"].strip("[]")
    return SftpAddress(user=unquote(found["user"]), host=host, port=port, path=path)


class Auth(OptionsPart):
    """What a server is told so that it gives the file: exactly one kind of credential."""

    user: (
        Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^:\x00-\x1f]+$")] | None
    ) = Field(default=None, description="User name; for sftp it stands in the address")
    password: Secret | None = Field(default=None, description="Password: {credential: NAME}")
    bearer: Secret | None = Field(default=None, description="Bearer token: {credential: NAME}")
    private_key: Secret | None = Field(
        default=None, description="SSH private key in OpenSSH or PEM form: {credential: NAME}"
    )
    passphrase: Secret | None = Field(
        default=None, description="Passphrase of the private key: {credential: NAME}"
    )

    @model_validator(mode="after")
    def _one_kind(self) -> "Auth":
        given = [self.password, self.bearer, self.private_key]
        if sum(part is not None for part in given) != 1:
            raise ValueError("write exactly one of password, bearer and private_key")
        if self.passphrase is not None and self.private_key is None:
            raise ValueError("a passphrase goes with private_key only")
        if self.user is not None and self.password is None:
            raise ValueError("a user goes with password only")
        return self

    @property
    def secret(self) -> Secret:
        """The one credential that is written."""
        (given,) = filter(None, (self.password, self.bearer, self.private_key))
        return given

    def misfit(self, scheme: str) -> str:
        """Why this cannot be said to a server of a scheme; nothing when it can."""
        if scheme == SFTP:
            if self.bearer is not None:
                return "sftp knows password and private_key, not bearer"
            return "" if self.user is None else "for sftp the user stands in the address"
        if self.private_key is not None:
            return "private_key goes with sftp:// only"
        return "" if self.user or self.bearer else "a password needs a user"


def _host_key(value: object) -> object:
    return HostKey.parsed(value) if isinstance(value, str) else value


def _size(value: object) -> object:
    if not isinstance(value, str):
        return value
    found = _SIZE.fullmatch(value.strip())
    if found is None:
        raise ValueError(f"{value!r} is no size; write it as 500 MB or 2 GiB")
    unit = _UNITS[found[3].lower().rstrip("b")]
    size = int(float(f"{found[1]}.{found[2] or 0}") * unit)
    if not 0 < size <= _LARGEST_SIZE:
        raise ValueError(f"{value!r} is no size between 1 byte and 1024 GiB")
    return size


def _silence(value: timedelta) -> timedelta:
    if not timedelta(0) < value <= _LONGEST_SILENCE:
        raise ValueError("a server may be silent for 1s to 1h")
    return value


Silence = Annotated[Span, AfterValidator(_silence)]
PinnedKey = Annotated[HostKey, BeforeValidator(_host_key, json_schema_input_type=str)]
Size = Annotated[int, BeforeValidator(_size, json_schema_input_type=int | str)]
