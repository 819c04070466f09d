"""What happened in a simulated shop, in order; never a token or a secret."""

from collections.abc import Callable, Mapping
from threading import Lock


def _nobody(entry: Mapping[str, object]) -> None:
    """Nobody is told."""


class Journal:
    """An append-only log; entries are numbered from 1, and each is told as it is written."""

    def __init__(self, noticed: Callable[[Mapping[str, object]], None] = _nobody) -> None:
        self._entries: list[dict[str, object]] = []
        self._lock = Lock()
        self._noticed = noticed

    def add(self, kind: str, at: float, **details: object) -> None:
        """Write one entry; details that are None are left out."""
        said = {name: value for name, value in details.items() if value is not None}
        with self._lock:
            number = len(self._entries) + 1
            entry: dict[str, object] = {"seq": number, "kind": kind, "at": at, **said}
            self._entries.append(entry)
        self._noticed(entry)

    def since(self, number: int) -> list[dict[str, object]]:
        """The entries after that number."""
        with self._lock:
            return self._entries[max(0, number) :]
