"""Which modules decide what a shop shows or what a file says, and that a measured run took their every branch.

`python -m tests.coverage_floor` judges the record that `coverage run` left behind.
"""

import json
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from coverage import Coverage
from coverage.exceptions import NoDataError

FLOOR = (
    "syncd/domain/*.py",
    "syncd/engine/planning.py",
    "syncd/engine/drafting.py",
    "syncd/settings/yaml_marks.py",
    "syncd/settings/reading.py",
    "syncd/settings/scalars.py",
    "syncd/settings/grammar.py",
    "syncd/settings/loading.py",
    "connectors/csv_file/*.py",
    "connectors/tabular/*.py",
    "connectors/tiktok_shop/signing.py",
    "connectors/tiktok_shop/webhooks.py",
    "connectors/shopify/webhooks.py",
)
UNMEASURED = "there is no record: run `make coverage`, or the suite under `coverage run`\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gaps:
    """What a run never did in one file: lines, and jumps from a line to another (below 0: to the end)."""

    lines: Sequence[int]
    jumps: Sequence[Sequence[int]]

    def __str__(self) -> str:
        told = [str(line) for line in self.lines]
        told += [f"{start}->{end if end > 0 else 'end'}" for start, end in self.jumps]
        return ", ".join(told)


def shortfalls(measured: Mapping[str, Gaps], floor: Sequence[str] = FLOOR) -> Iterator[str]:
    """One sentence per file below the floor, and per entry of the floor that no measured file matches."""
    for pattern in floor:
        names = [name for name in sorted(measured) if fnmatchcase(name, pattern)]
        if not names:
            yield f"{pattern}: no such file was measured; was it renamed?"
        for name in names:
            if measured[name].lines or measured[name].jumps:
                yield f"{name}: no test reaches {measured[name]}"


def recorded() -> Mapping[str, Gaps]:
    """The record of the last measured run; NoDataError when there is none."""
    record = Coverage()
    record.load()
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "record.json"
        record.json_report(outfile=str(told))
        files = json.loads(told.read_text(encoding="utf-8"))["files"]
    return {
        name: Gaps(lines=found["missing_lines"], jumps=found["missing_branches"])
        for name, found in files.items()
    }


def main() -> int:
    """Judge the record; 1 when there is none, or when a module is below the floor."""
    try:
        told = "".join(f"{text}\n" for text in shortfalls(recorded()))
    except NoDataError:
        told = UNMEASURED
    sys.stderr.write(told)
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main())
