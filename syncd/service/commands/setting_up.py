"""The commands of the first hour: init, check-config, doctor, connect."""

import json
import secrets
import sys
from dataclasses import dataclass
from pathlib import Path

from syncd.domain.counting import counted
from syncd.domain.errors import ChannelError, SourceError, UsageError
from syncd.domain.identity import ChannelName
from syncd.domain.report import ExitCode
from syncd.engine.setup import EngineSetup, Silent
from syncd.service.context import Context
from syncd.service.wiring import named, opened_for_work
from syncd.settings.starting import starter

SAMPLE = 5


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What the doctor found of one connection."""

    name: str
    ok: bool
    text: str
    help: str = ""


def doctor(context: Context, as_json: bool) -> ExitCode:
    """Read a little of every source and ask every channel who it is."""
    with opened_for_work(context.settings, context.clock, Silent()) as opened:
        findings = [*_sources(opened.engine), *_channels(opened.engine)]
        problem = opened.ledger.integrity_problem()
    findings.append(Finding(name="ledger", ok=problem is None, text=problem or "sound", help=""))
    if as_json:
        rows = [
            {"name": row.name, "ok": row.ok, "text": row.text, "help": row.help} for row in findings
        ]
        sys.stdout.write(json.dumps({"schema": 1, "findings": rows}, indent=2) + "\n")
    else:
        for row in findings:
            sys.stdout.write(f"{'ok ' if row.ok else 'BAD'} {row.name}: {row.text}\n")
            if row.help:
                sys.stdout.write(f"      {row.help}\n")
    return ExitCode.DONE if all(row.ok for row in findings) else ExitCode.UNAVAILABLE


def _sources(engine: EngineSetup) -> list[Finding]:
    findings = []
    for name, setup in engine.sources.items():
        try:
            with setup.source.snapshot(None) as reader:
                first = next(iter(reader.batches()), None)
                rows = 0 if first is None else len(first.values)
                shown = [] if first is None else [str(row[0]) for row in first.values[:SAMPLE]]
                text = (
                    f"{reader.origin}: {rows} rows in the first batch ({', '.join(shown)}), as of "
                )
                findings.append(
                    Finding(name=name, ok=True, text=text + f"{reader.as_of:%Y-%m-%d %H:%M} UTC")
                )
        except SourceError as error:
            help_ = f"mend it, then syncd ingest {name}"
            findings.append(Finding(name=name, ok=False, text=str(error), help=help_))
    return findings


def _channels(engine: EngineSetup) -> list[Finding]:
    findings = []
    for name, setup in engine.channels.items():
        try:
            facts = setup.channel.facts()
        except ChannelError as error:
            findings.append(
                Finding(name=name, ok=False, text=str(error), help=f"syncd connect {name}")
            )
            continue
        houses = ", ".join(f"{title} {number}" for number, title in facts.warehouses.items())
        text = f"{facts.name} ({facts.region}, id {facts.shop_id}); warehouses: {houses}"
        findings.append(Finding(name=name, ok=True, text=text))
    return findings
