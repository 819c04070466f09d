"""What must fit together in the whole file, and the run of every rule over it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from syncd.domain.duration import written
from syncd.settings.channel_rules import CHANNEL_RULES
from syncd.settings.escrow_rules import shared_with_a_pool, unused_statements
from syncd.settings.findings import Finding, Rule, applied, warning
from syncd.settings.kinds import Kinds
from syncd.settings.models import ChannelTree
from syncd.settings.reading import Reading
from syncd.settings.seen_channel import SeenChannel
from syncd.settings.source_rules import SOURCE_RULES, SeenSource

_HISTORY = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class _Shop:
    """What tells one shop from another."""

    kind: str
    app_key: str
    api_url: str


def findings(reading: Reading, kinds: Kinds) -> Iterator[Finding]:
    """Everything that does not fit together, errors and warnings."""
    yield from applied(TREE_RULES, reading, (), reading.broken)
    for name, source in reading.tree.sources.items():
        trail = ("sources", name)
        refusal = kinds.refuses_write_back(source.kind, source.options)
        seen = SeenSource(name, source, refusal)
        yield from applied(SOURCE_RULES, seen, trail, reading.broken)
    for channel in seen_channels(reading):
        trail = ("channels", channel.name)
        yield from applied(CHANNEL_RULES, channel, trail, reading.broken)


def seen_channels(reading: Reading) -> Iterator[SeenChannel]:
    """Every channel that could be read, with the sources around it."""
    written_sources = reading.document.value(("sources",))
    if not written_sources or not isinstance(written_sources, dict):
        return
    names = tuple(written_sources)
    unread = {
        trail[1]
        for trail in reading.broken
        if trail[:1] == ("sources",) and trail[2:3] == ("stock",)
    }
    sources = {name: source for name, source in reading.tree.sources.items() if name not in unread}
    for name, channel in reading.tree.channels.items():
        yield SeenChannel(name=name, tree=channel, sources=sources, names=names)


def _some_source(reading: Reading) -> Iterator[Finding]:
    if _is_empty(reading, "sources"):
        yield Finding(
            ("sources",), "at least one source is required", "`syncd init` writes a starter"
        )


def _some_channel(reading: Reading) -> Iterator[Finding]:
    if _is_empty(reading, "channels"):
        message = "at least one channel is required"
        yield Finding(("channels",), message, "`syncd init` writes a starter")


def _is_empty(reading: Reading, section: str) -> bool:
    if any(trail[0] == section for trail in reading.broken):
        return False
    return not reading.document.value((section,))


def _one_writer(reading: Reading) -> Iterator[Finding]:
    seen: dict[_Shop, dict[str | None, str]] = {}
    for name, channel in reading.tree.channels.items():
        shop = _shop(channel)
        if shop is None:
            continue
        which = getattr(channel.options, "shop", None)
        others = seen.setdefault(shop, {})
        rival = (
            others.get(which)
            or others.get(None)
            or (next(iter(others.values()), None) if which is None else None)
        )
        others.setdefault(which, name)
        if rival is not None:
            message = f"channel {rival} writes the same shop"
            hint = "give both a different shop, or keep one of them"
            yield Finding(("channels", name), message, hint)


def _shop(channel: ChannelTree) -> _Shop | None:
    app_key = getattr(channel.options, "app_key", None)
    if not isinstance(app_key, str):
        return None
    return _Shop(channel.kind, app_key, str(getattr(channel.options, "api_url", "")))


def _somebody_told(reading: Reading) -> Iterator[Finding]:
    alerts = reading.tree.alerts
    if alerts is not None and not alerts.urls and alerts.heartbeat is None:
        yield warning(("alerts",), "nobody is told: neither urls nor heartbeat is given")


def _enough_history(reading: Reading) -> Iterator[Finding]:
    kept = reading.tree.retention.movements
    if kept < _HISTORY:
        message = f"{written(kept)} is shorter than {written(_HISTORY)}"
        hint = "the check for absurd quantities compares with the last 90 days"
        yield warning(("retention", "movements"), message, hint)


def _drawn_sources(reading: Reading) -> Iterator[Finding]:
    used: set[str] = set()
    for channel in seen_channels(reading):
        for _, stock in channel.stocks():
            used.update(channel.drawn(stock))
        for _, price in channel.prices():
            used.update((price.source,) if price.source else channel.names)
    if not reading.tree.channels:
        return
    for name in reading.tree.sources:
        if name not in used:
            yield warning(
                ("sources", name), "no channel uses this source", "it is read all the same"
            )


def _owned_by_one(reading: Reading) -> Iterator[Finding]:
    yield from shared_with_a_pool({seen.name: seen for seen in seen_channels(reading)})


def _statements(reading: Reading) -> Iterator[Finding]:
    for name in unused_statements({seen.name: seen for seen in seen_channels(reading)}):
        message = "sold_only_here changes nothing while allocation is pool"
        hint = "it counts where a channel that draws on it says allocation: escrow"
        yield warning(("sources", name, "sold_only_here"), message, hint)


TREE_RULES: tuple[Rule[Reading], ...] = (
    Rule((), _some_source),
    Rule((), _some_channel),
    Rule((), _one_writer),
    Rule(("alerts",), _somebody_told),
    Rule(("retention",), _enough_history),
    Rule(("sources", "channels"), _drawn_sources),
    Rule(("sources", "channels"), _owned_by_one),
    Rule(("sources", "channels"), _statements),
)
