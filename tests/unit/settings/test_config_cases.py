"""The tables of `tests/config_cases`: every key has its mistakes, every message is exact."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from syncd.settings.kinds import written_name
from syncd.settings.loading import load_settings
from syncd.settings.models import ChannelTree, SourceTree, Tree
from syncd.settings.scalars import Written
from tests.config_cases.cases import FOLDER, TABLES, Case, read_table, said
from tests.unit.settings.standins import STANDINS

CASES = [case for table in TABLES for case in read_table(table)]
NO_CASES = {"sources.options", "channels.options"}
BOUNDED = re.compile(r"(whole|percent|duration)\.")
GOOD = sorted((FOLDER / "good").glob("*.yaml"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.table}: {case.name}")
def test_a_configuration_gives_exactly_the_expected_messages(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert case.expected == said(case, tmp_path)


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.name)
def test_a_good_configuration_loads_with_exactly_the_expected_warnings(path: Path) -> None:
    settings = load_settings(path, STANDINS, {})

    told = [f"{problem.line}: {problem.path}: {problem.message}" for problem in settings.warnings]
    expected = path.with_suffix(".txt").read_text(encoding="utf-8").splitlines()
    assert expected == told


def test_case_names_are_unique() -> None:
    names = [f"{case.table}: {case.name}" for case in CASES]

    assert sorted(set(names)) == sorted(names)


def test_every_key_has_a_case_for_every_way_to_get_it_wrong() -> None:
    names = {case.name for case in CASES}

    lacking = [name for name in _wanted_cases() if name not in names]

    assert [] == lacking


def _wanted_cases() -> Iterator[str]:
    for key, field in _keys(Tree, ""):
        if key in NO_CASES:
            continue
        yield f"{key}: wrong type"
        yield f"{key}: unknown"
        if field.is_required():
            yield f"{key}: missing"
        if any(isinstance(part, Written) and _is_bounded(part) for part in field.metadata):
            yield f"{key}: out of range"


def _is_bounded(marker: Written) -> bool:
    return bool(BOUNDED.match(marker.read.__qualname__))


def _keys(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, FieldInfo]]:
    for name, field in model.model_fields.items():
        key = f"{prefix}{written_name(name, field)}"
        yield key, field
        for inner in _models(field.annotation):
            if inner.__module__ == Tree.__module__:
                yield from _keys(inner, f"{key}.")


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)


def test_the_enumeration_reaches_sources_channels_and_rules() -> None:
    keys = {key for key, _ in _keys(Tree, "")}

    expected = {"mode", "sources.missing.hold", "channels.stock.cap", "channels.rules.price.floor"}
    assert expected == expected & keys
    assert len(SourceTree.model_fields) + len(ChannelTree.model_fields) < len(keys)
