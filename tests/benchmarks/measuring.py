"""How things are measured: whole processes, time and peak memory from the kernel, medians of several runs."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

RUNS = 3
MIB = 1024


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds from process start to exit, and peak resident memory in MiB."""

    seconds: float
    memory: float


def process(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Cost:
    """Run a command to its end; it must succeed with 0 or 3 (held: a plan waits for a person)."""
    log = folder / "command.log"
    begun = time.perf_counter()
    with log.open("wb") as output:
        child = subprocess.Popen(
            command, cwd=folder, env=dict(environment), stdout=output, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - begun
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in {0, 3}:
        raise SystemExit(f"{' '.join(command)} failed:\n{log.read_text()}")
    return Cost(seconds, usage.ru_maxrss / MIB)


def median(measure: Callable[[], Cost], runs: int = RUNS) -> Cost:
    """The median of several runs, of time and of memory apart."""
    costs = [measure() for _ in range(runs)]
    return Cost(
        statistics.median(cost.seconds for cost in costs),
        statistics.median(cost.memory for cost in costs),
    )


def say(text: str = "") -> None:
    """A line of the report."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
