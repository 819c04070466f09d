"""The report as one self-contained page; every value is escaped and nothing is loaded."""

from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo

from syncd.reporting.document import ChannelPart, ReportDocument
from syncd.reporting.safety import markup

_STYLE = """
:root{color-scheme:light dark;--line:#8884;--soft:#8882}
body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.4rem;margin:0 0 .2rem}h2{font-size:1.1rem;margin:2rem 0 .5rem}
p.sub{margin:0;opacity:.7}table{border-collapse:collapse;width:100%;font-size:.9rem}
th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid var(--line);vertical-align:top}
td.s{white-space:nowrap}td{overflow-wrap:anywhere}td:last-child:not(.s):not(.n){min-width:13rem}
.w{overflow-x:auto;margin:0 0 1rem}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
code{font:.85em ui-monospace,monospace;background:var(--soft);padding:.1em .3em;overflow-wrap:anywhere}
.box{border-left:4px solid #c90;background:var(--soft);padding:.6rem 1rem;margin:.6rem 0}
.verified,.ok,.clean,.changed,.unchanged{color:#2a7d3f}.held,.partial,.stale,.paused{color:#b26b00}
.rejected,.unknown,.contradicted,.failed,.invalid,.unavailable,.unauthorized{color:#c0392b}
@media (prefers-color-scheme:dark){.verified,.ok,.clean,.changed,.unchanged{color:#6fce8a}
.held,.partial,.stale,.paused{color:#f0b35a}
.rejected,.unknown,.contradicted,.failed,.invalid,.unavailable,.unauthorized{color:#ff8a7a}}
@media print{body{margin:0;max-width:none}}
"""

SHORT = 24
"""Characters that stay on one line: a SKU is not to be broken at its hyphen."""


def report_html(document: ReportDocument, timezone: tzinfo) -> str:
    """The page."""
    status = markup(document.status)
    about = f"run {markup(document.run)}, {markup(document.trigger)}"
    finished = _time(document.finished_at, timezone)
    body = [
        f"<h1>syncd report <span class='{status}'>{status}</span></h1>",
        f"<p class='sub'>{about}, finished {finished}</p>",
        *_attention(document),
        *_sources(document, timezone),
    ]
    for channel in document.channels:
        body += _channel(channel)
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta http-equiv='Content-Security-Policy' "
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        "<meta name='viewport' content='width=device-width'>"
        f"<title>syncd report {markup(document.run)}</title><style>{_STYLE}</style></head><body>"
        + "".join(body)
        + "</body></html>\n"
    )


def _time(moment: datetime | None, timezone: tzinfo) -> str:
    return "–" if moment is None else f"{moment.astimezone(timezone):%Y-%m-%d %H:%M %Z}"


def _attention(document: ReportDocument) -> Iterable[str]:
    if document.needs_attention:
        yield "<h2>Needs attention</h2>"
    for item in document.needs_attention:
        yield f"<div class='box'>{markup(item.what)}<br><code>{markup(item.help)}</code></div>"


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]], numbers: frozenset[int]) -> str:
    def tag(name: str, cells: Sequence[str]) -> str:
        return f"<tr>{''.join(cell(name, index, text) for index, text in enumerate(cells))}</tr>"

    def cell(name: str, index: int, text: str) -> str:
        kind = "n" if index in numbers else "s" if len(text) <= SHORT else ""
        return f"<{name} class='{kind}'>{text}</{name}>" if kind else f"<{name}>{text}</{name}>"

    lines = "".join(tag("td", row) for row in rows)
    return f"<div class='w'><table>{tag('th', titles)}{lines}</table></div>"


def _word(word: str) -> str:
    return f"<span class='{markup(word)}'>{markup(word)}</span>"


def _sources(document: ReportDocument, timezone: tzinfo) -> Iterable[str]:
    if not document.sources:
        return
    yield "<h2>Sources</h2>"
    rows = [
        (markup(item.name), _word(item.state), _time(item.as_of, timezone), item.rows_text,
         str(item.changed), str(item.missing), str(item.rejected_count))
        for item in document.sources
    ]  # fmt: skip
    titles = ("Source", "State", "As of", "Rows", "Changed", "Missing", "Rejected")
    yield _table(titles, rows, frozenset({3, 4, 5, 6}))
    yield from (
        f"<p class='sub'>{markup(item.remark)}</p>" for item in document.sources if item.remark
    )
    rejects = [
        (markup(row.at), markup(row.sku or "–"), markup(row.reason))
        for source in document.sources
        for row in source.rejected
    ]
    if rejects:
        yield "<h2>Rejected rows</h2>"
        yield _table(("Where", "SKU", "Why"), rejects, frozenset())


def _channel(channel: ChannelPart) -> Iterable[str]:
    yield f"<h2>{markup(channel.name)} {_word(channel.state)}</h2>"
    counts = ", ".join(f"{count} {key}" for key, count in channel.counts.items() if count)
    yield f"<p class='sub'>{channel.listings} listings{', ' if counts else ''}{markup(counts)}</p>"
    if channel.message:
        yield f"<div class='box'>{markup(channel.message)}</div>"
    for hazard in channel.hazards:
        yield f"<div class='box'>{markup(hazard.text)}</div>"
    rows = [
        (markup(row.sku), markup(row.field), _warehouse(channel, row.warehouse_id), _value(row.before),
         _value(row.after), _word(row.outcome),
         markup("; ".join(part for part in (row.reason, row.code, row.message) if part)))
        for row in channel.changes
    ]  # fmt: skip
    if rows:
        titles = ("SKU", "Field", "Warehouse", "Before", "After", "Outcome", "Why")
        yield _table(titles, rows, frozenset({3, 4}))
    booked = [
        (markup(row.sku), markup(f"{row.effect} {row.delta:+d}"), markup(f"{row.source}/{row.location}"),
         markup(row.order_id), _word(row.state), markup(" ".join(filter(None, (row.code, row.message)))))
        for row in channel.bookings
    ]  # fmt: skip
    if booked:
        yield _table(("SKU", "Booking", "Place", "Order", "State", "Why"), booked, frozenset())
    if channel.plan and channel.changes:
        yield f"<p class='sub'>plan <code>{markup(channel.plan)}</code></p>"


def _warehouse(channel: ChannelPart, warehouse_id: str | None) -> str:
    if warehouse_id is None:
        return ""
    name = channel.warehouses.get(warehouse_id)
    return markup(warehouse_id if name is None else f"{name} ({warehouse_id})")


def _value(value: float | str | None) -> str:
    return "–" if value is None else markup(value)
