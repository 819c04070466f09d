"""Steps down from root for a moment, because root may read everything."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

NOBODY = 65_534


@contextmanager
def another_user() -> Iterator[None]:
    """Nobody, where this is root; whoever it is already otherwise."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
