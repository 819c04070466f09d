"""Remembers the records that later lines of a bulk file refer to, in bounded memory.

A parent stands before its children, but how far before is not promised (fact sheet 2.5). They usually follow
soon, so the latest parents are kept at hand and the older ones in a temporary database.
"""

import sqlite3
from itertools import islice
from types import TracebackType
from typing import Self

RECENT = 40_000
"""Parents at hand."""


class Parents:
    """Text by number. Use it in a `with` block: it may hold a temporary file."""

    def __init__(self, recent: int = RECENT) -> None:
        self._most = recent
        self._recent: dict[int, str] = {}
        self._older: sqlite3.Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._older is not None:
            self._older.close()

    def put(self, number: int, text: str) -> None:
        """Remember it."""
        self._recent[number] = text
        if len(self._recent) > self._most:
            self._set_aside()

    def get(self, number: int) -> str | None:
        """What was remembered; None for an unknown number."""
        found = self._recent.get(number)
        if found is not None or self._older is None:
            return found
        query = "SELECT told FROM parent WHERE number = ?"
        row: tuple[str] | None = self._older.execute(query, (number,)).fetchone()
        return None if row is None else row[0]

    def _set_aside(self) -> None:
        """The older half moves; an empty file name is SQLite's for a temporary database on disk."""
        if self._older is None:
            self._older = sqlite3.connect("", isolation_level=None, check_same_thread=False)
            self._older.execute("PRAGMA journal_mode = OFF")
            self._older.execute("CREATE TABLE parent (number INTEGER PRIMARY KEY, told TEXT)")
        old = list(islice(self._recent.items(), self._most // 2))
        self._older.execute("BEGIN")
        self._older.executemany("INSERT OR REPLACE INTO parent VALUES (?, ?)", old)
        self._older.execute("COMMIT")
        for number, _ in old:
            del self._recent[number]
