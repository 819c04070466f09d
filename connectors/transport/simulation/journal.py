"""What happened in a simulated shop, in order; never a token or a secret."""

from threading import Lock


class Journal:
    """An append-only log; entries are numbered from 1."""

    def __init__(self) -> None:
        self._entries: list[dict[str, object]] = []
        self._lock = Lock()

    def add(self, kind: str, at: float, **details: object) -> None:
        """Write one entry; details that are None are left out."""
        said = {name: value for name, value in details.items() if value is not None}
        with self._lock:
            number = len(self._entries) + 1
            self._entries.append({"seq": number, "kind": kind, "at": at, **said})

    def since(self, number: int) -> list[dict[str, object]]:
        """The entries after that number."""
        with self._lock:
            return self._entries[max(0, number) :]
