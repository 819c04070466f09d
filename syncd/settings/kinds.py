"""Which connectors exist, and which keys of a source or channel are the connector's own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from syncd.settings.yaml_marks import Trail, Tree


@dataclass(frozen=True, slots=True)
class Kinds:
    """The options model of every kind found.

    `writing` tells by kind why a source with some options cannot be written back; None when it can.
    """

    sources: Mapping[str, type[BaseModel]]
    channels: Mapping[str, type[BaseModel]]
    writing: Mapping[str, Callable[[BaseModel], str | None]] = field(default_factory=dict)

    def of(self, section: str) -> Mapping[str, type[BaseModel]]:
        """The kinds of the section `sources` or `channels`."""
        return self.sources if section == "sources" else self.channels

    def refuses_write_back(self, kind: str, options: BaseModel) -> str | None:
        """Why such a source cannot be written back; None when it can."""
        asked = self.writing.get(kind)
        return f"{kind} cannot be written back" if asked is None else asked(options)


@dataclass(frozen=True, slots=True)
class Unread:
    """The kind's keys as written, and the model that will read them."""

    model: type[BaseModel]
    data: Mapping[str, Tree]


class NoOptions(BaseModel):
    """Stands where a kind's keys could not be read."""


def read_options(value: object) -> BaseModel:
    """Let the kind's model read its keys; pydantic takes over the places of its errors."""
    return value.model.model_validate(value.data) if isinstance(value, Unread) else NoOptions()


def written_name(name: str, field: FieldInfo) -> str:
    """How a field is spelled in the YAML."""
    alias = field.validation_alias or field.alias
    return alias if isinstance(alias, str) else name


def keys_of(model: type[BaseModel]) -> tuple[str, ...]:
    """Every key of a model, as spelled in the YAML."""
    return tuple(written_name(name, field) for name, field in model.model_fields.items())


def model_at(model: type[BaseModel], trail: Trail) -> type[BaseModel] | None:
    """The model that reads what stands at this trail below `model`."""
    for step in trail:
        field = next(
            (
                field
                for name, field in model.model_fields.items()
                if written_name(name, field) == step
            ),
            None,
        )
        if field is not None:
            found = _models_in(field.annotation)
            if not found:
                return None
            model = found[0]
    return model


def _models_in(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models_in(part)]
