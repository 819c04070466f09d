"""Knows how worker processes end: with their work, with an interrupted command, with one that was killed."""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import wait
from pathlib import Path
from types import FrameType

GRACE = 10.0
"""Seconds in which a worker whose command is gone removes what it wrote."""


@contextmanager
def working(workers: int) -> Iterator[ProcessPoolExecutor]:
    """So many processes; an interruption of this one ends what they are at, instead of waiting for it."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_begin) as pool:
        try:
            yield pool
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            for worker in multiprocessing.active_children():
                worker.terminate()
            raise


def _begin() -> None:
    """In a worker. Ctrl-C goes to all processes of a terminal: only the command answers it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _interrupted)
    threading.Thread(target=_follow, daemon=True).start()


def _interrupted(number: int, frame: FrameType | None) -> None:
    del frame
    signal.signal(number, signal.SIG_IGN)
    sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - until it ends, at once
    raise KeyboardInterrupt


def _follow() -> None:
    """End with the command, however that ended."""
    command = multiprocessing.parent_process()
    if command is None:
        return
    wait([command.sentinel])
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(GRACE)
    os._exit(1)
