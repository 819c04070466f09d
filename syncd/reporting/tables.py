"""The report as CSV: one row per change, reject, skipped listing and thing to attend to."""

import csv
import io
from collections.abc import Iterator

from syncd.reporting.document import ReportDocument
from syncd.reporting.safety import cell

COLUMNS = (
    "row", "part", "sku", "seller_sku", "product_id", "listing_id", "warehouse_id", "field",
    "before", "after", "sent", "currency", "outcome", "cause", "reason", "code", "message", "at",
    "count", "help",
)  # fmt: skip


def report_csv(document: ReportDocument) -> str:
    """RFC 4180 with a header; no cell can act as a formula."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in _rows(document):
        writer.writerow([cell(row.get(name)) for name in COLUMNS])
    return out.getvalue()


Row = dict[str, object]


def _rows(document: ReportDocument) -> Iterator[Row]:
    for item in document.needs_attention:
        yield {
            "row": "attention", "message": item.what, "at": _time(item.since),
            "count": item.count, "help": item.help,
        }  # fmt: skip
    for source in document.sources:
        for reject in source.rejected:
            yield {
                "row": "reject", "part": source.name, "sku": reject.sku, "reason": reject.reason,
                "at": reject.at,
            }  # fmt: skip
    for channel in document.channels:
        for change in channel.changes:
            yield {"row": "change", "part": channel.name, **change.model_dump()}
        for skip in channel.skipped:
            yield {
                "row": skip.kind, "part": channel.name, "sku": skip.sku,
                "seller_sku": skip.seller_sku, "reason": skip.reason,
            }  # fmt: skip
        for booking in channel.bookings:
            yield {
                "row": "booking", "part": channel.name, "sku": booking.sku, "field": booking.effect,
                "sent": booking.delta, "outcome": booking.state, "code": booking.code,
                "message": booking.message, "at": f"{booking.source}/{booking.location}",
                "reason": f"order {booking.order_id} line {booking.line_id}",
            }  # fmt: skip


def _time(moment: object) -> str:
    return "" if moment is None else str(moment)
