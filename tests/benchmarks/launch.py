"""Runs a command from a small process, because a child inherits its parent's peak memory as its own.

`python launch.py LOG COMMAND…` prints seconds and peak memory in KiB, and leaves with the command's code.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

begun = time.perf_counter()
with Path(sys.argv[1]).open("wb") as output:
    child = subprocess.Popen(sys.argv[2:], stdout=output, stderr=subprocess.STDOUT)
    _, status, usage = os.wait4(child.pid, 0)
sys.stdout.write(f"{time.perf_counter() - begun} {usage.ru_maxrss}\n")
sys.exit(os.waitstatus_to_exitcode(status))
