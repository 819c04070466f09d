"""Knows how worker processes end: with their work, with an interrupted command, with one that was killed."""

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import FrameType
from typing import TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")

GRACE = 10.0
"""Seconds in which an interrupted worker removes what it wrote; then it ends without."""

INSISTENCE = 2.5
"""Seconds after which a worker that still runs is interrupted again.

Python drops what is raised in a finalizer or in a callback of a library: an interruption there is lost.
"""


@contextmanager
def working(workers: int) -> Iterator[ProcessPoolExecutor]:
    """So many processes; an interruption of this one ends what they are at, instead of waiting for it."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_begin) as pool:
        try:
            yield pool
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            _end(multiprocessing.active_children())
            raise


def _end(workers: Sequence[BaseProcess]) -> None:
    for worker in workers:
        worker.terminate()
    for worker in workers:
        worker.join()


def unless_interrupted(work: Callable[[Task], Result], task: Task) -> Result:
    """What a worker is given to do. A pool hands out its next task after an interrupted one: it is not begun.

    Raises KeyboardInterrupt when this worker was interrupted.
    """
    if signal.getsignal(signal.SIGTERM) is signal.SIG_IGN:
        raise KeyboardInterrupt
    return work(task)


def _begin() -> None:
    """In a worker. Ctrl-C goes to all processes of a terminal: only the command answers it."""
    asked, ask = os.pipe()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGUSR1, _interrupted_again)
    signal.signal(signal.SIGTERM, partial(_interrupted, ask))
    threading.Thread(target=_follow, args=(asked,), daemon=True).start()


def _interrupted(ask: int, number: int, frame: FrameType | None) -> None:
    del frame
    signal.signal(number, signal.SIG_IGN)
    sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - until it ends, at once
    os.write(ask, b"!")  # no lock is taken: whatever the signal fell into may hold it
    raise KeyboardInterrupt


def _interrupted_again(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise KeyboardInterrupt


def _follow(asked: int) -> None:
    """End once this worker is interrupted, and with the command, however that ended."""
    command = multiprocessing.parent_process()
    if command is None:
        return
    if command.sentinel in wait([command.sentinel, asked]):
        os.kill(os.getpid(), signal.SIGTERM)
    until = time.monotonic() + GRACE
    while time.monotonic() < until:
        threading.Event().wait(INSISTENCE)
        os.kill(os.getpid(), signal.SIGUSR1)
    os._exit(1)
