"""The report for people: what needs attention first, then sources, then each channel's changes."""

import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from syncd.domain.counting import counted
from syncd.domain.duration import age
from syncd.reporting.document import (
    AttentionPart,
    BookingPart,
    ChangePart,
    ChannelPart,
    ReportDocument,
    SourcePart,
)
from syncd.reporting.safety import visible

MOST_ROWS = 20
MOST_WORDS = 100
INDENT = "  "
LEAST_WHY = 28
"""Columns that a reason needs beside its change."""
LONGEST_NAME = 40
"""A SKU of up to so many characters is never folded."""
_RANK = {"held": 0, "contradicted": 1, "rejected": 2, "unknown": 3, "accepted": 4, "parked": 5}
_STYLES = {
    "held": "yellow", "contradicted": "red", "rejected": "red", "unknown": "red",
    "verified": "green", "planned": "cyan", "ok": "green", "unchanged": "green", "clean": "green",
    "changed": "green", "partial": "yellow", "failed": "red", "invalid": "red",
    "unavailable": "red", "unauthorized": "red", "stale": "yellow", "paused": "yellow",
    "never read": "yellow", "dead": "red", "refused": "red", "person": "red", "done": "green",
}  # fmt: skip


def styled(word: str) -> Text:
    """A state or outcome in its colour."""
    return Text(word, style=_STYLES.get(word, ""))


def safe(text: object) -> Text:
    """Any text, harmless, without markup."""
    return Text(visible(str(text)))


def print_report(document: ReportDocument, console: Console, timezone: tzinfo) -> None:
    """Show a report."""
    print_attention(document.needs_attention, console, document.finished_at)
    _sources(document, console, timezone)
    for channel in document.channels:
        _channel(channel, console)
    console.print(_summary(document, timezone))


def print_attention(items: tuple[AttentionPart, ...], console: Console, now: datetime) -> None:
    """What needs a person, each with the command that helps on a line of its own."""
    if not items:
        return
    console.print(Text("Needs attention", style="bold yellow"))
    for item in items:
        line = safe(item.what)
        if item.since is not None and now - item.since >= timedelta(seconds=1):
            line.append(f" (for {age(now - item.since)})", style="dim")
        grid = Table.grid(padding=(0, 1))
        grid.add_column()
        grid.add_column(overflow="fold")  # an address is shown whole, so that it can be opened
        grid.add_row(Text("  •"), line)
        console.print(grid)
        console.print(Text("      ") + Text(visible(item.help), style="cyan"), soft_wrap=True)
    console.print()


def _sources(document: ReportDocument, console: Console, timezone: tzinfo) -> None:
    if not document.sources:
        return
    table = _table("Source", "State", "As of")
    for title in ("Rows", "Changed", "Missing", "Rejected"):
        table.add_column(title, justify="right")
    for source in document.sources:
        table.add_row(
            safe(source.name), styled(source.state), _time(source.as_of, timezone),
            *_numbers(source),
        )  # fmt: skip
    console.print(table)
    for source in document.sources:
        if source.remark:
            said = safe(source.remark)
            said.stylize("dim")
            console.print(Padding(said, (0, 0, 0, 2)))
    console.print()


def _numbers(source: SourcePart) -> tuple[str, ...]:
    counts = (source.changed, source.missing, source.rejected_count)
    return (source.rows_text, *map(str, counts))


def _table(*titles: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for title in titles:
        table.add_column(title, overflow="fold")
    return table


def _time(moment: datetime | None, timezone: tzinfo) -> str:
    return "–" if moment is None else f"{moment.astimezone(timezone):%Y-%m-%d %H:%M}"


_SHOWN = (
    "planned",
    "verified",
    "held",
    "rejected",
    "unknown",
    "contradicted",
    "parked",
    "unmapped",
)


def _channel(channel: ChannelPart, console: Console) -> None:
    head = Text(visible(channel.name), style="bold")
    head.append(": ").append_text(styled(channel.state))
    parts = [f"{channel.listings} listings"]
    parts += [f"{channel.counts[key]} {key}" for key in _SHOWN if channel.counts.get(key)]
    requests = channel.requests
    sent = f"{requests.sent} requests"
    if requests.throttled or requests.retried:
        sent += f" ({requests.throttled} throttled, {requests.retried} repeated)"
    head.append(", " + ", ".join([*parts, sent]))
    console.print(head)
    if channel.message:
        console.print(Padding(safe(channel.message), (0, 0, 0, 2)))
    for hazard in channel.hazards:
        console.print(Padding(Text(visible(hazard.text), style="yellow"), (0, 0, 0, 2)))
    _bookings(channel, console)
    if channel.changes:
        _changes(channel, console)
    elif channel.state == "ok":
        console.print(Padding(_untouched(channel), (0, 0, 0, 2)))
    if channel.plan is not None and channel.changes:
        console.print(Text(f"  plan {channel.plan}", style="dim"), soft_wrap=True)
    console.print()


def _untouched(channel: ChannelPart) -> Text:
    """Why nothing was changed: all is right, or some listings wait for something."""
    shown = "very listing that may be written shows what it should"
    right = f"E{shown}" if channel.unbooked else f"Nothing to do: e{shown}"
    waiting = [skip for skip in channel.skipped if skip.kind != "skipped"]
    if not waiting:
        return Text(f"{right}.")
    kinds = Counter(skip.kind for skip in waiting)
    first = waiting[0]
    same = "it is" if len(waiting) == 1 else "they are"
    left = (
        f"{counted(len(waiting), 'listing')} left as {same} "
        f"({', '.join(f'{count} {kind}' for kind, count in kinds.items())}); "
        f"{visible(first.sku or first.seller_sku)}: {visible(first.reason)}"
    )
    if len(waiting) < channel.listings:
        return Text(f"{right}. {left}")
    return Text(f"Nothing is written: {left}", style="yellow")


def _bookings(channel: ChannelPart, console: Console) -> None:
    """What was booked into sources: one line where all went well, else those that did not."""
    done = [row for row in channel.bookings if row.state == "done"]
    if done:
        console.print(f"  {counted(len(done), 'booking')} written into {_places(done)}")
    if channel.unbooked:
        console.print(
            f"  {counted(channel.unbooked, 'booking')} still to be made: syncd bookings",
            style="yellow",
        )
    open_ = [row for row in channel.bookings if row.state != "done"]
    if not open_:
        return
    table = _table("SKU", "Booking", "Order", "State")
    table.add_column("Why", overflow="fold", ratio=1)
    for row in open_[:MOST_ROWS]:
        table.add_row(
            safe(row.sku), f"{row.effect} {row.delta:+d}", safe(row.order_id), styled(row.state),
            safe(" ".join(filter(None, (row.code, row.message)))),
        )  # fmt: skip
    console.print(Padding(table, (0, 0, 0, 2)))
    if len(open_) > MOST_ROWS:
        console.print(Text(f"  … and {len(open_) - MOST_ROWS} more: syncd bookings", style="dim"))


def _places(rows: Sequence[BookingPart]) -> str:
    return ", ".join(visible(name) for name in dict.fromkeys(row.source for row in rows))


def _changes(channel: ChannelPart, console: Console) -> None:
    rows = sorted(channel.changes, key=lambda row: _RANK.get(row.outcome, 9))
    several = len({row.warehouse_id for row in rows if row.warehouse_id}) > 1
    names = channel.warehouses if several else {}
    cells = [
        (safe(row.sku), _field(row, names), _value(row.before), _value(row.after),
         styled(row.outcome), safe(_why(row)))
        for row in rows[:MOST_ROWS]
    ]  # fmt: skip
    taken = sum(max(len(row[column]) for row in cells) + len(INDENT) + 1 for column in range(5))
    if console.width - taken >= LEAST_WHY:
        console.print(Padding(_change_table(cells), (0, 0, 0, len(INDENT))))
    else:
        _change_lines(cells, console)
    if len(rows) > MOST_ROWS:
        more = len(rows) - MOST_ROWS
        console.print(Text(f"  … and {more} more: syncd report --format csv", style="dim"))


def _change_table(cells: Sequence[Sequence[Text]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("SKU", overflow="fold", min_width=longest(row[0] for row in cells))
    table.add_column("Field")
    table.add_column("Before", justify="right")
    table.add_column("After", justify="right")
    table.add_column("Outcome")
    table.add_column("Why", overflow="fold", ratio=1)
    for row in cells:
        table.add_row(*row)
    return table


def _change_lines(cells: Sequence[Sequence[Text]], console: Console) -> None:
    """The same where the reason would get no room beside the rest: below each change."""
    for sku, field, before, after, outcome, why in cells:
        line = Text.assemble(
            INDENT, (sku.plain, "bold"), "  ", field, " ", before, " → ", after, "  "
        )
        console.print(line.append_text(outcome), soft_wrap=True)
        console.print(Padding(why, (0, 0, 0, len(INDENT) * 3)))


def longest(texts: Iterable[Text]) -> int:
    """The width at which none of these is folded, unless it is very long."""
    return min(LONGEST_NAME, max((len(text) for text in texts), default=0))


def _field(row: ChangePart, names: Mapping[str, str]) -> Text:
    text = Text(row.field)
    if row.warehouse_id is not None and row.warehouse_id in names:
        text.append(f" {visible(names[row.warehouse_id])}", style="dim")
    return text


def _value(value: float | str | None) -> Text:
    return Text("–" if value is None else visible(str(value)))


def _why(row: ChangePart) -> str:
    code = None if row.outcome == "held" else row.code
    told = " ".join(part for part in (code, row.message) if part)
    whole = f"{row.reason}; {told}" if told else row.reason
    return textwrap.shorten(whole, MOST_WORDS, placeholder=" …")


def _summary(document: ReportDocument, timezone: tzinfo) -> Text:
    line = Text("")
    seconds = (document.finished_at - document.started_at).total_seconds()
    line.append("Run ").append(document.run, style="bold").append(": ")
    line.append_text(styled(document.status))
    line.append(f" at {_time(document.finished_at, timezone)}, {seconds:.1f} s")
    return line
