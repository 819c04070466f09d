"""The daemon as a test handles it: started, watched through its log, told to stop."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.process.conftest import Shopkeeper

PATIENCE = 120.0
"""Seconds that even a busy machine needs for nothing; a test that waits so long has failed."""


def until(condition: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
    """Wait for something to become true."""
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.1)


def configure(keeper: Shopkeeper, **replaced: str) -> None:
    """A source read every second, and these texts of the file replaced by others."""
    path = keeper.folder / "syncd.yaml"
    text = path.read_text()
    for old, new in {"settle: 0s,": "settle: 0s, every: 1s, export_takes: 0s,", **replaced}.items():
        text = text.replace(old, new)
    path.write_text(text)


class Running:
    """A daemon and everything it logged."""

    def __init__(self, keeper: Shopkeeper, log: Path) -> None:
        self.keeper = keeper
        self.path = log
        with log.open("ab") as file:
            self.process = keeper.begin("run", stdout=file.fileno(), stderr=file.fileno())

    @property
    def log(self) -> str:
        return self.path.read_text()

    def says(self, text: str) -> None:
        """Wait until it logged this."""
        until(lambda: text in self.log or self.process.poll() is not None, text)
        assert text in self.log, self.log

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)


@contextmanager
def running(keeper: Shopkeeper, name: str = "daemon.log") -> Iterator[Running]:
    """A daemon that is serving."""
    daemon = Running(keeper, keeper.folder / name)
    try:
        daemon.says("running: 1 source, 1 channel")
        yield daemon
    finally:
        daemon.stop()


def shows(keeper: Shopkeeper, sku: str, units: int) -> Callable[[], bool]:
    """Whether the shop shows it by now."""
    return lambda: keeper.shown()[sku] == units
