"""The configuration as the service uses it: frozen, typed, in the domain's words."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from syncd.domain.errors import ConfigError, Problem
from syncd.domain.identity import ChannelName, Sku, SourceName
from syncd.domain.orders import OrdersPolicy
from syncd.domain.rules import ChannelRules
from syncd.domain.stock import Basis, Duplicates, Expectations, MissingPolicy, Trust
from syncd.settings.findings import Finding
from syncd.settings.models import ChannelTree, Mode, SourceTree
from syncd.settings.source_rules import stale_after
from syncd.settings.surroundings import Alerts, Retention, Web
from syncd.settings.yaml_marks import Document, Trail


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """One source."""

    name: SourceName
    tree: SourceTree

    @property
    def kind(self) -> str:
        """Which connector reads it."""
        return self.tree.kind

    @property
    def options(self) -> BaseModel:
        """The kind's own keys, as its model."""
        return self.tree.options

    @property
    def basis(self) -> Basis | None:
        """What its quantity counts; None where it feeds no stock and does not say."""
        return self.tree.basis

    @property
    def feeds_stock(self) -> bool:
        """Whether its quantities count."""
        return self.tree.feeds_stock

    @property
    def cron(self) -> str | None:
        """When it is read by the clock, if it is."""
        return None if self.tree.cron is None else self.tree.cron.text

    @property
    def full_every(self) -> timedelta:
        """Time between two readings of everything, where changes could be asked for."""
        return self.tree.full_every

    @property
    def every(self) -> timedelta:
        """Time between two readings; with `cron` the longest one."""
        return self.tree.every if self.tree.cron is None else self.tree.cron.longest_gap

    def trust(self) -> Trust:
        """How long it is believed."""
        tree = self.tree
        return Trust(
            stale_after=stale_after(tree),
            dead_after=tree.dead_after,
            content_stale_after=tree.stale_after,
            then=tree.then,
            missing=MissingPolicy(hold=tree.missing.hold, then=tree.missing.then),
        )

    def expectations(self) -> Expectations:
        """What a believable reading looks like."""
        expect = self.tree.expect
        duplicates = getattr(self.options, "duplicates", None) or Duplicates.ERROR
        return Expectations(
            min_rows=expect.min_rows,
            max_shrink=expect.max_shrink,
            sentinels=tuple(Sku(sku) for sku in expect.sentinels),
            duplicates=Duplicates(duplicates),
        )

    def orders_policy(self) -> OrdersPolicy | None:
        """When its quantities contain an order; None for a source that feeds no stock."""
        orders = self.tree.orders
        if orders is None or not self.feeds_stock:
            return None
        packed = self.tree.left_when is not None
        return OrdersPolicy(mode=orders.mode, delay=orders.delay, left_when_packed=packed)


@dataclass(frozen=True, slots=True)
class ChannelSettings:
    """One channel."""

    name: ChannelName
    tree: ChannelTree
    mapping: ChannelRules

    @property
    def kind(self) -> str:
        """Which connector writes it."""
        return self.tree.kind

    @property
    def options(self) -> BaseModel:
        """The kind's own keys, as its model."""
        return self.tree.options

    @property
    def reconcile_every(self) -> timedelta:
        """Time between two full comparisons with the shop."""
        return self.tree.reconcile_every

    @property
    def orders_every(self) -> timedelta:
        """Time between two polls of the shop's orders."""
        return self.tree.orders_every

    def rules(self) -> ChannelRules:
        """Everything that decides its listings, with origins."""
        return self.mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """A configuration that fits together. `folder` is what its relative paths are relative to."""

    mode: Mode
    mode_origin: str
    ledger_url: str
    timezone: ZoneInfo
    retention: Retention
    sources: Mapping[SourceName, SourceSettings]
    channels: Mapping[ChannelName, ChannelSettings]
    alerts: Alerts | None
    web: Web | None
    warnings: tuple[Problem, ...]
    folder: Path
    document: Document

    @property
    def ledger_path(self) -> Path:
        """The file that `ledger_url` names: only SQLite files are accepted."""
        return Path(self.ledger_url.removeprefix("sqlite:///"))

    @contextmanager
    def placing(self, *trail: str) -> Iterator[None]:
        """What goes wrong while this part of the file is put to use is told with its line.

        A connector knows no line: it names a key of its own part and no file, or something outside (a
        credential) as the file.
        """
        try:
            yield
        except ConfigError as error:
            raise ConfigError([self._placed(each, trail) for each in error.problems]) from None

    def _placed(self, problem: Problem, trail: Trail) -> Problem:
        text = f"{problem.file}: {problem.message}" if problem.file else problem.message
        key = problem.path.split(".") if problem.path and not problem.file else ()
        return Finding((*trail, *key), text, problem.hint).problem(self.document)
