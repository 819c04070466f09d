"""Books in PostgreSQL: short transactions with time limits on both sides, and what its errors mean there."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock, Timer
from typing import Any, cast

from psycopg import Connection, Error, IsolationLevel

from connectors.sql_query import key_tables
from connectors.sql_query.address import Address, connected
from connectors.sql_query.booking import Bound
from connectors.sql_query.postgres_failures import is_login
from connectors.sql_query.writing import LIMITS, Fault, Limits, Session, Trouble
from syncd.ports.probe import Check
from syncd.ports.write_back import Adjustment

_SET = (
    "SELECT pg_catalog.set_config('standard_conforming_strings', 'on', true), "
    "pg_catalog.set_config('statement_timeout', %(limit)s, true), "
    "pg_catalog.set_config('idle_in_transaction_session_timeout', %(limit)s, true)"
)
_DURABLE = (
    "SELECT pg_catalog.set_config('synchronous_commit', 'local', true) "
    "WHERE pg_catalog.current_setting('synchronous_commit') = 'off'"
)
"""A booking that the server may still forget was never booked."""
_FAULTS = {
    "23505": Fault.TAKEN,
    "42501": Fault.DENIED,
    "25006": Fault.DENIED,
    "55P03": Fault.BUSY,
    "57014": Fault.BUSY,
}
_CLASSES = {
    "22": Fault.REFUSED,
    "23": Fault.REFUSED,
    "44": Fault.REFUSED,
    "P0": Fault.REFUSED,
    "40": Fault.BUSY,
    "28": Fault.DENIED,
    "08": Fault.LOST,
    "53": Fault.LOST,
    "57": Fault.LOST,
    "58": Fault.LOST,
    "XX": Fault.LOST,
}
"""By the first two characters; the rest is about the statement."""


class PostgresSession:
    """One connection."""

    def __init__(self, driver: Connection[tuple[Any, ...]], limits: Limits) -> None:
        self._driver = driver
        self._limit = str(limits.statement * 1000)
        self._is_begun = False

    def run(self, statement: Bound, adjustment: Adjustment) -> int:
        """Run it in the transaction."""
        with _telling():
            self._begin()
            text = statement.text("%s", "%%")
            return self._driver.execute(text.encode(), statement.values(adjustment)).rowcount

    def look(self, text: str, values: tuple[str | int, ...]) -> list[tuple[object, ...]]:
        """The rows of a small SELECT."""
        with _telling():
            self._begin()
            return self._driver.execute(text.encode(), values).fetchall()

    def commit(self) -> None:
        """Make it last."""
        with _telling():
            self._driver.commit()
        self._is_begun = False

    def roll_back(self) -> None:
        """Undo it."""
        with _telling():
            self._driver.rollback()
        self._is_begun = False

    def _begin(self) -> None:
        """The limits hold for one transaction, so that a pool of connections never keeps them."""
        if not self._is_begun:
            self._driver.execute(_SET, {"limit": self._limit})
            self._driver.execute(_DURABLE)
            self._is_begun = True


class PostgresWriting:
    """A PostgreSQL database at one address."""

    types = key_tables.POSTGRESQL
    placeholder = "%s"

    def __init__(self, address: Address, limits: Limits = LIMITS) -> None:
        self._address = address
        self._limits = limits

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A connection that is given up when its server falls silent."""
        arguments = {
            "connect_timeout": self._limits.connect,
            "application_name": "syncd",
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 4,
        }
        with _telling(), connected(self._address.url, arguments, use_native_hstore=False) as opened:
            driver = cast("Connection[tuple[Any, ...]]", opened)
            driver.read_only = False
            driver.isolation_level = IsolationLevel.READ_COMMITTED
            with _given_up(driver.fileno(), self._limits.whole):
                yield PostgresSession(driver, self._limits)

    def risks(self, session: Session, tables: tuple[str, ...]) -> list[Check]:
        """None: every table takes part in a transaction."""
        del session, tables
        return []


@contextmanager
def _given_up(number: int, seconds: float) -> Iterator[None]:
    """End the conversation on this socket after so long; the driver itself would wait for ever."""
    using = Lock()
    over = False

    def end() -> None:
        with using:
            if not over:
                with socket.socket(fileno=os.dup(number)) as line:
                    line.shutdown(socket.SHUT_RDWR)

    timer = Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        with using:
            over = True


@contextmanager
def _telling() -> Iterator[None]:
    try:
        yield
    except Error as error:
        raise _meaning(error) from None


def _meaning(error: Error) -> Trouble:
    code = error.sqlstate or ""
    words = error.diag.message_primary or (str(error).splitlines() or [type(error).__name__])[0]
    if not code:
        fault = Fault.DENIED if is_login(words) else Fault.LOST
        return Trouble(fault, "connection", f"the database cannot be reached or was lost: {words}")
    fault = _FAULTS.get(code) or _CLASSES.get(code[:2], Fault.WRONG)
    if code.startswith("22"):
        words = words.partition(': "')[0]  # what follows is a value of the table
    return Trouble(fault, code, f"PostgreSQL says: {words}")
