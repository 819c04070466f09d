"""Which conditions hold now: the present state of sources and channels, judged in words for an operator."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from syncd.domain.alerting import Condition, Kind
from syncd.domain.counting import counted
from syncd.domain.duration import age, written
from syncd.domain.health import Health, Sign, Vital
from syncd.domain.identity import ChannelName, SourceName
from syncd.domain.overselling import Oversold
from syncd.domain.report import ChannelState
from syncd.domain.stock import After, Freshness
from syncd.domain.unbooked import Unbooked

LONGEST_WHAT = 300
FORGOTTEN_PAUSE = timedelta(hours=24)
"""A channel paused for longer may have been forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelTrouble:
    """Why a channel could not be used in its last run, and since when that is so."""

    state: ChannelState
    message: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldPlan:
    """The rows of the latest plan that wait for a person, and the guards that hold them."""

    digest: str
    rows: int
    guards: Sequence[str]
    saved_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedListings:
    """How many listings are set aside, the oldest of them, and why the first one is."""

    count: int
    since: datetime
    first: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PausedSince:
    """Since when and why a channel is paused by hand."""

    since: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceView:
    """One source as it stands."""

    name: SourceName
    freshness: Freshness
    as_of: datetime | None
    trouble: str
    trouble_since: datetime | None
    stale_after: timedelta
    then: After


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelView:
    """One channel as it stands. `growing` is set when its backlog rose all through `backlog_span`.

    `contested`: listings that are stopped because somebody else keeps writing them.
    """

    name: ChannelName
    sends: bool
    trouble: ChannelTrouble | None
    held: HeldPlan | None
    parked: ParkedListings | None
    waiting: int
    growing: bool
    backlog_span: timedelta
    contested: ParkedListings | None = None
    paused: PausedSince | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Everything an alert can be about, at one moment."""

    health: Health
    sources: tuple[SourceView, ...]
    channels: tuple[ChannelView, ...]
    oversold: tuple[Oversold, ...]
    unbooked: tuple[Unbooked, ...] = ()


def conditions(view: View, parked_above: int) -> tuple[Condition, ...]:
    """What is wrong now. `parked_above`: so many parked listings of a channel are no alarm."""
    found: list[Condition] = []
    for source in view.sources:
        found.extend(_source(source, view.health.at))
    for channel in view.channels:
        found.extend(_channel(channel, view.health, parked_above))
    found.extend(shortage(row) for row in view.oversold)
    found.extend(
        _condition(Kind.BOOKING, f"{row.source}:{row.why}", row.what, row.since, row.help)
        for row in view.unbooked
    )
    return tuple(found)


def _condition(kind: Kind, name: str, what: str, since: datetime | None, help_: str) -> Condition:
    short = what if len(what) <= LONGEST_WHAT else f"{what[:LONGEST_WHAT]}…"
    return Condition(key=f"{kind}:{name}", kind=kind, what=short, since=since, help=help_)


def _source(source: SourceView, now: datetime) -> Iterator[Condition]:
    name, step = source.name, source.freshness
    if step is Freshness.FRESH or not _overdue(source, now):
        return
    since, help_ = source.as_of or source.trouble_since, f"syncd ingest {name}"
    why = f" ({source.trouble})" if source.trouble else ""
    words = "is stale: its listings are only lowered"
    if step is Freshness.NEVER:
        words = "could never be read: its listings are left as they are"
    yield _condition(Kind.STALE, name, f"source {name} {words}{why}", since, help_)
    if step is Freshness.DEAD:  # told beside the first step, which lasts on
        what = f"source {name} is dead: dead_after is over and `then: {source.then}` applies{why}"
        yield _condition(Kind.STALE, f"{name}:dead", what, since, help_)


def _overdue(source: SourceView, now: datetime) -> bool:
    """A source that was never read is late only once its failures have lasted as long as staleness takes."""
    if source.freshness is not Freshness.NEVER:
        return True
    since = source.trouble_since
    return since is not None and now - since > source.stale_after


def _channel(channel: ChannelView, health: Health, parked_above: int) -> Iterator[Condition]:
    name, trouble = channel.name, channel.trouble
    if trouble is not None and trouble.state is ChannelState.UNAUTHORIZED:
        yield _condition(
            Kind.UNAUTHORIZED, name, f"{name} refuses us: {trouble.message}", trouble.since,
            f"syncd connect {name}",
        )  # fmt: skip
    else:
        yield from _unconfirmed(channel, health)
    held = channel.held
    if held is not None and channel.sends:
        yield _condition(
            Kind.HELD, name,
            f"{name}: {counted(held.rows, 'change')} held ({', '.join(held.guards)})",
            held.saved_at, f'syncd release {name} {held.digest} --reason "…"',
        )  # fmt: skip
    if channel.growing and channel.sends:
        what = (
            f"{name}: {counted(channel.waiting, 'SKU')} wait to be published, more and more for "
            f"{written(channel.backlog_span)}"
        )
        yield _condition(Kind.BACKLOG, name, what, None, "syncd status")
    parked = channel.parked
    if parked is not None and parked.count > parked_above:
        what = f"{name}: {counted(parked.count, 'listing')} parked (first: {parked.first})"
        yield _condition(Kind.PARKED, name, what, parked.since, "syncd listings")
    yield from _stopped(channel, health.at)


def _stopped(channel: ChannelView, now: datetime) -> Iterator[Condition]:
    """What is not written to although nothing fails: a second writer was met, or a person said so."""
    name, contested, paused = channel.name, channel.contested, channel.paused
    if contested is not None:
        what = (
            f"{name}: {counted(contested.count, 'listing')} stopped because somebody else keeps "
            f"writing: {contested.first}"
        )
        yield _condition(Kind.CONTESTED, name, what, contested.since, "syncd listings")
    if paused is not None and now - paused.since >= FORGOTTEN_PAUSE:
        what = f"{name} has been paused for {age(now - paused.since)}: {paused.reason}"
        yield _condition(Kind.PAUSED, name, what, paused.since, f"syncd resume {name}")


_WORDS = {
    Sign.ORDERS: "its orders were not read to the end",
    Sign.CONFIRMATION: "nothing was confirmed",
}


def _unconfirmed(channel: ChannelView, health: Health) -> Iterator[Condition]:
    """Orders or confirmations older than the schedule allows; a paused channel owes none."""
    name, now = channel.name, health.at
    late = [
        vital
        for vital in health.vitals
        if vital.name == name and vital.sign in _WORDS and _is_late(vital, channel, now)
    ]
    if not late:
        return
    parts = "; ".join(
        f"{_WORDS[vital.sign]}" + (" yet" if vital.at is None else f" for {age(now - vital.at)}")
        for vital in late
    )
    why = "" if channel.trouble is None else f" ({channel.trouble.message})"
    since = min((vital.at for vital in late if vital.at is not None), default=None)
    yield _condition(Kind.UNCONFIRMED, name, f"{name}: {parts}{why}", since, f"syncd doctor {name}")


def _is_late(vital: Vital, channel: ChannelView, now: datetime) -> bool:
    """What never happened is late only where a failure has lasted: the first run takes its time."""
    if vital.at is not None:
        return vital.problem(now) is not None
    return channel.trouble is not None and now - channel.trouble.since > vital.allowed


def shortage(row: Oversold) -> Condition:
    """That open orders take more of a SKU than is left."""
    what = (
        f"{row.sku} is oversold: {counted(row.ordered, 'unit')} ordered in "
        f"{counted(row.orders, 'open order')}, "
        f"{max(0, row.left)} left in the sources: {row.short} short"
    )
    return _condition(Kind.OVERSOLD, row.sku, what, row.last_order_at, f"syncd explain {row.sku}")
