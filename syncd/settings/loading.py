"""How a configuration is found and loaded: every problem at once, or settings that fit together."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from syncd.domain.errors import AccessDenied, ConfigError, Problem, UsageError
from syncd.domain.identity import ChannelName, Sku, SourceName
from syncd.settings.aliases import AliasesUnreadable, read_aliases
from syncd.settings.escrow_rules import default_share, is_escrow
from syncd.settings.findings import Finding, Severity
from syncd.settings.kinds import Kinds
from syncd.settings.mapping import UNWRITTEN, Mapper, line_of
from syncd.settings.reading import LEDGER_VARIABLE, Reading, read_tree
from syncd.settings.settings import ChannelSettings, Settings, SourceSettings
from syncd.settings.tree_rules import findings, seen_channels
from syncd.settings.yaml_marks import LARGEST_FILE, Trail, load

WHAT = "the configuration"
CONFIG_VARIABLE = "SYNCD_CONFIG"
_INSTALLED = Path("/etc/syncd/syncd.yaml")
_PLACES = (Path("config/syncd.yaml"), _INSTALLED)
_INSTALLED_STATE = Path("/var/lib/syncd")

Aliases = Mapping[str, Mapping[str, Sku]]


def find_config(explicit: Path | None, environ: Mapping[str, str], cwd: Path) -> Path:
    """The configuration to use; UsageError naming the places looked at."""
    named = explicit or (Path(environ[CONFIG_VARIABLE]) if environ.get(CONFIG_VARIABLE) else None)
    if named is not None:
        if _is_file(cwd / named):
            return named
        origin = "--config" if explicit else f"${CONFIG_VARIABLE}"
        raise UsageError(f"{origin} names {named}, which is no file; `syncd init` writes a starter")
    for place in _PLACES:
        if _is_file(cwd / place):
            return place
    looked = ", ".join(str(place) for place in _PLACES)
    raise UsageError(
        f"no configuration found: --config and ${CONFIG_VARIABLE} are not given, "
        f"and there is no {looked}; `syncd init` writes a starter"
    )


def _is_file(path: Path) -> bool:
    """Whether there is such a file; AccessDenied where this user may not even look."""
    try:
        return path.is_file()
    except PermissionError:
        raise AccessDenied(WHAT, path) from None


def load_settings(path: Path, kinds: Kinds, environ: Mapping[str, str]) -> Settings:
    """Read and check a configuration file; ConfigError holds every problem in it."""
    document = load(_bytes(path), str(path))
    reading = read_tree(document, kinds, environ)
    found = tuple(findings(reading, kinds))
    aliases, alias_problems = _aliases(reading, path.parent)
    errors = [one.problem(document) for one in found if one.severity is Severity.ERROR]
    told = {problem.path for problem in reading.problems}
    problems = [
        *reading.problems,
        *(one for one in errors if one.path not in told),
        *alias_problems,
    ]
    if problems:
        raise ConfigError(problems)
    warnings = [one.problem(document) for one in found if one.severity is Severity.WARNING]
    return _settings(reading, path.parent, environ, aliases, tuple(sorted(warnings)))


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LARGEST_FILE + 1)
    except PermissionError:
        raise AccessDenied(WHAT, path) from None
    except OSError as refused:
        message = f"the file cannot be read: {refused.strerror}"
        raise ConfigError([Problem(str(path), 1, 1, "", message)]) from None


def _aliases(reading: Reading, folder: Path) -> tuple[Aliases, list[Problem]]:
    aliases: dict[str, Mapping[str, Sku]] = {}
    problems: list[Problem] = []
    for name, channel in reading.tree.channels.items():
        if channel.aliases is None:
            continue
        trail: Trail = ("channels", name, "aliases")
        try:
            aliases[name], wrong = read_aliases(folder / channel.aliases, channel.aliases)
        except AliasesUnreadable as refused:
            message = f"{channel.aliases} cannot be used: {refused}"
            hint = "a CSV file with the columns seller_sku,sku, relative to this file"
            problems.append(Finding(trail, message, hint).problem(reading.document))
        else:
            problems.extend(wrong)
    return aliases, problems


def _settings(
    reading: Reading,
    folder: Path,
    environ: Mapping[str, str],
    aliases: Aliases,
    warnings: tuple[Problem, ...],
) -> Settings:
    tree, document = reading.tree, reading.document
    seen = {channel.name: channel for channel in seen_channels(reading)}
    mode = ("mode",)
    return Settings(
        mode=tree.mode,
        mode_origin=line_of(document, mode) if mode in document.spots else UNWRITTEN,
        ledger_url=_ledger(tree.ledger, folder, environ),
        timezone=tree.timezone,
        retention=tree.retention,
        sources={
            SourceName(name): SourceSettings(SourceName(name), source)
            for name, source in tree.sources.items()
        },
        channels={
            ChannelName(name): ChannelSettings(
                ChannelName(name),
                channel,
                Mapper(
                    document=document,
                    name=name,
                    tree=channel,
                    sources=tree.sources,
                    aliases=aliases.get(name, {}),
                    share=default_share(name, seen) if is_escrow(channel) else Decimal(1),
                ).rules(),
            )
            for name, channel in tree.channels.items()
        },
        alerts=tree.alerts,
        web=tree.web,
        warnings=warnings,
        folder=folder,
        document=document,
    )


def _ledger(written: str | None, folder: Path, environ: Mapping[str, str]) -> str:
    if written is not None:
        path = folder.absolute() / written.removeprefix("sqlite:///")
        return f"sqlite:///{path}"
    state = environ.get("STATE_DIRECTORY", "").partition(":")[0]
    if not state and folder.absolute() == _INSTALLED.parent:
        state = str(_INSTALLED_STATE)  # where systemd keeps it, for commands beside the service
    if state:
        return f"sqlite:///{Path(state) / 'ledger.db'}"
    home = Path(environ["HOME"]) if environ.get("HOME") else Path.home()
    return f"sqlite:///{home / '.local/state/syncd/ledger.db'}"


__all__ = ["CONFIG_VARIABLE", "LEDGER_VARIABLE", "find_config", "load_settings"]
