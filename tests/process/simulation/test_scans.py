"""What a cycle asks the ledger costs the same after a year: nothing looks through a table that grows."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from syncd.ledger.connection import Connection
from syncd.ledger.store import open_ledger_for_writing
from syncd.simulation.run import Trial, run
from tests.fakes.clock import FakeClock
from tests.process.simulation.world import PARTS, silence

GROWS = frozenset({
    "order_line", "booking", "change", "run", "plan", "plan_row", "delivery", "movement", "snapshot",
    "position", "item", "listing", "listing_stock", "reject", "drift", "escrow_move",
})  # fmt: skip
"""Tables with a row for each order, SKU, reading or run."""
QUESTION = re.compile("SELECT|WITH|UPDATE|INSERT")
LEFT_OUT = re.compile(r"\btemp\.|IN \(\)")
"""What uses tables of its own connection, and what asks for nothing."""
SCAN = re.compile(r"SCAN (\w+)(?: USING (?:COVERING )?INDEX (\w+))?")
NAMED = re.compile(r"(?:FROM|JOIN|,)\s+(\w+)\s+(?:AS\s+)?(\w+)", re.IGNORECASE)


def asked(monkeypatch: pytest.MonkeyPatch, design: str) -> set[str]:
    """Every statement of a day in a small simulated shop; what is removed once a day may take its time."""
    found: set[str] = set()
    run_one = Connection.exec_driver_sql

    def noting(self: Connection, statement: str, parameters: object = ()) -> object:
        if QUESTION.match(statement) and not LEFT_OUT.search(statement):
            found.add(statement)
        return run_one(self, statement, parameters)  # type: ignore[arg-type]  # handed on as they came

    with monkeypatch.context() as patching, silence():
        patching.setattr(Connection, "exec_driver_sql", noting)
        assert (
            run(Trial(seed=1, scenario="viral", design=design, orders=60, skus=30), PARTS).failure
            is None
        )
    return found


def scans(ledger: sqlite3.Connection, statement: str) -> Iterator[str]:
    """Tables that grow and are looked through whole, by no index or by one that has all their rows."""
    small = {
        name
        for (name,) in ledger.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql LIKE '%WHERE%'"
        )
    }
    tables = {alias: table for table, alias in NAMED.findall(statement)}
    unnamed = [None] * statement.count("?")
    named = dict.fromkeys(re.findall(r":(\w+)", statement))
    plan = ledger.execute(f"EXPLAIN QUERY PLAN {statement}", named or unnamed)
    for *_, step in plan:
        scan = SCAN.match(step)
        if scan and tables.get(scan[1], scan[1]) in GROWS and scan[2] not in small:
            yield f"{step}: {statement}"


@pytest.mark.parametrize("design", ["GA", "X", "H"])
def test_no_question_of_a_cycle_looks_through_a_table_that_grows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, design: str
) -> None:
    statements = asked(monkeypatch, design)
    with open_ledger_for_writing(f"sqlite:///{tmp_path / 'ledger.db'}", FakeClock()):
        pass
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as ledger:
        found = [scan for statement in sorted(statements) for scan in scans(ledger, statement)]

    assert len(statements) > 60
    assert [] == found
