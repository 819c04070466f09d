"""`syncd doctor`: every connection tried for real, what was found, and what helps."""

import json
import sys
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from pathlib import Path

from rich.table import Table
from rich.text import Text

from syncd.domain.authorization import Authorization
from syncd.domain.counting import counted
from syncd.domain.errors import ChannelError
from syncd.domain.identity import ChannelName
from syncd.domain.report import ExitCode
from syncd.domain.trial import TRIED
from syncd.engine.examining import examine_source
from syncd.engine.setup import ChannelSetup, Silent
from syncd.ports.authorization import Authorizer
from syncd.ports.channel import FactStore
from syncd.ports.probe import Check, Verdict
from syncd.reporting.safety import visible
from syncd.service.context import Context
from syncd.service.wiring import Opened, named, opened_for_work, token_keys
from syncd.settings.credentials import TOKEN_KEY

_MARKS = {
    Verdict.OK: ("ok  ", "green"),
    Verdict.WARN: ("warn", "yellow"),
    Verdict.BAD: ("BAD ", "red"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check of one connection."""

    name: str
    check: Check

    def document(self) -> dict[str, object]:
        """As JSON; `ok` is false for what is in the way, true for what is only worth knowing."""
        check = self.check
        return {
            "name": self.name,
            "ok": check.verdict is not Verdict.BAD,
            "verdict": check.verdict.value,
            "text": check.text,
            "help": check.help,
        }


def doctor(context: Context, names: Sequence[str], as_json: bool) -> ExitCode:
    """Read every source once, ask every channel who it is, and look at the ledger; or these only."""
    settings = context.settings
    wanted = set(named(names, {**settings.sources, **settings.channels}, "source or channel"))
    with opened_for_work(context.settings, context.clock, Silent()) as opened:
        findings = []
        for finding in chain(_examined(opened, wanted), _key(token_keys(settings).file())):
            findings.append(finding)
            if not as_json:
                show(context, finding)
    if as_json:
        write_document(findings)
    bad = any(finding.check.verdict is Verdict.BAD for finding in findings)
    return ExitCode.UNAVAILABLE if bad else ExitCode.DONE


def write_document(findings: Sequence[Finding]) -> None:
    """All findings as one document on stdout."""
    document = {"schema": 1, "findings": [finding.document() for finding in findings]}
    sys.stdout.write(json.dumps(document, indent=2) + "\n")


def show(context: Context, finding: Finding) -> None:
    """One finding as a line, and what helps below it."""
    mark, colour = _MARKS[finding.check.verdict]
    line = Table.grid(padding=(0, 1))
    line.add_column()
    line.add_column(overflow="fold")  # an address is shown whole, so that it can be opened
    text = Text.assemble((finding.name, "bold"), ": ", visible(finding.check.text))
    line.add_row(Text(mark, style=colour), text)
    context.out.print(line)
    if finding.check.help:
        context.out.print(Text(f"       → {finding.check.help}"))


def _examined(opened: Opened, wanted: AbstractSet[str]) -> Iterator[Finding]:
    engine = opened.engine
    for name, source in engine.sources.items():
        for check in examine_source(engine, source) if name in wanted else ():
            yield Finding(name=name, check=check)
    for setup in engine.channels.values():
        for check in _channel(opened, setup) if setup.name in wanted else ():
            yield Finding(name=setup.name, check=check)
    problem = opened.ledger.integrity_problem()
    verdict = Verdict.OK if problem is None else Verdict.BAD
    yield Finding(name="ledger", check=Check(text=problem or "sound", verdict=verdict))


def _key(file: Path | None) -> Iterator[Finding]:
    """Where the key of the tokens is, when it lies where a copy of the ledger finds it."""
    if file is not None:
        text = (
            f"the tokens are encrypted with {file}: whoever copies it and the ledger can use them"
        )
        help_ = f"keep a key in the credential {TOKEN_KEY} instead, then syncd connect --rotate-key"
        yield Finding(name="token key", check=Check(text=text, help=help_))


def _channel(opened: Opened, setup: ChannelSetup) -> Iterator[Check]:
    try:
        facts = setup.channel.facts()
    except ChannelError as error:
        yield Check(text=str(error), verdict=Verdict.BAD, help=f"syncd connect {setup.name}")
        return
    houses = ", ".join(f"{title} {number}" for number, title in facts.warehouses.items())
    yield Check(text=f"{facts.name} ({facts.region}, id {facts.shop_id}); warehouses: {houses}")
    if isinstance(setup.channel, Authorizer):
        now = opened.engine.clock.now()
        yield from _authorization(setup.name, setup.channel.authorization(), now)
    yield from _promotions(setup)
    yield tried_out(setup.name, opened.ledger.facts())


def _promotions(setup: ChannelSetup) -> Iterator[Check]:
    """Whether locked prices are known beforehand; asked only where prices are pushed."""
    if setup.rules.price is None:
        return
    try:
        count = len(setup.channel.promotions())
    except ChannelError as error:
        yield Check(
            text=f"promotions cannot be read, so locked prices are found by refusals: {error}",
            verdict=Verdict.WARN,
            help=f"allow the app to read promotions, then syncd connect {setup.name}",
        )
        return
    yield Check(text=f"{counted(count, 'promotion')} running or near that lock prices")


def tried_out(channel: ChannelName, known: FactStore) -> Check:
    """What was learned of the shop by trying, each with its date."""
    facts = [fact for name in TRIED if (fact := known.fact(channel, name)) is not None]
    if not facts:
        return Check(text="never tried out", help=f"syncd doctor {channel} --probe SKU")
    parts = [f"{fact.name} {fact.value} ({fact.learned_at:%Y-%m-%d})" for fact in facts]
    return Check(text=f"tried out: {', '.join(parts)}")


def _authorization(name: str, grant: Authorization | None, now: datetime) -> Iterator[Check]:
    """Until when the shop's owner granted what, and whether that is too little or too much."""
    if grant is None:
        return
    until = f"authorized until {grant.expires_at:%Y-%m-%d} ({grant.days_left(now)} days)"
    if grant.warning_step(now) is None:
        yield Check(text=until)
    else:
        yield Check(text=until, verdict=Verdict.WARN, help=f"syncd connect {name}")
    for scope in grant.missing():
        yield Check(
            text=f"scope {scope} is missing ({grant.needed[scope]})", verdict=Verdict.BAD,
            help=f"add it to the app in Partner Center, then syncd connect {name}",
        )  # fmt: skip
    if grant.superfluous():
        yield Check(
            text=f"granted but not needed: {', '.join(grant.superfluous())}", verdict=Verdict.WARN,
            help="take them from the app, so that a stolen token can do less",
        )  # fmt: skip
