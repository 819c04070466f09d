"""Knows whom a file belongs to, and so as which user a command has to be typed."""

import os
import pwd
import shlex
from collections.abc import Sequence
from pathlib import Path

from syncd.domain.errors import AccessDenied, UsageError

_SECRET_OPTIONS = frozenset({"--auth-code"})


def advice(error: UsageError, arguments: Sequence[str]) -> str:
    """What helps, in one sentence: where a file is another user's, the same command as that user."""
    if not isinstance(error, AccessDenied):
        return str(error)
    owner = _owner(error.path)
    if owner is None or owner == os.geteuid():
        return f"{error}: allow it with `chmod u+rwX {shlex.quote(str(error.path))}`"
    words = shlex.join(["sudo", "-u", _name(owner), "syncd", *_shown(arguments)])
    return f"{error.what} {error.path} belongs to user {_name(owner)}: run `{words}`"


def _owner(path: Path) -> int | None:
    """The user id of the file, or of the nearest folder above it that this user can see."""
    for place in (path, *path.absolute().parents):
        try:
            return place.stat().st_uid
        except OSError:
            continue
    return None


def _name(uid: int) -> str:
    """The user's name, or the number as sudo takes it."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"#{uid}"


def _shown(arguments: Sequence[str]) -> list[str]:
    """The command as it was typed, without the values of options that take a secret."""
    words: list[str] = []
    for word in arguments:
        name, given, _ = word.partition("=")
        if name in _SECRET_OPTIONS and given:
            words.append(f"{name}=CODE")
        else:
            words.append("CODE" if words and words[-1] in _SECRET_OPTIONS else word)
    return words
