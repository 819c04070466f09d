"""How several questions to the ledger are answered at one moment, and several writes become one."""

from contextlib import AbstractContextManager
from typing import Protocol


class MomentLedger(Protocol):
    """Readings, and writes, that belong together."""

    def at_one_moment(self) -> AbstractContextManager[None]:
        """All that this thread reads within it is of the same moment, and costs one transaction.

        Nothing may be written meanwhile, and nobody else be waited for.
        """
        ...

    def in_one_step(self) -> AbstractContextManager[None]:
        """All that this thread writes within it is committed together at the end, or none of it.

        Everybody else waits to write meanwhile: nothing may be waited for, no request be made.
        """
        ...
