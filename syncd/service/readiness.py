"""Knows when the daemon may call itself ready: once everything it works on was tried, well or ill."""

from collections.abc import Callable, Iterable
from threading import Lock


class FirstCheck:
    """Calls `ready` once: when the last of these names was done for the first time, at once without any.

    A first load of a large catalogue takes longer than systemd should wait, so `enough` may be called before.
    """

    def __init__(self, names: Iterable[str], ready: Callable[[], None]) -> None:
        self._left = set(names)
        self._ready = ready
        self._lock = Lock()
        if not self._left:
            ready()

    def done(self, name: str) -> None:
        """Note that this one was tried."""
        with self._lock:
            last = self._left == {name}
            self._left.discard(name)
        if last:
            self._ready()

    def enough(self) -> None:
        """Wait no longer for what is still being tried."""
        with self._lock:
            waiting = bool(self._left)
            self._left.clear()
        if waiting:
            self._ready()
