"""How things are measured: whole processes, time and peak memory from the kernel, medians of several runs."""

import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

RUNS = 3
KIBIBYTES = 1024
LAUNCH = Path(__file__).with_name("launch.py")


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds from process start to exit, peak resident memory in MiB, and seconds of processor time."""

    seconds: float
    memory: float
    worked: float = 0.0


def process(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Cost:
    """Run a command to its end; it must succeed with 0 or 3 (held: a plan waits for a person)."""
    log = folder / "command.log"
    done = subprocess.run(
        [sys.executable, str(LAUNCH), str(log), *command], cwd=folder, env=dict(environment),
        check=False, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    if done.returncode not in {0, 3}:
        raise SystemExit(f"{' '.join(command)} failed:\n{log.read_text()}")
    seconds, kibibytes, worked = done.stdout.split()
    return Cost(float(seconds), int(kibibytes) / KIBIBYTES, float(worked))


def median(measure: Callable[[], Cost], runs: int = RUNS) -> Cost:
    """The median of several runs, of each figure apart."""
    costs = [measure() for _ in range(runs)]
    return Cost(
        statistics.median(cost.seconds for cost in costs),
        statistics.median(cost.memory for cost in costs),
        statistics.median(cost.worked for cost in costs),
    )


def beside(
    measure: Callable[[], Cost], reference: Callable[[], Cost], runs: int = RUNS
) -> tuple[Cost, float]:
    """The median of several runs, and the reference's seconds: of as many runs, each just before one of those.

    A machine whose neighbours come and go is twice as slow in one minute as in the next.
    """
    pairs = [(reference(), measure()) for _ in range(runs)]
    costs = iter([cost for _, cost in pairs])
    return median(lambda: next(costs), runs), statistics.median(one.seconds for one, _ in pairs)


def say(text: str = "") -> None:
    """A line of the report."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
