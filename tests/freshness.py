"""Whether generated files are what the sources say: `python -m tests.freshness [--write]`."""

import sys
from collections.abc import Mapping
from importlib.metadata import entry_points
from pathlib import Path

from pydantic import BaseModel

from syncd.settings.kinds import Kinds
from syncd.settings.schema import schema_text
from tests import trimmed_schema

SCHEMA = Path(__file__).resolve().parent.parent / "config" / "syncd.schema.json"


def installed_kinds() -> Kinds:
    """The kinds that the installed entry points name."""
    return Kinds(sources=_models("syncd.sources"), channels=_models("syncd.channels"))


def _models(group: str) -> Mapping[str, type[BaseModel]]:
    models: dict[str, type[BaseModel]] = {}
    for entry in entry_points(group=group):
        model = entry.load().options_model
        if not (isinstance(model, type) and issubclass(model, BaseModel)):
            raise TypeError(f"{entry.value} has no options model")
        models[entry.name] = model
    return models


def staleness(schema: Path, kinds: Kinds) -> str:
    """What is stale and how to renew it; empty when nothing is."""
    fresh = schema_text(kinds)
    if schema.exists() and schema.read_text(encoding="utf-8") == fresh:
        return ""
    return f"{schema.parent.name}/{schema.name} is stale: run `make schema` and commit the result\n"


def admin_staleness() -> str:
    """The same for Shopify's trimmed schema; empty, too, where the full one is absent."""
    if trimmed_schema.is_fresh():
        return ""
    return f"{trimmed_schema.TRIMMED.name} is stale: run `make schema` and commit the result\n"


def main(arguments: list[str]) -> int:
    """Compare, or write when told to; 1 when something is stale."""
    kinds = installed_kinds()
    if arguments == ["--write"]:
        SCHEMA.write_text(schema_text(kinds), encoding="utf-8")
        trimmed_schema.write()
    told = staleness(SCHEMA, kinds) + admin_staleness()
    sys.stderr.write(told)
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
