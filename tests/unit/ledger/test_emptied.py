"""A file of 0 bytes is a new ledger, or one that lost everything: its key tells, and no start leaves both."""

import sqlite3
from collections.abc import Sequence
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import NoReturn

import pytest

from syncd.domain.errors import LedgerUnusable
from syncd.ledger.locks import FileLock
from syncd.ledger.store import SqlLedger, open_ledger, open_ledger_for_writing
from syncd.settings.credentials import key_beside
from tests.fakes.clock import FakeClock


class Killed(BaseException):
    """Stands for the moment after which the process does nothing more."""


def killed(*_given: object, **_named: object) -> NoReturn:
    raise Killed


def runs(path: Path) -> Sequence[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [key for (key,) in connection.execute("SELECT key FROM run")]


def test_empty_file_beside_its_key_is_a_damaged_ledger_and_stays_as_it_is(
    ledger: SqlLedger, url: str, path: Path, clock: FakeClock
) -> None:
    ledger.close()
    key_beside(path)
    path.with_name(f"{path.name}.backup-0012").write_bytes(b"")
    path.write_bytes(b"")
    for opened in (open_ledger, open_ledger_for_writing):
        with pytest.raises(
            LedgerUnusable,
            match=rf"is damaged \(it has 0 bytes.*restore its newest backup {path.name}.backup-0012",
        ):
            opened(url, clock)
    assert b"" == path.read_bytes()


def test_empty_file_without_a_key_is_a_new_ledger(url: str, path: Path, clock: FakeClock) -> None:
    path.parent.mkdir()
    path.touch(mode=0o600)
    with open_ledger_for_writing(url, clock) as ledger:
        assert () == ledger.reports(1)


def test_missing_ledger_is_a_new_one_whatever_else_is_left_of_the_old_one(
    url: str, path: Path, clock: FakeClock
) -> None:
    """As after the advice for a damaged ledger: the file is moved away, key and journal stay."""
    with open_ledger_for_writing(url, clock) as old:
        key_beside(path)
        old.begin_run("test")
        left = {
            end: path.with_name(f"{path.name}{end}").read_bytes()
            for end in ("-wal", "-shm", ".key")
        }
    path.unlink()
    for end, content in left.items():
        path.with_name(f"{path.name}{end}").write_bytes(content)
    with open_ledger_for_writing(url, clock) as ledger:
        assert None is ledger.integrity_problem()
        assert [] == runs(path)
    assert left[".key"] == path.with_name(f"{path.name}.key").read_bytes()


@pytest.mark.parametrize("killed_at", ["os.open", "sqlite3.connect", "pathlib.Path.replace"])
def test_start_that_was_killed_while_it_made_the_ledger_is_begun_again(
    url: str, path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, killed_at: str
) -> None:
    """Also where the key of a former ledger is: what it leaves is no damage."""
    path.parent.mkdir()
    key_beside(path)
    monkeypatch.setattr(killed_at, killed)
    with pytest.raises(Killed):
        open_ledger_for_writing(url, clock)
    monkeypatch.undo()
    assert not path.exists()
    with open_ledger_for_writing(url, clock) as ledger:
        assert () == ledger.reports(1)
    assert not path.with_name(f"{path.name}.partial").exists()


def test_start_that_was_killed_before_the_first_schema_is_begun_again(
    url: str, path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.parent.mkdir()
    key_beside(path)
    monkeypatch.setattr("syncd.ledger.schema._upgrade", killed)
    with pytest.raises(Killed):
        open_ledger_for_writing(url, clock)
    monkeypatch.undo()
    with open_ledger_for_writing(url, clock) as ledger:
        assert () == ledger.reports(1)


def test_ledger_that_two_make_at_once_is_made_once(
    url: str, path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one is faster by the moment between the look and the lock."""
    path.parent.mkdir()
    real, made = FileLock.waited, []

    def waited(lock: FileLock) -> AbstractContextManager[None]:
        monkeypatch.setattr(FileLock, "waited", real)
        with open_ledger_for_writing(url, clock) as other:
            made.append(other.begin_run("test"))
        return real(lock)

    monkeypatch.setattr(FileLock, "waited", waited)
    open_ledger_for_writing(url, clock).close()
    assert made == runs(path)
