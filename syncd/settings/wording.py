"""How pydantic's errors are said to an operator: no text of pydantic's own ever gets out."""

from collections.abc import Callable, Mapping
from typing import get_args

from pydantic_core import ErrorDetails
from pydantic_core.core_schema import ErrorType

from syncd.ports.credentials import Secret
from syncd.settings.scalars import REFUSED

_Words = tuple[str, str]
_PYDANTICS_OWN = frozenset(get_args(ErrorType))


def worded(error: ErrorDetails) -> tuple[str, str]:
    """Message and hint for one error."""
    kind = error["type"]
    if kind == REFUSED:
        context = error.get("ctx", {})
        return str(context["message"]), str(context["hint"])
    if kind not in _PYDANTICS_OWN:
        return error["msg"], ""
    for start, words in _WORDS.items():
        if kind.startswith(start):
            return words(error)
    return "this is not accepted", ""


def _context(error: ErrorDetails, key: str) -> str:
    return str(error.get("ctx", {}).get(key, ""))


def _mapping(error: ErrorDetails) -> _Words:
    if _context(error, "class_name") == Secret.__name__:
        return "this must be {credential: NAME}", "secrets are never written in this file"
    return "this must be a mapping", "keys and values, as in {key: value}"


def _list(_error: ErrorDetails) -> _Words:
    return "this must be a list", "as in [a, b]"


def _single(_error: ErrorDetails) -> _Words:
    return "this must be a single value", ""


def _whole(error: ErrorDetails) -> _Words:
    return _unless_nested(error, f"{error['input']!r} is no whole number")


def _number(error: ErrorDetails) -> _Words:
    return _unless_nested(error, f"{error['input']!r} is no number")


def _truth(error: ErrorDetails) -> _Words:
    return _unless_nested(error, f"{error['input']!r} is neither true nor false")


def _unless_nested(error: ErrorDetails, message: str) -> _Words:
    return (message, "") if isinstance(error["input"], str) else _single(error)


def _choice(error: ErrorDetails) -> _Words:
    expected = _context(error, "expected").replace("'", "").replace(" or ", ", ")
    message = f"{error['input']!r} is not one of {expected}"
    if ", " not in expected:
        message = f"{error['input']!r} is not understood here"
        return _unless_nested(error, message)[0], f"the only possible value is {expected}"
    return _unless_nested(error, message)


def _bound(words: str, key: str) -> Callable[[ErrorDetails], _Words]:
    def say(error: ErrorDetails) -> _Words:
        return f"{error['input']} must be {words} {_context(error, key)}", ""

    return say


def _length(error: ErrorDetails) -> _Words:
    if not error["input"]:
        return "this is empty", ""
    least, most = _context(error, "min_length"), _context(error, "max_length")
    return (f"this is longer than {most}" if most else f"this is shorter than {least}"), ""


def _pattern(error: ErrorDetails) -> _Words:
    # The input is not repeated: whoever writes a secret here must not find it in a log.
    if error["loc"] and error["loc"][-1] == "credential":
        return "this is no credential name", "letters, digits, . _ and -, at most 64"
    return "this does not have the expected form", ""


def _own_message(error: ErrorDetails) -> _Words:
    return _context(error, "error") or "this is not accepted", ""


def _missing(_error: ErrorDetails) -> _Words:
    return "this key is required", ""


def _address(_error: ErrorDetails) -> _Words:
    return "this is no web address", "as in https://example.com"


def _date(_error: ErrorDetails) -> _Words:
    return "this is no date or time", ""


_WORDS: Mapping[str, Callable[[ErrorDetails], _Words]] = {
    "missing": _missing,
    "model_": _mapping,
    "dict_type": _mapping,
    "mapping_type": _mapping,
    "list_type": _list,
    "tuple_type": _list,
    "set_type": _list,
    "frozen_set_type": _list,
    "string_too": _length,
    "too_": _length,
    "string_pattern": _pattern,
    "string_": _single,
    "path_type": _single,
    "int_": _whole,
    "float_": _number,
    "decimal_": _number,
    "bool_": _truth,
    "enum": _choice,
    "literal_error": _choice,
    "greater_than_equal": _bound("at least", "ge"),
    "greater_than": _bound("more than", "gt"),
    "less_than_equal": _bound("at most", "le"),
    "less_than": _bound("less than", "lt"),
    "value_error": _own_message,
    "assertion_error": _own_message,
    "url_": _address,
    "date": _date,
    "time": _date,
}
