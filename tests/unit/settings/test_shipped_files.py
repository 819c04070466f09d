"""The files people start from: they load, they validate, and the schema is fresh."""

import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from syncd.service.connectors import installed_kinds
from syncd.settings.kinds import Kinds
from syncd.settings.loading import load_settings
from syncd.settings.models import Mode
from syncd.settings.schema import schema_text
from syncd.settings.starting import starter
from syncd.settings.yaml_marks import load
from tests import freshness
from tests.config_cases.cases import FOLDER
from tests.unit.settings.standins import STANDINS

ROOT = Path(__file__).resolve().parents[3]
SHIPPED = [
    ROOT / "config/minimal.yaml",
    ROOT / "config/syncd.example.yaml",
    ROOT / "syncd/settings/starter.yaml",
    *sorted((FOLDER / "good").glob("*.yaml")),
]
KINDS = Kinds(
    sources={**freshness.installed_kinds().sources, **STANDINS.sources},
    channels=STANDINS.channels,
    writing=installed_kinds().writing,
)
"""The example shows sources that have no stand-in."""
SCHEMA = json.loads(schema_text(KINDS))


BOOLEAN = "tag:yaml.org,2002:bool"


class EditorLoader(yaml.SafeLoader):
    """Reads scalars as editors do (YAML 1.2): only true and false are truths."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - as PyYAML wants it
        first: [(tag, form) for tag, form in resolvers if tag != BOOLEAN]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


EditorLoader.add_implicit_resolver(BOOLEAN, re.compile("true|false"), ["t", "f"])


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_a_shipped_file_loads(path: Path) -> None:
    settings = load_settings(path, KINDS, {})

    assert settings.sources
    assert settings.channels


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_a_shipped_file_validates_as_an_editor_reads_it_and_as_text(path: Path) -> None:
    validator = jsonschema.Draft202012Validator(SCHEMA)
    as_text = load(path.read_bytes(), path.name).tree
    as_editor = yaml.load(path.read_bytes(), EditorLoader)  # noqa: S506 - a safe loader

    found = [
        error.message for tree in (as_text, as_editor) for error in validator.iter_errors(tree)
    ]

    assert [] == found


def test_the_schema_is_valid_itself() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    "change",
    [
        {"mdoe": "apply"},
        {"mode": "aply"},
        {"sources": {}},
        {"sources": {"stock": {"kind": "csv_file", "pth": "x"}}},
        {"sources": {"stock": {"kind": "other"}}},
        {"sources": {"a b": {"kind": "csv_file", "path": "x"}}},
        {"sources": {"stock": {"kind": "csv_file", "path": "x", "every": "15"}}},
        {"sources": {"stock": {"kind": "csv_file", "path": "x", "expect": {"min_rows": 0}}}},
        {"sources": {"stock": {"kind": "csv_file", "path": "x", "orders": "sometimes"}}},
        {"web": {"listen": None}},
    ],
)
def test_the_schema_refuses_what_the_loader_refuses(change: dict[str, object]) -> None:
    good = load((ROOT / "config/minimal.yaml").read_bytes(), "minimal.yaml").tree

    assert not jsonschema.Draft202012Validator(SCHEMA).is_valid({**good, **change})


def test_the_starter_observes_explains_orders_and_keeps_a_safety_stock() -> None:
    settings = load_settings(ROOT / "syncd/settings/starter.yaml", STANDINS, {})

    (channel,) = settings.channels.values()
    assert Mode.OBSERVE is settings.mode
    assert 2 == channel.rules().stock.safety
    assert () == settings.warnings
    assert "orders:" in starter()
    assert "oversells" in starter()


def test_the_example_shows_every_common_key() -> None:
    text = (ROOT / "config/syncd.example.yaml").read_text(encoding="utf-8")
    keys = {key for part in SCHEMA["$defs"].values() for key in part.get("properties", {})}

    standins_only = {"delimiter", "duplicates", "skip_rows", "header", "price", "credential"}
    lacking = sorted(key for key in keys - standins_only if f"{key}:" not in text)

    assert [] == lacking


def test_the_committed_schema_is_fresh() -> None:
    assert "" == freshness.staleness(freshness.SCHEMA, freshness.installed_kinds())


def test_a_stale_schema_names_the_make_target(tmp_path: Path) -> None:
    schema = tmp_path / "syncd.schema.json"
    absent = freshness.staleness(schema, STANDINS)
    schema.write_text(schema_text(STANDINS) + " ", encoding="utf-8")
    stale = freshness.staleness(schema, STANDINS)
    schema.write_text(schema_text(STANDINS), encoding="utf-8")

    assert stale == absent
    assert "run `make schema`" in stale
    assert "" == freshness.staleness(schema, STANDINS)
