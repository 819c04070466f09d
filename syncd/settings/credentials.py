"""Where secrets are looked up, and which files are too open to be trusted with one."""

import base64
import binascii
import os
import re
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from syncd.domain.errors import AccessDenied, ConfigError, Problem
from syncd.ports.credentials import Secret

WHAT = "the credential"
TOKEN_KEY = "syncd_token_key"  # noqa: S105 - the name of a credential, not one
_KEY_BYTES = 32
_LARGEST = 64 * 1024
_PATTERN = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)
_OTHERS = 0o007
_GROUP_AND_OTHERS = 0o077


class CredentialError(ConfigError):
    """A secret cannot be had; the message names every place looked at and never a secret."""

    def __init__(self, place: str, message: str, hint: str = "") -> None:
        super().__init__([Problem(place, 1, 1, "", message, hint)])
        self.args = (f"{place}: {message} ({hint})" if hint else f"{place}: {message}",)


@dataclass(frozen=True, slots=True)
class _Folder:
    """A directory of credentials: the variable that names it, the mode bits refused, prefixes of its files."""

    variable: str
    refused: int
    prefixes: tuple[str, ...] = ("",)


_FOLDERS = (
    # systemd itself sets owner and group of what it loads, so only others are a mistake there.
    # `LoadCredential=credentials:FOLDER` names what it finds in the folder credentials_NAME.
    _Folder("CREDENTIALS_DIRECTORY", _OTHERS, ("", "credentials_")),
    _Folder("SYNCD_CREDENTIALS_DIR", _GROUP_AND_OTHERS),
)


INSTALLED = Path("/etc/syncd/credentials")
"""Where an installed service keeps its secrets, for the commands that its user runs beside it."""


class StoredCredentials:
    """Secrets from systemd's credential directory, our own one, the environment, or the installed folder."""

    def __init__(self, environ: Mapping[str, str], installed: Path = INSTALLED) -> None:
        self._environ = environ
        self._installed = installed

    def secret(self, reference: Secret) -> SecretStr:
        """The secret; CredentialError naming every place looked at when there is none.

        AccessDenied when only the installed folder is left and this user may not look into it.
        """
        found = self._found(reference.credential)
        if found is not None:
            return found
        if self._installed.exists() and not os.access(self._installed, os.X_OK):
            raise AccessDenied(WHAT, self._installed / reference.credential)
        places = ", ".join(self._places(reference.credential))
        hint = "put the secret into one of them"
        raise CredentialError(
            f"credential {reference.credential}", f"not found; looked at {places}", hint
        )

    def token_key(self, name: str = TOKEN_KEY) -> bytes | None:
        """The key that encrypts tokens in the ledger, or None when no credential holds one.

        `name` may be `syncd_token_key_old`, the key before a rotation.
        """
        found = self._found(name)
        return None if found is None else _key(found.get_secret_value(), f"credential {name}")

    def _found(self, name: str) -> SecretStr | None:
        if not _PATTERN.fullmatch(name) or not name.strip("."):
            raise CredentialError("credential", f"{name!r} is no credential name")
        for folder in _FOLDERS:
            directory = self._environ.get(folder.variable)
            for prefix in folder.prefixes if directory else ():
                text = _read(Path(directory or "") / f"{prefix}{name}", folder.refused)
                if text is not None:
                    return SecretStr(_one_line(text, f"credential {name}"))
        value = self._environ.get(_variable(name))
        if value is not None:
            return SecretStr(_one_line(value, f"${_variable(name)}"))
        return self._found_installed(name)

    def _found_installed(self, name: str) -> SecretStr | None:
        """Whoever may not look into the installed folder has no secret there."""
        if not os.access(self._installed, os.X_OK):
            return None
        text = _read(self._installed / name, _GROUP_AND_OTHERS)
        return None if text is None else SecretStr(_one_line(text, f"credential {name}"))

    def _places(self, name: str) -> tuple[str, ...]:
        places = []
        for folder in _FOLDERS:
            directory = self._environ.get(folder.variable)
            places.append(
                str(Path(directory) / name) if directory else f"${folder.variable} (not set)"
            )
        return (*places, f"${_variable(name)}", str(self._installed / name))


def key_beside(ledger: Path) -> bytes:
    """The token key in `<ledger>.key`, made with mode 0600 when there is none yet."""
    return key_in(ledger.with_name(f"{ledger.name}.key"))


def key_in(path: Path) -> bytes:
    """The key in a file, made with mode 0600 when there is none yet."""
    found = present_key(path)
    if found is None:
        try:
            _make_key(path)
        except OSError as failed:
            raise CredentialError(str(path), f"cannot be made: {failed.strerror}") from None
        found = present_key(path)
    if found is None:
        raise CredentialError(str(path), "was removed while it was made")
    return found


def present_key(path: Path) -> bytes | None:
    """The key in a file, None when there is no file."""
    text = _read(path, _GROUP_AND_OTHERS)
    return None if text is None else _key(_one_line(text, str(path)), str(path))


def _make_key(path: Path) -> None:
    """Write a new key aside and link it into place: nobody ever sees half a key or loses one."""
    aside = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(base64.urlsafe_b64encode(secrets.token_bytes(_KEY_BYTES)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(aside)
    except FileExistsError:
        return  # another process was first; its key counts
    finally:
        aside.unlink(missing_ok=True)


def _read(path: Path, refused: int) -> str | None:
    """The text of a secret file, None when there is none; open files are refused."""
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            data = file.read(_LARGEST + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError:
        raise AccessDenied(WHAT, path) from None
    except OSError as failed:
        raise CredentialError(str(path), f"cannot be read: {failed.strerror}") from None
    if stat.S_IMODE(mode) & refused:
        message = f"other users may read it (mode {stat.S_IMODE(mode):04o}), so it is refused"
        raise CredentialError(str(path), message, f"chmod 600 {path}")
    if len(data) > _LARGEST:
        raise CredentialError(str(path), f"is larger than {_LARGEST} bytes")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise CredentialError(str(path), "is not UTF-8") from None


def _one_line(text: str, place: str) -> str:
    secret = text.removesuffix("\n").removesuffix("\r")
    if not secret:
        raise CredentialError(place, "is empty")
    return secret


def _key(text: str, place: str) -> bytes:
    hint = "32 random bytes, url-safe base64"
    try:
        key = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise CredentialError(place, "is no key", hint) from None
    if len(key) != _KEY_BYTES:
        raise CredentialError(place, f"has {len(key)} bytes instead of {_KEY_BYTES}", hint)
    return key


def _variable(name: str) -> str:
    return "SYNCD_" + re.sub(r"[^A-Z0-9]", "_", name.upper())
