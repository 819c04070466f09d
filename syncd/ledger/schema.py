"""Which schema a ledger file has, how a fresh one is made, and how an old one is brought up to date."""

import errno
import os
import sqlite3
from contextlib import AbstractContextManager, closing
from pathlib import Path

from syncd.domain.errors import LedgerOutdated, LedgerUnusable
from syncd.ledger.access import refuse_strangers
from syncd.ledger.connection import Connection
from syncd.ledger.database import Database, ledger_path
from syncd.ledger.locks import FileLock

HEAD = "0014"
"""The newest revision in `migrations/versions`; a test keeps the two equal."""

_VERSIONS = "alembic_version"
_JOURNALS = ("-wal", "-shm", "-journal")
CHECKED = 16 * 1024 * 1024
"""Bytes up to which a ledger is checked whole before it is used: some 50,000 SKUs, a fifth of a second.

A larger one would cost every command more than it does; `syncd doctor` checks it, and what a command
reads of it is checked in passing.
"""


def open_current(url: str) -> Database:
    """Open a ledger that has exactly this program's schema; LedgerOutdated otherwise."""
    path = ledger_path(url)
    refuse_strangers(path)
    if not path.exists():
        raise LedgerOutdated(f"there is no ledger at {path} yet; `syncd ingest` makes it")
    database = Database(path)
    try:
        _refuse_emptied(database)
        refuse_other_schema(path, schema_version(database))
    except BaseException:
        database.close()
        raise
    return database


def open_migrated(url: str) -> Database:
    """Open a ledger for writing: made when it is missing, migrated when it is old, refused when damaged."""
    path = ledger_path(url)
    refuse_strangers(path)
    database = Database(path)
    try:
        _refuse_emptied(database)
        _make_place(database)
        _refuse_damage(database)
        if schema_version(database) != HEAD:
            migrate(database)
    except BaseException:
        database.close()
        raise
    return database


def schema_version(database: Database) -> str | None:
    """The revision the file is at; None for an empty file, LedgerUnusable for what is no ledger of ours."""
    with database.read() as connection:
        return _version(database, connection)


def refuse_other_schema(path: Path, version: str | None) -> None:
    """LedgerOutdated in one sentence unless the version is this program's."""
    if version is None:
        raise LedgerOutdated(f"the ledger {path} is empty; `syncd ingest` fills it")
    if version > HEAD:
        raise LedgerOutdated(
            f"the ledger {path} has schema {version}, newer than the {HEAD} of this program: "
            "install the newer syncd, or restore the backup of the old schema beside it"
        )
    if version < HEAD:
        raise LedgerOutdated(
            f"the ledger {path} has schema {version} and this program needs {HEAD}: "
            "`syncd ingest` migrates it after a backup"
        )


def migrate(database: Database) -> None:
    """Bring the file to HEAD under the migration lock: backup first, then one transaction per step."""
    path = database.path
    with _made_by_one(path):
        version = schema_version(database)
        if version == HEAD:
            return
        if version is not None:
            if version > HEAD:
                refuse_other_schema(path, version)
            back_up(path, version)
        _upgrade(database)


def back_up(path: Path, version: str) -> Path:
    """Copy the ledger to `<ledger>.backup-<version>`; an unfinished copy never bears that name."""
    target = path.with_name(f"{path.name}.backup-{version}")
    partial = target.with_name(f"{target.name}.partial")
    try:
        partial.unlink(missing_ok=True)
        os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(partial)) as copy:
            source.backup(copy)
        partial.replace(target)
    except (OSError, sqlite3.Error) as error:
        raise LedgerUnusable(
            f"the ledger {path} was not migrated because it could not be backed up to {target}: {error}"
        ) from error
    return target


def _made_by_one(path: Path) -> AbstractContextManager[None]:
    """Whoever makes or migrates the ledger is the only one who does."""
    return FileLock(path.with_name(f"{path.name}.lock")).waited()


def _refuse_emptied(database: Database) -> None:
    """LedgerUnusable for a file of 0 bytes beside the key of its tokens: there was more in it.

    Asked before SQLite opens the file, which it would take for a new database. No start leaves such a pair:
    where a key is, a ledger was opened before, and a ledger of today is never made as an empty file.
    """
    path = database.path
    if path.with_name(f"{path.name}.key").exists() and path.exists() and not path.stat().st_size:
        raise database.damaged("it has 0 bytes, and the key beside it says that it had more")


def _refuse_damage(database: Database) -> None:
    """LedgerUnusable for a ledger that is small enough to be checked whole, and is not sound."""
    if database.path.stat().st_size > CHECKED:
        return
    damage = database.damage("integrity_check")
    if damage is not None:
        raise damage


def _version(database: Database, connection: Connection) -> str | None:
    tables = connection.exec_driver_sql(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
    ).scalars()
    others = [str(name) for name in tables if name != _VERSIONS]
    if len(others) < len(tables):
        row = connection.exec_driver_sql(f"SELECT version_num FROM {_VERSIONS}").first()  # noqa: S608 - a constant
        if row is not None:
            return str(row[0])
        if others:
            raise database.damaged("it does not say which schema it has")
    if others:
        raise LedgerUnusable(
            f"{database.path} is the database of another program (it has the table {others[0]}), which is "
            "left as it is: name another file in `ledger:`"
        )
    return None


def _upgrade(database: Database) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with database.migrating() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _require_writable(path: Path) -> None:
    if not os.access(path, os.W_OK):
        code = errno.EROFS if os.statvfs(path).f_flag & os.ST_RDONLY else errno.EACCES
        raise OSError(code, os.strerror(code), str(path))


def _make_place(database: Database) -> None:
    """Make a private file where none is.

    One that exists is never opened here: closing any descriptor of a file drops all POSIX locks that this
    process has on it, SQLite's own too, and another process would then delete the journal under us.
    """
    path = database.path
    try:
        path.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
        if path.exists():
            _require_writable(path)
        elif path.is_symlink():
            text = f"the ledger {path} is a symbolic link that leads nowhere: make it anew or remove it"
            raise LedgerUnusable(text)
        else:
            _require_writable(path.parent)
            _make_file(database)
    except OSError as error:
        raise LedgerUnusable(
            f"the ledger {path} cannot be opened for writing ({error.strerror}): "
            "give this user write access to the file and its folder"
        ) from error


def _make_file(database: Database) -> None:
    """Make an empty database aside and rename it: nobody ever sees a ledger of 0 bytes.

    The journal of a ledger that was moved away would be played into the new one, so it is removed first.
    """
    path = database.path
    partial = path.with_name(f"{path.name}.partial")
    with _made_by_one(path), database.guarded():
        if path.exists():
            return  # another process was faster
        partial.unlink(missing_ok=True)
        os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
        with closing(sqlite3.connect(partial)) as made:
            made.execute("PRAGMA journal_mode = WAL")
        for end in _JOURNALS:
            path.with_name(f"{path.name}{end}").unlink(missing_ok=True)
        partial.replace(path)
