"""Books in SQL Server through Microsoft's ODBC driver."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from connectors.sql_query import key_tables
from connectors.sql_query.address import Address, connected
from connectors.sql_query.booking import Bound
from connectors.sql_query.writing import LIMITS, Fault, Limits, Session, Trouble
from syncd.ports.probe import Check
from syncd.ports.write_back import Adjustment

_NUMBERS = {
    "(2627)": Fault.TAKEN,
    "(2601)": Fault.TAKEN,
    "(229)": Fault.DENIED,
    "(230)": Fault.DENIED,
    "(1222)": Fault.BUSY,
    "(3906)": Fault.DENIED,
}
"""The server's own numbers, which the driver puts among the words."""
_STATES = {
    "23": Fault.REFUSED,
    "22": Fault.REFUSED,
    "40": Fault.BUSY,
    "HYT": Fault.BUSY,
    "28": Fault.DENIED,
    "08": Fault.LOST,
    "01002": Fault.LOST,
}
"""By how an ODBC state begins; the rest is about the statement."""


class SqlServerSession:
    """One connection; the driver begins a transaction by itself."""

    def __init__(self, connection: Any) -> None:  # noqa: ANN401 - the driver has no types
        self._connection = connection

    def run(self, statement: Bound, adjustment: Adjustment) -> int:
        """Run it in the transaction."""
        cursor = self._connection.cursor()
        with _telling():
            cursor.execute(statement.text("?"), *statement.values(adjustment))
            return int(cursor.rowcount)

    def look(self, text: str, values: tuple[str | int, ...]) -> list[tuple[object, ...]]:
        """The rows of a small SELECT."""
        cursor = self._connection.cursor()
        with _telling():
            cursor.execute(text, *values)
            return [tuple(row) for row in cursor.fetchall()]

    def commit(self) -> None:
        """Make it last."""
        with _telling():
            self._connection.commit()

    def roll_back(self) -> None:
        """Undo it."""
        with _telling():
            self._connection.rollback()


class SqlServerWriting:
    """A SQL Server database at one address."""

    types = key_tables.SQL_SERVER
    placeholder = "?"

    def __init__(self, address: Address, limits: Limits = LIMITS) -> None:
        self._address = address
        self._limits = limits

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A connection whose statements are stopped after a while."""
        limits, address = self._limits, self._address
        with _telling(), connected(address.url, {"timeout": limits.connect}) as connection:
            connection.timeout = limits.statement
            waiting = f"SET LOCK_TIMEOUT {limits.statement * 1000}"
            connection.cursor().execute(f"SET XACT_ABORT ON; {waiting}")
            yield SqlServerSession(connection)

    def risks(self, session: Session, tables: tuple[str, ...]) -> list[Check]:
        """None: every table takes part in a transaction."""
        del session, tables
        return []


@contextmanager
def _telling() -> Iterator[None]:
    import pyodbc

    try:
        yield
    except pyodbc.Error as error:
        raise trouble_of(str(error.args[0]), str(error.args[-1])) from None


def trouble_of(state: str, words: str) -> Trouble:
    """What an ODBC state, and the server's number among the words, means for a booking."""
    numbered = [fault for number, fault in _NUMBERS.items() if number in words]
    stated = [fault for begin, fault in _STATES.items() if state.startswith(begin)]
    fault = next(iter([*numbered, *stated]), Fault.WRONG)
    return Trouble(fault, state, f"the database says: {words}")
