"""Real processes: a killed one loses its lease at once, and a killed recording leaves no trace."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent

import pytest

from syncd.domain.errors import LeaseHeld
from syncd.domain.identity import ChannelName, Sku, SourceName
from syncd.domain.stock import Expectations
from syncd.ledger.store import open_ledger, open_ledger_for_writing
from syncd.ports import SystemClock
from tests.fakes.memory_source import MemoryReader, MemorySource, Row

SHOP = ChannelName("shop")
STOCK = SourceName("stock")
ROOT = Path(__file__).parents[2]

_HOLD = """
    with open_ledger(url, SystemClock()) as ledger, ledger.lease(ChannelName("shop")) as lease:
        print(lease.fence, flush=True)
        sys.stdin.read()
"""
_RECORD = """
    from syncd.ledger.connection import Connection

    carry_out = Connection.exec_driver_sql

    def stop(self, statement, *rest):
        result = carry_out(self, statement, *rest)
        if marker in statement:
            print("there", flush=True)
            sys.stdin.read()
        return result

    marker = sys.argv[2]
    Connection.exec_driver_sql = stop
    clock = SystemClock()
    rows = [Row(f"S-{n}", "999") for n in range(50)]
    reader = MemoryReader(MemorySource(name=SourceName("stock"), as_of=clock.now(), rows=rows))
    with open_ledger(url, clock) as ledger:
        run = ledger.begin_run("killed")
        ledger.record_snapshot(run, SourceName("stock"), reader, Expectations())
    print("done", flush=True)
"""
_HEAD = """
    import sys
    from syncd.domain.identity import ChannelName, SourceName
    from syncd.domain.stock import Expectations
    from syncd.ledger.store import open_ledger
    from syncd.ports import SystemClock
    from tests.fakes.memory_source import MemoryReader, MemorySource, Row
    url = sys.argv[1]
"""


@contextmanager
def program(text: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", dedent(_HEAD) + dedent(text), *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.fixture
def url(tmp_path: Path) -> str:
    found = f"sqlite:///{tmp_path}/ledger.db"
    open_ledger_for_writing(found, SystemClock()).close()
    return found


def test_lease_of_a_killed_process_is_taken_over_at_once(url: str) -> None:
    with open_ledger(url, SystemClock()) as ledger, program(_HOLD, url) as holder:
        assert "1" == said(holder)
        with pytest.raises(LeaseHeld) as refused, ledger.lease(SHOP):
            pass
        assert holder.pid == refused.value.pid == ledger.writer(SHOP)
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
        assert None is ledger.writer(SHOP)
        with ledger.lease(SHOP) as lease:
            assert 2 == lease.fence


@pytest.mark.parametrize(
    "marker",
    ["temp.staged VALUES", "INSERT INTO movement", "INSERT INTO position", "DELETE FROM reject"],
)
def test_killed_recording_leaves_the_old_snapshot(url: str, marker: str) -> None:
    clock = SystemClock()
    rows = [Row(f"S-{number}", "1") for number in range(50)]
    reader = MemoryReader(MemorySource(name=STOCK, as_of=clock.now(), rows=rows))
    with open_ledger(url, clock) as ledger:
        ledger.record_snapshot(ledger.begin_run("first"), STOCK, reader, Expectations())
        before = ledger.standings()
    with program(_RECORD, url, marker) as killed:
        assert "there" == said(killed)
        os.kill(killed.pid, signal.SIGKILL)
        killed.wait()
    with open_ledger(url, clock) as ledger:
        assert None is ledger.integrity_problem()
        assert before == ledger.standings()
        found = ledger.positions([Sku(row.sku) for row in rows])
        assert {1} == {position.quantity for (position,) in found.values()}
        assert ["quantity"] == [moved.kind for moved in ledger.movements(Sku("S-1"), 9)]
