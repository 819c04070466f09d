"""The command that proposes safety stocks, by the ledger alone."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic_core import PydanticCustomError

from syncd.domain.errors import UsageError
from syncd.domain.identity import ChannelName, Sku
from syncd.domain.report import ExitCode
from syncd.engine import advising
from syncd.ports.ledger import Ledger
from syncd.reporting.advice import print_advice
from syncd.reporting.machine import to_json
from syncd.service.context import Context
from syncd.service.wiring import named, opened_for_looking
from syncd.settings.grammar import read_quantile


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was typed."""

    channels: Sequence[str]
    skus: Sequence[str]
    quantile: str


def advise(context: Context, asked: Asked, as_json: bool) -> ExitCode:
    """Propose safety stocks; UsageError for a channel, SKU or share that does not exist."""
    names = named(asked.channels, context.settings.channels, "channel")
    try:
        share = read_quantile(asked.quantile)
    except PydanticCustomError as error:
        raise UsageError(f"--quantile: {error.message()}; write it like 99.9%") from None
    skus = [Sku(sku) for sku in asked.skus]
    with opened_for_looking(context.settings, context.clock) as opened:
        _require_listings(opened.engine.ledger, names, skus)
        view = advising.advise(opened.engine, names, skus, share)
    if as_json:
        sys.stdout.write(to_json(view) + "\n")
    else:
        print_advice(view, context.out)
    return ExitCode.DONE


def _require_listings(ledger: Ledger, names: Sequence[ChannelName], skus: Sequence[Sku]) -> None:
    """UsageError for SKUs that none of these channels lists: nothing can be kept back of them."""
    listed = {sku for name in names for sku, rows in ledger.bound(name, skus).items() if rows}
    missing = [sku for sku in dict.fromkeys(skus) if sku not in listed]
    if not missing:
        return
    known = ledger.positions(missing)
    nobody = f"neither {' nor '.join(names)} nor a source knows the SKU"
    unlisted = f"no listing of {' or '.join(names)} is bound to the SKU"
    told = [f"{unlisted if sku in known else nobody} {sku!r}" for sku in missing]
    raise UsageError(f"{'; '.join(told)}; SKUs are compared exactly: see `syncd listings`")
