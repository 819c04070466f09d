"""Gives memory back between jobs: glibc keeps what a large reading freed, and a daemon idles for months."""

import ctypes
import gc
from collections.abc import Callable
from functools import cache


@cache
def _trim() -> Callable[[int], object] | None:
    """malloc_trim(3); None where the C library has none (musl, macOS)."""
    try:
        found: Callable[[int], object] = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):
        return None
    return found


def give_back() -> None:
    """Let go of what nobody uses any more; a few milliseconds."""
    gc.collect()
    trim = _trim()
    if trim is not None:
        trim(0)
