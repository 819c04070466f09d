"""How a document becomes the validated tree, with the YAML as a source of pydantic-settings.

A file with mistakes is kept as far as possible, so that checks across keys still run.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from syncd.domain.errors import Problem
from syncd.settings.findings import Finding
from syncd.settings.kinds import Kinds, Unread, keys_of, model_at
from syncd.settings.models import ChannelTree, SourceTree, Tree
from syncd.settings.scalars import nearest
from syncd.settings.wording import worded
from syncd.settings.yaml_marks import Document, Mark, Trail, dotted, problem_at
from syncd.settings.yaml_marks import Tree as Written

LEDGER_VARIABLE = "SYNCD_LEDGER_URL"
_ENTRIES: Mapping[str, type[BaseModel]] = {"sources": SourceTree, "channels": ChannelTree}
_LATER = frozenset({"freeze"})
_DEEPEST = 4
"""Keys below the top at which a mistake is left out first: section, name, part, key."""

_Shape = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The tree, as far as it could be read; `broken` are the trails whose values are not the file's."""

    document: Document
    tree: Tree
    problems: tuple[Problem, ...]
    broken: frozenset[Trail]


def read_tree(document: Document, kinds: Kinds, environ: Mapping[str, str]) -> Reading:
    """Validate everything; wrong keys are reported, left out, and the rest is kept."""
    shaper = _Shaper(document=document, kinds=kinds)
    shape = shaper.shape()
    ledger = environ.get(LEDGER_VARIABLE) or None
    problems = [*document.problems, *shaper.problems]
    broken = {*document.broken, *shaper.broken}
    tree: Tree | None = None
    depth = _DEEPEST
    # First only wrong keys are left out, then what still cannot stand without them.
    while tree is None and depth >= 0:
        try:
            tree = _validated(shape, ledger)
        except ValidationError as invalid:
            errors = invalid.errors(include_url=False)
            teller = _Teller(document=document, kinds=kinds, ledger=ledger)
            problems.extend(teller.problems(errors))
            broken.update(_pruned(shape, error["loc"], depth) for error in errors)
            ledger = None if ("ledger",) in broken else ledger
            depth -= 1
    return Reading(
        document=document,
        tree=tree or Tree.model_construct(),
        problems=_once(problems),
        broken=frozenset(broken),
    )


class _Given(PydanticBaseSettingsSource):
    """A settings source whose values are known already."""

    def __init__(self, settings_cls: type[BaseSettings], values: _Shape) -> None:
        super().__init__(settings_cls)
        self.values = values

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[object, str, bool]:
        """The value of one field."""
        del field
        return self.values.get(field_name), field_name, False

    def __call__(self) -> dict[str, object]:
        """Every value."""
        return self.values


def _validated(shape: _Shape, ledger: str | None) -> Tree:
    environment: _Shape = {} if ledger is None else {"ledger": ledger}

    class Sourced(Tree):
        """The tree with its two sources: one environment variable, then the YAML."""

        given: ClassVar[tuple[_Shape, _Shape]] = (environment, shape)

        @classmethod
        def settings_customise_sources(
            cls, settings_cls: type[BaseSettings], *_: object, **__: object
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return tuple(_Given(settings_cls, values) for values in cls.given)

    return Sourced()


@dataclass(slots=True, kw_only=True)
class _Shaper:
    """Parts every source and channel into the keys all have and the keys of its kind."""

    document: Document
    kinds: Kinds
    problems: list[Problem] = field(default_factory=list)
    broken: set[Trail] = field(default_factory=set)

    def shape(self) -> _Shape:
        """The document's values as the models expect them."""
        shape: _Shape = {}
        for key, value in self.document.tree.items():
            if key in _ENTRIES and isinstance(value, dict):
                shape[key] = {name: self._entry(key, name, part) for name, part in value.items()}
            else:
                shape[key] = value
        return shape

    def _entry(self, section: str, name: str, part: Written) -> object:
        if not isinstance(part, dict):
            return part
        trail: Trail = (section, name)
        model = self._model(trail, part)
        common = set(keys_of(_ENTRIES[section])) - {"options"}
        own = set(keys_of(model)) if model else set()
        entry: _Shape = {key: value for key, value in part.items() if key in common}
        entry.setdefault("kind", "unknown")
        if model is None:
            self.broken.add((*trail, "options"))
            return entry
        entry["options"] = Unread(model, {key: part[key] for key in part if key in own})
        for key in part.keys() - common - own:
            finding = unknown_key((*trail, key), tuple(sorted(common | own)))
            self.problems.append(finding.problem(self.document, self.document.key_mark))
            self.broken.add((*trail, key))
        return entry

    def _model(self, trail: Trail, part: Mapping[str, Written]) -> type[BaseModel] | None:
        kinds = self.kinds.of(str(trail[0]))
        kind = part.get("kind")
        found = f"kinds found: {', '.join(sorted(kinds)) or 'none'}"
        if kind is None:
            self._refuse(trail, "this key is required", found)
            return None
        if not isinstance(kind, str):
            return None
        if kind not in kinds:
            self._refuse(trail, f"{kind!r} is no known kind", found)
        return kinds.get(kind)

    def _refuse(self, trail: Trail, message: str, hint: str) -> None:
        self.problems.append(Finding((*trail, "kind"), message, hint).problem(self.document))


def unknown_key(trail: Trail, known: tuple[str, ...]) -> Finding:
    """A key that nobody reads, with the key that was probably meant."""
    key = str(trail[-1])
    if key in _LATER:
        return Finding(trail, f"{key} is not available in this version", "remove the key")
    hint = nearest(key, known, f"known keys: {', '.join(known)}" if known else "")
    return Finding(trail, "this key is not known", hint)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Teller:
    """Turns pydantic's errors into problems of the file."""

    document: Document
    kinds: Kinds
    ledger: str | None

    def problems(self, errors: Iterable[ErrorDetails]) -> Iterator[Problem]:
        """One problem per value."""
        problems: dict[str, Problem] = {}
        for error in errors:
            problem = self._problem(error)
            first = problems.get(problem.path)
            # Several errors of one value: it fits none of several accepted forms.
            problems[problem.path] = _merged(first, problem) if first else problem
        yield from problems.values()

    def _problem(self, error: ErrorDetails) -> Problem:
        message, hint = worded(error)
        if error["loc"] == ("ledger",) and self.ledger is not None:
            return problem_at(f"${LEDGER_VARIABLE}", Mark(1, 1), message, hint, "ledger")
        trail = self._trail(error)
        mark = self.document.mark(trail)
        if error["type"] == "extra_forbidden":
            finding = unknown_key(trail, self._known(trail[:-1]))
            message, hint = finding.message, finding.hint
        if error["type"] == "extra_forbidden" or error["loc"][-1] == "[key]":
            mark = self.document.key_mark(trail)
        spot = self.document.spots.get(trail)
        if spot is not None and spot.is_cut:
            note = "the value ends before ' #'; put it in quotes if it should not"
            hint = f"{hint}; {note}" if hint else note
        return problem_at(self.document.file, mark, message, hint, dotted(trail))

    def _trail(self, error: ErrorDetails) -> Trail:
        """The part of pydantic's location that is in the file: no union tags, no `options`."""
        trail: Trail = ()
        last = len(error["loc"]) - 1
        for at, step in enumerate(error["loc"]):
            longer = (*trail, step)
            is_absent_key = at == last and error["type"] == "missing"
            if longer in self.document.spots or is_absent_key:
                trail = longer
        return trail

    def _known(self, trail: Trail) -> tuple[str, ...]:
        """The keys that may stand directly below this trail."""
        section = str(trail[0]) if trail else ""
        if section not in _ENTRIES or len(trail) < 3:  # noqa: PLR2004 - section, name, key
            model = model_at(Tree, trail)
            return keys_of(model) if model else ()
        start: type[BaseModel] | None = _ENTRIES[section]
        if trail[2] not in keys_of(_ENTRIES[section]):
            kind = self.document.value((*trail[:2], "kind"))
            start = self.kinds.of(section).get(kind) if isinstance(kind, str) else None
        model = model_at(start, trail[2:]) if start else None
        return keys_of(model) if model else ()


def _merged(first: Problem, second: Problem) -> Problem:
    messages = dict.fromkeys((first.message, second.message))
    hints = dict.fromkeys(hint for hint in (first.hint, second.hint) if hint)
    return replace(first, message=", and ".join(messages), hint="; ".join(hints))


def _pruned(shape: _Shape, loc: tuple[int | str, ...], depth: int) -> Trail:
    """Take the part around an error, at most so deep, out of the shape; its trail."""
    if loc[0] not in _ENTRIES:
        depth = 1
    elif "[key]" in loc[:3]:
        depth = min(depth, 2)
    elif loc[2:3] != ("stock",) and loc[2:3] != ("price",):
        depth = min(depth, 3)
    trail = tuple(str(step) for step in loc[: max(depth, 1)])
    level = shape
    for step in trail[:-1]:
        inner = level.get(step)
        level = inner if isinstance(inner, dict) else {}
    level.pop(trail[-1], None)
    return trail


def _once(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """The first problem of every path; a value wrong in two ways is one mistake."""
    seen: dict[tuple[str, str, int], Problem] = {}
    for problem in problems:
        line = 0 if problem.path else problem.line * 1000 + problem.column
        seen.setdefault((problem.file, problem.path, line), problem)
    return tuple(seen.values())
