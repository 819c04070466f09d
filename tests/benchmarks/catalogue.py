"""A shop with a stock file of any size, and what one syncd command on it costs."""

import csv
import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks.measuring import Cost, median, process
from tests.benchmarks.stock_files import first_day

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


class Catalogue:
    """A folder with a configuration and a stock file; the first day's ledger is kept aside and put back."""

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

    def adopt(self) -> None:
        """The first plan reads and adopts every listing; the ledger is then kept aside."""
        self.syncd("plan")
        shutil.copyfile(self.folder / "ledger.db", self.folder / "first-day.db")

    def restored(self, word: str) -> Callable[[], Cost]:
        """One command, each time on the ledger of the first day."""

        def run() -> Cost:
            self.forget()
            shutil.copyfile(self.folder / "first-day.db", self.folder / "ledger.db")
            os.sync()  # what the copy costs the disk is not what the command costs
            return self.syncd(word)

        return run

    def reference(self) -> float:
        """R: seconds of csv.reader over the present file."""
        return median(self.iterate).seconds

    def iterate(self) -> Cost:
        """csv.reader over the present file, once."""
        begun = time.perf_counter()
        with self.file.open(newline="") as file:
            for _ in csv.reader(file):
                pass
        return Cost(time.perf_counter() - begun, 0)
