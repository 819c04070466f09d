"""Kills a command at its 1st, 2nd, … call that writes, syncs or sends, or request, until one run survives.

strace counts the calls of every thread by themselves, so what is traced must have one thread only: a syncd
that sends in turn. A traced command with a second one is an error. It counts each kind of call by itself,
too: of several kinds only the most frequent would ever be struck, so one kind is struck at a time.
"""

import os
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from itertools import takewhile
from pathlib import Path

import pytest

from tests.process.crash.judge import Judge
from tests.process.crash.world import Warm, World

PROOF = "SYNCD_PROOF" in os.environ
SENDS, STORES, SYNCS = "sendto", "pwrite64", "fdatasync"
KINDS = (SENDS, STORES, SYNCS)
UNSTRUCK = "fsync"
"""No command that is struck syncs that way; one that did would have moments that nobody looks at."""
WRITES = ("/inventory/update?", "/prices/update?")
"""What in the first bytes of a request tells that it writes to the shop."""
MOST = 5_000
ROUND = 8
needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")


@dataclass(frozen=True)
class Count:
    """At how many points a command was killed, and what was wrong in the end."""

    points: int
    violations: list[str]


class Where(Enum):
    """At what a command was killed, as far as the writing to the shop is concerned."""

    BEFORE_WRITES = auto()
    AT_A_WRITE = auto()
    AT_THE_LEDGER_AFTER_A_WRITE = auto()
    ELSEWHERE = auto()


Strike = Callable[[int], bool]
"""Runs the command and kills it at the point of this number, from 0; whether it survived."""


def count_up(
    world: World, strike: Strike, prepare: Callable[[], object], every: int, *,
    start: int = 0, judged: int = ROUND,
) -> Count:  # fmt: skip
    """Kill at every so-manieth point until a run survives, and judge after so many of them."""
    judge = Judge(world)
    assert 0 == world.quieten()[-1], world.warm.printed()
    points, alive = 0, False
    while not alive:
        number = start + points * every
        assert number < MOST, "no run survived"
        prepare()
        alive = strike(number)
        points += 1
        if alive or points % judged == 0:
            codes = world.quieten()
            quiet = codes[-1] == 0
            found = judge.violations() if quiet else [f"no quiet: {codes} {world.warm.printed()}"]
            if found:
                return Count(points, [f"after point {points}: {one}" for one in found])
    return Count(points, [])


@dataclass
class AtCalls:
    """Kills at a system call of one kind, and counts what it struck."""

    world: World
    word: str
    kind: str
    struck: Counter[Where] = field(default_factory=Counter)

    def __call__(self, number: int) -> bool:
        """Kill at the call of this number."""
        trace = Trace(self.world.warm, self.kind)
        with trace.injected(f"signal=KILL:when={number + 1}"):
            self.world.warm.start(self.word)
            survived = self.world.warm.ended() != -signal.SIGKILL
        if not survived:
            self.struck[where(trace.lines())] += 1
        return survived

    def up_to_a_write(self) -> int:
        """How many such calls a run makes before its first write to the shop."""
        trace = Trace(self.world.warm, self.kind)
        with trace.injected(f"signal=KILL:when={MOST}"):
            assert 0 == self.world.warm.run(self.word), self.world.warm.printed()
        before = takewhile(lambda line: not _writes(line), trace.lines())
        return sum(line.startswith(self.kind) for line in before)


def from_calls(world: World, word: str, kind: str, error: str, told: str) -> Strike:
    """Let every such call fail from the one of this number on; what the operator is told then is checked."""

    def strike(number: int) -> bool:
        with Trace(world.warm, kind).injected(f"error={error}:when={number + 1}+"):
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


@dataclass(frozen=True)
class Trace:
    """Follows every command that a warmed-up syncd begins, notes its calls and strikes those of one kind."""

    warm: Warm
    kind: str

    @contextmanager
    def injected(self, what: str) -> Iterator[None]:
        """Whatever is begun meets this at such a call; calls count from 1."""
        pid = self.warm.server
        command = ["strace", "-f", "-qq", "-y", "-s", "160", "-o", str(self._file), "-p", str(pid),
                   "-e", f"trace={','.join((*KINDS, UNSTRUCK))}",
                   "-e", f"inject={self.kind}:{what}"]  # fmt: skip
        tracer = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        try:
            _until_traced(pid, tracer)
            yield
        finally:
            tracer.send_signal(signal.SIGINT)
            tracer.communicate(timeout=10)
        noted = self._noted((*KINDS, UNSTRUCK))
        assert not any(f" {UNSTRUCK}(" in line for line in noted), (
            f"{UNSTRUCK} is a kind of its own"
        )
        threads = {line.split()[0] for line in noted}
        assert len(threads) <= 1, f"calls are counted by thread, and these made some: {threads}"

    def lines(self) -> list[str]:
        """The calls in their order, without the thread that made them."""
        return [line.split(maxsplit=1)[1] for line in self._noted(KINDS)]

    def _noted(self, kinds: Sequence[str]) -> list[str]:
        names = tuple(f"{kind}(" for kind in kinds)
        text = self._file.read_text(errors="replace")
        return [line for line in text.splitlines() if line.split(maxsplit=1)[1].startswith(names)]

    @property
    def _file(self) -> Path:
        return self.warm.log.with_name("trace.log")


def where(calls: Sequence[str]) -> Where:
    """What the last of these calls was; a request leaves in two, its body second."""
    *before, last = calls
    if _writes(last) or (last.startswith(SENDS) and any(map(_writes, before[-1:]))):
        return Where.AT_A_WRITE
    if not any(map(_writes, before)):
        return Where.BEFORE_WRITES
    return Where.AT_THE_LEDGER_AFTER_A_WRITE if "/ledger.db" in last else Where.ELSEWHERE


def _writes(call: str) -> bool:
    return call.startswith(SENDS) and any(path in call for path in WRITES)


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
