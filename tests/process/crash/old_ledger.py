"""Ledgers as earlier versions of syncd left them, made from one of today: same rows, older schema."""

import sqlite3
from contextlib import closing
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

import syncd.ledger

MIGRATIONS = Path(syncd.ledger.__file__).parent / "migrations"
_COPY = "INSERT OR REPLACE INTO main.{table} ({names}) SELECT {names} FROM current.{table}"
_SELECT = "SELECT {names} FROM {table}"
MOVING = frozenset({"alembic_version", "run", "lease", "source_state"})
"""Tables in which every run writes the moment at which it ran."""
UNKNOWN_BEFORE = frozenset({"acknowledged"})
"""Columns whose values no older row tells: a migration gives them their default."""


def make_old(current: Path, target: Path, revision: str) -> None:
    """Write `target` anew: the schema of `revision`, and every row of `current` that fits into it."""
    for end in ("", "-wal", "-shm"):
        target.with_name(target.name + end).unlink(missing_ok=True)
    engine = create_engine(f"sqlite:///{target}")
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        connection.commit()
    engine.dispose()
    with closing(sqlite3.connect(target)) as ledger:
        ledger.execute("ATTACH ? AS current", (str(current),))
        for table in _tables(ledger, "main"):
            if table != "alembic_version":
                names = ", ".join(_columns(ledger, "main", table))
                ledger.execute(_COPY.format(table=table, names=names))
        ledger.commit()
    target.chmod(0o600)


def same_rows(expected: Path, actual: Path) -> list[str]:
    """In which tables two ledgers differ, in the columns both have; and whether the second is sound."""
    found = []
    with closing(sqlite3.connect(actual)) as ledger:
        if ledger.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
            found.append("the ledger is not sound")
        ledger.execute("ATTACH ? AS expected", (str(expected),))
        for table in _tables(ledger, "expected"):
            kept = set(_columns(ledger, "main", table)) - UNKNOWN_BEFORE
            if table in MOVING or not kept:  # the older schema has no such table
                continue
            names = ", ".join(name for name in _columns(ledger, "expected", table) if name in kept)
            before, after = (
                sorted(map(repr, _select(ledger, names, f"{schema}.{table}")))
                for schema in ("expected", "main")
            )
            if before != after:
                found.append(f"{table} differs: {set(before) ^ set(after)}")
    return found


def _select(ledger: sqlite3.Connection, names: str, table: str) -> list[tuple[object, ...]]:
    return ledger.execute(_SELECT.format(names=names, table=table)).fetchall()


def _tables(ledger: sqlite3.Connection, schema: str) -> list[str]:
    rows = _select(ledger, "type, name", f"{schema}.sqlite_master")
    named = [str(name) for kind, name in rows if kind == "table"]
    return [name for name in named if not name.startswith("sqlite_")]


def _columns(ledger: sqlite3.Connection, schema: str, table: str) -> list[str]:
    rows = ledger.execute(f"PRAGMA {schema}.table_info({table})")
    return [name for _, name, *_ in rows]
