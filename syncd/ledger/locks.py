"""File locks beside the ledger: the kernel frees them when their holder dies, whatever killed it."""

import fcntl
import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from syncd.domain.errors import LedgerUnusable

_UNSAFE = re.compile(r"[^A-Za-z0-9_-]")


def lock_path(ledger: Path, kind: str, name: str) -> Path:
    """The lock file of a named thing; names that would collide once made safe carry a digest."""
    safe = _UNSAFE.sub("_", name)
    if safe != name:
        safe = f"{safe[:40]}-{hashlib.sha256(name.encode()).hexdigest()[:12]}"
    return ledger.with_name(f"{ledger.name}.{kind}-{safe}.lock")


class FileLock:
    """An exclusive flock; two objects exclude each other even inside one process."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None

    @property
    def held(self) -> bool:
        """Whether this object holds the lock."""
        return self._file is not None

    def try_acquire(self) -> bool:
        """Take the lock if it is free; answers whether this object holds it now."""
        if self._file is not None:
            return True
        file = self._open()
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        self._file = file
        return True

    def release(self) -> None:
        """Give the lock back; the file stays, because removing it would let two holders in."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    @contextmanager
    def waited(self) -> Iterator[None]:
        """Hold the lock, waiting for the present holder first."""
        file = self._open()
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
        finally:
            os.close(file)

    def _open(self) -> int:
        try:
            return os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise LedgerUnusable(
                f"the lock {self._path} cannot be opened ({error.strerror}): "
                "give this user write access to it and its folder, and some space"
            ) from error
