"""From a stock file to movements and a saved plan, as multiples of csv.reader over the same file (R)."""

import csv
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.measuring import Cost, median, process, say
from tests.benchmarks.stock_files import first_day, next_day, shuffled, write

SYNCD = str(Path(sys.executable).parent / "syncd")
PLUGIN = Path(__file__).with_name("plugin")
CONFIG = """\
ledger: sqlite:///ledger.db
sources:
  stock: {{kind: csv_file, path: stock.csv, basis: on_hand, committed: none, orders: on_shipment,
          settle: 0s, export_takes: 0s}}
channels:
  shop: {{kind: catalogue_shop, size: {rows}, reconcile_every: 24h}}
"""


@dataclass(frozen=True)
class Case:
    """One line of the table, and what DESIGN section 8 asks: multiples of R and MiB."""

    name: str
    must: float
    aim: float
    memory: int


UNCHANGED = Case("file unchanged (fingerprint)", 1.6, 1.2, 100)
REEXPORTED = Case("re-exported, no value changed", 6, 4, 150)
CHANGED = Case("1 % changed, gone, new → plan", 9, 6, 200)
FIRST = Case("first load", 21, 13, 250)


class Bench:
    """A folder with a configuration; the first day's ledger is kept aside and put back before every run."""

    def __init__(self, folder: Path, rows: int) -> None:
        self.folder = folder
        self.stock = first_day(rows)
        self.file = folder / "stock.csv"
        (folder / "syncd.yaml").write_text(CONFIG.format(rows=rows))
        self._environment = {
            "PATH": "/usr/bin:/bin", "HOME": str(folder), "PYTHONPATH": str(PLUGIN),
        }  # fmt: skip

    def syncd(self, word: str) -> Cost:
        """One command."""
        return process([SYNCD, "--config", "syncd.yaml", word], self.folder, self._environment)

    def forget(self) -> None:
        """No ledger."""
        for path in self.folder.glob("ledger.db*"):
            path.unlink()

    def keep(self) -> None:
        """Set the present ledger aside."""
        shutil.copyfile(self.folder / "ledger.db", self.folder / "first-day.db")

    def restore(self) -> None:
        """Take it back."""
        self.forget()
        shutil.copyfile(self.folder / "first-day.db", self.folder / "ledger.db")

    def reference(self) -> float:
        """R: seconds of csv.reader over the present file."""
        return median(self._iterate).seconds

    def _iterate(self) -> Cost:
        begun = time.perf_counter()
        with self.file.open(newline="") as file:
            for _ in csv.reader(file):
                pass
        return Cost(time.perf_counter() - begun, 0)


def main(rows: int) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name:
        bench = Bench(Path(name), rows)
        write(bench.file, bench.stock)
        reference = bench.reference()
        size = bench.file.stat().st_size / 1e6
        say(f"{rows} rows, {size:.0f} MB; R = csv.reader over the file = {reference:.2f} s")
        _row(FIRST, median(lambda: _fresh(bench)), reference)
        say("  (the shop's listings are read and adopted once)")
        bench.syncd("plan")
        bench.keep()
        _row(UNCHANGED, median(lambda: bench.syncd("ingest")), reference)
        write(bench.file, shuffled(bench.stock))
        _row(REEXPORTED, median(_restored(bench, "ingest")), reference)
        write(bench.file, next_day(bench.stock, rows // 100, rows // 1000, rows // 1000))
        _row(CHANGED, median(_restored(bench, "plan")), reference)


def _fresh(bench: Bench) -> Cost:
    bench.forget()
    return bench.syncd("ingest")


def _restored(bench: Bench, word: str) -> Callable[[], Cost]:
    def run() -> Cost:
        bench.restore()
        return bench.syncd(word)

    return run


def _row(case: Case, cost: Cost, reference: float) -> None:
    ratio = cost.seconds / reference
    verdict = "aim" if ratio <= case.aim else "must" if ratio <= case.must else "MISSED"
    memory = "ok" if cost.memory <= case.memory else "MISSED"
    say(
        f"  {case.name:32} {cost.seconds:7.2f} s {ratio:6.1f} R  (must {case.must:g}, aim {case.aim:g}: "
        f"{verdict})  {cost.memory:5.0f} MB (≤ {case.memory}: {memory})"
    )
