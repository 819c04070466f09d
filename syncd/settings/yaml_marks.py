"""How YAML becomes text with positions: scalars stay as written, and every trap is refused in place."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NoReturn, TypeAlias

import yaml
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceStartEvent,
)

from syncd.domain.errors import ConfigError, Problem
from syncd.settings.brevity import brief, brief_name

Tree: TypeAlias = "str | list[Tree] | dict[str, Tree]"
Trail: TypeAlias = "tuple[str | int, ...]"

LARGEST_FILE = 256 * 1024
DEEPEST = 32
_MOST_PROBLEMS = 50
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_QUOTE_STARS = 'put quotes around patterns that start with *, as in "*-SALE"'
_SYNTAX_HINTS = (
    ("found character '\\t'", "indent with spaces, not with tabs"),
    ("mapping values are not allowed", 'a value that contains ": " needs quotes'),
    ("expected alphabetic or numeric", _QUOTE_STARS),
    ("could not find expected ':'", "every key ends with a colon and a space"),
    ("that cannot start any token", "put quotes around the value"),
    ("expected <block end>", "keys of one level must start in the same column"),
    ("unexpected end of stream", "a quotation mark is not closed"),
)


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in the file, counted from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where one value stands: its key (none for list items), itself, and whether a comment cut it."""

    key: Mark | None
    value: Mark
    is_cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A file as text values with their places; `problems` are those that let reading go on."""

    file: str
    tree: dict[str, Tree]
    spots: Mapping[Trail, Spot]
    problems: tuple[Problem, ...]
    broken: frozenset[Trail]

    def mark(self, trail: Trail) -> Mark:
        """Where to look: a collection's key, a scalar, or the nearest thing around what is absent."""
        while trail:
            spot = self.spots.get(trail)
            if spot is not None:
                return spot.value if spot.key is None or self._is_text(trail) else spot.key
            trail = trail[:-1]
        return Mark(1, 1)

    def key_mark(self, trail: Trail) -> Mark:
        """The key itself, for a key that should not be there."""
        spot = self.spots.get(trail)
        return spot.key if spot is not None and spot.key is not None else self.mark(trail)

    def value(self, trail: Trail) -> "Tree | None":
        """What is written at this trail."""
        found: Tree = self.tree
        for step in trail:
            if isinstance(found, dict) and str(step) in found:
                found = found[str(step)]
            elif isinstance(found, list) and isinstance(step, int) and step < len(found):
                found = found[step]
            else:
                return None
        return found

    def _is_text(self, trail: Trail) -> bool:
        return isinstance(self.value(trail), str)


def dotted(trail: Trail) -> str:
    """A trail as people write it: `channels.shop.rules[2].match`."""
    text = ""
    for step in trail:
        text += f"[{step}]" if isinstance(step, int) else f".{brief_name(step)}"
    return text.removeprefix(".")


def load(data: bytes, file: str) -> Document:
    """Read one YAML document; ConfigError where reading cannot go on."""
    text = _decoded(data, file)
    builder = _Builder(file=file, text=text)
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            builder.take(event)
    except yaml.reader.ReaderError as broken:
        place = _place(text, int(broken.position))
        character = f"the control character U+{int(broken.character):04X} is not accepted"
        raise ConfigError([problem_at(file, place, character)]) from None
    except yaml.MarkedYAMLError as broken:
        raise ConfigError([*builder.problems, _syntax_problem(file, broken)]) from None
    return builder.document()


def problem_at(file: str, at: Mark, message: str, hint: str = "", path: str = "") -> Problem:
    """A problem of the file, which repeats no more of a value than tells which one it is."""
    return Problem(file, at.line, at.column, path, brief(message), hint)


def _place(text: str, index: int) -> Mark:
    before = text[:index]
    return Mark(before.count("\n") + 1, index - (before.rfind("\n") + 1) + 1)


def _syntax_problem(file: str, broken: yaml.MarkedYAMLError) -> Problem:
    mark = broken.problem_mark or broken.context_mark
    at = Mark(1, 1) if mark is None else Mark(mark.line + 1, mark.column + 1)
    problem = broken.problem or "it cannot be read"
    hint = next((hint for start, hint in _SYNTAX_HINTS if start in problem), "")
    return problem_at(file, at, f"this is not valid YAML: {problem}", hint)


def _decoded(data: bytes, file: str) -> str:
    if len(data) > LARGEST_FILE:
        message = f"the file has more than {LARGEST_FILE} bytes, and no more are read"
        raise ConfigError([problem_at(file, Mark(1, 1), message)])
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        message, hint = "the file is UTF-16", "save it as UTF-8 in the editor"
        raise ConfigError([problem_at(file, Mark(1, 1), message, hint)])
    if b"\0" in data:
        at = _place(data[: data.index(b"\0")].decode("latin-1") + ".", data.index(b"\0"))
        hint = "the file may be UTF-16; save it as UTF-8"
        raise ConfigError([problem_at(file, at, "a NUL byte is not accepted", hint)])
    try:
        return data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as broken:
        at = _place(data[: broken.start].decode("utf-8") + ".", broken.start)
        hint = "save the file as UTF-8 in the editor"
        raise ConfigError([problem_at(file, at, "this is not UTF-8", hint)]) from None


@dataclass(slots=True)
class _Frame:
    """A collection being read: a mapping waits for a key or for the value of `key`."""

    trail: Trail
    value: list[Tree] | dict[str, Tree]
    key: str | None = None
    key_mark: Mark | None = None
    first_lines: dict[str, int] = field(default_factory=dict)
    is_ignored: bool = False
    count: int = 0


@dataclass(slots=True, kw_only=True)
class _Builder:
    """Builds the tree from parser events, without recursion, so that depth cannot exhaust the stack."""

    file: str
    text: str
    problems: list[Problem] = field(default_factory=list)
    spots: dict[Trail, Spot] = field(default_factory=dict)
    broken: set[Trail] = field(default_factory=set)
    frames: list[_Frame] = field(default_factory=list)
    root: dict[str, Tree] | None = None
    documents: int = 0

    def take(self, event: Event) -> None:
        """Consume one event."""
        if isinstance(event, DocumentStartEvent):
            self._begin(event)
        elif isinstance(event, NodeEvent):
            self._take_node(event)
        elif isinstance(event, CollectionEndEvent):
            self.frames.pop()

    def document(self) -> Document:
        """Everything read."""
        if self.root is None:
            self._stop(Mark(1, 1), "the file is empty", "`syncd init` writes a starter")
        return Document(
            file=self.file,
            tree=self.root,
            spots=self.spots,
            problems=tuple(self.problems),
            broken=frozenset(self.broken),
        )

    def _begin(self, event: Event) -> None:
        self.documents += 1
        if self.documents > 1:
            self._stop(_at(event), "a second document starts here", "remove the line `---`")

    def _take_node(self, event: NodeEvent) -> None:
        self._refuse_decoration(event)
        if not self.frames:
            self._open_root(event)
            return
        frame = self.frames[-1]
        if isinstance(frame.value, dict) and frame.key is None:
            self._take_key(frame, event)
        else:
            self._take_value(frame, event)

    def _open_root(self, event: NodeEvent) -> None:
        if isinstance(event, ScalarEvent) and event.value in _NULLS and not event.style:
            return
        if not isinstance(event, MappingStartEvent):
            self._stop(_at(event), "the file must be a mapping", "begin with `sources:`")
        self.root = {}
        self.frames.append(_Frame(trail=(), value=self.root))

    def _take_key(self, frame: _Frame, event: NodeEvent) -> None:
        if not isinstance(event, ScalarEvent):
            hint = "put quotes around a value that begins with { or ["
            self._stop(_at(event), "a key must be plain text", hint)
        frame.key, frame.key_mark = event.value, _at(event)
        seen = event.value in frame.first_lines
        first = frame.first_lines.setdefault(event.value, frame.key_mark.line)
        frame.is_ignored = seen
        if frame.is_ignored:
            self._say(
                frame.key_mark,
                (*frame.trail, event.value),
                "this key is written twice",
                f"the first one is on line {first}; keep one",
            )

    def _take_value(self, frame: _Frame, event: NodeEvent) -> None:
        trail, key_mark = self._next_trail(frame)
        ignored, frame.is_ignored = frame.is_ignored, False
        value = self._value(event, trail)
        if ignored:
            trail = (*trail, "written twice")
        else:
            self._keep(frame, trail, value)
            is_cut = isinstance(event, ScalarEvent) and self._is_cut(event)
            self.spots[trail] = Spot(key=key_mark, value=_at(event), is_cut=is_cut)
        if value is not None and not isinstance(value, str):
            if len(self.frames) >= DEEPEST:
                self._stop(_at(event), f"this is nested deeper than {DEEPEST} levels")
            deeper = _Frame(trail=trail, value=value)
            self.frames.append(deeper)

    def _next_trail(self, frame: _Frame) -> tuple[Trail, Mark | None]:
        step: str | int = frame.count
        key_mark = frame.key_mark
        if frame.key is not None:
            step = frame.key
        frame.key, frame.key_mark = None, None
        frame.count += 1
        return (*frame.trail, step), key_mark

    def _keep(self, frame: _Frame, trail: Trail, value: "Tree | None") -> None:
        if value is None:
            self.broken.add(trail)
        elif isinstance(frame.value, dict):
            frame.value[str(trail[-1])] = value
        if isinstance(frame.value, list):
            frame.value.append("" if value is None else value)

    def _value(self, event: NodeEvent, trail: Trail) -> "Tree | None":
        if isinstance(event, MappingStartEvent):
            return {}
        if isinstance(event, SequenceStartEvent):
            return []
        if isinstance(event, AliasEvent):
            message = f"*{event.anchor} is an alias, and aliases are not accepted"
            self._say(_at(event), trail, message, _QUOTE_STARS)
            return None
        if isinstance(event, ScalarEvent) and event.style is None and event.value in _NULLS:
            hint = "give it one, or remove the key to take the default"
            self._say(_at(event), trail, "this has no value", hint)
            return None
        return str(event.value) if isinstance(event, ScalarEvent) else None

    def _refuse_decoration(self, event: NodeEvent) -> None:
        if isinstance(event, AliasEvent):
            return
        if event.anchor is not None:
            hint = "put quotes around a value that begins with &"
            self._say(_at(event), (), f"&{event.anchor} is an anchor, which is not accepted", hint)
        tag = getattr(event, "tag", None)
        if tag is not None:
            hint = "put quotes around a value that begins with !"
            self._say(_at(event), (), f"the tag {tag} is not accepted", hint)

    def _is_cut(self, event: ScalarEvent) -> bool:
        if event.style is not None or event.end_mark is None:
            return False
        rest = self.text[event.end_mark.index :].partition("\n")[0]
        return rest.lstrip(" \t").startswith("#")

    def _say(self, at: Mark, trail: Trail, message: str, hint: str) -> None:
        self.problems.append(problem_at(self.file, at, message, hint, dotted(trail)))
        if len(self.problems) >= _MOST_PROBLEMS:
            raise ConfigError(self.problems)

    def _stop(self, at: Mark, message: str, hint: str = "") -> NoReturn:
        raise ConfigError([*self.problems, problem_at(self.file, at, message, hint)])


def _at(event: Event) -> Mark:
    mark = event.start_mark
    return Mark(1, 1) if mark is None else Mark(mark.line + 1, mark.column + 1)
