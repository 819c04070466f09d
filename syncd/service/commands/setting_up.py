"""The commands of the first hour: init and check-config."""

import json
import sys
from pathlib import Path

from syncd.domain.counting import counted
from syncd.domain.errors import UsageError
from syncd.domain.report import ExitCode
from syncd.service.context import Context
from syncd.settings.starting import starter


def init(context: Context, path: Path | None) -> ExitCode:
    """Write the starter configuration; never over an existing file."""
    target = path or context.config or Path("config/syncd.yaml")
    if target.is_dir():
        target /= "syncd.yaml"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("x", encoding="utf-8") as file:
            file.write(starter())
    except FileExistsError:
        raise UsageError(f"{target} exists already; it is left as it is") from None
    except OSError as error:
        raise UsageError(f"{target} cannot be written: {error.strerror}") from error
    sys.stdout.write(
        f"{target} written. Next:\n"
        f"  1. edit it: where your stock file is, and your TikTok Shop app\n"
        f"  2. syncd --config {target} check-config\n"
        f"  3. syncd --config {target} connect shop\n"
        f"  4. syncd --config {target} plan      (changes nothing)\n"
    )
    return ExitCode.DONE


def check_config(context: Context, as_json: bool) -> ExitCode:
    """Load the configuration; its problems are raised, its warnings shown."""
    settings = context.settings
    if as_json:
        warnings = [
            {"file": row.file, "line": row.line, "column": row.column, "path": row.path,
             "message": row.message, "hint": row.hint}
            for row in settings.warnings
        ]  # fmt: skip
        document = {"schema": 1, "ok": True, "problems": [], "warnings": warnings}
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
        return ExitCode.DONE
    for warning in settings.warnings:
        sys.stderr.write(f"warning: {warning}\n")
    sys.stdout.write(
        f"{context.config_path} is valid: {counted(len(settings.sources), 'source')}, "
        f"{counted(len(settings.channels), 'channel')}, mode {settings.mode.value}, "
        f"ledger {settings.ledger_url}\n"
    )
    return ExitCode.DONE
