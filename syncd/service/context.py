"""What every command starts from: the configuration, the clock, the terminal, and the way to the ledger."""

import logging
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from rich.console import Console

from syncd.ports import Clock, SystemClock
from syncd.service.connectors import installed_kinds
from syncd.service.logs import configure_logs
from syncd.settings.loading import find_config, load_settings
from syncd.settings.settings import Settings


@dataclass(frozen=True)
class Context:
    """The global options of one command line, and what follows from them."""

    config: Path | None
    verbose: bool

    def __post_init__(self) -> None:
        configure_logs(logging.INFO if self.verbose else logging.WARNING)

    @cached_property
    def settings(self) -> Settings:
        """The configuration; ConfigError or UsageError when there is none to use."""
        return load_settings(self.config_path, installed_kinds(), os.environ)

    @cached_property
    def config_path(self) -> Path:
        """Where the configuration is."""
        return find_config(self.config, os.environ, Path.cwd())

    @property
    def clock(self) -> Clock:
        """The machine's clocks."""
        return SystemClock()

    @property
    def out(self) -> Console:
        """Results, on stdout."""
        return Console(highlight=False)

    @property
    def err(self) -> Console:
        """Progress and remarks, on stderr."""
        return Console(stderr=True, highlight=False)
