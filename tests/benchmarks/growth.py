"""Whether a cycle's cost grows with what changed: ten times the catalogue, the same changes."""

import shutil
import statistics
from pathlib import Path

from tests.benchmarks.catalogue import Catalogue
from tests.benchmarks.measuring import say
from tests.benchmarks.stock_files import next_day, shuffled, write

CHANGES = 1_000
TIMES = 10
RUNS = 5


class _Days:
    """A catalogue with two later files kept aside: nothing changed in one, a little in the other."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self.nothing = self._kept("nothing.csv", shuffled(catalogue.stock))
        self.changes = self._kept("changes.csv", next_day(catalogue.stock, CHANGES, 0, 0))

    def _kept(self, name: str, stock: dict[str, int]) -> Path:
        path = self._catalogue.folder / name
        write(path, stock)
        return path

    def seconds(self, day: Path) -> float:
        """From the file to a saved plan, on the ledger of the first day."""
        shutil.copyfile(day, self._catalogue.file)
        return self._catalogue.restored("plan")().seconds


def main(large: Catalogue, folder: Path) -> None:
    """Print both, beside what reading each file costs when nothing has changed in it."""
    folder.mkdir()
    small = Catalogue(folder, len(large.stock) // TIMES)
    write(small.file, small.stock)
    small.syncd("ingest")
    small.adopt()
    say(
        f"  The same {CHANGES} changes in a catalogue {TIMES} times as large (seconds to a saved plan)"
    )
    few, many = _Days(small), _Days(large)
    # in turns, because a machine whose neighbours come and go is slower in one minute than in the next
    rounds = [
        (
            few.seconds(few.nothing),
            many.seconds(many.nothing),
            few.seconds(few.changes),
            many.seconds(many.changes),
        )
        for _ in range(RUNS)
    ]
    read_few, read_many, changed_few, changed_many = map(
        statistics.median, zip(*rounds, strict=True)
    )
    more_read, more_changed = read_many - read_few, changed_many - changed_few
    verdict = "ok" if more_changed <= 1.1 * more_read else "MISSED"
    say(
        f"    nothing changed              {read_few:7.2f} s -> {read_many:6.2f} s: {more_read:+.2f} s"
    )
    say(
        f"    {CHANGES} changed                {changed_few:7.2f} s -> {changed_many:6.2f} s: "
        f"{more_changed:+.2f} s  (at most what reading costs more: {verdict})"
    )
