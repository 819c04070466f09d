"""kill -9 at the 1st, 2nd, … call that writes, syncs or sends, and at every request, until a run survives."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.process.crash.judge import Judge
from tests.process.crash.world import World, world_of

PROOF = "SYNCD_PROOF" in os.environ
EVERY = 1 if PROOF else 5
CALLS = "fdatasync,fsync,pwrite64,sendto"
MOST = 5_000
ROUND = 8


@contextmanager
def killed_at(number: int, pid: int) -> Iterator[None]:
    """Every thread that `pid` forks off dies at its call of this number."""
    command = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={CALLS}",
               "-e", f"inject={CALLS}:signal=KILL:when={number}", "-p", str(pid)]  # fmt: skip
    tracer = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        _until_traced(pid, tracer)
        yield
    finally:
        tracer.send_signal(signal.SIGINT)
        tracer.communicate(timeout=10)


def _until_traced(pid: int, tracer: subprocess.Popen[str]) -> None:
    status = Path(f"/proc/{pid}/status")
    for _ in range(500):
        if "TracerPid:\t0\n" not in status.read_text():
            return
        assert tracer.poll() is None, tracer.communicate()
        time.sleep(0.01)
    raise AssertionError("strace does not attach")


def crash_at_calls(world: World, every: int) -> tuple[int, list[str]]:
    """Kill at every so-manieth call until a run survives; how many points, and what was wrong."""
    judge = Judge(world)
    assert 0 == world.quieten()[-1], world.warm.printed()
    points, alive = 0, False
    while not alive and points * every < MOST:
        world.move(4)
        with killed_at(1 + points * every, world.warm.process.pid):
            world.warm.start("apply")
            alive = world.warm.ended() != -signal.SIGKILL
        points += 1
        if alive or points % ROUND == 0:
            codes = world.quieten()
            if codes[-1] != 0:
                return points, [f"no quiet after point {points}: {codes}\n{world.warm.printed()}"]
            found = judge.violations()
            if found:
                return points, found
    assert alive, "no run survived"
    return points, []


def crash_at_requests(world: World, kind: str, every: int) -> tuple[int, list[str]]:
    """Kill while the so-manieth request hangs at the shop, before or after the shop has done it."""
    judge = Judge(world)
    assert 0 == world.quieten()[-1], world.warm.printed()
    points, alive = 0, False
    while not alive:
        world.move(4)
        fault = {"kind": kind, "after": points * every, "times": 1, "seconds": 1.0}
        world.keeper.control.post("faults", faults=[fault])
        pid = world.warm.start("apply")
        alive = not _struck(world, pid)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        world.warm.ended()
        points += 1
        codes = world.quieten()
        found = (
            judge.violations() if codes[-1] == 0 else [f"no quiet: {codes} {world.warm.printed()}"]
        )
        if found:
            return points, found
    return points, []


def _struck(world: World, pid: int) -> bool:
    """Whether the fault strikes before the command is done."""
    while not _done(pid):
        faults = world.keeper.control.get("faults")["faults"]
        assert isinstance(faults, list)
        if faults[0]["struck"]:
            return True
    return False


def _done(pid: int) -> bool:
    state = Path(f"/proc/{pid}/stat")
    try:
        return state.read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):  # gone before or while it is read
        return True


@pytest.mark.parametrize("kind", ["timeout_before_commit", "timeout_after_commit"])
def test_no_request_of_a_cycle_is_a_wrong_moment_to_die(tmp_path: Path, kind: str) -> None:
    with world_of(tmp_path, 10, 4) as world:
        points, violations = crash_at_requests(world, kind, 1 if PROOF else 2)

    assert [] == violations
    assert points > 4


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_no_call_of_a_cycle_is_a_wrong_moment_to_die(tmp_path: Path) -> None:
    with world_of(tmp_path, 10, 3) as world:
        points, violations = crash_at_calls(world, EVERY)

    assert [] == violations
    assert points > 10
