"""Books in MySQL and MariaDB: strict about values, and wary of tables that take part in no transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pymysql import Connection
from pymysql.constants import CLIENT, ER
from pymysql.err import InterfaceError, MySQLError

from connectors.sql_query import key_tables
from connectors.sql_query.address import Address, connected
from connectors.sql_query.booking import Bound
from connectors.sql_query.mysql_failures import NO_RIGHT, PASSING, READ_ONLY, WRONG_USER
from connectors.sql_query.writing import LIMITS, Fault, Limits, Session, Trouble
from syncd.ports.probe import Check, Verdict
from syncd.ports.write_back import Adjustment

_LINGER = 2
"""Seconds that the server's own time limit comes before ours."""
_SETTINGS = (
    # A value that does not fit would be cut to one that does, and nobody would know.
    "SET SESSION sql_mode = CONCAT(@@SESSION.sql_mode, ',STRICT_ALL_TABLES')",
    "SET SESSION innodb_lock_wait_timeout = {limit}",
    "SET SESSION lock_wait_timeout = {limit}",
)
_BUSY = {ER.LOCK_WAIT_TIMEOUT, ER.LOCK_DEADLOCK, 1969, 3024, 3572}
_TAKEN = {ER.DUP_ENTRY, 1586}
_DENIED = {*WRONG_USER, *NO_RIGHT, READ_ONLY, 1290, 1836}
_REFUSED = {
    1048, 1216, 1217, 1264, 1265, 1292, 1364, 1366, 1369, 1406, 1451, 1452, 1644, 1690, 3819, 4025,
}  # fmt: skip
"""Values that a type, a key to another table, a check or a trigger forbids."""
_TABLE = (
    "SELECT t.engine FROM information_schema.tables t "
    "JOIN information_schema.engines e ON e.engine = t.engine "
    "WHERE t.table_schema = COALESCE(NULLIF(%s, ''), DATABASE()) AND t.table_name = %s "
    "AND COALESCE(e.transactions, 'NO') <> 'YES'"
)


class MySqlSession:
    """One connection."""

    def __init__(self, driver: "Connection[Any]") -> None:
        self._driver = driver

    def run(self, statement: Bound, adjustment: Adjustment) -> int:
        """Run it in the transaction."""
        with _telling(), self._driver.cursor() as cursor:
            return int(cursor.execute(statement.text("%s", "%%"), statement.values(adjustment)))

    def look(self, text: str, values: tuple[str | int, ...]) -> list[tuple[object, ...]]:
        """The rows of a small SELECT."""
        with _telling(), self._driver.cursor() as cursor:
            cursor.execute(text, values)
            return list(cursor.fetchall())

    def commit(self) -> None:
        """Make it last."""
        with _telling():
            self._driver.commit()

    def roll_back(self) -> None:
        """Undo it."""
        with _telling():
            self._driver.rollback()


class MySqlWriting:
    """A MySQL or MariaDB database at one address."""

    types = key_tables.MYSQL
    placeholder = "%s"

    def __init__(self, address: Address, limits: Limits = LIMITS) -> None:
        self._address = address
        self._limits = limits

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A connection on which every answer comes within a time limit; rows count when they are found."""
        limit = self._limits.statement + _LINGER
        arguments = {
            "connect_timeout": self._limits.connect,
            "read_timeout": limit,
            "write_timeout": limit,
            "charset": "utf8mb4",
            "local_infile": False,
            "client_flag": CLIENT.FOUND_ROWS,
            "autocommit": False,
        }
        with _telling(), connected(self._address.url, arguments) as driver:
            with driver.cursor() as cursor:
                for setting in _SETTINGS:
                    cursor.execute(setting.format(limit=self._limits.statement))
            yield MySqlSession(driver)

    def risks(self, session: Session, tables: tuple[str, ...]) -> list[Check]:
        """Tables whose engine knows no transactions, as MyISAM."""
        found = []
        for table in tables:
            schema, _, name = table.replace("`", "").rpartition(".")
            found += [
                Check(
                    text=f"{table} is kept by {engine}, which cannot undo anything",
                    verdict=Verdict.BAD,
                    help=f"ALTER TABLE {table} ENGINE=InnoDB",
                )
                for (engine,) in session.look(_TABLE, (schema.strip(), name.strip()))
            ]
        return found


@contextmanager
def _telling() -> Iterator[None]:
    try:
        yield
    except MySQLError as error:
        raise _meaning(error) from None


def _meaning(error: MySQLError) -> Trouble:
    number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    words = str(error.args[-1]) if error.args else type(error).__name__
    return Trouble(_fault(number, error), str(number), f"the database says: {words}")


def _fault(number: int, error: MySQLError) -> Fault:
    faults = (
        (_TAKEN, Fault.TAKEN), (_BUSY, Fault.BUSY), (_DENIED, Fault.DENIED), (_REFUSED, Fault.REFUSED),
        (PASSING, Fault.LOST),
    )  # fmt: skip
    found = next((fault for numbers, fault in faults if number in numbers), None)
    if found is None:
        return Fault.LOST if isinstance(error, InterfaceError) else Fault.WRONG
    return found
