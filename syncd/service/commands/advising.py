"""The command that proposes safety stocks, by the ledger alone."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic_core import PydanticCustomError

from syncd.domain.errors import UsageError
from syncd.domain.identity import Sku
from syncd.domain.report import ExitCode
from syncd.engine import advising
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
    """Propose safety stocks; UsageError for a channel or a share that does not exist."""
    names = named(asked.channels, context.settings.channels, "channel")
    try:
        share = read_quantile(asked.quantile)
    except PydanticCustomError as error:
        raise UsageError(f"--quantile: {error.message()}; write it like 99.9%") from None
    with opened_for_looking(context.settings, context.clock) as opened:
        view = advising.advise(opened.engine, names, [Sku(sku) for sku in asked.skus], share)
    if as_json:
        sys.stdout.write(to_json(view) + "\n")
    else:
        print_advice(view, context.out)
    return ExitCode.DONE
