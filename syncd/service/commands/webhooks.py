"""`syncd webhooks`: what shops send, and asking them to send it here or no longer."""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from syncd.domain.counting import counted
from syncd.domain.errors import ChannelError, SourceError, UsageError
from syncd.domain.report import ExitCode
from syncd.engine.setup import EngineSetup, Silent
from syncd.ports.deliveries import Subscription, WebhookSubscriptions
from syncd.service.context import Context
from syncd.service.web.receiver import Receiver
from syncd.service.wiring import named, opened_for_work
from syncd.settings.settings import Settings

ACTIONS = ("status", "subscribe", "unsubscribe")
HERE = "here"


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One topic of one channel or source. `state` is here, elsewhere, missing or unasked."""

    name: str
    topic: str
    state: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Party:
    """Who sends, and where to."""

    name: str
    subscriptions: WebhookSubscriptions
    address: str


def webhooks(context: Context, action: str, names: Sequence[str], as_json: bool) -> ExitCode:
    """Show, ask for or give up the webhooks of channels and sources.

    PARTIAL when a shop does not send here what is wanted, unless that was asked for.
    """
    if action not in ACTIONS:
        raise UsageError(f"{action!r} is none of {', '.join(ACTIONS)}")
    settings = context.settings
    wanted = set(named(names, {**settings.channels, **settings.sources}, "channel or source"))
    with opened_for_work(settings, context.clock, Silent()) as opened:
        parties = [each for each in _parties(settings, opened.engine) if each.name in wanted]
        if not parties:
            raise UsageError("none of these can send webhooks")
        rows: list[Topic] = []
        failed, unsent = False, False
        for party in parties:
            try:
                found = _done(party, action)
            except (ChannelError, SourceError) as error:
                failed = True
                sys.stderr.write(f"syncd: {party.name}: {error}\n")
            else:
                rows += found
                unsent |= action != "unsubscribe" and _tell_unsent(party, found)
    _show(rows, as_json)
    if failed:
        return ExitCode.UNAVAILABLE
    return ExitCode.PARTIAL if unsent else ExitCode.DONE


def _tell_unsent(party: _Party, rows: Sequence[Topic]) -> bool:
    """Say what is not sent here and what helps; whether there is any."""
    here = {row.topic for row in rows if row.state == HERE}
    unsent = [topic for topic in party.subscriptions.wanted_topics() if topic not in here]
    if unsent:
        sys.stderr.write(
            f"syncd: {party.name}: {counted(len(unsent), 'topic')} not sent here, so what they tell "
            f"waits for the next poll; syncd webhooks subscribe {party.name} asks for them\n"
        )
    return bool(unsent)


def _parties(settings: Settings, engine: EngineSetup) -> Iterator[_Party]:
    base = None if settings.web is None else settings.web.public_url
    if base is None:
        raise UsageError(
            "web.public_url says where shops can reach this machine; set it to an https address"
        )
    for name, channel in engine.channels.items():
        if isinstance(channel.channel, WebhookSubscriptions):
            path = Receiver.of(settings.channels[name].kind, name).path
            yield _Party(name=name, subscriptions=channel.channel, address=base + path)
    for source, reading in engine.sources.items():
        if isinstance(reading.source, WebhookSubscriptions):
            path = Receiver.of(settings.sources[source].kind, source).path
            yield _Party(name=source, subscriptions=reading.source, address=base + path)


def _done(party: _Party, action: str) -> list[Topic]:
    for topic in party.subscriptions.wanted_topics():
        if action == "subscribe":
            party.subscriptions.subscribe(topic, party.address)
        elif action == "unsubscribe":
            party.subscriptions.unsubscribe(topic, party.address)
    return list(_topics(party, party.subscriptions.subscriptions()))


def _topics(party: _Party, present: Sequence[Subscription]) -> Iterator[Topic]:
    wanted = list(party.subscriptions.wanted_topics())
    for row in present:
        state = HERE if row.address == party.address else "elsewhere"
        if row.topic not in wanted and state == HERE:
            state = "unasked"
        yield Topic(name=party.name, topic=row.topic, state=state, address=row.address)
    for topic in wanted:
        if topic not in {row.topic for row in present}:
            yield Topic(name=party.name, topic=topic, state="missing", address="")


def _show(rows: Sequence[Topic], as_json: bool) -> None:
    if as_json:
        document = {"schema": 1, "topics": [asdict(row) for row in rows]}
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
        return
    for row in sorted(rows, key=lambda row: (row.name, row.topic)):
        sys.stdout.write(f"{row.name}: {row.topic:<36} {row.state:<10} {row.address}\n")
