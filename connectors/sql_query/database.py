"""What the databases have in common for a reading: columns, rows as text, the server's clock."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol
from zoneinfo import ZoneInfo

from connectors.sql_query.statement import Statement
from syncd.domain.duration import written
from syncd.ports.probe import Check

BATCH = 4_000
"""Rows asked for at once."""
CONNECT_WITHIN = 10
"""Seconds a connection may take."""

Row = tuple[str, ...]


class Nature(StrEnum):
    """What a column can say, as far as the database tells it beforehand."""

    TEXT = "text"
    NUMBER = "number"
    APPROXIMATE = "approximate number"
    TIME = "time"
    ANY = "any"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of the result; `type_name` is the database's own word."""

    name: str
    nature: Nature
    type_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfit:
    """A row that holds what is no text: its number, what is wrong, and its SKU where that is text."""

    position: int
    reason: str
    sku: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked: the SELECT, from when on, and how long the answer may take.

    `since` has the offset of `zone`'s winter: as a wall clock it is never later than the moment is in
    `zone`, so that it suits times without a zone too, also in the hour that comes twice.
    """

    statement: Statement
    since: datetime
    zone: ZoneInfo
    timeout: timedelta

    @property
    def wall(self) -> str:
        """`since` as a wall clock, as `2026-01-31 12:00:00`; rounded down to the second."""
        return self.since.replace(tzinfo=None).isoformat(" ", "seconds")

    @property
    def offset(self) -> str:
        """The offset of that wall clock, as `+01:00`."""
        return self.since.isoformat()[-6:]

    def bound(self, text: str) -> tuple[str, ...]:
        """The text once for every `:since`."""
        return (text,) * (len(self.statement.parts) - 1)

    @property
    def milliseconds(self) -> int:
        """The time limit as databases want it."""
        return int(self.timeout.total_seconds() * 1000)


class Answer(Protocol):
    """The rows of one SELECT on their way."""

    @property
    def now(self) -> datetime:
        """The server's clock before the rows were looked at, aware UTC."""
        ...

    @property
    def columns(self) -> Sequence[Column]:
        """The columns, as the SELECT names them."""
        ...

    @property
    def notes(self) -> Sequence[str]:
        """What an operator should know about how consistent this reading is."""
        ...

    def batches(self) -> Iterator[tuple[Sequence[int], Sequence[Row]]]:
        """Bounded batches of numbered rows; NULL is the empty text. Raises the errors of sources."""
        ...

    @property
    def unfit(self) -> Sequence[Unfit]:
        """Rows left out of the batches so far."""
        ...


class Database(Protocol):
    """One kind of database at one address. Every method raises the errors of sources."""

    def ask(self, question: Question) -> AbstractContextManager[Answer]:
        """Open a transaction that cannot write and begin the SELECT; left, nothing of it remains."""
        ...

    def probe(self, question: Question) -> "Probed":
        """What the server is, and whether we could write there; the query is explained and not run."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """The server's clock, aware UTC, and what was seen of the server."""

    now: datetime
    checks: tuple[Check, ...]


def numbered(rows: Iterator[Sequence[Row]]) -> Iterator[tuple[Sequence[int], Sequence[Row]]]:
    """The rows with their numbers, from 1 on."""
    first = 1
    for batch in rows:
        yield range(first, first + len(batch)), batch
        first += len(batch)


def filled(rows: Sequence[tuple[str | None, ...]]) -> Sequence[Row]:
    """The same rows with the empty text for NULL."""
    return [row if None not in row else tuple(text or "" for text in row) for row in rows]  # type: ignore[misc]  # told by `in`


def too_long(timeout: timedelta) -> str:
    """What is said of a query that took longer than it may."""
    return (
        f"the query was not read to its end within {written(timeout)}; raise `timeout`, or make the "
        "query faster"
    )
