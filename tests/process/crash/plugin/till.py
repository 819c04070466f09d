"""A connector for tests: a shop's own counter in a SQLite file that writes down everything it was told.

Its journal is the witness of what really happened. It can kill the process that asks it, at the worst moments,
and lose answers; without `keys` it does everything as often as it is told.
"""

import os
import signal
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from pydantic import BaseModel

from syncd.domain.identity import SourceName
from syncd.ports.clock import Clock
from syncd.ports.credentials import Credentials
from syncd.ports.options import OptionsPart, Truth
from syncd.ports.probe import Check
from syncd.ports.write_back import Adjustment, Answer, Booked, InDoubt, NotBooked
from tests.fakes.memory_source import MemoryReader, MemorySource, Row

SCHEMA = """
CREATE TABLE stock (sku TEXT PRIMARY KEY, quantity INTEGER NOT NULL);
CREATE TABLE journal (id INTEGER PRIMARY KEY, key TEXT NOT NULL, sku TEXT, delta INTEGER, reference TEXT);
CREATE TABLE tried (key TEXT PRIMARY KEY);
"""
EARLY = "02468ace"
"""Keys that end so are `killed` before the work is done, the others after it."""


class TillOptions(OptionsPart):
    """Where the counter is, and what happens at the first try of every key."""

    path: str
    keys: Truth = True
    trouble: Literal["none", "killed", "killed after", "lost"] = "none"


class Till:
    """The counter as a source."""

    delta_scope: str | None = None

    def __init__(self, name: SourceName, options: TillOptions, path: Path, clock: Clock) -> None:
        self.name = name
        self._options = options
        self._path = path
        self._clock = clock

    def fingerprint(self) -> str | None:
        return None

    def probe(self, every: timedelta) -> tuple[Check, ...]:
        del every
        return ()

    @contextmanager
    def snapshot(self, since: datetime | None) -> Iterator[MemoryReader]:
        del since
        with self._opened() as till:
            rows = till.execute("SELECT sku, quantity FROM stock ORDER BY sku").fetchall()
        listed = [Row(sku, str(units)) for sku, units in rows]
        yield MemoryReader(MemorySource(self.name, self._clock.now(), listed))

    def adjust(self, adjustment: Adjustment) -> Answer:
        trouble = self._trouble(adjustment.key)
        if trouble == "killed" and adjustment.key[-1] in EARLY:
            os.kill(os.getpid(), signal.SIGKILL)
        done = self._move(adjustment)
        if trouble.startswith("killed"):
            os.kill(os.getpid(), signal.SIGKILL)
        if not done:
            return NotBooked(code="unknown_sku", message=f"no {adjustment.sku} here", again=False)
        return InDoubt(reason="the answer was lost") if trouble == "lost" else Booked()

    def was_booked(self, adjustment: Adjustment) -> bool | None:
        with self._opened() as till:
            found = till.execute("SELECT 1 FROM journal WHERE key = ?", (adjustment.key,))
            return found.fetchone() is not None

    def write_back_checks(self) -> Sequence[Check]:
        return ()

    def _move(self, adjustment: Adjustment) -> bool:
        with self._opened() as till, till:
            till.execute("BEGIN IMMEDIATE")
            known = till.execute(
                "SELECT 1 FROM journal WHERE key = ?", (adjustment.key,)
            ).fetchone()
            if known and self._options.keys:
                return True
            moved = till.execute(
                "UPDATE stock SET quantity = quantity + ? WHERE sku = ?",
                (adjustment.delta, adjustment.sku),
            )
            if moved.rowcount != 1:
                return False
            till.execute(
                "INSERT INTO journal (key, sku, delta, reference) VALUES (?, ?, ?, ?)",
                (adjustment.key, adjustment.sku, adjustment.delta, adjustment.reference),
            )
            return True

    def _trouble(self, key: str) -> str:
        """What happens to this try; the first one only."""
        if self._options.trouble == "none":
            return "none"
        with self._opened() as till, till:
            first = till.execute("INSERT OR IGNORE INTO tried VALUES (?)", (key,)).rowcount == 1
        return self._options.trouble if first else "none"

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._path, isolation_level=None, timeout=30)) as till:
            yield till


class TillFactory:
    """Opens counters."""

    options_model: type[BaseModel] = TillOptions

    def refuses_write_back(self, options: BaseModel) -> str | None:
        del options
        return None

    def open(
        self, name: SourceName, options: BaseModel, *, folder: Path, credentials: Credentials,
        clock: Clock,
    ) -> Till:  # fmt: skip
        del credentials
        assert isinstance(options, TillOptions)
        return Till(name, options, folder / options.path, clock)


FACTORY = TillFactory()
