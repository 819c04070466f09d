"""Runs a command from a small process, because a child inherits its parent's peak memory as its own.

`python launch.py LOG COMMAND…` prints seconds, peak memory in KiB and seconds of processor time, and
leaves with the command's code.
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
seconds, worked = time.perf_counter() - begun, usage.ru_utime + usage.ru_stime
sys.stdout.write(f"{seconds} {usage.ru_maxrss} {worked}\n")
sys.exit(os.waitstatus_to_exitcode(status))
