"""Advice on safety stocks for people: what to change first, why, and the lines to paste."""

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.text import Text

from syncd.domain.advice import Advice, AdviceView, ChannelAdvice
from syncd.domain.counting import counted
from syncd.reporting.safety import visible
from syncd.reporting.text import safe
from syncd.reporting.views import columns

MOST_ROWS = 40
WIDEST = 20
"""Columns that a SKU is never folded below."""
LEGEND = (
    "for here: what sells beside the listing before the channel knows of it, orders of its own aside",
    "for own: what the own shop sells before it knows of an order of the channel",
    "Refuses up to: sales that Advice can have refused in this time although a unit was left",
)
MANY = 10
"""So many changed SKUs are worth a rule for all of them instead of a line each."""


def print_advice(view: AdviceView, console: Console) -> None:
    """Every channel's advice."""
    days = f"{view.days:g} days" if view.days >= 1 else "less than a day"
    console.print(Text(f"By {days} of sales, enough for {view.quantile} of all moments."))
    for channel in view.channels:
        console.print()
        _channel(channel, console)


def _print(part: RenderableType, console: Console) -> None:
    console.print(Padding(part, (0, 0, 0, 2), expand=False))


def _channel(advice: ChannelAdvice, console: Console) -> None:
    console.print(Text(visible(advice.channel), style="bold"))
    for sentence in advice.news:
        _print(safe(sentence), console)
    console.print()
    if advice.rows:
        _table(advice, console)
    if advice.unchanged:
        text = counted(advice.unchanged, "SKU", "with the right safety stock")
        _print(Text(text, style="dim"), console)
    if advice.unsold:
        text = counted(advice.unsold, "SKU", "without a sale: no advice")
        _print(Text(text, style="dim"), console)
    for remark in advice.remarks:
        console.print()
        _print(safe(remark), console)
    _lines(advice, console)


def _table(advice: ChannelAdvice, console: Console) -> None:
    shown = advice.rows[:MOST_ROWS]
    table = columns(
        "SKU", "Orders\n/day", "Own\n/day", "Now", "Advice", "for\nhere", "for\nown",
        "Refuses\nup to",
    )  # fmt: skip
    table.columns[0].min_width = min(WIDEST, max(len(row.sku) for row in shown))
    for column in table.columns[1:]:
        column.justify = "right"
    for row in shown:
        mark = "~" if row.few else ""
        table.add_row(
            safe(row.sku), f"{mark}{row.ordered_per_day:g}", f"{mark}{row.elsewhere_per_day:g}",
            f"{_least(row)}{row.present}", *_numbers(row),
        )  # fmt: skip
    _print(table, console)
    if len(advice.rows) > MOST_ROWS:
        more = len(advice.rows) - MOST_ROWS
        _print(Text(f"… and {more} more: syncd advise --json", style="dim"), console)
    for line in LEGEND:
        _print(Text(line, style="dim"), console)


def _least(row: Advice) -> str:
    return "≥ " if row.adaptive else ""


def _numbers(row: Advice) -> tuple[str | Text, ...]:
    """What is advised and why; with a question mark where too little is known."""
    said = f"{_least(row)}{row.proposed}{'' if row.known else '?'}" if row.units else "–"
    advised = Text(said, style="bold" if row.changes else "")
    return advised, str(row.for_channel), str(row.for_own_shop), str(row.refused)


def _lines(advice: ChannelAdvice, console: Console) -> None:
    """What to write into the mapping."""
    changed = [row for row in advice.rows if row.changes]
    if not changed:
        return
    where = f"channels.{visible(advice.channel)}"
    if len(changed) > MANY and not any(row.adaptive for row in changed):
        text = f"To have all of them follow the sales by themselves, in {where}:"
        console.print()
        _print(Text(text), console)
        console.print(Text("      stock: {safety: adaptive}", style="cyan"))
    console.print()
    _print(Text(f"To set them, at the end of {where}.rules:"), console)
    for row in changed[:MOST_ROWS]:
        console.print(Text(f"      {visible(row.line)}", style="cyan"), soft_wrap=True)
