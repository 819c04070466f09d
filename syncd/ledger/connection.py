"""Knows how one SQLite connection is spoken to: statements in, rows with the columns as attributes out.

SQLAlchemy opens, keeps and hands out the connections. A cycle makes some hundred short statements, and
SQLAlchemy's own machinery around each of them takes several times as long as SQLite does.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from operator import itemgetter
from typing import Any

MOST_PAGES = 1_000
"""Of 4 KiB; temporary tables of a few thousand rows."""
NO_COLUMN = "the row has no column"
"""How the error of a column begins that a damaged schema lacks."""

Parameters = tuple[Any, ...] | dict[str, Any]


class Row(tuple[Any, ...]):
    """One row: a tuple whose columns are attributes too."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - what a column holds, only its reader knows
        raise AttributeError(f"{NO_COLUMN} {name!r}")


@lru_cache(1_024)
def _row_class(names: tuple[str, ...]) -> type[Row]:
    """Rows of these columns; of two with the same name the first counts."""
    places = {name: number for number, name in reversed(list(enumerate(names)))}
    members = {name: property(itemgetter(number)) for name, number in places.items()}
    return type("Row", (Row,), {"__slots__": (), **members})


class Scalars(list[Any]):
    """Values of one column."""

    def all(self) -> list[Any]:
        """Every value."""
        return self


class Result:
    """What a statement answers, read once."""

    __slots__ = ("_cursor",)

    def __init__(self, cursor: sqlite3.Cursor) -> None:
        self._cursor = cursor

    @property
    def rowcount(self) -> int:
        """How many rows the statement changed."""
        return self._cursor.rowcount

    def __iter__(self) -> Iterator[Row]:
        made = self._rows()
        return map(made, self._cursor)

    def all(self) -> list[Row]:
        """Every row."""
        return list(self)

    def first(self) -> Row | None:
        """The first row; the others are not asked for."""
        row = self._cursor.fetchone()
        found = None if row is None else self._rows()(row)
        self._cursor.close()
        return found

    def one(self) -> Row:
        """The one row there must be."""
        row = self.first()
        if row is None:
            raise LookupError("the statement answers no row")
        return row

    def scalar(self) -> Any:  # noqa: ANN401 - what a column holds, only its reader knows
        """The first column of the first row; None when there is no row."""
        row = self._cursor.fetchone()
        self._cursor.close()
        return None if row is None else row[0]

    def scalar_one(self) -> Any:  # noqa: ANN401 - as above
        """The first column of the one row there must be."""
        return self.one()[0]

    def scalars(self) -> "Scalars":
        """The first column of every row."""
        return Scalars(row[0] for row in self._cursor)

    def _rows(self) -> type[Row]:
        return _row_class(tuple([column[0] for column in self._cursor.description or ()]))


class Connection:
    """One connection; between `begin` and its end everything is one transaction."""

    __slots__ = ("raw",)

    def __init__(self, raw: sqlite3.Connection) -> None:
        self.raw = raw

    def exec_driver_sql(self, statement: str, parameters: "Parameters | list[Any]" = ()) -> Result:
        """Run one statement; with each of its entries where the parameters are a list."""
        if isinstance(parameters, list):
            return Result(self.raw.executemany(statement, parameters))
        return Result(self.raw.execute(statement, parameters))

    @contextmanager
    def begin(self, kind: str = "BEGIN") -> Iterator["Connection"]:
        """One transaction: committed at the end, taken back when anything is raised."""
        self.raw.execute(kind)
        try:
            yield self
            self.raw.execute("COMMIT")
        except BaseException:
            if self.raw.in_transaction:  # SQLite may have taken it back by itself
                self.raw.execute("ROLLBACK")
            raise


def emptied(connection: Connection) -> bool:
    """Empty its temporary tables; False, and nothing is done, where they have grown too large to be kept."""
    pages = connection.exec_driver_sql("PRAGMA temp.page_count").scalar()
    if pages > MOST_PAGES:
        return False
    names = connection.exec_driver_sql(
        "SELECT name FROM temp.sqlite_schema WHERE type = 'table'"
    ).scalars()
    with connection.begin():
        for name in names:
            connection.exec_driver_sql(f"DELETE FROM temp.{name}")  # noqa: S608 - names of ours
    return True
