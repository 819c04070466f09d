"""`syncd simulate` as an operator types it."""

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from syncd.simulation.run import MEMORY
from tests.process.conftest import SYNCD
from tests.process.daemons import until
from tests.process.forking import forks

WORLD = f"{MEMORY}/syncd-world-"
SMALL = ("--design", "B,G", "--scenario", "viral", "--orders", "60", "--skus", "10")


def simulate(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return forks().run("simulate", *arguments, cwd=folder, environment={}, timeout=60)


def test_the_installed_command_prints_a_table(tmp_path: Path) -> None:
    done = subprocess.run(
        [SYNCD, "simulate", *SMALL], cwd=tmp_path, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert 0 == done.returncode, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("Scenario viral, seeds 1, ")
    assert ["B", "G"] == [line.split()[0] for line in lines[3:5]]
    assert "2 of 2 runs" in done.stderr
    assert [] == list(tmp_path.iterdir())


def test_the_same_seeds_give_the_same_document_whatever_runs_at_once(tmp_path: Path) -> None:
    seeds = (*SMALL, "--safety", "1", "--json")
    alone = simulate(*seeds, "--jobs", "1", folder=tmp_path)
    together = simulate(*seeds, "--jobs", "2", folder=tmp_path)
    assert 0 == alone.returncode, alone.stderr
    document = json.loads(alone.stdout)
    assert 1 == document["schema"]
    assert ["B", "G"] == [row["design"] for row in document["figures"]]
    assert alone.stdout == together.stdout


@contextmanager
def heeding_interruptions() -> Iterator[None]:
    """What a shell runs in the background ignores Ctrl-C, with all that it begins: this suite, too."""
    former = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, former)


@contextmanager
def long_one(folder: Path) -> Iterator[tuple[subprocess.Popen[str], set[int], set[Path]]]:
    """A command whose first design is done and whose second takes minutes, its workers and their worlds."""
    asked = ("--design", "B,GA", "--orders", "4000", "--jobs", "2")
    with (
        heeding_interruptions(),
        subprocess.Popen(
            [SYNCD, "simulate", *asked],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as command,
    ):
        try:
            assert command.stderr is not None
            assert command.stderr.readline().startswith("1 of 2 runs")
            running = workers(command)
            yield command, running, worlds_once_open(running)
        finally:
            command.kill()


def workers(command: subprocess.Popen[str]) -> set[int]:
    """Its processes that run now."""
    listed = Path(f"/proc/{command.pid}/task/{command.pid}/children").read_text()
    return set(map(int, listed.split()))


def alive(pids: set[int]) -> set[int]:
    return {pid for pid in pids if Path(f"/proc/{pid}/exe").exists()}


def worlds_once_open(pids: set[int]) -> set[Path]:
    """Waits for one: at the second run's start, and at a simulated crash, no file is open."""
    found: set[Path] = set()

    def opened() -> bool:
        found.update(worlds(pids))
        return bool(found)

    until(opened, "a simulated world is open")
    return found


def worlds(pids: set[int]) -> set[Path]:
    """The folders in memory in which these processes have files open."""
    held = [name for pid in pids for name in map(opened_as, Path(f"/proc/{pid}/fd").iterdir())]
    return {MEMORY / Path(name).relative_to(MEMORY).parts[0] for name in held if WORLD in name}


def opened_as(file: Path) -> str:
    """What a process has open there; nothing once it was closed, which may be while one looks."""
    try:
        return str(file.readlink())
    except FileNotFoundError:
        return ""


def test_an_interrupted_command_ends_its_workers_and_shows_what_is_whole(tmp_path: Path) -> None:
    with long_one(tmp_path) as (command, running, used):
        command.send_signal(signal.SIGINT)
        shown, told = command.communicate(timeout=60)
        assert 130 == command.returncode
    assert "stopped after 1 of 2 runs" in told
    assert "Traceback" not in told
    assert ["B"] == [line.split()[0] for line in shown.splitlines()[3:4]]
    assert "GA" not in shown
    assert running
    assert set() == alive(running)
    assert used
    assert [] == [world for world in used if world.exists()]


def test_workers_do_not_outlive_a_command_that_was_killed(tmp_path: Path) -> None:
    with long_one(tmp_path) as (_, running, used):
        assert running
    until = time.monotonic() + 60
    while alive(running) and time.monotonic() < until:
        time.sleep(0.1)
    assert set() == alive(running)
    assert used
    assert [] == [world for world in used if world.exists()]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--design", "B,$(reboot)"),
        ("--scenario", "../viral"),
        ("--seeds", "5-1"),
        ("--seeds", "1-99999999999"),
        ("--seeds", "٣"),
        ("--orders", "0"),
        ("--orders", "1e3"),
        ("--skus", "-1"),
        ("--safety", "-1"),
        ("--jobs", "0"),
    ],
)
def test_a_hostile_value_is_a_usage_error_that_names_its_option(
    option: str, value: str, tmp_path: Path
) -> None:
    done = simulate(option, value, folder=tmp_path)
    assert 2 == done.returncode
    assert option in done.stderr
    assert "Traceback" not in done.stderr
    assert "" == done.stdout
