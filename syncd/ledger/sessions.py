"""SQLModel sessions for the few small tables that are no part of a cycle; loading SQLModel takes 0.15 s."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlmodel import Session

from syncd.ledger.database import Database


@contextmanager
def write_session(database: Database) -> Iterator[Session]:
    """A session inside one write transaction, for a handful of rows."""
    with database.write() as connection, Session(connection) as session:
        yield session
        session.flush()


@contextmanager
def read_session(database: Database) -> Iterator[Session]:
    """A session inside one read transaction, for a handful of rows."""
    with database.read() as connection, Session(connection) as session:
        yield session
