"""The commands of the first hour: init, check-config, connect."""

import json
import secrets
import sys
from pathlib import Path

from syncd.domain.counting import counted
from syncd.domain.errors import ChannelError, UsageError
from syncd.domain.identity import ChannelName
from syncd.domain.report import ExitCode
from syncd.engine.setup import Silent
from syncd.service.context import Context
from syncd.service.wiring import named, opened_for_work
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


def connect(context: Context, channel: str, auth_code: str | None) -> ExitCode:
    """Exchange an authorization code; without one, show the link and ask for it."""
    (name,) = named([channel], context.settings.channels, "channel")
    if auth_code is None:
        auth_code = _ask(context, name)
    with opened_for_work(context.settings, context.clock, Silent()) as opened:
        try:
            sentence = opened.engine.channels[name].channel.connect(auth_code.strip())
        except ChannelError as error:
            sys.stderr.write(f"syncd: {name}: {error}\n")
            return ExitCode.UNAVAILABLE
    sys.stdout.write(f"{name}: {sentence}\n")
    return ExitCode.DONE


def _ask(context: Context, name: ChannelName) -> str:
    options = context.settings.channels[name].options
    link = getattr(options, "authorize_link", None)
    url = None if link is None else link(secrets.token_urlsafe(16))
    if url is None:
        raise UsageError(
            f"channels.{name} has no service_id, so the link cannot be made: take the code from the "
            f"app's authorize page and run `syncd connect {name} --auth-code CODE`"
        )
    sys.stdout.write(f"Open this link as the shop's owner and grant access:\n\n  {url}\n\n")
    if not sys.stdin.isatty():
        raise UsageError(
            f"then run `syncd connect {name} --auth-code CODE` with the code it returns"
        )
    sys.stdout.write("Code (or the whole address you were sent to): ")
    sys.stdout.flush()
    return code_of(sys.stdin.readline())


def code_of(pasted: str) -> str:
    """The code in a pasted address, or the pasted code itself."""
    from urllib.parse import parse_qs, urlsplit

    text = pasted.strip()
    found = parse_qs(urlsplit(text).query).get("code")
    return found[0] if found else text
