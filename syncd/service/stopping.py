"""Signals: the first one asks to stop between batches, the second one ends the process at once."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

FORCED = 130


@contextmanager
def stop_on_signals() -> Iterator[Callable[[], bool]]:
    """Whether SIGTERM or SIGINT came; the former handlers return on leaving.

    Outside the main thread nothing can be installed and nobody asks.
    """
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return

    def handle(number: int, frame: FrameType | None) -> None:
        del number, frame
        if asked.is_set():
            os._exit(FORCED)
        asked.set()

    numbers = (signal.SIGTERM, signal.SIGINT)
    former = {number: signal.signal(number, handle) for number in numbers}
    try:
        yield asked.is_set
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
