"""`syncd doctor CHANNEL --probe SKU`: one trial with the operator's consent, and what it taught."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass

from syncd.domain.errors import UsageError
from syncd.domain.identity import Sku
from syncd.domain.report import ExitCode
from syncd.domain.trial import (
    QUANTITY_MEANS,
    VISIBLE_AFTER,
    ZERO,
    QuantityMeans,
    Trial,
    ZeroAnswer,
)
from syncd.engine.probing import Wish, try_out
from syncd.engine.setup import Mode
from syncd.ports.probe import Check, Verdict
from syncd.reporting.machine import report_document
from syncd.service.commands.examining import Finding, show, tried_out, write_document
from syncd.service.commands.running import observing, progress
from syncd.service.context import Context
from syncd.service.stopping import stop_on_signals
from syncd.service.wiring import named, opened_for_work


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was typed."""

    names: tuple[str, ...]
    sku: str
    zero: bool = False
    agreed: bool = False


def try_on(context: Context, asked: Asked, as_json: bool) -> ExitCode:
    """Try the shop out on one SKU; exit 4 when the listing could not be put back by the trial itself."""
    if len(asked.names) != 1:
        raise UsageError(f"name one channel: syncd doctor CHANNEL --probe {asked.sku}")
    (name,) = named(asked.names, context.settings.channels, "channel")
    if context.settings.mode.value != Mode.APPLY:
        raise UsageError(observing(context))
    if not asked.agreed:
        _ask(name, asked)
    with opened_for_work(context.settings, context.clock, progress(context)) as opened:
        facts = opened.ledger.facts()
        with stop_on_signals() as stopping:
            trial = try_out(
                opened.engine, opened.engine.channels[name],
                Wish(sku=Sku(asked.sku), zero=asked.zero), report_document, stopping,
            )  # fmt: skip
        for fact, value in _learned(trial):
            facts.learn(name, fact, value)
        findings = [Finding(name=name, check=check) for check in _checks(trial, asked)]
        findings.append(Finding(name=name, check=tried_out(name, facts)))
    if as_json:
        write_document(findings)
    for finding in () if as_json else findings:
        show(context, finding)
    return ExitCode.DONE if trial.restored else ExitCode.PARTIAL


def _ask(name: str, asked: Asked) -> None:
    """The operator types the SKU; UsageError when it is another, or when nobody is there to type."""
    steps = "lowers its fullest warehouse by one" + (", then to 0," if asked.zero else "")
    if not sys.stdin.isatty():
        raise UsageError(
            f"a trial {steps} for some seconds: add --yes if {asked.sku} may be changed"
        )
    sys.stderr.write(
        f"This {steps} in {name} for some seconds, and puts it back.\nType {asked.sku} to go on: "
    )
    sys.stderr.flush()
    if sys.stdin.readline().strip() != asked.sku:
        raise UsageError("nothing was changed")


def _learned(trial: Trial) -> Iterator[tuple[str, str]]:
    if trial.quantity_means not in {None, QuantityMeans.UNDECIDED}:
        yield QUANTITY_MEANS, str(trial.quantity_means)
    if trial.zero is not None:
        yield ZERO, trial.zero.value
    if trial.visible_after is not None:
        yield VISIBLE_AFTER, f"{trial.visible_after:.1f}s"


_MEANS = {
    QuantityMeans.AVAILABLE: Check(text="a quantity means available units, as syncd takes it"),
    QuantityMeans.TOTAL: Check(
        text="a quantity means total units, sold ones included: syncd would hide what is on order",
        verdict=Verdict.BAD,
        help="keep mode: observe for this channel, and report it with this shop's region",
    ),
    QuantityMeans.UNDECIDED: Check(
        text="whether a quantity means available or total units stays open: no unit of it is on order",
        verdict=Verdict.WARN,
        help="try a SKU with an open order",
    ),
}


def _checks(trial: Trial, asked: Asked) -> Iterator[Check]:
    if trial.quantity_means is not None:
        yield _MEANS[trial.quantity_means]
    if trial.visible_after is not None:
        yield Check(text=f"a write is shown after {trial.visible_after:.1f} s")
    else:
        why = trial.remark or "the shop did not show the written number"
        yield Check(text=f"nothing was learned: {why}", verdict=Verdict.BAD, help="syncd report")
    if trial.zero is ZeroAnswer.ALLOWED:
        yield Check(text="a quantity of 0 is allowed")
    elif trial.zero is ZeroAnswer.REFUSED:
        yield Check(text="a quantity of 0 is refused", help="choose `zero:` of the channel")
    yield _restoration(trial, asked.sku)


def _restoration(trial: Trial, sku: str) -> Check:
    if trial.restored:
        return Check(text=f"{sku} shows {trial.left_at} again, less what was ordered meanwhile")
    shown = "an unknown number" if trial.left_at is None else str(trial.left_at)
    return Check(
        text=f"{sku} showed {trial.before} and was left at {shown}; the next cycle sets it right",
        verdict=Verdict.WARN,
        help=f"syncd apply --sku {sku}",
    )
