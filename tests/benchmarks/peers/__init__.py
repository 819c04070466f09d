"""What a user would pick instead, on the same files: csv-diff, an upsert loop with SQLModel, polars."""

import os
import shutil
import sys
from itertools import islice
from pathlib import Path

from tests.benchmarks.catalogue import Catalogue
from tests.benchmarks.measuring import Cost, median, process, say
from tests.benchmarks.stock_files import write

HERE = Path(__file__).parent
PROGRAMS = HERE.parents[2] / ".venv-peers" / "bin"
UPSERTED = 20_000
READ = "import polars, sys; print(polars.read_csv(sys.argv[1]).height)"


def main(catalogue: Catalogue, reference: float) -> None:
    """Print a line each; `catalogue` holds the file of the next day."""
    say("  What one would pick instead, on the same files")
    _upserted(catalogue, reference)
    if not PROGRAMS.exists():
        say(
            "    csv-diff and polars are not installed: `make bench` installs them into .venv-peers"
        )
        return
    before = catalogue.folder / "before.csv"
    write(before, catalogue.stock)
    compare = [
        str(PROGRAMS / "csv-diff"),
        str(before),
        str(catalogue.file),
        "--key",
        "sku",
        "--json",
    ]
    _line(
        "csv-diff: compares two files, no more", median(lambda: _run(catalogue, compare)), reference
    )
    read = [str(PROGRAMS / "python"), "-c", READ, str(catalogue.file)]
    _line("polars: reads one file, no more", median(lambda: _run(catalogue, read)), reference)


def _upserted(catalogue: Catalogue, reference: float) -> None:
    """A first load and a second one that changes nothing, each of a part of the rows, scaled up."""
    folder = catalogue.folder / "upserted"
    folder.mkdir()
    part = folder / "part.csv"
    scale = len(catalogue.stock) / UPSERTED
    loop = [sys.executable, str(HERE / "upsert.py"), str(part), str(folder / "stock.db")]

    def load() -> Cost:
        (folder / "stock.db").unlink(missing_ok=True)
        return _run(catalogue, loop)

    write(part, {})
    idle = median(load).seconds
    write(part, dict(islice(catalogue.stock.items(), UPSERTED)))
    _line("SQLModel upsert loop, first load *", _scaled(median(load), idle, scale), reference)
    again = median(lambda: _run(catalogue, loop))
    _line("SQLModel upsert loop, nothing changed *", _scaled(again, idle, scale), reference)
    say(f"    * measured on {UPSERTED} rows, its time scaled by {scale:.0f}; one commit, no checks")
    shutil.rmtree(folder)


def _scaled(cost: Cost, idle: float, scale: float) -> Cost:
    """`idle` is what the script takes without a row."""
    return Cost(idle + (cost.seconds - idle) * scale, cost.memory)


def _run(catalogue: Catalogue, command: list[str]) -> Cost:
    return process(command, catalogue.folder, {"PATH": os.environ["PATH"]})


def _line(name: str, cost: Cost, reference: float) -> None:
    say(
        f"    {name:40} {cost.seconds:7.2f} s {cost.seconds / reference:7.1f} R  {cost.memory:6.0f} MB"
    )
