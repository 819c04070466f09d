"""What of SQL Server can be told without one: values as text, its offsets, and what its errors mean."""

import struct
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from connectors.sql_query.database import Nature, Question
from connectors.sql_query.sqlserver import SqlServerAnswer, meaning, moment_of, text_of
from connectors.sql_query.statement import Statement
from syncd.domain.errors import ConfigError, SourceInvalid, SourceUnauthorized, SourceUnavailable
from tests.fakes.databases import source_of

NUMBER = UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")
QUESTION = Question(
    statement=Statement(("SELECT 1",)), since=datetime(1970, 1, 1, tzinfo=UTC),
    zone=ZoneInfo("UTC"), timeout=timedelta(seconds=5),
)  # fmt: skip


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ""), ("A-1", "A-1"), (7, "7"), (Decimal("1E+3"), "1000"), (Decimal("0.10"), "0.10"),
        (1.5, "1.5"), (date(2026, 1, 2), "2026-01-02"), (NUMBER, str(NUMBER)),
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "2026-01-02 03:04:05+00:00"),
    ],
)  # fmt: skip
def test_values_are_exact_text(value: object, expected: str) -> None:
    assert expected == text_of(value)


@pytest.mark.parametrize("value", [True, b"\x01"])
def test_truths_and_bytes_are_no_text(value: object) -> None:
    with pytest.raises(SourceInvalid, match="no text"):
        text_of(value)


def test_a_moment_with_an_offset_is_unpacked() -> None:
    data = struct.pack("<6hI2h", 2026, 7, 15, 14, 30, 1, 123_456_700, -3, -30)

    zone = timezone(timedelta(hours=-3, minutes=-30))
    assert datetime(2026, 7, 15, 14, 30, 1, 123_456, tzinfo=zone) == moment_of(data)


class Rows:
    """A result as PEP 249 has it."""

    description: Sequence[tuple[object, ...]] = (("sku", str), ("quantity", Decimal), ("x", bool))

    def __init__(self) -> None:
        self.rows = [("A", Decimal("5.00"), None), ("B", None, None)]

    def execute(self, statement: str, *values: object) -> object:
        raise AssertionError((statement, values))

    def fetchmany(self, size: int) -> Sequence[Sequence[object]]:
        taken, self.rows = self.rows[:size], self.rows[size:]
        return taken

    def fetchall(self) -> Sequence[Sequence[object]]:
        return self.fetchmany(len(self.rows))


def test_rows_are_numbered_text() -> None:
    answer = SqlServerAnswer(Rows(), datetime(2026, 1, 1, tzinfo=UTC), ())

    assert [Nature.TEXT, Nature.NUMBER, Nature.OTHER] == [
        column.nature for column in answer.columns
    ]
    assert [(range(1, 3), [("A", "5.00", ""), ("B", "", "")])] == list(answer.batches())


@pytest.mark.parametrize(
    ("code", "words", "kind"),
    [
        ("HYT00", "Query timeout expired", SourceUnavailable),
        ("08S01", "Communication link failure", SourceUnavailable),
        ("28000", "Login failed for user 'x'. (18456)", SourceUnauthorized),
        ("42000", "The SELECT permission was denied (229)", SourceUnauthorized),
        ("42S02", "Invalid object name 'stock'. (208)", SourceInvalid),
    ],
)
def test_errors_say_what_to_do_next(code: str, words: str, kind: type[Exception]) -> None:
    assert kind is type(meaning(code, words, QUESTION))


def test_a_driver_that_is_not_installed_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyodbc", None)

    with pytest.raises(ConfigError, match=r"pip install 'syncd\[sqlserver\]'"):
        source_of("mssql://u:p@db/erp", "SELECT sku, 1 AS quantity FROM stock")
