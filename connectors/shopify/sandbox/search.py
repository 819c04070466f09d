"""Search strings (`query:`) as Shopify reads them, with the trap of values that contain a colon unquoted."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

TOKEN = re.compile(
    r"""(?P<minus>-?)(?:(?P<field>[A-Za-z_]\w*):)?(?P<operator>>=|<=|>|<|)"""
    r"""(?P<value>'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|[^\s'"]+)(?=\s|$)"""
)
COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    ">=": lambda left, right: left >= right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    "<": lambda left, right: left < right,
    "": lambda left, right: left == right,
}

Keep = Callable[[object], bool]


@dataclass(frozen=True, slots=True)
class Searchable:
    """A field that a search may name: what kind of value it has, and how to read it of a record."""

    kind: str
    read: Callable[..., object]


@dataclass(frozen=True, slots=True)
class Misread:
    """What Shopify says of a term that it did not understand, and otherwise ignores."""

    field: str
    message: str
    code: str


def compile_search(
    query: str, fields: Mapping[str, Searchable], warn: Callable[[Misread], object]
) -> Keep | None:
    """A test of records; None keeps all. Terms that make no sense are reported and ignored.

    A value with a colon that is not quoted is taken apart at the colons, so that its field is unknown (fact
    sheet 2.4): the call succeeds as if the term were not there.
    """
    groups: list[list[Keep]] = [[]]
    position = 0
    text = query.strip()
    while position < len(text):
        found = TOKEN.match(text, position)
        if found is None:
            warn(Misread(text[position:], "Invalid search syntax.", "invalid_syntax"))
            break
        position = found.end()
        while position < len(text) and text[position].isspace():
            position += 1
        if found.group() == "OR":
            groups.append([])
        elif found.group() != "AND":
            test = _term(found, fields, warn)
            groups[-1] += [] if test is None else [test]
    if any(not group for group in groups):
        return None
    return lambda record: any(all(test(record) for test in group) for group in groups)


def _term(
    found: re.Match[str], fields: Mapping[str, Searchable], warn: Callable[[Misread], object]
) -> Keep | None:
    name, raw = found["field"], found["value"]
    quoted = raw[0] in "'\""
    if not quoted and ":" in raw:
        head, _, _ = f"{name or ''}:{found['operator']}{raw}".rpartition(":")
        name = head.lstrip(":")
    if name is None:
        return _free_text(_unquote(raw), fields)
    if name not in fields:
        warn(Misread(name, "Invalid search field for this query.", "invalid_field"))
        return None
    test = _test(fields[name], found["operator"], _unquote(raw))
    if test is None:
        warn(Misread(name, f"Input `{_unquote(raw)}` is not valid.", "invalid_value"))
        return None
    return (lambda record: not test(record)) if found["minus"] else test


def _unquote(raw: str) -> str:
    if raw[0] in "'\"":
        return re.sub(r"\\(.)", r"\1", raw[1:-1])
    return raw


def _free_text(text: str, fields: Mapping[str, Searchable]) -> Keep:
    """A bare word is looked for in the texts of a record, case aside."""
    texts = [field.read for field in fields.values() if field.kind == "text"]
    wanted = text.lower()
    return lambda record: any(wanted in str(read(record) or "").lower() for read in texts)


def _test(field: Searchable, operator: str, text: str) -> Keep | None:
    if field.kind == "text":
        return _text_test(field, text.split(",")) if not operator else None
    parse = _moment if field.kind == "time" else _number
    values = [parse(part) for part in text.split(",")]
    known = [value for value in values if value is not None]
    if len(known) != len(values):
        return None
    compare = COMPARISONS[operator]
    return lambda record: _compares(field.read(record), known, compare)


def _compares(
    value: object, wanted: Sequence[float], compare: Callable[[float, float], bool]
) -> bool:
    return isinstance(value, int) and any(compare(value, each) for each in wanted)


def _text_test(field: Searchable, wanted: Sequence[str]) -> Keep:
    """Case does not count; a star at the end stands for anything."""
    lowered = [each.lower() for each in wanted]

    def test(record: object) -> bool:
        value = str(field.read(record) or "").lower()
        return any(
            value.startswith(each[:-1]) if each.endswith("*") else value == each for each in lowered
        )

    return test


def _moment(text: str) -> float | None:
    """Unix seconds; without a zone it is UTC, and fractions do not count."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return int(moment.timestamp())


def _number(text: str) -> float | None:
    """The number of an id, bare or global."""
    tail = text.partition("?")[0].rpartition("/")[2]
    return int(tail) if tail.isdecimal() else None
