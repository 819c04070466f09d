"""Knows how memory is given back: a daemon idles for months, and what one large plan took is needed no more."""

import ctypes
import gc
import os
import sys
from collections.abc import Callable
from functools import cache

RETURNING = {"PYTHONMALLOC": "malloc", "MALLOC_ARENA_MAX": "1"}
"""Python's own allocator keeps each megabyte in which a single object lives on, and glibc one heap per thread:
after one plan of 20,000 changes that is 50 MB which nobody uses."""


def start_returning() -> None:
    """Start this process anew, as the same command, with an allocator that can give memory back.

    Nothing is done where the C library is another one (musl's allocator is slow), where somebody has chosen an
    allocator, and where the process was not started as this command.
    """
    as_started = sys.orig_argv[-len(sys.argv) :] == sys.argv
    if as_started and _is_glibc() and not RETURNING.keys() & os.environ.keys():
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], os.environ | RETURNING)  # noqa: S606 - ourselves


def keep() -> None:
    """From here on collections look past what is alive: with fifty channels it takes a second, and all wait."""
    gc.freeze()


def let_go() -> None:
    """A configuration was replaced: the next collection looks at everything, and is made now."""
    gc.unfreeze()
    gc.collect()


def give_back() -> None:
    """Let go of what nobody uses any more."""
    gc.collect()
    trim = _trim()
    if trim is not None:
        trim(0)


def _is_glibc() -> bool:
    try:
        return bool(os.confstr("CS_GNU_LIBC_VERSION"))
    except (ValueError, OSError):
        return False


@cache
def _trim() -> Callable[[int], object] | None:
    """malloc_trim(3); None where the C library has none (musl, macOS)."""
    try:
        found: Callable[[int], object] = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):
        return None
    return found
