"""The types that the YAML keys of connectors share: values arrive as text, and their places stay outside."""

from datetime import timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from syncd.domain.duration import parse_duration

_TRUTHS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def _span(value: object) -> object:
    return parse_duration(value) if isinstance(value, str) else value


def _truth(value: object) -> object:
    if isinstance(value, str):
        if value.lower() not in _TRUTHS:
            raise ValueError(f"{value!r} is neither true nor false")
        return _TRUTHS[value.lower()]
    return value


def _zone(value: object) -> object:
    if isinstance(value, str):
        try:
            return ZoneInfo(value)
        except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError
            raise ValueError(f"{value!r} is no time zone; write it as Europe/Berlin") from None
    return value


Span = Annotated[timedelta, BeforeValidator(_span, json_schema_input_type=str)]
Truth = Annotated[bool, BeforeValidator(_truth, json_schema_input_type=bool | str)]
Zone = Annotated[ZoneInfo, BeforeValidator(_zone, json_schema_input_type=str)]
Header = Annotated[str, Field(min_length=1, max_length=200)]


class OptionsPart(BaseModel):
    """A frozen group of keys in which an unknown one is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)
