"""Finds connectors by their entry points, so that syncd imports none and other people can add some."""

from collections.abc import Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import cast

from syncd.ports import ChannelFactory, SandboxFactory, SourceFactory
from syncd.settings.kinds import Kinds


def _points(group: str) -> Mapping[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=group)}


@cache
def source_factory(kind: str) -> SourceFactory:
    """The factory of a kind of source."""
    return cast("SourceFactory", _points("syncd.sources")[kind].load())


@cache
def channel_factory(kind: str) -> ChannelFactory:
    """The factory of a kind of channel."""
    return cast("ChannelFactory", _points("syncd.channels")[kind].load())


def sandbox_factories() -> Mapping[str, SandboxFactory]:
    """Every connector that can simulate its shop, by kind."""
    return {
        name: cast("SandboxFactory", point.load())
        for name, point in _points("syncd.sandboxes").items()
    }


def installed_kinds() -> Kinds:
    """The option models of every installed connector."""
    return Kinds(
        sources={name: source_factory(name).options_model for name in _points("syncd.sources")},
        channels={name: channel_factory(name).options_model for name in _points("syncd.channels")},
        writing={
            name: source_factory(name).refuses_write_back for name in _points("syncd.sources")
        },
    )
