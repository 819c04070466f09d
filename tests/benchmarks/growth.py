"""Whether a cycle's cost grows with what changed: ten times the catalogue, the same changes."""

from pathlib import Path

from tests.benchmarks.catalogue import Catalogue
from tests.benchmarks.measuring import median, say
from tests.benchmarks.stock_files import next_day, shuffled, write

CHANGES = 1_000
TIMES = 10


def main(large: Catalogue, folder: Path) -> None:
    """Print both, beside what reading each file costs when nothing has changed in it."""
    folder.mkdir()
    rows = len(large.stock)
    small = Catalogue(folder, rows // TIMES)
    write(small.file, small.stock)
    small.syncd("ingest")
    small.adopt()
    say(
        f"  The same {CHANGES} changes in a catalogue {TIMES} times as large (seconds to a saved plan)"
    )
    read, changed = zip(_costs(small), _costs(large), strict=True)
    more_read, more_changed = read[1] - read[0], changed[1] - changed[0]
    verdict = "ok" if more_changed <= 1.1 * more_read else "MISSED"
    say(
        f"    nothing changed              {read[0]:7.2f} s -> {read[1]:6.2f} s: {more_read:+.2f} s"
    )
    say(
        f"    {CHANGES} changed                {changed[0]:7.2f} s -> {changed[1]:6.2f} s: "
        f"{more_changed:+.2f} s  (at most what reading costs more: {verdict})"
    )


def _costs(catalogue: Catalogue) -> tuple[float, float]:
    write(catalogue.file, shuffled(catalogue.stock))
    read = median(catalogue.restored("plan")).seconds
    write(catalogue.file, next_day(catalogue.stock, CHANGES, 0, 0))
    return read, median(catalogue.restored("plan")).seconds
