"""Books in an SQLite file: one writer at a time, who waits for the others a while."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from connectors.sql_query import key_tables
from connectors.sql_query.address import Address, connected
from connectors.sql_query.booking import Bound
from connectors.sql_query.writing import LIMITS, Fault, Limits, Session, Trouble
from syncd.ports.clock import Clock
from syncd.ports.probe import Check
from syncd.ports.write_back import Adjustment

_STEPS = 20_000
"""How many steps of SQLite's machine lie between two looks at the clock: a few milliseconds."""
_BASE = 0xFF
"""The part of an error code that extended codes share."""
_TAKEN = {sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY}
_FAULTS = {
    sqlite3.SQLITE_CONSTRAINT: Fault.REFUSED,
    sqlite3.SQLITE_MISMATCH: Fault.REFUSED,
    sqlite3.SQLITE_TOOBIG: Fault.REFUSED,
    sqlite3.SQLITE_BUSY: Fault.BUSY,
    sqlite3.SQLITE_LOCKED: Fault.BUSY,
    sqlite3.SQLITE_INTERRUPT: Fault.BUSY,
    sqlite3.SQLITE_ERROR: Fault.WRONG,
    sqlite3.SQLITE_RANGE: Fault.WRONG,
    sqlite3.SQLITE_PERM: Fault.DENIED,
    sqlite3.SQLITE_READONLY: Fault.DENIED,
    sqlite3.SQLITE_AUTH: Fault.DENIED,
    sqlite3.SQLITE_NOTADB: Fault.WRONG,
}
"""What is not here may be over next time: a full disk, a file that is gone."""


class SqliteSession:
    """One connection to the file."""

    def __init__(self, connection: sqlite3.Connection, clock: Clock, limits: Limits) -> None:
        self._connection = connection
        self._clock = clock
        self._limits = limits
        self._deadline = 0.0
        connection.set_progress_handler(self._is_over, _STEPS)

    def run(self, statement: Bound, adjustment: Adjustment) -> int:
        """Run it in a transaction that shuts other writers out from its beginning."""
        with _telling():
            if not self._connection.in_transaction:
                self._timed("BEGIN IMMEDIATE", ())
            return self._timed(statement.text("?"), statement.values(adjustment)).rowcount

    def look(self, text: str, values: tuple[str | int, ...]) -> list[tuple[object, ...]]:
        """The rows of a small SELECT."""
        with _telling():
            return self._timed(text, values).fetchall()

    def commit(self) -> None:
        """Make it last."""
        with _telling():
            self._timed("COMMIT", ())

    def roll_back(self) -> None:
        """Undo it."""
        if self._connection.in_transaction:
            with _telling():
                self._timed("ROLLBACK", ())

    def _timed(self, text: str, values: tuple[str | int, ...]) -> sqlite3.Cursor:
        self._deadline = self._clock.monotonic() + self._limits.statement
        return self._connection.execute(text, values)

    def _is_over(self) -> int:
        return int(self._clock.monotonic() > self._deadline)


class SqliteWriting:
    """An SQLite file that may be written to."""

    types = key_tables.SQLITE
    placeholder = "?"

    def __init__(
        self, address: Address, folder: Path, clock: Clock, limits: Limits = LIMITS
    ) -> None:
        self._address = address
        self._limits = limits
        self._path = folder / str(address.url.database)
        self._clock = clock

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A connection; a file that is not there is not made."""
        with _telling(), connected(self._address.url, {}, creator=self._connect) as opened:
            session = SqliteSession(opened, self._clock, self._limits)
            yield session
            session.roll_back()

    def risks(self, session: Session, tables: tuple[str, ...]) -> list[Check]:
        """None: every table takes part in a transaction."""
        del session, tables
        return []

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(
            f"file:{quote(str(self._path))}?mode=rw", uri=True, timeout=self._limits.statement,
            isolation_level=None,
        )  # fmt: skip


@contextmanager
def _telling() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise _meaning(error) from None


def _meaning(error: sqlite3.Error) -> Trouble:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    name = getattr(error, "sqlite_errorname", "SQLITE_ERROR")
    fault = Fault.TAKEN if code in _TAKEN else _FAULTS.get(code & _BASE, Fault.LOST)
    return Trouble(fault, name, f"SQLite says: {error}")
