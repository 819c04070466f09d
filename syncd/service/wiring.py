"""Plugs everything together: opens what the configuration names."""

import base64
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from hashlib import sha256
from typing import TypeVar

from syncd.domain.errors import UsageError
from syncd.domain.identity import ChannelName
from syncd.domain.orders import OrdersMode
from syncd.engine.setup import ChannelSetup, EngineSetup, Mode, ProgressSink, Silent, SourceSetup
from syncd.ledger.store import SqlLedger, open_ledger, open_ledger_for_writing
from syncd.ports import Channel, Clock, Source
from syncd.ports.write_back import WriteBack
from syncd.service.connectors import channel_factory, source_factory
from syncd.service.logs import keep_out
from syncd.service.secrecy import WatchedCredentials, WatchedTokens
from syncd.settings.credentials import StoredCredentials
from syncd.settings.settings import ChannelSettings, Settings, SourceSettings
from syncd.settings.token_keys import TokenKeys

Name = TypeVar("Name", bound=str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """An opened engine and the ledger behind it."""

    engine: EngineSetup
    ledger: SqlLedger


@contextmanager
def opened_for_work(settings: Settings, clock: Clock, progress: ProgressSink) -> Iterator[Opened]:
    """Everything the configuration names, ready to read sources and use channels; may migrate."""
    with (
        open_ledger_for_writing(settings.ledger_url, clock) as ledger,
        _engine(settings, ledger, clock, progress) as engine,
    ):
        yield Opened(engine=engine, ledger=ledger)


@contextmanager
def opened_for_reading(
    settings: Settings, clock: Clock, progress: ProgressSink
) -> Iterator[Opened]:
    """The ledger and the sources, without any channel; may migrate."""
    with open_ledger_for_writing(settings.ledger_url, clock) as ledger:
        yield Opened(engine=_setup(settings, ledger, clock, progress, {}), ledger=ledger)


@contextmanager
def opened_for_looking(settings: Settings, clock: Clock) -> Iterator[Opened]:
    """The same for commands that only look; LedgerOutdated when there is no ledger yet."""
    with (
        open_ledger(settings.ledger_url, clock) as ledger,
        _engine(settings, ledger, clock, Silent()) as engine,
    ):
        yield Opened(engine=engine, ledger=ledger)


@contextmanager
def _engine(
    settings: Settings, ledger: SqlLedger, clock: Clock, progress: ProgressSink
) -> Iterator[EngineSetup]:
    with _channels(settings, ledger, clock) as channels:
        yield _setup(settings, ledger, clock, progress, channels)


def _setup(
    settings: Settings, ledger: SqlLedger, clock: Clock, progress: ProgressSink,
    channels: Mapping[ChannelName, ChannelSetup],
) -> EngineSetup:  # fmt: skip
    sources = {
        name: SourceSetup(
            name=name,
            source=_opened_source(settings, item, clock),
            trust=item.trust(),
            expectations=item.expectations(),
            orders=item.orders_policy() if item.feeds_stock else None,
            basis=item.basis,
            every=item.every,
            full_every=item.full_every,
            form=sha256(repr(item.options).encode()).hexdigest()[:16],
        )
        for name, item in settings.sources.items()
    }
    return EngineSetup(
        ledger=ledger, clock=clock, mode=Mode(settings.mode.value), sources=sources,
        channels=channels, progress=progress,
        rules={name: item.rules() for name, item in settings.channels.items()},
    )  # fmt: skip


def _opened_source(settings: Settings, item: SourceSettings, clock: Clock) -> Source:
    """The source behind its settings; UsageError where its connector does not do what it says of itself."""
    credentials = WatchedCredentials(StoredCredentials(os.environ))
    with settings.placing("sources", item.name):
        source = source_factory(item.kind).open(
            item.name, item.options, folder=settings.folder, credentials=credentials, clock=clock
        )
    policy = item.orders_policy()
    written = policy is not None and policy.mode is OrdersMode.WRITE_BACK
    if written and not isinstance(source, WriteBack):
        raise UsageError(
            f"source {item.name}: the connector {item.kind} cannot write orders back; "
            "write another `orders`, or install a version of it that can"
        )
    return source


@contextmanager
def _channels(
    settings: Settings, ledger: SqlLedger, clock: Clock
) -> Iterator[Mapping[ChannelName, ChannelSetup]]:
    credentials = WatchedCredentials(StoredCredentials(os.environ))
    keys = token_keys(settings)
    tokens, facts = WatchedTokens(ledger.tokens(lambda: _kept_out(keys()))), ledger.facts()
    with ExitStack() as stack:

        def channel(name: ChannelName, item: ChannelSettings) -> Channel:
            with settings.placing("channels", name):
                opening = channel_factory(item.kind).open(
                    name, item.options, folder=settings.folder, credentials=credentials,
                    tokens=tokens, facts=facts, clock=clock,
                )  # fmt: skip
                return stack.enter_context(opening)

        yield {
            name: ChannelSetup(
                name=name,
                channel=channel(name, item),
                rules=item.rules(),
                reconcile_every=item.reconcile_every,
                orders_every=item.orders_every,
            )
            for name, item in settings.channels.items()
        }  # fmt: skip


def _kept_out(keys: Sequence[bytes]) -> Sequence[bytes]:
    """The same keys, which the log knows to hide from now on."""
    for key in keys:
        keep_out(base64.urlsafe_b64encode(key).decode())
    return keys


def token_keys(settings: Settings) -> TokenKeys:
    """The keys of the tokens in the configured ledger."""
    return TokenKeys(os.environ, settings.ledger_path)


def named(wanted: Sequence[str], known: Mapping[Name, object], what: str) -> list[Name]:
    """The wanted names, all of them when none is wanted; UsageError for one nobody configured."""
    for name in wanted:
        if name not in known:
            near = get_close_matches(name, [str(item) for item in known], 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            names = ", ".join(known) or "none"
            raise UsageError(f"there is no {what} {name!r} in the configuration ({names}){hint}")
    return [name for name in known if not wanted or name in wanted]
