"""What PostgreSQL's error codes mean for a reading."""

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg import Error, OperationalError

from connectors.sql_query.database import Question, too_long
from syncd.domain.errors import (
    SourceError,
    SourceInvalid,
    SourceUnauthorized,
    SourceUnavailable,
)

# Connections refused while they are made carry no code, only the server's words.
_REFUSED_LOGIN = (
    "authentication failed", "no pg_hba.conf entry", "no password supplied",
    "is not permitted to log in", "permission denied for database",
)  # fmt: skip
_CANCELED = "57014"
_NO_RIGHT = "42501"
_READ_ONLY = "25006"
_NO_SNAPSHOT = "40001"
_BAD_DATA = "22"
_WRONG_USER = "28"
_PASSING = ("08", "53", "57", "58", "XX")


@contextmanager
def telling(question: Question, prefix: str) -> Iterator[None]:
    """Turn the driver's errors into those of sources; `prefix` is what stands before the query."""
    try:
        yield
    except Error as error:
        raise _meaning(error, question, prefix) from None


def _meaning(error: Error, question: Question, prefix: str) -> SourceError:
    code = error.sqlstate or ""
    words = error.diag.message_primary or _first_line(error)
    if not code:
        return _connecting(error, words)
    if code == _CANCELED:
        cause = "statement timeout" in words
        return SourceUnavailable(too_long(question.timeout) if cause else f"stopped: {words}")
    if code == _NO_RIGHT:
        help_ = "grant it to the user of the address: GRANT SELECT ON … TO …"
        return SourceUnauthorized(f"the database refuses: {words}; {help_}")
    if code.startswith(_WRONG_USER):
        return SourceUnauthorized(_login(words))
    if code == _NO_SNAPSHOT or code.startswith(_PASSING):
        return SourceUnavailable(f"the reading broke off: {words}; nothing of it was taken")
    return _wrong_query(error, code, question, prefix)


def _wrong_query(error: Error, code: str, question: Question, prefix: str) -> SourceInvalid:
    words = error.diag.message_primary or ""
    if code == _READ_ONLY:
        return SourceInvalid(f"the query writes, and is not let to: {words}")
    if code.startswith(_BAD_DATA):
        words = words.partition(': "')[0]  # what follows is a value of the table
    return SourceInvalid(f"the database refuses the query{_line(error, question, prefix)}: {words}")


def _line(error: Error, question: Question, prefix: str) -> str:
    """In which line of the query the error is, where the server says so."""
    position = error.diag.statement_position
    if position is None or "\n" not in question.statement.text("").strip():
        return ""
    sent = prefix + question.statement.text("$1")
    return f", line {sent.count(chr(10), 0, int(position) - 1) + 1}"


def _connecting(error: Error, words: str) -> SourceError:
    if is_login(words):
        return SourceUnauthorized(_login(words))
    if isinstance(error, OperationalError):
        return SourceUnavailable(f"the database cannot be reached or was lost: {words}")
    return SourceInvalid(f"the driver refuses the query: {words}")


def is_login(words: str) -> bool:
    """Whether a connection was refused because of who asked for it."""
    named = 'role "' in words or 'database "' in words
    unknown = named and "does not exist" in words
    return unknown or any(known in words for known in _REFUSED_LOGIN)


def _login(words: str) -> str:
    return f"the database refuses the user of the address: {words}; correct the credential"


def _first_line(error: Error) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
