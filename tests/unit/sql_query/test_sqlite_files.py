"""What is special to a file: values of any type, files that are none, and who holds them."""

import os
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from syncd.domain.errors import SourceInvalid, SourceUnavailable
from syncd.domain.stock import Completeness
from syncd.ports.probe import Verdict
from tests.fakes.databases import read, source_of

QUERY = "SELECT sku, qty AS quantity FROM stock"


def make(path: Path, *rows: tuple[object, object]) -> str:
    """A file with a table; its address."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE stock (sku, qty)")
        connection.executemany("INSERT INTO stock VALUES (?, ?)", rows)
    return f"sqlite:///{path}"


def test_bytes_and_inexact_skus_reject_their_rows_only(tmp_path: Path) -> None:
    url = make(
        tmp_path / "erp.db", ("A", b"\x01"), (b"\x01", 1), (1.5, 1), ("B", 2), (4711, 3), ("C", 4.0)
    )

    found = read(source_of(url, QUERY))

    assert {"B": 2, "4711": 3, "C": 4} == found.quantities
    assert [4, 5, 6] == found.positions
    assert ["A", None, None] == [reject.sku for reject in found.rejects]
    assert ["erp.db, row 1", "erp.db, row 2", "erp.db, row 3"] == [
        reject.at for reject in found.rejects
    ]
    assert "BLOB" in found.rejects[0].reason
    assert "floating-point" in found.rejects[2].reason


def test_a_relative_file_is_beside_the_configuration(tmp_path: Path) -> None:
    make(tmp_path / "erp.db", ("A", 1))

    assert {"A": 1} == read(source_of("sqlite:///erp.db", QUERY, folder=tmp_path)).quantities


def test_a_name_with_marks_of_an_address_is_a_name(tmp_path: Path) -> None:
    folder = tmp_path / "a b#c"
    folder.mkdir()
    make(folder / "erp 1.db", ("A", 1))

    assert {"A": 1} == read(source_of("sqlite:///erp 1.db", QUERY, folder=folder)).quantities


def test_a_file_that_is_not_there_is_unavailable_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match=r"erp\.db cannot be looked at: No such"):
        read(source_of("sqlite:///erp.db", QUERY, folder=tmp_path))

    assert [] == list(tmp_path.iterdir())


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "erp.db").write_text("sku,qty\nA,1\n" * 100)

    with pytest.raises(SourceInvalid, match="not a database"):
        read(source_of("sqlite:///erp.db", QUERY, folder=tmp_path))


def test_a_cut_file_is_refused(tmp_path: Path) -> None:
    url = make(tmp_path / "erp.db", *((f"SKU-{number}", 1) for number in range(20_000)))
    with (tmp_path / "erp.db").open("r+b") as file:
        file.truncate(200_000)

    with pytest.raises((SourceInvalid, SourceUnavailable)):
        read(source_of(url, QUERY))


def test_a_locked_file_is_read_next_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.sql_query.sqlite.CONNECT_WITHIN", 0)
    url = make(tmp_path / "erp.db", ("A", 1))
    with closing(sqlite3.connect(tmp_path / "erp.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")

        with pytest.raises(SourceUnavailable, match="locked"):
            read(source_of(url, QUERY))


def test_a_program_that_writes_meanwhile_is_not_disturbed(tmp_path: Path) -> None:
    url = make(tmp_path / "erp.db", *((f"SKU-{number}", 1) for number in range(20_000)))
    with closing(sqlite3.connect(tmp_path / "erp.db")) as other:
        other.execute("PRAGMA journal_mode = wal")
        with source_of(url, QUERY).snapshot(None) as reader:
            batches = reader.batches()
            seen = len(next(batches).values)
            with other:
                other.execute("DELETE FROM stock")
            seen += sum(len(batch.values) for batch in batches)

    assert 20_000 == seen


def test_a_file_this_process_may_only_read_is_fine(tmp_path: Path) -> None:
    url = make(tmp_path / "erp.db", ("A", 1))
    tmp_path.chmod(0o755)
    for folder in tmp_path.parents:
        if folder.name.startswith(("pytest-", "popen-")):
            folder.chmod(0o755)
    (tmp_path / "erp.db").chmod(0o644)
    became = os.geteuid() == 0
    if became:
        os.seteuid(65_534)
    else:
        (tmp_path / "erp.db").chmod(0o444)
    try:
        verdicts = [check.verdict for check in source_of(url, QUERY).probe(timedelta(minutes=1))]
    finally:
        if became:
            os.seteuid(0)

    assert [Verdict.OK] * 3 == verdicts


def test_a_reading_of_changes_is_partial(tmp_path: Path) -> None:
    url = make(tmp_path / "erp.db", ("A", 1))
    query = f"{QUERY.replace(' FROM', ', 5 AS updated_at FROM')} WHERE :since < '2000-01-01'"

    with source_of(url, query).snapshot(None) as reader:
        assert 1 == sum(len(batch.values) for batch in reader.batches())
        assert Completeness.FULL is reader.completeness
        assert reader.watermark is None
        assert "rows whose updated_at is no ISO 8601 time: 1" in reader.notes[0]
