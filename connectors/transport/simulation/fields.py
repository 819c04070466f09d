"""How seed files and control requests are read: every value typed, every unknown key named, nothing guessed."""

from collections.abc import Collection, Mapping
from math import isfinite
from typing import cast


class FieldError(ValueError):
    """A value of a seed or a control request is not what it must be."""


class Fields:
    """One JSON object, read key by key; refuses unknown keys when it is made."""

    __slots__ = ("_values", "where")

    def __init__(self, value: object, where: str, known: Collection[str]) -> None:
        if not isinstance(value, Mapping):
            raise FieldError(f"{where}: expected an object, found {_kind(value)}")
        self.where = where
        self._values = cast("Mapping[str, object]", value)
        for key in self._values:
            if key not in known:
                names = ", ".join(sorted(known)) or "none"
                raise FieldError(f"{where}: unknown key {key!r} (known keys: {names})")

    def __contains__(self, key: str) -> bool:
        return self._values.get(key) is not None

    def given(self) -> list[str]:
        """The keys that were written, in their order."""
        return list(self._values)

    def has(self, key: str) -> bool:
        """Whether the key was written, be it as null."""
        return key in self._values

    def raw(self, key: str) -> object:
        """The value as it came; None when it is not given."""
        return self._values.get(key)

    def text(self, key: str, default: str | None = None) -> str:
        """A string; required when there is no default."""
        value = self._given(key, default)
        if not isinstance(value, str):
            raise FieldError(f"{self.where}.{key}: expected text, found {_kind(value)} {value!r}")
        return value

    def choice(self, key: str, allowed: Collection[str], default: str | None = None) -> str:
        """A string out of a fixed set."""
        value = self.text(key, default)
        if value not in allowed:
            raise FieldError(f"{self.where}.{key}: {value!r} is none of {', '.join(allowed)}")
        return value

    def whole(self, key: str, default: int | None = None, *, least: int = 0) -> int:
        """A whole number not below `least`."""
        value = self._given(key, default)
        if not isinstance(value, int) or isinstance(value, bool):
            raise FieldError(f"{self.where}.{key}: expected a whole number, found {value!r}")
        if value < least:
            raise FieldError(f"{self.where}.{key}: {value} is below {least}")
        return value

    def number(
        self, key: str, default: float | None = None, *, least: float | None = None
    ) -> float:
        """A number, not below `least` when that is given."""
        value = self._given(key, default)
        if not isinstance(value, int | float) or isinstance(value, bool) or not isfinite(value):
            raise FieldError(f"{self.where}.{key}: expected a number, found {value!r}")
        if least is not None and value < least:
            raise FieldError(f"{self.where}.{key}: {value} is below {least}")
        return float(value)

    def flag(self, key: str, default: bool | None = None) -> bool:  # noqa: FBT001 - a default value, not a mode
        """True or false."""
        value = self._given(key, default)
        if not isinstance(value, bool):
            raise FieldError(f"{self.where}.{key}: expected true or false, found {value!r}")
        return value

    def rows(self, key: str) -> list[object]:
        """A list; empty when it is not given."""
        value = self._given(key, [])
        if not isinstance(value, list):
            raise FieldError(f"{self.where}.{key}: expected a list, found {_kind(value)}")
        return value

    def _given(self, key: str, default: object) -> object:
        value = self._values.get(key)
        if value is None:
            value = default
        if value is None:
            raise FieldError(f"{self.where}.{key}: is missing")
        return value


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "text", type(None): "nothing", bool: "a flag"}
    return names.get(type(value), "a number")
