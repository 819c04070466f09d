"""`make bench`: reading a stock file into the ledger, as multiples of csv.reader over the same file."""

import csv
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROWS = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
RUNS = 3
SYNCD = Path(sys.executable).parent / "syncd"
CONFIG = """\
ledger: sqlite:///ledger.db
sources:
  stock: {path: stock.csv, kind: csv_file, basis: on_hand, committed: none, orders: on_shipment,
          settle: 0s, export_takes: 0s}
channels:
  shop: {kind: tiktok_shop, app_key: bench, app_secret: {credential: bench}}
"""


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "syncd.yaml").write_text(CONFIG)
        quantities = {f"SKU-{number:07}": number % 97 for number in range(ROWS)}
        write(folder, quantities)
        reference = median(lambda: read(folder))
        sys.stdout.write(f"{ROWS} rows; R = csv.reader over the file = {reference:.2f} s\n")
        row("first load", once(folder), reference)
        row("file unchanged", median(lambda: once(folder)), reference)
        shuffled = list(quantities.items())
        random.Random(1).shuffle(shuffled)
        write(folder, dict(shuffled))
        row("rows in another order", once(folder), reference)
        for sku in random.Random(2).sample(sorted(quantities), ROWS // 100):
            quantities[sku] += 1
        write(folder, quantities)
        row("1 % changed", once(folder), reference)


def write(folder: Path, quantities: dict[str, int]) -> None:
    """The stock file, with a few columns that mean nothing."""
    with (folder / "stock.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("sku", "quantity", "title", "updated_at"))
        writer.writerows(
            (sku, units, f"A product called {sku}", time.time_ns())
            for sku, units in quantities.items()
        )


def read(folder: Path) -> float:
    """Seconds to iterate over the file."""
    begun = time.perf_counter()
    with (folder / "stock.csv").open(newline="") as file:
        for _ in csv.reader(file):
            pass
    return time.perf_counter() - begun


def once(folder: Path) -> float:
    """Seconds of `syncd ingest`, process start to exit."""
    begun = time.perf_counter()
    done = subprocess.run(
        [SYNCD, "--config", "syncd.yaml", "ingest"], cwd=folder, check=False,
        capture_output=True, env={"PATH": "/usr/bin:/bin", "SYNCD_BENCH": "secret", "HOME": str(folder)},
    )  # fmt: skip
    if done.returncode != 0:
        raise SystemExit(done.stdout.decode() + done.stderr.decode())
    return time.perf_counter() - begun


def median(measured: Callable[[], float]) -> float:
    """The median of three."""
    return statistics.median(measured() for _ in range(RUNS))


def row(what: str, seconds: float, reference: float) -> None:
    """One line of the table."""
    sys.stdout.write(f"  {what:24} {seconds:7.2f} s  {seconds / reference:6.1f} R\n")


if __name__ == "__main__":
    main()
