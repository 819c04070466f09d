"""What a person should know first: everything that was not done, how old it is, and what helps."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from syncd.domain.counting import counted
from syncd.domain.drifting import Drift
from syncd.domain.duration import written
from syncd.domain.errors import LedgerError
from syncd.domain.identity import ChannelName, Sku, SourceName
from syncd.domain.listing import FOR_A_PERSON, SetAside
from syncd.domain.outcome import NOT_TOLD, Verdict
from syncd.domain.plan import Skip
from syncd.domain.report import (
    Attention,
    ChannelReport,
    ChannelState,
    SourceReport,
    SourceState,
)
from syncd.domain.shortage import stays_at_zero
from syncd.domain.stock import Freshness, Reject, SourceStanding, freshness
from syncd.domain.unbooked import Unbooked, unbooked
from syncd.engine.escrow_telling import stranded
from syncd.engine.mapping import unmapped
from syncd.engine.setup import EngineSetup, SourceSetup
from syncd.engine.zeroed import tell_zeroed, zeroed
from syncd.ports.authorization import Authorizer
from syncd.ports.records import Park

MOST_BOOKINGS = 10_000
"""Open bookings that are looked at, those for a person first."""
KEPT = timedelta(days=7)
"""Drift that was never set back is told for so long; a listing that is gone never shows again that it was."""
RECENT = timedelta(hours=24)
"""For so long a drift that was set back is still told by `status`."""
JUST_NOW = timedelta(minutes=10)
"""A report tells what was noticed since so long before its run: a webhook comes before the run it causes."""
MOST_NAMED = 5
"""SKUs of a channel whose drift is told one by one."""


def attention(
    engine: EngineSetup, sources: Sequence[SourceReport], channels: Sequence[ChannelReport],
    started: datetime, standings: Mapping[SourceName, SourceStanding],
) -> tuple[Attention, ...]:  # fmt: skip
    """Everything that needs a person, worst first."""
    now = engine.clock.now()
    items: list[Attention] = []
    for channel in channels:
        items.extend(_channel(channel))
    for source in sources:
        items.extend(_source(source))
    items.extend(_bookings(engine, now, {part.name for part in channels if part.unbooked}))
    items.extend(_ages(engine, standings, now))
    items.extend(ending_authorizations(engine, now))
    with engine.ledger.at_one_moment():
        for channel in channels:
            items.extend(_drift(engine, channel.name, started - JUST_NOW))
            setup = engine.channels.get(channel.name)
            zeros = {} if setup is None else zeroed(engine, setup)
            items.extend(tell_zeroed(channel.name, zeros))
            items.extend(_listings(engine, channel, now, zeros))
            if setup is not None:
                items.extend(stranded(engine, setup))
    return tuple(items)


def standing_attention(engine: EngineSetup) -> Iterator[Attention]:
    """What needs a person between runs: refused and old sources and rows, pauses, parked listings."""
    now = engine.clock.now()
    standings = engine.ledger.standings()
    for name, standing in standings.items():
        if standing.trouble:
            what = f"source {name} {standing.trouble_state}: {standing.trouble}"
            yield _item(what, f"syncd ingest {name}", 1, standing.trouble_since)
        count = engine.ledger.reject_count(name)
        if count and name in engine.sources:
            rows = engine.ledger.rejects(name, 1)
            yield _rejected(name, count, rows, f"syncd ingest {name} --json")
    yield from _bookings(engine, now)
    yield from _ages(engine, standings, now)
    yield from _troubles(engine)
    for channel, setup in engine.channels.items():
        paused = engine.ledger.paused(channel)
        if paused is not None:
            what = f"{channel} is paused: {paused.reason}"
            yield _item(what, f"syncd resume {channel}", 1, paused.since)
        yield from _drift(engine, channel, now - RECENT)
        yield from tell_zeroed(channel, zeroed(engine, setup))
        yield from _parked(engine, channel, now)
        yield from _unmapped(channel, sum(1 for _ in unmapped(engine, setup)))
        yield from stranded(engine, setup)
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


def open_unbooked(
    engine: EngineSetup, now: datetime, at_once: Collection[ChannelName] = ()
) -> tuple[Unbooked, ...]:
    """What is wrong with bookings, by the ledger alone."""
    return unbooked(engine.ledger.open_bookings(MOST_BOOKINGS), now, at_once)


def _bookings(
    engine: EngineSetup, now: datetime, left_by: Collection[ChannelName] = ()
) -> Iterator[Attention]:
    """`left_by`: channels whose run ended and left some, which its report tells however young they are."""
    for row in open_unbooked(engine, now, left_by):
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


def _ages(
    engine: EngineSetup, standings: Mapping[SourceName, SourceStanding], now: datetime
) -> Iterator[Attention]:
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
    for verdict, silent, words in (
        (Verdict.CONTRADICTED, False, "accepted, but the shop shows another value"),
        (Verdict.UNKNOWN, False, "sent without an answer and not seen in the shop"),
        (Verdict.REJECTED, True, "not sent, the shop does not tell what it shows"),
        (Verdict.REJECTED, False, "refused by the shop"),
        (Verdict.ACCEPTED, False, "accepted, not read back yet"),
    ):
        rows = [
            row
            for row in channel.changes
            if row.verdict is verdict and (row.code == NOT_TOLD) is silent
        ]
        if rows:
            first = rows[0]
            why = " ".join(filter(None, (first.code, first.message)))
            named = f"{first.change.sku}: {why}" if why else first.change.sku
            yield _item(
                f"{channel.name}: {counted(len(rows), 'change')} {words} ({named})",
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
        yield _rejected(
            source.name, source.rejected_count, source.rejected, "syncd report --format csv"
        )
    if source.missing:
        yield _item(
            f"source {source.name}: {counted(source.missing, 'row', 'missing')}",
            "syncd report",
            source.missing,
        )


def _rejected(name: SourceName, count: int, rows: Sequence[Reject], help_: str) -> Attention:
    """Rows of a source that were not believed; `rows` begins with the first."""
    held = "its SKU is held" if count == 1 else "their SKUs are held"
    first = "".join(f" (first: {row.at}: {row.reason})" for row in rows[:1])
    return _item(f"source {name}: {counted(count, 'row')} rejected, {held}{first}", help_, count)


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


def _listings(
    engine: EngineSetup, channel: ChannelReport, now: datetime, told: Collection[Sku]
) -> Iterator[Attention]:
    """`told`: SKUs of which it was said already that they stay at 0."""
    for kind, words in _SKIPS.items():
        rows = [row for row in channel.skipped if row.kind == kind and not _is_told(row, told)]
        if rows:
            first = rows[0]
            yield _item(
                f"{channel.name}: {counted(len(rows), 'listing', words)} (first: {first.sku}: {first.reason})",
                f"syncd explain {first.sku}",
                len(rows),
            )
    yield from _parked(engine, channel.name, now)
    yield from _unmapped(channel.name, channel.unmapped)


def _is_told(row: Skip, told: Collection[Sku]) -> bool:
    return row.sku is not None and row.sku in told and stays_at_zero(row.sku) in row.reason


def _unmapped(name: ChannelName, count: int) -> Iterator[Attention]:
    if count:
        what = f"{name}: {counted(count, 'listing', 'without a SKU in any source')}"
        yield _item(what, "syncd listings", count)


def parked(engine: EngineSetup, name: ChannelName, now: datetime) -> list[Park]:
    """Parks that somebody should look at: what is skipped for good or waits for a promotion is none."""
    return [park for park in engine.ledger.parks(name, now) if park.kind in FOR_A_PERSON]


def _parked(engine: EngineSetup, name: ChannelName, now: datetime) -> Iterator[Attention]:
    """What somebody else keeps writing each with its pattern, the others counted."""
    parks = parked(engine, name, now)
    contested = [park for park in parks if park.kind is SetAside.CONTESTED]
    for park in contested[:MOST_NAMED]:
        yield _item(
            f"{name}: {park.sku} is stopped: {park.message}", f"syncd explain {park.sku}", 1,
            park.since,
        )  # fmt: skip
    for words, rows in (
        ("more stopped because somebody else writes them", contested[MOST_NAMED:]),
        ("parked", [park for park in parks if park.kind is SetAside.PARKED]),
    ):
        if rows:
            oldest = min(park.since for park in rows)
            what = f"{name}: {counted(len(rows), 'listing', words)} (first: {rows[0].sku}: {rows[0].message})"
            yield _item(what, "syncd listings", len(rows), oldest)


def _drift(engine: EngineSetup, name: ChannelName, since: datetime) -> Iterator[Attention]:
    """What others did to listings of ours: the newest of each SKU, and whether it was set back.

    Older drift is told as long as it was not. What we stopped for is told as such.
    """
    newest: dict[Sku, Drift] = {}
    for row in engine.ledger.drift(name, since - KEPT):
        newest.setdefault(row.sku, row)
    rows = [
        row
        for row in newest.values()
        if not row.counted and (row.last_seen >= since or row.set_back_at is None)
    ]
    for row in rows[:MOST_NAMED]:
        back = "not set back yet" if row.set_back_at is None else "set back since"
        yield _item(f"{name}: {row.sku}: {row.told}; {back}", f"syncd history {row.sku}", 1, row.at)
    if len(rows) > MOST_NAMED:
        left = rows[MOST_NAMED:]
        what = f"{name}: {counted(len(left), 'more SKU')} changed by others (first: {left[0].sku})"
        yield _item(what, f"syncd history {left[0].sku}", len(left), min(row.at for row in left))
