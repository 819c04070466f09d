"""SQLModel sessions for the few small tables that are no part of a cycle; loading SQLModel takes 0.15 s."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlmodel import Session

from syncd.ledger.connection import Connection
from syncd.ledger.database import Database


@contextmanager
def write_session(database: Database) -> Iterator[Session]:
    """A session inside one write transaction, for a handful of rows."""
    with database.models_write() as connection, Session(connection) as session:
        yield session
        session.flush()


@contextmanager
def read_session(database: Database) -> Iterator[Session]:
    """A session inside one read transaction, for a handful of rows."""
    with database.models_read() as connection, Session(connection) as session:
        yield session


def connection_of(session: Session) -> Connection:
    """The connection a session works on, for statements of the same transaction."""
    driver = session.connection().connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)  # noqa: S101 - the engine is made for nothing else
    return Connection(driver)
