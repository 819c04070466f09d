"""How a command that cannot be done says so: for people on stderr, as one document with --json."""

import json
import sys

from syncd.domain.errors import ConfigError
from syncd.domain.report import ExitCode


def say(text: str, code: ExitCode) -> int:
    """One sentence on stderr; answers the exit code."""
    sys.stderr.write(f"syncd: {text}\n")
    return int(code)


def say_problems(error: ConfigError, *, as_json: bool) -> int:
    """Every problem of a configuration, for people on stderr or as one document; answers the exit code."""
    if as_json:
        problems = [
            {"file": row.file, "line": row.line, "column": row.column, "path": row.path,
             "message": row.message, "hint": row.hint}
            for row in error.problems
        ]  # fmt: skip
        sys.stdout.write(
            json.dumps({"schema": 1, "ok": False, "problems": problems}, indent=2) + "\n"
        )
    else:
        sys.stderr.write("".join(f"{problem}\n" for problem in error.problems))
        count = len(error.problems)
        sys.stderr.write(f"{count} problem{'s' if count != 1 else ''} in the configuration\n")
    return int(ExitCode.USAGE)
