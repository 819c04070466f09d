"""Knows how a short transaction begins and ends, in one step each: a cycle makes some fifty of them."""

from threading import Lock
from types import TracebackType
from typing import Protocol

from syncd.ledger.connection import Connection

READ = "BEGIN"
AT_ONCE = "BEGIN IMMEDIATE"


class Connections(Protocol):
    """Where connections come from, and who has words for what goes wrong on them."""

    def taken(self) -> Connection:
        """One that nobody else holds."""
        ...

    def given_back(self, connection: Connection) -> None:
        """It is free again."""
        ...

    def in_words(self, error: BaseException) -> Exception | None:
        """The failure of the ledger that this is; None for anything else."""
        ...


class Transaction:
    """One transaction: committed at the end, taken back when anything is raised, and told in words then.

    `turn` is held from its beginning to its end.
    """

    __slots__ = ("_connection", "_connections", "_kind", "_turn")

    def __init__(self, connections: Connections, kind: str, turn: "Lock | None" = None) -> None:
        self._connections = connections
        self._kind = kind
        self._turn = turn

    def __enter__(self) -> Connection:
        if self._turn is not None:
            self._turn.acquire()
        try:
            self._connection = self._connections.taken()
            try:
                self._connection.raw.execute(self._kind)
            except BaseException:
                self._connections.given_back(self._connection)
                raise
        except BaseException as error:
            self._let_go()
            self._tell(error)
            raise
        return self._connection

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        try:
            self._end(self._connection, "ROLLBACK" if error is not None else "COMMIT")
        except Exception as failed:
            self._tell(failed)
            raise
        finally:
            self._connections.given_back(self._connection)
            self._let_go()
        if error is not None:
            self._tell(error)

    def _end(self, connection: Connection, how: str) -> None:
        try:
            if how == "COMMIT" or connection.raw.in_transaction:  # SQLite may have taken it back
                connection.raw.execute(how)
        except BaseException:
            if connection.raw.in_transaction:
                connection.raw.execute("ROLLBACK")
            raise

    def _let_go(self) -> None:
        if self._turn is not None:
            self._turn.release()

    def _tell(self, error: BaseException) -> None:
        _tell(self._connections, error)


class Joined:
    """Statements that are part of a longer transaction, which begins and ends elsewhere."""

    __slots__ = ("_connection", "_connections")

    def __init__(self, connections: Connections, connection: Connection) -> None:
        self._connections = connections
        self._connection = connection

    def __enter__(self) -> Connection:
        return self._connection

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        if error is not None:
            _tell(self._connections, error)


def _tell(connections: Connections, error: BaseException) -> None:
    found = connections.in_words(error)
    if found is not None:
        raise found from error
