"""A warmed-up syncd: everything is imported once, then every command runs in a fork of its own.

Reads one JSON object a line, `{"arguments": [...], "log": "file"}`, and answers two: `{"pid": 1}` once the
command runs, `{"status": 0}` once it has ended, as `os.waitpid` gives it. With `--naive`, what is sent is
recorded only afterwards: the mistake that the judge must find every time.
"""

import gc
import json
import os
import sys
import traceback
from collections.abc import Sequence

from syncd.service import cli
from syncd.service.commands import looking, operating, running
from syncd.service.connectors import installed_kinds, sandbox_factories
from tests.process.crash.naive import record_after_sending

WARM = (looking, operating, running, installed_kinds(), sandbox_factories())


def main() -> None:
    """Serve until the input ends."""
    if "--naive" in sys.argv:
        record_after_sending()
    gc.freeze()
    for line in sys.stdin:
        wish = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _run(wish["arguments"], wish["log"])
        _say(pid=pid)
        _, status = os.waitpid(pid, 0)
        _say(status=status)


def _say(**words: int) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


def _run(arguments: Sequence[str], log: str) -> None:
    """Become one command; never returns."""
    code = 70
    try:
        target = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(target, 1)
        os.dup2(target, 2)
        code = cli.main(arguments)
    except Exception:  # noqa: BLE001 - as the interpreter ends a command that nothing caught
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
