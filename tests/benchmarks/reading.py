"""From a stock file to movements and a saved plan, as multiples of csv.reader over the same file (R)."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks import growth, peers
from tests.benchmarks.catalogue import Catalogue
from tests.benchmarks.measuring import Cost, beside, say
from tests.benchmarks.stock_files import next_day, shuffled, write


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


def main(rows: int) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name:
        catalogue = Catalogue(Path(name), rows)
        write(catalogue.file, catalogue.stock)
        reference = catalogue.reference()
        size = catalogue.file.stat().st_size / 1e6
        say(f"{rows} rows, {size:.0f} MB; R = csv.reader over the file = {reference:.2f} s")
        _row(FIRST, catalogue, lambda: _fresh(catalogue))
        catalogue.adopt()
        _row(UNCHANGED, catalogue, lambda: catalogue.syncd("ingest"))
        write(catalogue.file, shuffled(catalogue.stock))
        _row(REEXPORTED, catalogue, catalogue.restored("ingest"))
        write(catalogue.file, next_day(catalogue.stock, rows // 100, rows // 1000, rows // 1000))
        _row(CHANGED, catalogue, catalogue.restored("plan"))
        peers.main(catalogue, reference)
        growth.main(catalogue, Path(name) / "small")


def _fresh(catalogue: Catalogue) -> Cost:
    catalogue.forget()
    return catalogue.syncd("ingest")


def _row(case: Case, catalogue: Catalogue, measure: Callable[[], Cost]) -> None:
    cost, reference = beside(measure, catalogue.iterate)
    ratio = cost.seconds / reference
    verdict = "aim" if ratio <= case.aim else "must" if ratio <= case.must else "MISSED"
    memory = "ok" if cost.memory <= case.memory else "MISSED"
    say(
        f"  {case.name:32} {cost.seconds:7.2f} s {ratio:6.1f} R of {reference:.2f} s  "
        f"(must {case.must:g}, aim {case.aim:g}: {verdict})  {cost.memory:5.0f} MB (≤ {case.memory}: {memory})"
    )
