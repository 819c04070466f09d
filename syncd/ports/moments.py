"""How several questions to the ledger are answered by what it holds at one moment."""

from contextlib import AbstractContextManager
from typing import Protocol


class MomentLedger(Protocol):
    """Readings that belong together."""

    def at_one_moment(self) -> AbstractContextManager[None]:
        """All that this thread reads within it is of the same moment, and costs one transaction.

        Nothing may be written meanwhile, and nobody else be waited for.
        """
        ...
