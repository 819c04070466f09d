"""Opening, migrating, and what a broken file, disk or folder says."""

import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlmodel import SQLModel

import syncd.ledger.migrations
import syncd.ledger.tables
from syncd.domain.errors import ConfigError, LedgerOutdated, LedgerUnusable
from syncd.domain.identity import ChannelName, Sku
from syncd.domain.report import Status
from syncd.ledger import database as database_module
from syncd.ledger.database import Database
from syncd.ledger.locks import FileLock
from syncd.ledger.schema import HEAD
from syncd.ledger.store import SqlLedger, open_ledger, open_ledger_for_writing
from tests.fakes.clock import FakeClock

SHOP = ChannelName("shop")
TABLES = syncd.ledger.tables.__all__


@pytest.fixture
def ledger(url: str, clock: FakeClock) -> Iterator[SqlLedger]:
    """Not a copy, as elsewhere, but made here."""
    with open_ledger_for_writing(url, clock) as opened:
        yield opened


@contextmanager
def raw(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path)) as connection, connection:
        yield connection


def set_version(path: Path, version: str) -> None:
    with raw(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (version,))


def test_migrated_schema_equals_the_models(ledger: SqlLedger, path: Path) -> None:
    ledger.close()
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert [] == compare_metadata(context, SQLModel.metadata)
    engine.dispose()


def test_migrated_tables_are_stored_as_the_models_say(ledger: SqlLedger, path: Path) -> None:
    ledger.close()
    with raw(path) as connection:
        made = {
            name: "WITHOUT ROWID" in text
            for name, text in connection.execute(
                "SELECT name, sql FROM sqlite_master WHERE type = 'table'"
            )
        }
    meant = {
        name: table.dialect_options["sqlite"]["with_rowid"] is False
        for name, table in SQLModel.metadata.tables.items()
    }
    assert meant == {name: made[name] for name in meant}


def test_every_table_is_a_model_of_the_ledger() -> None:
    assert len(TABLES) == len(SQLModel.metadata.tables)


def test_newest_migration_is_the_one_the_program_expects() -> None:
    config = Config()
    folder = Path(syncd.ledger.migrations.__path__[0])
    config.set_main_option("script_location", str(folder))
    assert [HEAD] == list(ScriptDirectory.from_config(config).get_heads())


def test_ledger_and_its_folder_are_private(ledger: SqlLedger, path: Path) -> None:
    ledger.begin_run("test")
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert 0o700 == stat.S_IMODE(path.parent.stat().st_mode)
    assert {0o600} == set(modes.values()), modes


def test_readers_say_how_a_ledger_is_made(url: str, path: Path, clock: FakeClock) -> None:
    with pytest.raises(LedgerOutdated, match=r"no ledger at .*`syncd ingest`"):
        open_ledger(url, clock)
    assert not path.exists()


def test_readers_refuse_an_old_schema_and_writers_migrate_after_a_backup(
    ledger: SqlLedger, url: str, path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = ledger.begin_run("kept")
    ledger.close()
    set_version(path, "0000")
    with pytest.raises(LedgerOutdated, match=f"schema 0000 and this program needs {HEAD}"):
        open_ledger(url, clock)
    upgraded = []
    monkeypatch.setattr("syncd.ledger.schema._upgrade", lambda _: upgraded.append(HEAD))
    open_ledger_for_writing(url, clock).close()
    backup = path.with_name("ledger.db.backup-0000")
    assert ([HEAD], 0o600) == (upgraded, stat.S_IMODE(backup.stat().st_mode))
    with raw(backup) as connection:
        assert [(run,)] == connection.execute("SELECT key FROM run").fetchall()


@pytest.mark.parametrize("opened", [open_ledger, open_ledger_for_writing])
def test_newer_schema_is_refused_and_left_alone(
    ledger: SqlLedger, url: str, path: Path, clock: FakeClock, opened: object
) -> None:
    ledger.close()
    set_version(path, "9999")
    with pytest.raises(LedgerOutdated, match="newer than"):
        opened(url, clock)  # type: ignore[operator]
    assert [path.name, "ledger.db.lock"] == sorted(
        file.name for file in path.parent.iterdir() if not file.name.endswith(("-wal", "-shm"))
    )


def test_failed_migration_leaves_an_empty_file(url: str, path: Path, clock: FakeClock) -> None:
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    def stop(_c: object, _x: object, statement: str, *_rest: object) -> None:
        if "CREATE TABLE token" in statement:
            raise LedgerUnusable("power cut")

    event.listen(Engine, "before_cursor_execute", stop)
    try:
        with pytest.raises(LedgerUnusable, match="power cut"):
            open_ledger_for_writing(url, clock)
    finally:
        event.remove(Engine, "before_cursor_execute", stop)
    with raw(path) as connection:
        assert [] == connection.execute("SELECT name FROM sqlite_master").fetchall()
    open_ledger_for_writing(url, clock).close()


@pytest.mark.parametrize("url", ["postgresql://u:geheim@h/db", "sqlite://", "nonsense"])
def test_only_sqlite_files_are_ledgers(url: str, clock: FakeClock) -> None:
    with pytest.raises(ConfigError, match="only SQLite files") as refused:
        open_ledger_for_writing(url, clock)
    assert "geheim" not in str(refused.value)


def test_wrong_answer_to_a_pragma_refuses_the_ledger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lied = ("synchronous = NORMAL", "synchronous", 2)
    monkeypatch.setattr(database_module, "_PRAGMAS", (lied,))
    broken = Database(tmp_path / "l.db")
    with pytest.raises(LedgerUnusable, match="answers 1 instead of 2 to PRAGMA synchronous"):
        broken.write().__enter__()
    broken.close()


def test_settings_are_durable(ledger: SqlLedger) -> None:
    with ledger._database.read() as connection:
        answers = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]
    assert ["wal", 2, 1, 5000] == answers


def test_damaged_file_says_what_to_do(
    ledger: SqlLedger, url: str, path: Path, clock: FakeClock
) -> None:
    ledger.mark_dirty(SHOP, [Sku(f"S-{number}") for number in range(5000)])
    assert None is ledger.integrity_problem()
    ledger.close()
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(LedgerUnusable, match=r"is damaged .*move the file away"):
        open_ledger(url, clock)


def test_integrity_check_names_the_damage(
    ledger: SqlLedger, url: str, path: Path, clock: FakeClock
) -> None:
    ledger.mark_dirty(SHOP, [Sku(f"S-{number}") for number in range(5000)])
    ledger.close()
    content = bytearray(path.read_bytes())
    content[-8192:] = b"\xff" * 8192
    path.write_bytes(content)
    with open_ledger(url, clock) as damaged:
        problem = damaged.integrity_problem()
    assert problem is not None
    assert "is damaged" in problem


def test_small_ledger_is_checked_whole_before_it_is_used(
    ledger: SqlLedger, url: str, path: Path, clock: FakeClock
) -> None:
    ledger.begin_run("test")
    ledger.close()
    with raw(path) as connection:
        (page,) = connection.execute("PRAGMA page_size").fetchone()
        (root,) = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'ix_run_started_at'"
        ).fetchone()
    content = bytearray(path.read_bytes())
    content[root * page - 1] ^= 1  # the moment in the index is no longer the one in the table
    path.write_bytes(content)
    with pytest.raises(LedgerUnusable, match=r"is damaged \(.*run.*\): there is no backup"):
        open_ledger_for_writing(url, clock)


@pytest.mark.parametrize("value", ["CAST(x'ff' AS TEXT)", "'yesterday'"])
def test_value_that_is_none_is_damage(
    ledger: SqlLedger, url: str, path: Path, clock: FakeClock, value: str
) -> None:
    run = ledger.begin_run("test")
    ledger.finish_run(run, Status.CLEAN, "{}")
    ledger.close()
    with raw(path) as connection:
        connection.execute(f"UPDATE run SET started_at = {value}")  # noqa: S608 - as above
    with (
        open_ledger(url, clock) as damaged,
        pytest.raises(LedgerUnusable, match=r"is damaged \(.*\): there is no backup"),
    ):
        damaged.report(run)


def test_schema_that_was_edited_is_named_with_what_is_missing(
    ledger: SqlLedger, url: str, path: Path, clock: FakeClock
) -> None:
    ledger.close()
    with raw(path) as connection:
        connection.execute("ALTER TABLE run RENAME COLUMN trigger TO triggered")
    with (
        open_ledger_for_writing(url, clock) as edited,
        pytest.raises(
            LedgerUnusable, match=r"\(.*trigger.*\): its schema is damaged or was edited"
        ),
    ):
        edited.begin_run("test")


def test_table_that_lacks_a_column_is_damage(
    ledger: SqlLedger, url: str, path: Path, clock: FakeClock
) -> None:
    run = ledger.begin_run("test")
    ledger.finish_run(run, Status.CLEAN, "{}")
    ledger.close()
    with raw(path) as connection:
        connection.execute("ALTER TABLE run RENAME COLUMN trigger TO triggered")
    with (
        open_ledger(url, clock) as edited,
        pytest.raises(LedgerUnusable, match=r"is damaged \(.*'trigger'\): there is no backup"),
    ):
        edited.report(run)


def test_schema_that_is_no_text_is_damage(
    ledger: SqlLedger, url: str, path: Path, clock: FakeClock
) -> None:
    ledger.close()
    path.write_bytes(path.read_bytes().replace(b"CREATE TABLE run", b"CREATE TAB\xff\xfe run"))
    with pytest.raises(LedgerUnusable, match="is damaged"):
        open_ledger(url, clock)


def test_damage_names_the_newest_backup_there_is(
    ledger: SqlLedger, url: str, path: Path, clock: FakeClock
) -> None:
    ledger.close()
    for version in ("0007", "0012"):
        path.with_name(f"{path.name}.backup-{version}").write_bytes(b"")
    path.with_name(f"{path.name}.backup-0013.partial").write_bytes(b"")
    path.write_bytes(b"no database" * 100)
    with pytest.raises(
        LedgerUnusable, match=rf"restore its newest backup {path.name}.backup-0012, or"
    ):
        open_ledger_for_writing(url, clock)


def test_ledger_that_lost_its_version_is_damaged_and_not_begun_anew(
    ledger: SqlLedger, url: str, path: Path, clock: FakeClock
) -> None:
    ledger.begin_run("test")
    ledger.close()
    with raw(path) as connection:
        connection.execute("DELETE FROM alembic_version")
    for opened in (open_ledger, open_ledger_for_writing):
        with pytest.raises(LedgerUnusable, match="does not say which schema it has"):
            opened(url, clock)


def test_database_of_another_program_is_left_as_it_is(
    url: str, path: Path, clock: FakeClock
) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with raw(path) as connection:
        connection.execute("CREATE TABLE customers (name)")
    for opened in (open_ledger, open_ledger_for_writing):
        with pytest.raises(LedgerUnusable, match=r"another program \(it has the table customers\)"):
            opened(url, clock)
    with raw(path) as connection:
        assert [("customers",)] == connection.execute("SELECT name FROM sqlite_master").fetchall()


@pytest.mark.parametrize("target", ["ledger.db", "nowhere/ledger.db"])
def test_link_that_leads_nowhere_says_so(tmp_path: Path, clock: FakeClock, target: str) -> None:
    link = tmp_path / "ledger.db"
    link.symlink_to(tmp_path / target)
    with pytest.raises(LedgerUnusable, match="a symbolic link that leads nowhere"):
        open_ledger_for_writing(f"sqlite:///{link}", clock)


def test_lock_that_cannot_be_made_says_what_to_give(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LedgerUnusable, match=r"Not a directory\): give this user write access"):
        FileLock(tmp_path / "file" / "x.lock").try_acquire()


def test_file_that_is_no_database_says_so(url: str, path: Path, clock: FakeClock) -> None:
    path.parent.mkdir()
    path.write_text("sku,quantity\n" * 500)
    with pytest.raises(LedgerUnusable, match="is no SQLite database"):
        open_ledger_for_writing(url, clock)


def test_full_disk_says_so_and_loses_nothing(ledger: SqlLedger, path: Path) -> None:
    ledger.mark_dirty(SHOP, [Sku("A")])
    with ledger._database.read() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(LedgerUnusable, match=f"{path} cannot grow: the disk is full"):
        ledger.mark_dirty(SHOP, [Sku(f"S-{number}") for number in range(20000)])
    assert ["A"] == list(ledger.dirty(SHOP, 9).skus)


def test_locked_file_says_so(
    path: Path, url: str, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = tuple(
        ("busy_timeout = 50", "busy_timeout", 50)
        if name == "busy_timeout"
        else (text, name, answer)
        for text, name, answer in database_module._PRAGMAS
    )
    monkeypatch.setattr(database_module, "_PRAGMAS", quick)
    with open_ledger_for_writing(url, clock) as other, raw(path) as holder:
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerUnusable, match=f"{path} is locked by another process"):
            other.begin_run("test")
        assert () == other.reports(5)


def test_folder_that_cannot_be_made_says_so(tmp_path: Path, clock: FakeClock) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LedgerUnusable, match="cannot be opened for writing"):
        open_ledger_for_writing(f"sqlite:///{tmp_path}/file/ledger.db", clock)


def test_a_ledger_opened_twice_in_one_process_keeps_its_locks(
    url: str, path: Path, clock: FakeClock
) -> None:
    """Closing a plain descriptor of the file would drop SQLite's locks, and others would drop the journal."""
    with closing(open_ledger_for_writing(url, clock)) as first:
        first.begin_run("one")
        second = open_ledger_for_writing(url, clock)
        journal = path.with_name(f"{path.name}-wal")
        inode = journal.stat().st_ino
        script = (
            "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); "
            "c.execute('select count(*) from run').fetchall(); c.close()"
        )
        subprocess.run([sys.executable, "-c", script, str(path)], check=True)

        assert inode == journal.stat().st_ino
        second.close()
