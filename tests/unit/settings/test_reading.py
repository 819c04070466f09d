"""The settings source that gives the YAML to pydantic-settings."""

from pydantic.fields import FieldInfo

from syncd.settings.models import Tree
from syncd.settings.reading import _Given


def test_a_source_of_settings_answers_for_one_field_as_for_all() -> None:
    source = _Given(Tree, {"mode": "apply"})

    assert {"mode": "apply"} == source()
    assert ("apply", "mode", False) == source.get_field_value(FieldInfo(), "mode")
    assert (None, "ledger", False) == source.get_field_value(FieldInfo(), "ledger")
