"""How SQLite is opened and spoken to: durable settings that are read back, and errors in plain words."""

import glob
import logging
import sqlite3
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock, local
from typing import Any, TypeVar

import sqlalchemy
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from syncd.domain.errors import ConfigError, LedgerError, LedgerUnusable, Problem
from syncd.ledger.connection import NO_COLUMN, Connection, emptied
from syncd.ledger.transaction import AT_ONCE, READ, Joined, Transaction

logger = logging.getLogger(__name__)
T = TypeVar("T")

BUSY_MILLISECONDS = 5000
CHUNK = 500
"""Values per `IN` list, well below SQLite's limit of bound parameters."""
STATEMENTS = 512
"""Compiled statements that a connection keeps: a cycle uses more than the driver's 128, over and over."""

_WRITE = "syncd_write"
_PRAGMAS = (
    ("journal_mode = WAL", "journal_mode", "wal"),
    ("synchronous = FULL", "synchronous", 2),
    ("foreign_keys = ON", "foreign_keys", 1),
    (f"busy_timeout = {BUSY_MILLISECONDS}", "busy_timeout", BUSY_MILLISECONDS),
)


def ledger_path(url: str) -> Path:
    """The file a `sqlite:` URL names; ConfigError for anything else."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = None
    if parsed is None or parsed.get_backend_name() != "sqlite" or not parsed.database:
        shown = url if parsed is None else parsed.render_as_string(hide_password=True)
        hint = "write sqlite:////var/lib/syncd/ledger.db"
        message = f"{shown!r} is no ledger: only SQLite files are supported"
        raise ConfigError([Problem("", 0, 0, "ledger", message, hint)])
    return Path(parsed.database)


def chunks(values: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """The values in lists of at most so many."""
    part: list[T] = []
    for value in values:
        part.append(value)
        if len(part) == size:
            yield part
            part = []
    if part:
        yield part


def marks(values: Sequence[object]) -> str:
    """As many question marks as there are values, for an `IN` list."""
    return ",".join("?" * len(values))


class _Longer(local):
    """The transaction that a thread is in, where it is one of several statements of its caller's."""

    looking: Connection | None = None
    writing: Connection | None = None


class Database:
    """One SQLite file: short transactions, safe settings, and LedgerUnusable for its failures."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._engine = _engine(path)
        # SQLite lets waiting writers sleep and try again: among fifty threads most would wait in vain
        self._turn = Lock()
        self._longer = _Longer()
        self._idle: deque[Connection] = deque()
        self._private: deque[Connection] = deque()
        self._closed = False

    def close(self) -> None:
        """Close every connection."""
        self._closed = True
        for kept in (self._idle, self._private):
            while kept:
                kept.pop().raw.close()
        self._engine.dispose()

    def write(self) -> Transaction | Joined:
        """One write transaction: it has the write lock from its first moment, and commits at the end."""
        longer = self._longer
        if longer.looking is not None:
            raise RuntimeError("what is written would not be seen by whoever looks at one moment")
        if longer.writing is not None:
            return Joined(self, longer.writing)
        return Transaction(self, AT_ONCE, self._turn)

    @contextmanager
    def in_one_step(self) -> Iterator[None]:
        """All that this thread writes is committed together at the end, or none of it."""
        with self.write() as connection:
            before, self._longer.writing = self._longer.writing, connection
            try:
                yield
            finally:
                self._longer.writing = before

    @contextmanager
    def impatient_write(self, milliseconds: int) -> Iterator[Connection]:
        """One write transaction that waits no longer than this for others; LedgerUnusable then."""
        with self._soon(milliseconds), self.guarded(), self._connected() as connection:
            connection.raw.execute(f"PRAGMA busy_timeout = {milliseconds}")
            try:
                with connection.begin(AT_ONCE):
                    yield connection
            finally:
                connection.raw.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")

    @contextmanager
    def _soon(self, milliseconds: int) -> Iterator[None]:
        """The turn to write, had within so many milliseconds; LedgerUnusable otherwise."""
        if not self._turn.acquire(timeout=milliseconds / 1000):
            raise LedgerUnusable(f"the ledger {self.path} is being written to; try again")
        try:
            yield
        finally:
            self._turn.release()

    def read(self) -> Transaction | Joined:
        """One consistent view of the ledger: that of the longer transaction, where there is one."""
        joined = self._longer.looking or self._longer.writing
        return Transaction(self, READ) if joined is None else Joined(self, joined)

    @contextmanager
    def at_one_moment(self) -> Iterator[None]:
        """All that this thread reads is of the same moment; nothing may be written meanwhile."""
        with self.read() as connection:
            before, self._longer.looking = self._longer.looking, connection
            try:
                yield
            finally:
                self._longer.looking = before

    @contextmanager
    def private(self) -> Iterator[Connection]:
        """A connection of its own with empty temporary tables; the caller begins and ends.

        It is kept for the next who asks, with the tables and all that is compiled for them, unless something
        was raised or much lay in them.
        """
        with self.guarded():
            try:
                connection = self._private.pop()
            except IndexError:
                connection = self._opened()
            try:
                yield connection
                if not self._closed and emptied(connection):
                    self._private.append(connection)
                    return
            except BaseException:
                connection.raw.close()
                raise
            connection.raw.close()

    @contextmanager
    def writing(self, connection: Connection) -> Iterator[Connection]:
        """One write transaction on a private connection that is between transactions."""
        with self._turn, connection.begin(AT_ONCE):
            yield connection

    @contextmanager
    def models_write(self) -> Iterator[sqlalchemy.Connection]:
        """One write transaction for SQLModel and Alembic."""
        with self._turn, self.migrating() as connection, self._readable(), connection.begin():
            yield connection

    @contextmanager
    def models_read(self) -> Iterator[sqlalchemy.Connection]:
        """One consistent view of the ledger for SQLModel."""
        with (
            self.guarded(), self._readable(), self._engine.connect() as connection, connection.begin()
        ):  # fmt: skip
            yield connection

    @contextmanager
    def migrating(self) -> Iterator[sqlalchemy.Connection]:
        """A connection for Alembic, which begins and ends each step by itself."""
        with self.guarded(), self._engine.connect() as connection:
            yield connection.execution_options(**{_WRITE: True})

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        connection = self.taken()
        try:
            yield connection
        finally:
            self.given_back(connection)

    def taken(self) -> Connection:
        """One of the connections that are kept, or a new one when all are in use."""
        try:
            return self._idle.pop()
        except IndexError:
            return self._opened()

    def given_back(self, connection: Connection) -> None:
        """Keep it for the next one who asks."""
        if self._closed:
            connection.raw.close()
        else:
            self._idle.append(connection)

    def _opened(self) -> Connection:
        """A connection with the ledger's settings that nobody else holds."""
        made = self._engine.raw_connection()
        driver = made.driver_connection
        made.detach()
        assert isinstance(driver, sqlite3.Connection)  # noqa: S101 - the engine is made for nothing else
        return Connection(driver)

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Turn SQLite's failures into LedgerUnusable with the file and what to do."""
        try:
            yield
        except (DBAPIError, sqlite3.Error, UnicodeDecodeError) as error:
            found = self._failure(error)
            if found is None:
                raise
            raise found from error

    def in_words(self, error: BaseException) -> LedgerError | None:
        """What an error in a transaction says of the ledger; None where it says nothing of it."""
        return self._failure(error) or self._unreadable(error)

    def _failure(self, error: BaseException) -> LedgerError | None:
        """SQLite's failures."""
        cause = error.orig if isinstance(error, DBAPIError) else error
        if isinstance(cause, sqlite3.Error):
            return self.explain(cause)
        if isinstance(error, UnicodeDecodeError):  # SQLite quotes a damaged schema in its message
            return self.damaged("its schema is no text")
        return None

    def explain(self, error: sqlite3.Error) -> LedgerError | None:
        """The failure in words; None for a mistake of ours."""
        name = getattr(error, "sqlite_errorname", "")
        if not name and _NO_TEXT in str(error):
            return self.damaged("a text in it is no text")
        if name.startswith(_REFUSALS):
            logger.info("the ledger %s refused a statement", self.path, exc_info=error)
            return LedgerUnusable(f"the ledger {self.path} refuses what syncd asks of it ({error}): "
                                  f"its schema is damaged or was edited; {_restore(self.path)}; "
                                  "`syncd -v` shows where it happened")  # fmt: skip
        for prefix, advice in _ADVICE.items():
            if name.startswith(prefix):
                mend = f": {_restore(self.path)}" if prefix in _DAMAGED else ""
                return LedgerUnusable(f"the ledger {self.path} {advice}{mend}")
        return None

    def damage(self, check: str) -> LedgerUnusable | None:
        """What SQLite's `quick_check` or `integrity_check` (with every index) finds first, if anything."""
        try:
            with self.read() as connection:
                answers = connection.exec_driver_sql(f"PRAGMA {check}(1)").scalars()
        except LedgerUnusable as error:
            return error
        return None if answers == ["ok"] else self.damaged(str(answers[0]))

    def damaged(self, how: str) -> LedgerUnusable:
        """The file does not hold what was written to it, and what to do about that."""
        return LedgerUnusable(f"the ledger {self.path} is damaged ({how}): {_restore(self.path)}")

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except (ValueError, ArithmeticError, AttributeError) as error:
            found = self._unreadable(error)
            if found is None:
                raise
            raise found from error

    def _unreadable(self, error: BaseException) -> LedgerError | None:
        """A value that cannot be what it stands for (a moment, a state, an amount) was not written so."""
        if isinstance(error, UnicodeDecodeError):
            return None
        if isinstance(error, (ValueError, ArithmeticError)):
            return self.damaged(f"a value in it is none: {error}")
        if isinstance(error, AttributeError) and NO_COLUMN in str(error):
            return self.damaged(f"a table lacks a column: {error}")
        return None


_REFUSALS = ("SQLITE_ERROR", "SQLITE_CONSTRAINT")
"""Our statements fit the schema, whose version was looked at: it is no longer what it says it is."""
_NO_TEXT = "Could not decode to UTF-8"
_FULL = "cannot grow: the disk is full; free some space and run again, nothing was lost"
_ADVICE = {
    "SQLITE_BUSY": "is locked by another process for more than "
    f"{BUSY_MILLISECONDS // 1000} s; find it with `fuser` or try again",
    "SQLITE_LOCKED": "is locked by another connection; try again",
    "SQLITE_FULL": _FULL,
    "SQLITE_IOERR_SHMSIZE": _FULL,  # no room for the index beside the write-ahead log
    "SQLITE_CORRUPT": "is damaged (database disk image is malformed)",
    "SQLITE_NOTADB": "is no SQLite database",
    "SQLITE_READONLY": "cannot be written: give this user write access to the file and its folder, on a file "
    "system that is not read-only",
    "SQLITE_PERM": "cannot be opened: give this user access to the file and its folder",
    "SQLITE_AUTH": "cannot be opened: give this user access to the file and its folder",
    "SQLITE_CANTOPEN": "cannot be opened: check that its folder exists, belongs to this user and is on a file "
    "system that is not read-only",
    "SQLITE_IOERR": "cannot be read or written (disk I/O error): check the disk and run again",
    "SQLITE_NOMEM": "needs more memory than there is; free some and run again",
    "SQLITE_PROTOCOL": "is locked by another process; try again",
}

_DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB")


def _restore(path: Path) -> str:
    """What to do about a damaged ledger; a backup is made before each migration, so there may be none."""
    anew = (
        "move the file away and run again, which reads everything anew (of a Shopify shop with "
        "`orders: write_back` count what has open orders: Shopify forgets after a day what was booked)"
    )
    backups = sorted(path.parent.glob(f"{glob.escape(path.name)}.backup-*[0-9]"))
    if not backups:
        return f"there is no backup of it beside it; {anew}"
    return f"restore its newest backup {backups[-1].name}, or {anew}"


def _engine(path: Path) -> Engine:
    # no limit: a thread may write while it reads, so that threads out of connections wait for each other
    engine = create_engine(
        f"sqlite:///{path}", pool_size=8, max_overflow=-1,
        connect_args={"cached_statements": STATEMENTS},
    )  # fmt: skip

    @event.listens_for(engine, "connect")
    def _settle(connection: Any, _record: object) -> None:  # noqa: ANN401 - SQLAlchemy's own type
        connection.isolation_level = None
        cursor = connection.cursor()
        try:
            for statement, name, expected in _PRAGMAS:
                cursor.execute(f"PRAGMA {statement}").fetchall()
                answer = cursor.execute(f"PRAGMA {name}").fetchone()[0]
                if answer != expected:
                    raise LedgerUnusable(
                        f"the ledger {path} answers {answer} instead of {expected} to PRAGMA {name}: "
                        "it would not survive a power cut; put it on a local disk this user may write"
                    )
        finally:
            cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: sqlalchemy.Connection) -> None:
        write = connection.get_execution_options().get(_WRITE)
        connection.exec_driver_sql(AT_ONCE if write else "BEGIN")

    return engine
