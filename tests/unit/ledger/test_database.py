"""Many threads on one ledger: each comes to its turn, and one that cannot wait is told so."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from syncd.domain.errors import LedgerUnusable
from syncd.ledger.database import Database

THREADS = 60
PATIENCE = 20.0


@pytest.fixture
def database(tmp_path: Path) -> Database:
    made = Database(tmp_path / "ledger.db")
    with made.write() as connection:
        connection.exec_driver_sql("CREATE TABLE note (number INTEGER)")
    return made


def test_sixty_threads_that_read_may_all_write_meanwhile(database: Database) -> None:
    """A daemon of fifty channels has more threads than a usual pool has connections."""
    together = Barrier(THREADS, timeout=PATIENCE)

    def note(number: int) -> None:
        with database.read() as reading:
            reading.exec_driver_sql("SELECT * FROM note").all()
            together.wait()
            with database.write() as writing:
                writing.exec_driver_sql("INSERT INTO note VALUES (?)", (number,))

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(note, range(THREADS)))

    with database.read() as connection:
        found = connection.exec_driver_sql("SELECT number FROM note ORDER BY number").scalars()
        assert list(range(THREADS)) == list(found)


def test_who_cannot_wait_is_told_while_another_thread_writes(database: Database) -> None:
    def impatient() -> None:
        with database.impatient_write(50):
            raise AssertionError("it had its turn")

    with database.write(), ThreadPoolExecutor(1) as pool, pytest.raises(LedgerUnusable) as refused:
        pool.submit(impatient).result(PATIENCE)

    assert "is being written to; try again" in str(refused.value)
    with database.impatient_write(50) as connection:
        connection.exec_driver_sql("INSERT INTO note VALUES (1)")


def test_a_private_connection_is_kept_with_its_temporary_tables_emptied(database: Database) -> None:
    table = "CREATE TEMP TABLE IF NOT EXISTS aside (number INTEGER)"
    with database.private() as first:
        first.exec_driver_sql(table)
        first.exec_driver_sql("INSERT INTO temp.aside VALUES (1)")
    with database.private() as again, database.private() as other:
        again.exec_driver_sql(table)
        kept = again.raw is first.raw
        assert (True, 0) == (kept, again.exec_driver_sql("SELECT COUNT(*) FROM aside").scalar())
        assert other.raw is not first.raw


def test_a_private_connection_that_failed_or_grew_is_not_kept(database: Database) -> None:
    with pytest.raises(KeyError), database.private() as failed:
        raise KeyError
    with database.private() as grown:
        grown.exec_driver_sql("CREATE TEMP TABLE aside (text TEXT)")
        with grown.begin():
            grown.exec_driver_sql("INSERT INTO temp.aside VALUES (ZEROBLOB(8000000))")
    with database.private() as fresh:
        assert fresh.raw not in {failed.raw, grown.raw}


def test_what_is_raised_in_a_transaction_takes_it_back_and_frees_the_turn(
    database: Database,
) -> None:
    def fail() -> None:
        with database.write() as connection:
            connection.exec_driver_sql("INSERT INTO note VALUES (1)")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    with pytest.raises(LedgerUnusable), database.write() as connection:
        connection.exec_driver_sql("SELECT * FROM nowhere")
    with database.write() as connection:
        assert 0 == connection.exec_driver_sql("SELECT COUNT(*) FROM note").scalar()


def counted(database: Database) -> int:
    with database.read() as connection:
        return int(connection.exec_driver_sql("SELECT COUNT(*) FROM note").scalar())


def test_what_a_thread_reads_at_one_moment_does_not_change_while_another_writes(
    database: Database,
) -> None:
    def note() -> int:
        with database.write() as connection:
            connection.exec_driver_sql("INSERT INTO note VALUES (1)")
        return counted(database)

    with database.at_one_moment(), ThreadPoolExecutor(1) as pool:
        before = counted(database)
        theirs = pool.submit(note).result(PATIENCE)
        with database.at_one_moment():
            meanwhile = counted(database)

    assert (0, 1, 0, 1) == (before, theirs, meanwhile, counted(database))


def test_nothing_is_written_by_who_looks_at_one_moment(database: Database) -> None:
    with database.at_one_moment(), pytest.raises(RuntimeError):
        database.write()

    with database.write() as connection:
        connection.exec_driver_sql("INSERT INTO note VALUES (1)")
    assert 1 == counted(database)


def test_a_failure_at_one_moment_is_told_in_words_and_ends_it(database: Database) -> None:
    def fail() -> None:
        with database.at_one_moment(), database.read() as connection:
            connection.exec_driver_sql("SELECT * FROM nowhere")

    with pytest.raises(LedgerUnusable):
        fail()
    with database.write() as connection:
        connection.exec_driver_sql("INSERT INTO note VALUES (1)")
    assert 1 == counted(database)


def test_what_is_written_in_one_step_is_there_whole_or_not_at_all(database: Database) -> None:
    def note() -> int:
        with database.write() as connection:
            connection.exec_driver_sql("INSERT INTO note VALUES (1)")
        return counted(database)

    def fail() -> None:
        with database.in_one_step():
            note()
            raise KeyError

    with database.in_one_step(), ThreadPoolExecutor(1) as pool:
        ours = [note(), note()]
        theirs = pool.submit(counted, database).result(PATIENCE)
    after = counted(database)
    with pytest.raises(KeyError):
        fail()

    assert ([1, 2], 0, 2, 2) == (ours, theirs, after, counted(database))
