"""A warmed-up syncd: everything is imported once, then every command runs in a fork of its own.

`python -m tests.process.fork_server FD [--naive] [--in-turn] [--with=FOLDER]` takes wishes from the socket FD
until its other end closes. A wish is one JSON object, `{"arguments": [...], "cwd": "…", "environment": {…},
"user": 1}`, and comes with four open files: the command's stdin, stdout and stderr, and a socket that is told
its process id once it runs and its status, as `os.waitpid` gives it, once it has ended. With `--naive`, what
is sent to a shop is recorded only afterwards: the mistake that the crash tests must find. With `--in-turn`, a
cycle sends by one thread, for tests that count calls. With `--with`, the connectors of that folder are
installed. Where the command's folder has a file `later`, the wall clock is ahead by as many seconds as it says.
"""

import gc
import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress

import connectors
import syncd
from syncd.__main__ import main as run_program
from tests.process.later import LATER, wind_forward

NUMBER = 8
"""Bytes of a process id or a status, in the machine's order."""
LARGEST = 65_536
MOST_FILES = 4_096
WITH = "--with="
LEFT_COLD = ("syncd.ledger.migrations.", "connectors.csv_file.parquet_table")
"""What is no module of its own, and what is large and seldom needed."""


def warm_up() -> None:
    """Import whatever a command may need, with the libraries behind it."""
    for package in (syncd, connectors):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.startswith(LEFT_COLD):
                importlib.import_module(found.name)
    gc.collect()
    gc.freeze()


class Server:
    """Forks a command for every wish, and tells when each one ends."""

    def __init__(self, wishes: socket.socket) -> None:
        self._wishes = wishes
        self._told: dict[int, int] = {}
        self._woken, waker = os.pipe()
        for end in (self._woken, waker):
            os.set_blocking(end, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(waker)

    def serve(self) -> None:
        """Until nobody can wish for anything any more; what still runs then is killed."""
        while True:
            ready, _, _ = select.select([self._wishes.fileno(), self._woken], [], [])
            if self._woken in ready:
                os.read(self._woken, LARGEST)
                self._reap()
            if self._wishes.fileno() in ready and not self._take():
                break
        for pid in self._told:
            os.kill(pid, signal.SIGKILL)

    def _take(self) -> bool:
        """Begin one command; whether there was a wish."""
        wish, files, _, _ = socket.recv_fds(self._wishes, LARGEST, 4)
        if not wish:
            return False
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _become(files[:3], **json.loads(wish))
        for file in files[:3]:
            os.close(file)
        self._told[pid] = files[3]
        _say(files[3], pid)
        return True

    def _reap(self) -> None:
        while self._told:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            teller = self._told.pop(pid)
            _say(teller, status)
            os.close(teller)


def _say(teller: int, number: int) -> None:
    """By `write`, because crash tests make `sendto` fail; whoever asked may be gone."""
    with suppress(BrokenPipeError, ConnectionResetError):
        os.write(teller, number.to_bytes(NUMBER, sys.byteorder))


def _become(
    files: Sequence[int], arguments: Sequence[str], cwd: str, environment: dict[str, str],
    user: int | None,
) -> None:  # fmt: skip
    """Become one command; never returns."""
    code = 1
    try:
        for target, file in enumerate(files):
            os.dup2(file, target)
        os.closerange(3, MOST_FILES)
        os.environ.clear()
        os.environ.update(environment)
        if user is not None:
            os.setgroups([])
            os.setgid(user)
            os.setuid(user)
        os.chdir(cwd)
        sys.argv = ["syncd", *arguments]
        if LATER.exists():
            wind_forward()
        run_program()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    except BaseException:  # noqa: BLE001 - as the interpreter ends a command that nothing caught
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def main() -> None:
    """Warm up, then serve."""
    sys.path += [flag.removeprefix(WITH) for flag in sys.argv if flag.startswith(WITH)]
    if "--naive" in sys.argv:
        from tests.process.crash.naive import record_after_sending

        record_after_sending()
    if "--in-turn" in sys.argv:
        from tests.process.crash.in_turn import send_in_turn

        send_in_turn()
    warm_up()
    Server(socket.socket(fileno=int(sys.argv[1]))).serve()


if __name__ == "__main__":
    main()
