"""The JSON schema of the YAML, for editors: generated from the models and the kinds found."""

import json
from collections.abc import Mapping

from pydantic import BaseModel

from syncd.settings.kinds import Kinds
from syncd.settings.models import ChannelTree, SourceTree, Tree

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_Part = dict[str, object]
_SECTIONS: Mapping[str, type[BaseModel]] = {"sources": SourceTree, "channels": ChannelTree}
_ALSO_AS = {
    "integer": ["integer", "string"],
    "number": ["number", "string"],
    "boolean": ["boolean", "string"],
    "string": ["string", "number"],
}
_NAMING = ("properties", "patternProperties", "$defs")
_DROPPED = ("title", "default")
_NEVER_NUMBERS = ("pattern", "enum", "const", "format")


def schema_text(kinds: Kinds) -> str:
    """The schema as a JSON document that ends with a newline."""
    whole = Tree.model_json_schema()
    definitions = _part(whole.pop("$defs", {}))
    for section, model in _SECTIONS.items():
        definitions.pop(model.__name__, None)
        entries: list[object] = []
        for kind, options in sorted(kinds.of(section).items()):
            entry, nested = _entry(section, kind, options)
            definitions.update(nested)
            name = f"{section}.{kind}"
            definitions[name] = entry
            entries.append({"$ref": f"#/$defs/{name}"})
        _part(whole["properties"])[section] = _named(section, model, entries)
    whole["required"] = ["sources", "channels"]
    whole["$defs"] = definitions
    loose = _loosened(whole)
    head = {"$schema": DIALECT, "title": "syncd configuration", "description": "syncd.yaml"}
    body = {key: value for key, value in _part(loose).items() if key not in head}
    return json.dumps({**head, **body}, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _named(section: str, model: type[BaseModel], entries: list[object]) -> _Part:
    return {
        "type": "object",
        "description": Tree.model_fields[section].description or model.__doc__ or "",
        "minProperties": 1,
        "patternProperties": {"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$": {"oneOf": entries}},
        "additionalProperties": False,
    }


def _entry(section: str, kind: str, options: type[BaseModel]) -> tuple[_Part, _Part]:
    """The keys of one kind, the common ones included, and the definitions they refer to."""
    prefix = f"{section}.{kind}."
    common = _SECTIONS[section].model_json_schema()
    own = _renamed(options.model_json_schema(), prefix)
    properties = {**_part(own.get("properties", {})), **_part(common["properties"])}
    properties.pop("options", None)
    properties["kind"] = {"type": "string", "const": kind, "description": "Which connector it is"}
    entry: _Part = {
        "type": "object",
        "description": own.get("description", ""),
        "properties": properties,
        "required": sorted({"kind", *_names(own.get("required"))}),
        "additionalProperties": False,
    }
    definitions = {**_part(common.get("$defs", {})), **_part(own.get("$defs", {}))}
    return entry, definitions


def _renamed(schema: Mapping[str, object], prefix: str) -> _Part:
    """The same schema with its definitions under names of their own, so that kinds cannot clash."""
    text = json.dumps(schema).replace('"#/$defs/', f'"#/$defs/{prefix}')
    renamed = _part(json.loads(text))
    definitions = _part(renamed.get("$defs", {}))
    renamed["$defs"] = {f"{prefix}{name}": part for name, part in definitions.items()}
    return renamed


def _loosened(part: object) -> object:
    """Scalars as people write them: every number may be quoted, every text may look like a number."""
    if isinstance(part, list):
        return [_loosened(item) for item in part]
    if not isinstance(part, dict):
        return part
    loose = {key: _inside(key, value) for key, value in part.items() if key not in _DROPPED}
    kind = part.get("type")
    if isinstance(kind, str) and kind in _ALSO_AS:
        is_fixed = kind == "string" and any(key in part for key in _NEVER_NUMBERS)
        loose["type"] = kind if is_fixed else _ALSO_AS[kind]
    return loose


def _inside(keyword: str, value: object) -> object:
    """The value of a schema keyword; under some, every key is a name and not a keyword."""
    if keyword in _NAMING and isinstance(value, dict):
        return {name: _loosened(part) for name, part in value.items()}
    if keyword == "anyOf" and isinstance(value, list):
        return [_loosened(part) for part in value if part != {"type": "null"}]
    return _loosened(value)


def _part(value: object) -> _Part:
    return value if isinstance(value, dict) else {}


def _names(value: object) -> list[str]:
    return [str(name) for name in value] if isinstance(value, list) else []
