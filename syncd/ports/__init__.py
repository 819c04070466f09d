"""The seams: what the engine asks of sources, channels and the ledger, and nothing about how."""

from syncd.ports.channel import (
    Channel,
    ChannelFactory,
    Exchange,
    OrderFeed,
    OrderPage,
    ShopFacts,
)
from syncd.ports.clock import Clock, SystemClock
from syncd.ports.credentials import Credentials, Secret
from syncd.ports.ledger import Ledger
from syncd.ports.sandbox import RunningSandbox, SandboxFactory, SandboxOptions
from syncd.ports.source import RawBatch, SnapshotReader, Source, SourceFactory
from syncd.ports.tokens import TokenStore

__all__ = [
    "Channel",
    "ChannelFactory",
    "Clock",
    "Credentials",
    "Exchange",
    "Ledger",
    "OrderFeed",
    "OrderPage",
    "RawBatch",
    "RunningSandbox",
    "SandboxFactory",
    "SandboxOptions",
    "Secret",
    "ShopFacts",
    "SnapshotReader",
    "Source",
    "SourceFactory",
    "SystemClock",
    "TokenStore",
]
