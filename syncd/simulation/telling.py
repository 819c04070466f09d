"""A comparison in words and figures: the table, a sentence on each design, and the same as JSON."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import timedelta
from textwrap import wrap

from syncd.domain.counting import counted
from syncd.simulation.demand import DAY
from syncd.simulation.designs import DESIGNS
from syncd.simulation.figures import TYPICAL, Figures, Interval, Wait
from syncd.simulation.run import Outcome
from syncd.simulation.timeline import BEGIN

HEAD = ("design", "oversold", "of TikTok's", "refused", "p50", "p95", "p99", "calls", "fewer")
WIDTHS = (6, 17, 13, 14, 7, 7, 7, 7, 8)
MOST_LINES = 200
WIDE = 100
SCHEMA = 1
MANY = 3


def document(rows: Sequence[Figures]) -> str:
    """One JSON document."""
    table = [asdict(row) for row in rows]
    return json.dumps({"schema": SCHEMA, "figures": table}, indent=2)


def table(rows: Sequence[Figures]) -> str:
    """Everything for people, scenario by scenario."""
    return "\n".join(_lines(rows))


def _lines(rows: Sequence[Figures]) -> Iterator[str]:
    for scenario in dict.fromkeys(row.scenario for row in rows):
        here = [row for row in rows if row.scenario == scenario]
        seeds = ", ".join(map(str, here[0].seeds))
        yield f"Scenario {scenario}, seeds {seeds}, {_most(here):,} orders a design"
        yield ""
        yield _cells(HEAD)
        yield from (_row(row) for row in here)
        yield ""
        for row in here:
            yield from _told(_sentence(row))
            if row.proposed:
                yield from _told(_remaining(row))
        yield ""
    yield "oversold, refused: units per 10,000 accepted orders of both sides, ± 95 % over seeds; refused: a"
    yield "unit was left. p50 … p99: seconds from a change at the source to its read-back from the shop."
    yield f"calls: requests to both shops per order. fewer: times fewer oversold than {TYPICAL}."


def _told(text: str) -> list[str]:
    return wrap(text, WIDE, initial_indent="  ", subsequent_indent="     ")


def _remaining(row: Figures) -> str:
    """What stays possible where a source is not written back, and what `syncd advise` proposes for it."""
    more = sum(count for units, count in row.proposed.items() if units >= MANY)
    needs = [f"{counted(units, 'unit')} of {row.proposed.get(units, 0)} SKUs" for units in (1, 2)]
    needs += [f"{MANY} to {max(row.proposed)} of {more}"] * bool(more)
    return (
        f"{row.design} remains: the own shop sold {row.oversold_own:,} of them, because it goes on selling "
        "what TikTok sold until somebody books the order there; no number on TikTok Shop prevents that. "
        f"`syncd advise` would withhold, by their usual rates, {', '.join(needs)} (`--safety 2` shows what "
        "that brings), which makes it rarer; writing back or escrow ends it."
    )


def _most(rows: Sequence[Figures]) -> int:
    return max(row.orders for row in rows)


def _row(row: Figures) -> str:
    return _cells(
        (
            row.design, _with_interval(row.oversold, 2), f"{row.tiktok.mean:.3%}",
            _with_interval(row.refused, 0), *_wait(row.wait), f"{row.calls:.1f}",
            "" if row.fewer is None or row.design == TYPICAL else f"{row.fewer:.0f} ×",
        )
    )  # fmt: skip


def _cells(values: Sequence[str]) -> str:
    first, *others = zip(values, WIDTHS, strict=True)
    return f"  {first[0]:<{first[1]}}" + "".join(f"{text:>{width}}" for text, width in others)


def _with_interval(value: Interval, digits: int) -> str:
    half = "" if value.half is None else f" ± {value.half:.{digits}f}"
    return f"{value.mean:.{digits}f}{half}"


def _wait(wait: Wait | None) -> tuple[str, str, str]:
    if wait is None:
        return "", "", ""
    return f"{wait.median:.1f}", f"{wait.p95:.1f}", f"{wait.p99:.1f}"


def _sentence(row: Figures) -> str:
    """What a design is and what came of it."""
    came = f"{row.oversold_units:,} of {row.orders:,} units were sold without being there"
    return f"{row.design}: {DESIGNS[row.design].title}; {came}."


def failure(outcome: Outcome) -> str:
    """A broken law with the trace of the smallest run that breaks it."""
    trial, broken = outcome.trial, outcome.failure
    if broken is None:
        return ""
    when = f"{BEGIN + timedelta(seconds=broken.at):%H:%M:%S} of day {int(broken.at // DAY) + 1}"
    where = f"design {trial.design}, scenario {trial.scenario}, seed {trial.seed}"
    head = (
        f"broken: {broken.law}",
        f"  {broken.how}, at {when}",
        f"  {where}; the smallest run that breaks it, in simulated seconds:",
    )
    lines = outcome.lines[-MOST_LINES:]
    cut = [f"  … {len(outcome.lines) - len(lines)} earlier lines"] * (
        len(lines) < len(outcome.lines)
    )
    return "\n".join([*head, *cut, *(f"  {line}" for line in lines)])
