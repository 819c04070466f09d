"""Runs commands of syncd as processes of their own, without paying each time for what they all import.

They are forked off a warmed-up process (`fork_server`), which costs a tenth of starting the installed program;
they differ from it in nothing else. Where its start is the point, and for daemons that are killed, tests start
the program itself.
"""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryFile

from tests.process.fork_server import NUMBER

ROOT = Path(__file__).parents[2]


class Forked:
    """One command, handled as a `subprocess.Popen` is."""

    def __init__(self, arguments: Sequence[str], teller: socket.socket) -> None:
        self.arguments = arguments
        self.returncode: int | None = None
        self._teller = teller
        self.pid = self._told()

    def poll(self) -> int | None:
        """The exit code, or minus the signal that ended it; None while it runs."""
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def wait(self, timeout: float | None = None) -> int:
        """Wait so many seconds for the end; its exit code. subprocess.TimeoutExpired when it goes on."""
        if self.returncode is None:
            self._teller.settimeout(timeout)
            try:
                self.returncode = os.waitstatus_to_exitcode(self._told())
            except (BlockingIOError, TimeoutError):
                raise subprocess.TimeoutExpired(["syncd", *self.arguments], timeout or 0) from None
            self._teller.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Nothing where it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it without a chance to do anything."""
        self.send_signal(signal.SIGKILL)

    def _told(self) -> int:
        told = self._teller.recv(NUMBER)
        assert told, "the warmed-up process died"
        return int.from_bytes(told, sys.byteorder)


class Forks:
    """A warmed-up process; it and whatever it forked end with the process that uses it."""

    def __init__(
        self, *flags: str, python: str = sys.executable, environment: Mapping[str, str] | None = None
    ) -> None:  # fmt: skip
        self._wishes, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
        with theirs:
            self.process = subprocess.Popen(
                [python, "-m", "tests.process.fork_server", str(theirs.fileno()), *flags],
                cwd=ROOT, env={"PYTHONPATH": str(ROOT), **(environment or kept)},
                pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            )  # fmt: skip

    def start(
        self, *arguments: str, cwd: Path, environment: Mapping[str, str], stdout: int, stderr: int,
        user: int | None = None,
    ) -> Forked:  # fmt: skip
        """Begin a command that writes to these open files, as this user, and leave it running."""
        told, teller = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        wish = {"arguments": arguments, "cwd": str(cwd), "environment": dict(environment),
                "user": user}  # fmt: skip
        with teller, open(os.devnull, "rb") as nothing:  # noqa: PTH123 - a device, no path
            files = [nothing.fileno(), stdout, stderr, teller.fileno()]
            socket.send_fds(self._wishes, [json.dumps(wish).encode()], files)
        return Forked(arguments, told)

    def run(
        self, *arguments: str, cwd: Path, environment: Mapping[str, str], timeout: float = 90,
        user: int | None = None,
    ) -> subprocess.CompletedProcess[str]:  # fmt: skip
        """Run a command to its end, which must come within so many seconds."""
        with TemporaryFile() as out, TemporaryFile() as err:
            command = self.start(
                *arguments, cwd=cwd, environment=environment, stdout=out.fileno(),
                stderr=err.fileno(), user=user,
            )  # fmt: skip
            try:
                code = command.wait(timeout)
            finally:
                command.kill()
            for file in (out, err):
                file.seek(0)
            return subprocess.CompletedProcess(
                ["syncd", *arguments], code, out.read().decode(), err.read().decode()
            )

    def close(self) -> None:
        """End it."""
        self._wishes.close()
        self.process.wait(10)


@cache
def forks(*flags: str) -> Forks:
    """The one that this process shares."""
    return Forks(*flags)
