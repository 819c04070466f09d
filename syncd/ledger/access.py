"""Whose ledger it is: all its processes must be of one user, or one locks the other out of its files."""

import os
from pathlib import Path

from syncd.domain.errors import AccessDenied

WHAT = "the ledger"
_ROOT = 0


def refuse_strangers(path: Path) -> None:
    """AccessDenied unless this user may read and write the ledger and make files beside it.

    Root may do everything and is refused all the same where the ledger is another user's: the lock files and
    keys that root would make there could not be opened by that user.
    """
    try:
        nearest = next(place for place in (path, *path.absolute().parents) if place.exists())
        owner = nearest.stat().st_uid
    except PermissionError:
        raise AccessDenied(WHAT, path) from None
    places = [place for place in (path, path.parent) if place.exists()]
    if os.geteuid() == _ROOT:
        foreign = bool(places) and owner != _ROOT
    else:
        foreign = not all(os.access(place, _needed(place)) for place in places)
    if foreign:
        raise AccessDenied(WHAT, path)


def _needed(place: Path) -> int:
    return os.R_OK | os.W_OK | (os.X_OK if place.is_dir() else 0)
