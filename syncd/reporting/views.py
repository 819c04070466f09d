"""The looking commands for people: explanation, status, listings, history."""

import textwrap
from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from syncd.domain.counting import counted
from syncd.domain.duration import age
from syncd.domain.unbooked import SHOWN
from syncd.domain.views import (
    BookingRow,
    BookingsView,
    ChannelStatus,
    EscrowStatus,
    Explanation,
    HistoryView,
    Line,
    ListingExplanation,
    ListingRow,
    ListingsView,
    Section,
    StatusView,
)
from syncd.reporting.document import AttentionPart
from syncd.reporting.safety import visible
from syncd.reporting.text import longest, print_attention, safe, styled

MOST_ROWS = 60
MOST_AT_RISK = 10
MOST_WORDS = 100
WIDE = 120
"""Columns from which a table shows also what is less often asked for."""
LESS_ASKED = ("Mode", "Price", "Since", "Orders until", "Writer")
"""Columns that a narrow terminal does without, the last of them first."""
LEAST_NOTE = 28
SECONDS = "%Y-%m-%d %H:%M:%S"


def print_explanation(view: Explanation, console: Console, timezone: tzinfo) -> None:
    """Why a SKU's listings show what they show."""
    console.print(Text(visible(view.sku), style="bold") + Text(f"  at {_time(view.at, timezone)}"))
    console.print(safe(view.conclusion))
    console.print()
    if view.sources.lines:
        _section(view.sources, console)
    for listing in view.listings:
        _listing(listing, console)


def _listing(listing: ListingExplanation, console: Console) -> None:
    head = Text(f"{visible(listing.channel)}  ", style="bold")
    head.append(visible(f"{listing.title}  product {listing.ref.product_id}"))
    head.append(visible(f"  listing {listing.ref.listing_id}"))
    console.print(head)
    numbers = (
        ("offer", listing.offer),
        ("published", listing.published),
        ("observed", listing.observed),
    )
    console.print(
        Text("  " + "   ".join(f"{name} {'–' if n is None else n}" for name, n in numbers))
    )
    console.print()
    for section in listing.sections:
        _section(section, console)


def _section(section: Section, console: Console) -> None:
    console.print(Text(f"  {section.title}", style="bold"))
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    table.add_column(overflow="fold", style="cyan")
    table.add_column(overflow="fold", style="dim", ratio=1)
    for line in section.lines:
        table.add_row(*_cells(line))
    console.print(Padding(table, (0, 0, 1, 4)))


def _cells(line: Line) -> tuple[Text, ...]:
    return safe(line.label), safe(line.value), safe(line.origin), safe(line.note)


def print_status(view: StatusView, console: Console, timezone: tzinfo) -> None:
    """Where everything stands."""
    parts = tuple(
        AttentionPart(what=item.what, since=item.since, count=item.count, help=item.help)
        for item in view.needs_attention
    )
    print_attention(parts, console, view.at)
    sources = columns("Source", "State", "As of", "Read", "Rows", "Rejected")
    for source in view.sources:
        sources.add_row(
            safe(source.name), styled(source.state), _time(source.as_of, timezone),
            _ago(source.read_at, view.at), str(source.rows), str(source.rejected),
        )  # fmt: skip
    console.print(sources)
    console.print()
    _channels(view, console)
    console.print()
    _at_risk(view, console)
    last = "no run yet" if view.last_run is None else f"last run {view.last_run}"
    if view.last_run_at is not None:
        last += f", {view.last_run_status}, {_ago(view.last_run_at, view.at)}"
    console.print(Text(f"{last}; ledger {view.ledger}", style="dim"), soft_wrap=True)


def _at_risk(view: StatusView, console: Console) -> None:
    """Sold on a channel and not yet taken off the source, which still sells it."""
    if not view.at_risk:
        return
    console.print(Text("At risk: sold here, and the source still sells them", style="bold"))
    table = columns("SKU", "Place", "Units", "Orders", "Since", "Bookings")
    for row in view.at_risk[:MOST_AT_RISK]:
        table.add_row(
            safe(row.sku), safe(row.place), str(row.units), str(row.orders),
            _ago(row.since, view.at), ", ".join(row.states),
        )  # fmt: skip
    console.print(table)
    if len(view.at_risk) > MOST_AT_RISK:
        more = len(view.at_risk) - MOST_AT_RISK
        console.print(Text(f"… and {more} more SKUs: syncd bookings", style="dim"))
    console.print()


def print_bookings(view: BookingsView, console: Console) -> None:
    """What is not booked for sure, each with the beginning of its key."""
    if not view.rows:
        console.print("Every booking is done: no source sells what was sold here.")
        return
    for row in view.rows[:MOST_ROWS]:
        _booking(row, view.at, console)
    if len(view.rows) > MOST_ROWS:
        more = len(view.rows) - MOST_ROWS
        console.print(Text(f"… and {more} more: syncd bookings --json", style="dim"))
    hint = 'syncd bookings settle KEY --booked|--not-booked --reason "…"'
    console.print(Text(f"What a person found out: {hint}", style="dim"), soft_wrap=True)


def _booking(row: BookingRow, now: datetime, console: Console) -> None:
    """Two lines: the key and what it is about, then where and why; an order's number is long."""
    head = Text(f"{row.key[:SHOWN]}  ", style="bold")
    head.append_text(styled(row.state))
    head.append(visible(f"  {row.effect} {row.delta:+d} {row.sku}  ({_ago(row.since, now)})"))
    console.print(head)
    order = f", order {row.order_id}" if row.order_id else ""
    why = " ".join(filter(None, (row.code, row.message)))
    said = safe(f"at {row.place}{order}" + (f": {why}" if why else ""))
    said.stylize("dim")
    console.print(Padding(said, (0, 0, 0, SHOWN + 2)))


def _channels(view: StatusView, console: Console) -> None:
    """What does not fit beside the rest without folding a word is left out, the last of LESS_ASKED first."""
    cells = [_channel_cells(item, view.at) for item in view.channels]
    titles = _fitting(list(cells[0]) if cells else [], cells, console.width, gap=1)
    table = columns(*titles)
    table.padding = 0  # or the heads do not fit into 80 columns
    for row in cells:
        table.add_row(*(row[title] for title in titles))
    if cells:
        console.print(table)
    for item in view.channels:
        if item.escrow is not None:
            console.print(Text(_escrow(item.name, item.escrow)))


def _escrow(name: str, escrow: EscrowStatus) -> str:
    """What a channel owns, in a sentence."""
    parts = [
        f"{name} owns {counted(escrow.owned, 'unit')} of {counted(escrow.listings, 'listing')}"
    ]
    if escrow.coming:
        parts.append(f"{counted(escrow.coming, 'unit')} asked of sources")
    if escrow.counted:
        parts.append(f"{counted(escrow.counted, 'listing')} at 0 until all orders are known")
    return "; ".join(parts)


def _channel_cells(item: ChannelStatus, now: datetime) -> Mapping[str, Text]:
    writer = "–" if item.writer_pid is None else f"pid {item.writer_pid}"
    return {
        "Channel": safe(item.name),
        "State": styled(item.state),
        "Mode": Text(item.mode),
        "Listings": Text(str(item.listings)),
        "To do": Text(str(item.dirty)),
        "Held": Text(str(item.held)),
        "Parked": Text(str(item.parked)),
        "Confirmed": Text(_ago(item.confirmed_at, now)),
        "Orders until": Text(_ago(item.orders_complete_until, now)),
        "Writer": Text(writer),
    }


def _fitting(
    titles: Sequence[str], cells: Sequence[Mapping[str, Text]], room: int, gap: int
) -> Sequence[str]:
    """As many of the columns as fit without folding a word, those of LESS_ASKED left out from its end."""
    kept = list(titles)
    for title in (*reversed(LESS_ASKED), ""):
        widths = (max(len(each), *(len(row[each]) for row in cells)) for each in kept)
        if sum(widths) + gap * len(kept) <= room + gap:
            break
        kept = [each for each in kept if each != title]
    return kept


def print_listings(view: ListingsView, console: Console, timezone: tzinfo) -> None:
    """What is mapped and what is not."""
    counts: dict[str, int] = {}
    for row in view.rows:
        counts[row.kind] = counts.get(row.kind, 0) + 1
    console.print(Text(", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))))
    console.print()
    if view.near_misses:
        console.print(
            Text("Almost the same SKU: paste the line into the aliases file", style="bold")
        )
        for miss in view.near_misses:
            shown = f"  {visible(repr(miss.seller_sku))} ≈ {visible(repr(str(miss.sku)))}"
            console.print(Text(f"{shown}: {miss.difference}"))
            console.print(Text(f"      {visible(miss.alias)}", style="cyan"), soft_wrap=True)
        console.print()
    trouble = [row for row in view.rows if row.kind != "mapped"]
    mapped = [row for row in view.rows if row.kind == "mapped"]
    _rows(trouble, console, timezone)
    _rows(mapped, console, timezone)


def _rows(rows: list[ListingRow], console: Console, timezone: tzinfo) -> None:
    if not rows:
        return
    shown = [_listing_cells(row, timezone) for row in rows[:MOST_ROWS]]
    titles, room = ["Channel", "Kind", "SKU", "Shows", "Price", "Since"], console.width
    noted = any(row.note for row in rows)
    if noted:
        room -= LEAST_NOTE
        titles.remove("Price")
    columns = [*_fitting(titles, shown, room, gap=3), *(["Note"] if noted else [])]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for title in columns:
        width = None if title == "Note" else longest(cells[title] for cells in shown)
        table.add_column(title, overflow="fold", min_width=width)
    for cells in shown:
        table.add_row(*(cells[title] for title in columns))
    console.print(table)
    if len(rows) > MOST_ROWS:
        more = len(rows) - MOST_ROWS
        console.print(Text(f"… and {more} more: syncd listings --json", style="dim"))
    console.print()


def _listing_cells(row: ListingRow, timezone: tzinfo) -> Mapping[str, Text]:
    return {
        "Channel": safe(row.channel),
        "Kind": safe(row.kind),
        "SKU": safe(row.sku or row.seller_sku),
        "Shows": safe("–" if row.observed is None else row.observed),
        "Price": safe(row.price),
        "Since": safe(_time(row.since, timezone, "%Y-%m-%d")),
        "Note": safe(textwrap.shorten(row.note, MOST_WORDS, placeholder=" …")),
    }


def print_history(view: HistoryView, console: Console, timezone: tzinfo) -> None:
    """What happened to a SKU."""
    if view.at is not None:
        title = f"Positions at {_time(view.at, timezone, SECONDS)}"
        _section(Section(title=title, lines=view.positions), console)
    if not view.rows:
        console.print(Text(f"Nothing is known of {visible(view.sku)}."))
        return
    wide = console.width >= WIDE
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("When", no_wrap=True)
    for title in ("What", "Where"):
        table.add_column(title)
    table.add_column("Change", ratio=3)
    table.add_column("Detail", ratio=2, overflow="fold")
    if wide:
        table.add_column("Run", no_wrap=True)
    for row in view.rows:
        change = f"{row.before} → {row.after}" if row.before else row.after
        cells = (
            _time(row.at, timezone, SECONDS), row.kind, row.where, change, row.detail,
            *([row.run] if wide else []),
        )  # fmt: skip
        table.add_row(*(safe(cell) for cell in cells))
    console.print(table)


def columns(*titles: str) -> Table:
    """An open table that keeps the words of its heads whole."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for title in titles:
        table.add_column(title, overflow="fold", min_width=max(map(len, title.split())))
    return table


def _time(moment: datetime | None, timezone: tzinfo, form: str = "%Y-%m-%d %H:%M") -> str:
    return "–" if moment is None else f"{moment.astimezone(timezone):{form}}"


def _ago(moment: datetime | None, now: datetime) -> str:
    return "–" if moment is None else f"{age(now - moment)} ago"
