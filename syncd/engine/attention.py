"""What a person should know first: everything that was not done, how old it is, and what helps."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from syncd.domain.counting import counted
from syncd.domain.duration import written
from syncd.domain.errors import LedgerError
from syncd.domain.identity import ChannelName
from syncd.domain.listing import SetAside
from syncd.domain.outcome import Verdict
from syncd.domain.report import (
    Attention,
    ChannelReport,
    ChannelState,
    SourceReport,
    SourceState,
)
from syncd.domain.stock import Freshness, SourceStanding, freshness
from syncd.domain.unbooked import Unbooked, unbooked
from syncd.engine.setup import EngineSetup, SourceSetup
from syncd.ports.authorization import Authorizer
from syncd.ports.records import Park

MOST_BOOKINGS = 10_000
"""Open bookings that are looked at, those for a person first."""


def attention(
    engine: EngineSetup, sources: Sequence[SourceReport], channels: Sequence[ChannelReport]
) -> tuple[Attention, ...]:
    """Everything that needs a person, worst first."""
    now = engine.clock.now()
    items: list[Attention] = []
    for channel in channels:
        items.extend(_channel(channel))
    for source in sources:
        items.extend(_source(source))
    items.extend(_bookings(engine, now))
    items.extend(_ages(engine, now))
    items.extend(ending_authorizations(engine, now))
    for channel in channels:
        items.extend(_listings(engine, channel, now))
    return tuple(items)


def standing_attention(engine: EngineSetup) -> Iterator[Attention]:
    """What needs a person between runs: refused and old sources, pauses, parked listings."""
    now = engine.clock.now()
    for name, standing in engine.ledger.standings().items():
        if standing.trouble:
            what = f"source {name} {standing.trouble_state}: {standing.trouble}"
            yield _item(what, f"syncd ingest {name}", 1, standing.trouble_since)
    yield from _bookings(engine, now)
    yield from _ages(engine, now)
    yield from _troubles(engine)
    for channel in engine.channels:
        paused = engine.ledger.paused(channel)
        if paused is not None:
            what = f"{channel} is paused: {paused.reason}"
            yield _item(what, f"syncd resume {channel}", 1, paused.since)
        yield from _parked(engine, channel, now)
    yield from ending_authorizations(engine, now)


def ending_authorizations(engine: EngineSetup, now: datetime) -> Iterator[Attention]:
    """Authorizations that end within 30 days; the wording changes at 30, 14, 7 and 1, so that each is news."""
    for name, setup in engine.channels.items():
        if not isinstance(setup.channel, Authorizer):
            continue
        try:
            grant = setup.channel.authorization()
        except LedgerError as error:
            yield _item(f"{name}: {error}", f"syncd connect {name}")
            continue
        step = None if grant is None else grant.warning_step(now)
        if grant is None or step is None:
            continue
        left = "has ended" if step == 0 else f"ends within {counted(step, 'day')}"
        yield _item(
            f"{name}: the authorization {left}, on {grant.expires_at:%Y-%m-%d}",
            f"syncd connect {name}",
        )


def open_unbooked(engine: EngineSetup, now: datetime) -> tuple[Unbooked, ...]:
    """What is wrong with bookings, by the ledger alone."""
    return unbooked(engine.ledger.open_bookings(MOST_BOOKINGS), now)


def _bookings(engine: EngineSetup, now: datetime) -> Iterator[Attention]:
    for row in open_unbooked(engine, now):
        yield _item(row.what, row.help, row.count, row.since)


def _troubles(engine: EngineSetup) -> Iterator[Attention]:
    """Channels that could not be used in their last run, and addresses that take no alert."""
    for name, trouble in engine.ledger.channel_troubles().items():
        if name in engine.channels:
            refused = trouble.state is ChannelState.UNAUTHORIZED
            help_ = f"syncd connect {name}" if refused else f"syncd doctor {name}"
            yield _item(f"{name} {trouble.state}: {trouble.message}", help_, 1, trouble.since)
    for lost in engine.ledger.address_troubles():
        yield _item(f"alerts: {lost.message}", "syncd alerts test", lost.failures, lost.since)


def _ages(engine: EngineSetup, now: datetime) -> Iterator[Attention]:
    standings = engine.ledger.standings()
    for setup in engine.sources.values():
        standing = standings.get(setup.name)
        if standing is not None:
            yield from _age(setup, standing, now)


def _channel(channel: ChannelReport) -> Iterator[Attention]:
    if channel.state is ChannelState.UNAUTHORIZED:
        yield _item(f"{channel.name}: {channel.message}", f"syncd connect {channel.name}")
    elif channel.state is ChannelState.UNAVAILABLE:
        yield _item(f"{channel.name}: {channel.message}", "syncd status")
    elif channel.state is ChannelState.PAUSED:
        yield _item(f"{channel.name} is paused: {channel.message}", f"syncd resume {channel.name}")
    held = [row for row in channel.changes if row.verdict is Verdict.HELD]
    if held:
        texts = "; ".join(hazard.text for hazard in channel.hazards)
        yield Attention(
            what=f"{channel.name}: {counted(len(held), 'change')} held: {texts}",
            since=None,
            count=len(held),
            help=f'syncd release {channel.name} {channel.plan} --reason "…"',
        )
    for verdict, words in (
        (Verdict.CONTRADICTED, "accepted, but the shop shows another value"),
        (Verdict.UNKNOWN, "sent without an answer and not seen in the shop"),
        (Verdict.REJECTED, "refused by the shop"),
        (Verdict.ACCEPTED, "accepted, not read back yet"),
    ):
        rows = [row for row in channel.changes if row.verdict is verdict]
        if rows:
            first = rows[0]
            detail = f" ({first.change.sku}: {first.code or ''} {first.message or ''})".replace(
                "  ", " "
            )
            yield _item(
                f"{channel.name}: {counted(len(rows), 'change')} {words}{detail}",
                f"syncd explain {first.change.sku}",
                len(rows),
            )


def _item(what: str, help_: str, count: int = 1, since: datetime | None = None) -> Attention:
    return Attention(what=what, since=since, count=count, help=help_)


_REFUSED = {SourceState.INVALID, SourceState.UNAVAILABLE, SourceState.UNAUTHORIZED}


def _source(source: SourceReport) -> Iterator[Attention]:
    if source.state in _REFUSED:
        help_ = f"syncd ingest {source.name}"
        if source.state is SourceState.INVALID and source.fingerprint:
            help_ += f' --accept {source.fingerprint} --reason "…"'
        kept = (
            "nothing is known from it" if source.as_of is None else "the last good snapshot stays"
        )
        what = f"source {source.name} {source.state}: {source.message}; {kept}"
        yield _item(what, help_, 1, source.since)
    if source.rejected_count:
        first = source.rejected[0]
        held = "its SKU is held" if source.rejected_count == 1 else "their SKUs are held"
        yield _item(
            f"source {source.name}: {counted(source.rejected_count, 'row')} rejected, {held} "
            f"(first: {first.at}: {first.reason})",
            "syncd report --format csv",
            source.rejected_count,
        )
    if source.missing:
        yield _item(
            f"source {source.name}: {counted(source.missing, 'row', 'missing')}",
            "syncd report",
            source.missing,
        )


def _age(setup: SourceSetup, standing: SourceStanding, now: datetime) -> Iterator[Attention]:
    step = freshness(standing, setup.trust, now)
    if step in {Freshness.FRESH, Freshness.NEVER}:
        return
    effect = "listings are only lowered"
    if step is Freshness.DEAD:
        effect = f"dead_after is over: {setup.trust.then} applies"
    limit = setup.trust.stale_after if step is Freshness.STALE else setup.trust.dead_after
    yield _item(
        f"source {setup.name} is {step} (older than {written(limit)}): {effect}",
        f"syncd ingest {setup.name}",
        1,
        standing.as_of,
    )


_SKIPS = {
    "held": "held because a quantity is not known",
    "waiting": "not raised yet",
    "at_risk": "showing more than can be offered",
    "price_withheld": "without a new price",
}


def _listings(engine: EngineSetup, channel: ChannelReport, now: datetime) -> Iterator[Attention]:
    for kind, words in _SKIPS.items():
        rows = [row for row in channel.skipped if row.kind == kind]
        if rows:
            first = rows[0]
            yield _item(
                f"{channel.name}: {counted(len(rows), 'listing', words)} (first: {first.sku}: {first.reason})",
                f"syncd explain {first.sku}",
                len(rows),
            )
    yield from _parked(engine, channel.name, now)
    if channel.unmapped:
        what = (
            f"{channel.name}: {counted(channel.unmapped, 'listing', 'without a SKU in any source')}"
        )
        yield _item(what, "syncd listings", channel.unmapped)


def parked(engine: EngineSetup, name: ChannelName, now: datetime) -> list[Park]:
    """Parks that somebody should look at: what is skipped for good or waits for a promotion is none."""
    return [park for park in engine.ledger.parks(name, now) if park.kind is SetAside.PARKED]


def _parked(engine: EngineSetup, name: ChannelName, now: datetime) -> Iterator[Attention]:
    parks = parked(engine, name, now)
    if parks:
        oldest = min(park.since for park in parks)
        what = f"{name}: {counted(len(parks), 'listing')} parked (first: {parks[0].sku}: {parks[0].message})"
        yield _item(what, "syncd listings", len(parks), oldest)
