"""The official OpenAPI description of TikTok Shop, as a judge of requests and answers on the wire."""

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema

SPECIFICATION = Path(__file__).with_name("tiktok_shop_openapi.json")
SIGNED = frozenset({"app_key", "sign", "timestamp"})
"""Query parameters that the description takes for granted: every signed call has them."""


@cache
def paths() -> dict[str, Any]:
    """The operations by path and verb."""
    return dict(json.loads(SPECIFICATION.read_text(encoding="utf-8"))["paths"])


def strict(schema: object) -> object:
    """The schema, but a field it does not know is an error too."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    copy = {key: strict(value) for key, value in schema.items()}
    if copy.get("type") == "object" and copy.get("properties"):
        copy["additionalProperties"] = False
    return copy


def template_of(path: str) -> str:
    """The path as the description writes it, `{product_id}` and all."""
    for template in paths():
        if re.fullmatch(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template)), path):
            return template
    raise AssertionError(f"{path} is no path of the official description")


def check_request(
    method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes
) -> None:
    """AssertionError or ValidationError unless the official description allows this request."""
    operation = paths()[template_of(path)][method.lower()]
    given = {"query": query, "header": headers}
    for parameter in operation.get("parameters", ()):
        if parameter.get("required") and parameter["in"] in given:
            assert parameter["name"].lower() in {key.lower() for key in given[parameter["in"]]}
    allowed = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"}
    assert set(query) <= allowed | SIGNED, (path, set(query) - allowed)
    assert set(query) >= SIGNED, path
    if "requestBody" in operation:
        content = operation["requestBody"]["content"]
        jsonschema.validate(json.loads(body), strict(next(iter(content.values()))["schema"]))  # type: ignore[arg-type]  # jsonschema's stubs want one type of schema
    else:
        assert b"" == body, path


def check_answer(method: str, path: str, answer: object) -> None:
    """ValidationError unless the official description allows this answer."""
    operation = paths()[template_of(path)][method.lower()]
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    jsonschema.validate(answer, strict(schema))  # type: ignore[arg-type]  # as above
