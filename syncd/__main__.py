"""The installed command: answers `--version` without loading anything else."""

import gc
import os
import resource
import sys
from contextlib import suppress

OBJECTS_BETWEEN_COLLECTIONS = 100_000
"""Start-up and bulk reading make objects by the million that are no garbage; looking at them takes a fifth."""


def main() -> None:
    """Run the command line; never returns."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from syncd import __version__

        sys.stdout.write(f"syncd {__version__}\n")
        raise SystemExit(0)
    if sys.argv[-1] == "run":
        from syncd.service.memory import start_returning

        start_returning()
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS, 20, 100)
    # A core dump would hold every secret of the process.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    from syncd.service.cli import main as run_command
    from syncd.service.logs import log_crashes

    log_crashes()
    _leave(run_command(sys.argv[1:]))


def _leave(code: int) -> None:
    """End at once: all is closed by now, and taking a large heap apart object by object costs 0.3 s."""
    with suppress(BrokenPipeError):  # the reader of our output has seen enough
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
