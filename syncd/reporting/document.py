"""The report as its JSON document (DESIGN section 7): what is stored, and what every rendering is made of."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from syncd.domain.report import (
    ChangeReport,
    ChannelReport,
    Report,
    SourceReport,
)
from syncd.domain.write_back import Booking

SCHEMA = 1


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class AttentionPart(_Part):
    """Something a person should know or do."""

    what: str
    since: datetime | None = None
    count: int
    help: str


class RejectPart(_Part):
    """One row that was not believed."""

    at: str
    sku: str | None = None
    reason: str


_TAKEN = {"ok", "unchanged"}


class SourcePart(_Part):
    """One source."""

    name: str
    state: str
    as_of: datetime | None = None
    rows: int = 0
    changed: int = 0
    missing: int = 0
    read: int = 0
    completeness: str = "full"
    fingerprint: str | None = None
    rejected: tuple[RejectPart, ...] = ()
    rejected_count: int = 0
    message: str = ""

    @property
    def rows_text(self) -> str:
        """Of a reading of changes the rows it read are told apart from those the source has."""
        return f"{self.read} of {self.rows}" if self.completeness == "partial" else str(self.rows)

    @property
    def remark(self) -> str:
        """What is worth knowing of a reading that was taken; a refusal is told as such."""
        return f"{self.name}: {self.message}" if self.message and self.state in _TAKEN else ""


class ChangePart(_Part):
    """One change and its outcome; prices are text in major units."""

    sku: str
    seller_sku: str = ""
    product_id: str
    listing_id: str
    warehouse_id: str | None = None
    field: str
    before: int | str | None = None
    after: int | str | None = None
    sent: int | str | None = None
    currency: str | None = None
    cause: str = ""
    reason: str
    outcome: str
    code: str | None = None
    message: str | None = None


class HazardPart(_Part):
    """Why rows are held."""

    kind: str
    count: int
    allowed: int
    text: str


class SkippedPart(_Part):
    """A listing left as it is."""

    sku: str | None = None
    seller_sku: str
    kind: str
    reason: str


class BookingPart(_Part):
    """One booking that was tried in this run, as it stood after that; `key` settles it by hand."""

    key: str
    effect: str
    sku: str
    source: str
    location: str
    order_id: str
    line_id: str
    delta: int
    state: str
    code: str | None = None
    message: str | None = None


class RequestsPart(_Part):
    """HTTP requests."""

    sent: int = 0
    throttled: int = 0
    retried: int = 0


class ChannelPart(_Part):
    """One channel. `warehouses`: its warehouse id → the mapping's location name.

    `bookings` are those that were tried; `unbooked` counts what is still to be made after that.
    """

    name: str
    state: str
    listings: int = 0
    plan: str | None = None
    hazards: tuple[HazardPart, ...] = ()
    counts: dict[str, int] = Field(default_factory=dict)
    requests: RequestsPart = RequestsPart()
    changes: tuple[ChangePart, ...] = ()
    skipped: tuple[SkippedPart, ...] = ()
    bookings: tuple[BookingPart, ...] = ()
    unbooked: int = 0
    warehouses: dict[str, str] = Field(default_factory=dict)
    message: str = ""


class ReportDocument(_Part):
    """The whole report."""

    model_config = ConfigDict(frozen=True, extra="ignore", serialize_by_alias=True)

    schema_version: int = Field(default=SCHEMA, alias="schema")
    run: str
    status: str
    exit_code: int
    trigger: str = ""
    started_at: datetime
    finished_at: datetime
    needs_attention: tuple[AttentionPart, ...] = ()
    sources: tuple[SourcePart, ...] = ()
    channels: tuple[ChannelPart, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "ReportDocument":
        """Read a stored document."""
        return cls.model_validate_json(text)


def from_report(report: Report) -> ReportDocument:
    """The document of a report."""
    return ReportDocument(
        schema=SCHEMA,
        run=report.run,
        status=report.status().value,
        exit_code=int(report.exit_code()),
        trigger=report.trigger,
        started_at=report.started_at,
        finished_at=report.finished_at,
        needs_attention=tuple(
            AttentionPart(what=item.what, since=item.since, count=item.count, help=item.help)
            for item in report.attention
        ),
        sources=tuple(_source(source) for source in report.sources),
        channels=tuple(_channel(channel) for channel in report.channels),
    )


def _source(source: SourceReport) -> SourcePart:
    return SourcePart(
        name=source.name,
        state=source.state.value,
        as_of=source.as_of,
        rows=source.rows,
        changed=source.changed,
        missing=source.missing,
        read=source.read,
        completeness=source.completeness.value,
        fingerprint=source.fingerprint,
        rejected=tuple(
            RejectPart(at=row.at, sku=row.sku, reason=row.reason) for row in source.rejected
        ),
        rejected_count=source.rejected_count,
        message=source.message,
    )


def _channel(channel: ChannelReport) -> ChannelPart:
    return ChannelPart(
        name=channel.name,
        state=channel.state.value,
        listings=channel.listings,
        plan=channel.plan,
        hazards=tuple(
            HazardPart(kind=item.kind, count=item.count, allowed=item.allowed, text=item.text)
            for item in channel.hazards
        ),
        counts=dict(channel.counts()),
        requests=RequestsPart(
            sent=channel.requests.sent,
            throttled=channel.requests.throttled,
            retried=channel.requests.retried,
        ),
        changes=tuple(_change(row) for row in channel.changes),
        skipped=tuple(
            SkippedPart(
                sku=skip.sku, seller_sku=skip.seller_sku, kind=skip.kind, reason=skip.reason
            )
            for skip in channel.skipped
        ),
        bookings=tuple(_booking(item) for item in channel.bookings),
        unbooked=channel.unbooked,
        warehouses={str(theirs): ours for theirs, ours in channel.warehouses.items()},
        message=channel.message,
    )


def _booking(item: Booking) -> BookingPart:
    name = item.id
    return BookingPart(
        key=item.key, effect=name.effect.value, sku=name.sku, source=name.place.source,
        location=name.place.location, order_id=name.order_id, line_id=name.line_id,
        delta=item.delta, state=item.state.value, code=item.code or None,
        message=item.message or None,
    )  # fmt: skip


def _change(row: ChangeReport) -> ChangePart:
    change = row.change
    return ChangePart(
        sku=change.sku,
        seller_sku=change.seller_sku,
        product_id=change.ref.product_id,
        listing_id=change.ref.listing_id,
        warehouse_id=change.warehouse_id,
        field=change.field.value,
        before=change.shown(change.before),
        after=change.shown(change.after),
        sent=change.shown(row.sent),
        currency=change.currency,
        cause=change.cause.value,
        reason=change.reason,
        outcome=row.verdict.value,
        code=row.code,
        message=row.message,
    )
