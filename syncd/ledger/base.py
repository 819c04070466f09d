"""What every part of the store shares: the database and the clock."""

from syncd.ledger.database import Database
from syncd.ports.clock import Clock


class StorePart:
    """One role of the ledger; `SqlLedger` is all of them."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
