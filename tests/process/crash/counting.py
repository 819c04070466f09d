"""Kills a command at its 1st, 2nd, … call that writes, syncs or sends, or request, until one run survives."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.process.crash.judge import Judge
from tests.process.crash.world import World

PROOF = "SYNCD_PROOF" in os.environ
CALLS = "fdatasync,fsync,pwrite64,sendto"
MOST = 5_000
ROUND = 8
needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")


@dataclass(frozen=True)
class Count:
    """At how many points a command was killed, and what was wrong in the end."""

    points: int
    violations: list[str]


Strike = Callable[[int], bool]
"""Runs the command and kills it at the point of this number, from 0; whether it survived."""


def count_up(
    world: World, strike: Strike, prepare: Callable[[], object], every: int, judged: int = ROUND
) -> Count:
    """Kill at every so-manieth point until a run survives, and judge after so many of them."""
    judge = Judge(world)
    assert 0 == world.quieten()[-1], world.warm.printed()
    points, alive = 0, False
    while not alive:
        assert points * every < MOST, "no run survived"
        prepare()
        alive = strike(points * every)
        points += 1
        if alive or points % judged == 0:
            codes = world.quieten()
            quiet = codes[-1] == 0
            found = judge.violations() if quiet else [f"no quiet: {codes} {world.warm.printed()}"]
            if found:
                return Count(points, [f"after point {points}: {one}" for one in found])
    return Count(points, [])


def at_calls(world: World, word: str) -> Strike:
    """Kill at a system call."""

    def strike(number: int) -> bool:
        with _injected(CALLS, f"signal=KILL:when={number + 1}", world.warm.server):
            world.warm.start(word)
            return world.warm.ended() != -signal.SIGKILL

    return strike


def from_calls(world: World, word: str, calls: str, error: str, told: str) -> Strike:
    """Let every such call fail from the one of this number on; what the operator is told then is checked."""

    def strike(number: int) -> bool:
        with _injected(calls, f"error={error}:when={number + 1}+", world.warm.server):
            code = world.warm.run(word)
        printed = " ".join(world.warm.printed().split())
        assert code == 0 or (code == 1 and told in printed), printed
        return code == 0

    return strike


def at_requests(world: World, kind: str) -> Strike:
    """Kill while a request hangs at the shop, before or after the shop has done it.

    What the dead one had sent is out of our hands: the next begins when the shop has let go of it.
    """

    def strike(number: int) -> bool:
        fault = {"kind": kind, "after": number, "times": 1, "seconds": 1.0}
        world.keeper.control.post("faults", faults=[fault])
        pid = world.warm.start("apply")
        struck = _struck(world, pid)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        world.warm.ended()
        while world.keeper.control.get("stats")["in_flight"]:
            time.sleep(0.05)
        return not struck

    return strike


@contextmanager
def _injected(calls: str, what: str, pid: int) -> Iterator[None]:
    """Every thread that `pid` forks off meets this at such a call; calls count from 1, by thread."""
    command = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={calls}",
               "-e", f"inject={calls}:{what}", "-p", str(pid)]  # fmt: skip
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
